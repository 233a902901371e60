#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Whom a message says that it is from, and what proves it.
use strict;
use warnings;
use Stubs;
use Test::More;
use Postcask::Judge ();

@Postcask::Results::own = qw(mail.example.org example.org);

{
    package Message;
    sub orig_header { $_[0]{header} }
    sub rfc2822_from { $_[0]{from} }
    sub get_header_field_body { $_[0]{list} }
    sub dkim_signatures_all { $_[0]{signatures} }
    package Signature;
    sub result { $_[0][0] }
    sub domain { $_[0][1] }
}

sub message { return bless {@_}, 'Message' }

#### Authors, as amavis reads them

for ([ [ "From: x\n" ], 'a@Example.ORG.', 'example.org' ], [ [ "From: x\n" ], undef, '' ],
    [ [], 'a@b.example', ' b.example' ], [ [ "From: x\n", "from : y\n" ], 'a@b.example', ' b.example' ],
    [ [ "From: x\n" ], [ 'a@b.example', 'c@d.example' ], 'b.example d.example' ],
    [ [ "From: x\n" ], 'nobody', '' ], [ [ "From: x\n" ], 'a@[192.0.2.1]', '' ]) {
    my ($header, $from, $authors) = @$_;
    is(join(' ', Postcask::Judge::authors_of(message(header => $header, from => $from))), $authors,
        "authors: $authors");
}

#### One of ours, as somebody may read it

for ([ '"bob@example.org" <x@evil.example>', '' ],          # a name in quotes is a name
    [ 'bob@example.org <x@evil.example>', 'example.org' ], [ '<x@evil.example> (bob@example.org)', '' ],
    [ '"bob"@example.org', 'example.org' ], [ 'Bob <bob@sub.example.org>', 'sub.example.org' ],
    [ 'x@notexample.org', '' ], [ 'x@example.org.evil.example', '' ], [ '<bob@EXAMPLE.ORG', 'example.org' ]) {
    my ($from, $own) = @$_;
    my $message = message(header => [ "From: $from\n" ]);
    is(join(' ', Postcask::Judge::own_authors($message)), $own, "From: $from");
}

#### What proves it

ok(Postcask::Judge::is_ours_proved('example.org', 'example.org'), 'the domain');
ok(Postcask::Judge::is_ours_proved('example.org', 'news.example.org'), 'a part of it');
ok(Postcask::Judge::is_ours_proved('a.example.org', 'example.org'), 'the whole');
ok(!Postcask::Judge::is_ours_proved('example.org', 'org'), 'not what is above');
ok(!Postcask::Judge::is_ours_proved('example.org', 'evilexample.org'), 'not what ends like it');

my $signed = message(signatures => [ map { bless $_, 'Signature' } [ pass => 'B.example' ],
    [ fail => 'c.example' ], [ temperror => 'b.example' ], [ temperror => 'd.example' ], [ pass => 'x y' ] ]);
is_deeply({ Postcask::Judge::signers_of($signed) }, { 'b.example' => 'pass', 'd.example' => 'temperror' },
    'signatures');

#### Lists

for ([ 'Talk <talk.lists.example.net>', 'talk.lists.example.net' ], [ '<talk>', 'talk' ], [ 'talk', '' ],
    [ undef, '' ], [ '<a> <b.example>', 'b.example' ]) {
    is(Postcask::Judge::list_of(message(list => $_->[0])), $_->[1], 'List-Id: ' . ($_->[0] // 'none'));
}

done_testing();
