#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The list of replaced functions says all that the modules replace, and nothing else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../../overlays/usr/share/postcask/perl";
use Stubs;
use B ();
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $folder = "$top/overlays/usr/share/postcask/perl";

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    local $/;
    return scalar <$file>;
}

my $list = slurp("$folder/replaced");
my %listed = $list =~ /^Function: (\S+)\nReplaced-by: (\S+)$/mg;
my %packages = map { $_ => 1 } $list =~ /^Package: (\S+) \S+$/mg;

#### What is replaced once everything is loaded

my @modules = glob "$folder/Postcask/*.pm";
eval "require $_; 1" or die $@ for sort keys %Stubs::names;
require "Postcask/" . basename($_) for @modules;
Postcask::Early::trust_the_configuration();
Postcask::DNSSilence->new(bless { conf => {} }, 'Mail::SpamAssassin');
Postcask::Prefilter->new(bless { conf => {} }, 'Mail::SpamAssassin');

sub file_of {
    my ($code) = @_;
    my $path = B::svref_2object($code)->FILE;
    return $path =~ m{/Postcask/(\w+\.pm)\z} ? $1 : undef;
}

sub replaced_in {
    my ($package) = @_;
    no strict 'refs';
    my %found;
    for my $name (grep { !/::\z/ } keys %{"${package}::"}) {
        my $by = defined &{"${package}::$name"} ? file_of(\&{"${package}::$name"}) : undef;
        $found{"${package}::$name"} = $by if $by;
        my $tied = tied ${"${package}::$name"};
        $found{"${package}::\$$name"} = ref($tied) =~ s/\APostcask::(.*)/$1.pm/r if $tied;
    }
    return %found;
}

is_deeply({ map { replaced_in($_) } keys %Stubs::names }, \%listed,
    'what the modules replace is what the list says');

#### What a function might replace that nobody called here

# Functions and variables of others that a text assigns to, as far as their names stand there.
sub assigned {
    my ($text) = @_;
    $text =~ s/^#.*//mg;
    my @names = $text =~ /(?<![\w\$\@%&>)\]}])\s\*\{?\s*"?((?:\w+::)+[\w:]*|CORE::GLOBAL\S*)"?\s*\}?\s*=(?![=~])/g;
    push @names, map { s/\$\{?_\}?/.+/r } $text =~ /\*\{\s*"([^"]*\$[^"]*)"\s*\}\s*=(?![=~])/g;
    push @names, $text =~ /^\s*sub\s+(\w+::[\w:]+)/mg;
    push @names, map { s/::(?=\w+\z)/::\$/r } $text =~ /\btie\s+\$(\w+::[\w:]+)/g;
    push @names, map { "package $_" } grep { !/\APostcask::/ && $_ ne 'main' }
        $text =~ /^\s*package\s+([\w:]+)/mg;
    return grep { !/\APostcask::/ } @names;
}

sub unlisted {
    my ($text) = @_;
    return grep { my $name = $_; !grep { $_ eq $name || $_ =~ /\A$name\z/ } keys %listed }
        assigned($text);
}

for my $path (@modules, glob("$top/overlays/usr/share/postcask/amavis/*.conf"),
    "$top/overlays/usr/share/postcask/templates/etc/amavis/amavisd.conf") {
    my $text = slurp($path);
    is_deeply([ unlisted($text) ], [], basename($path) . ': nothing that is not listed');
    ok($text !~ /no warnings[^;]*\bredefine\b/ || grep { $_ eq basename($path) } values %listed,
        basename($path) . ': says of no more that it redefines');
}
for my $new ('    *Amavis::check_mail = sub { 1 };', ' *{"Amavis::check_mail"} = $code;',
    'sub Amavis::check_mail { 1 }', 'tie $Amavis::Util::counter, __PACKAGE__;',
    "package Amavis;\nsub check_mail { 1 }", ' *CORE::GLOBAL::time = sub { 1 };',
    ' *{"Amavis::${_}::renew"} = $code for qw(A B);') {
    ok(scalar(unlisted($new)), "seen: $new");
}

#### What is held back

my ($held) = slurp("$top/overlays/etc/apt/apt.conf.d/60postcask")
    =~ /^Unattended-Upgrade::Package-Blacklist \{\n(.*?)^\};/ms;
is_deeply([ sort $held =~ /"(\S+)\$";/g ], [ sort keys %packages ],
    'automatic updates leave the packages alone in which something is replaced');

for my $row (split /\n\n/, $list =~ s/^#.*\n//gmr) {
    my ($name) = $row =~ /^Function: (\S+)$/m or next;
    like($row, qr/^Original: \/\S.*\nPackage: \S+ \S+\nDigest: (?:[0-9a-f]{16}|none)\nWhy: \S.*$/m,
        "$name: original, package, digest and why");
}

done_testing();
