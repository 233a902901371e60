#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# check-replaced refuses a package in which a function that is replaced is another, and nothing
# else in it.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Temp ();
use Test::More;

my $program = abs_path(dirname(__FILE__) . '/../../overlays/usr/share/postcask/perl/check-replaced');
my $folder = File::Temp->newdir;
my $module = <<'END';
package Theirs;
use Time::HiRes qw(sleep time);
our $since = 0;
sub short { my ($x) = @_; { $x } }
sub long($;$) {
    my ($x) = @_;
    if ($x) {
        return { a => 1 };
    }
}
sub other { 1 }
sub since { return $since }
END

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', "$folder/$path" or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

sub rows {
    my %digest = @_;
    return join "\n", map {
        "Function: Theirs::$_\nReplaced-by: Ours.pm\nOriginal: /Theirs.pm\nPackage: theirs 1.0-1\n"
            . "Digest: $digest{$_}\nWhy: no setting\n" } sort keys %digest;
}

sub check {
    my $said = `perl $folder/check-replaced --root $folder @_ 2>&1`;
    return ($? >> 8, $said);
}

copy($program, "$folder/check-replaced") or die "$!";
mkdir "$folder/$_" or die "$!" for qw(var var/lib var/lib/dpkg var/lib/dpkg/info var/lib/dpkg/updates);
write_file('var/lib/dpkg/status', "Package: theirs\nStatus: install ok installed\n"
    . "Maintainer: x\nArchitecture: all\nVersion: 1.0-2\nDescription: x\n");
write_file('Theirs.pm', $module);
write_file('replaced', rows(short => 'x', long => 'x', time => 'x', '$since' => 'x', hook => 'none'));

is((check())[0], 1, 'a list with other digests');
is((check('--write'))[0], 0, 'written');
is_deeply([ check() ], [ 0, '' ], 'all as it was read');
my $list = do { open my $file, '<', "$folder/replaced" or die; local $/; <$file> };
is(scalar(() = $list =~ /^Digest: (?:[0-9a-f]{16}|none)$/mg), 5, 'a digest each');
is(scalar(() = $list =~ /^Package: theirs 1.0-2$/mg), 5, 'and the version');
$list =~ s/1\.0-2/1.0-1/g;
write_file('replaced', $list);

for my $change ([ 'another function' => qr/sub other \{ 1/ => 'sub other { 2' ],
    [ 'a remark' => qr/^package/ => "# new\npackage" ]) {
    my ($what, $from, $to) = @$change;
    write_file('Theirs.pm', $module =~ s/$from/$to/r);
    is_deeply([ check() ], [ 0, '' ], "$what is no matter");
}
for my $change ([ long => qr/a => 1/ => 'a => 2' ], [ long => qr/\(\$;\$\)/ => '($$)' ],
    [ short => qr/\{ \$x \}/ => '{ !$x }' ], [ time => qr/qw\(sleep time\)/ => 'qw(sleep time alarm)' ],
    [ '$since' => qr/return \$since/ => 'return -$since' ], [ long => qr/sub long/ => 'sub longer' ],
    [ hook => qr/sub other/ => "sub hook { 1 }\nsub other" ]) {
    my ($name, $from, $to) = @$change;
    write_file('Theirs.pm', $module =~ s/$from/$to/r);
    my ($status, $said) = check();
    is($status, 1, "$name is another");
    like($said, qr/^Theirs::\Q$name\E, which Ours\.pm replaces, is another: expected in theirs 1\.0-1 .*, found 1\.0-2 /m,
        'which and in what version');
    is(scalar(() = $said =~ /is another/g), 1, 'and it alone');
    like($said, qr/check-replaced --root \S+ --write$/m, 'what to do');
}
unlink "$folder/Theirs.pm";
like((check())[1], qr{found 1\.0-2 \(\S*/Theirs\.pm: No such file}, 'no package at all');
isnt((check('--write'))[0], 0, 'and none to be written');

done_testing();
