#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Whose addresses a From line has, as any program might read it.
use strict;
use warnings;
use Test::More;
use Postcask::Authors;

my @good = (
    [ 'alice@example.org'                                    => 'alice@example.org' ],
    [ ' Alice <ALICE@Example.ORG>'                           => 'alice@example.org' ],
    [ '"Doe, \"J\" <x@y.example>" <a@b.example>'             => 'a@b.example' ],
    [ 'Doe, Jane <a@b.example>'                              => 'a@b.example' ],
    [ 'a@b.example (x@y.example (nested "quoted) ))'         => 'a@b.example' ],
    [ 'a@b.example (x@y.example (nested))'                   => 'a@b.example' ],
    [ 'a@b.example ("not quoted)'                            => 'a@b.example' ],
    [ "Jane\n\t<a\@b.example>\n"                             => 'a@b.example' ],
    [ 'Us: a@b.example, "c"@d.example;'                      => 'c@d.example a@b.example' ],
    [ 'a@b.example <c@d.example>'                            => 'a@b.example c@d.example' ],
    [ '"c d"@d.example'                                      => 'c d@d.example' ],
    [ "\xc3\xa4 <a\@b.example>"                              => 'a@b.example' ],
    [ '=?utf-8?q?x=40y=2Eexample?= <a@b.example>'            => 'a@b.example' ],
    [ '<@c.example:a@b.example>'                             => undef ],
    [ 'a @ b.example'                                        => undef ],
    [ 'a(x)@b.example'                                       => undef ],
    [ 'a@[127.0.0.1]'                                        => undef ],
    [ 'a@b.example (x'                                       => undef ],
    [ '"a@b.example'                                         => undef ],
    [ 'a\@b.example'                                         => undef ],
    [ '<a@b.example'                                         => undef ],
    [ '<>'                                                   => undef ],
    [ ''                                                     => undef ],
    [ 'Us:;'                                                 => undef ],
    [ '=?utf-8?b?YUBiLmV4YW1wbGU=?='                         => undef ],
    [ "a\x00\@b.example"                                     => undef ],
    [ "a\@b.example\rFrom: c\@d.example"                     => undef ],
    [ join(',', map { "a$_\@b.example" } 1 .. 101)           => undef ],
    [ 'a@b.example' . ' ' x 65536                            => undef ],
);
for (@good) {
    my ($line, $expected) = @$_;
    my ($found, $why) = Postcask::Authors::read_from($line);
    is($found && "@$found", $expected, substr $line, 0, 60);
    ok(defined $found || length $why, 'and if not, why');
}

my @headers = (
    [ "To: x\nFrom: a\@b.example\n"                          => 'a@b.example' ],
    [ "fROM \t: a\@b.example\n"                              => 'a@b.example' ],
    [ "To: x\n"                                              => '' ],
    [ "From: a\@b.example\nfrom: a\@b.example\n"             => undef ],
    [ "From : a\@b.example\nTo: x\nFrom:\n b\@b.example\n"   => undef ],
    [ "X: y\n From: a\@b.example\nFrom: c\@b.example\n"      => 'c@b.example' ],
);
for (@headers) {
    my ($header, $expected) = @$_;
    my ($found) = Postcask::Authors::of_header($header);
    is($found && "@$found", $expected, $header =~ s/\n/|/gr);
}

# What strangers write takes no time.
for my $text ('(' x 60000, '"' x 60000, '\\' x 60000, 'a@' x 30000, ('(")' x 20000), '<' x 60000) {
    my $begin = times;
    Postcask::Authors::read_from($text);
    cmp_ok(times() - $begin, '<', 2, 'soon done with ' . substr $text, 0, 3);
}
done_testing();
