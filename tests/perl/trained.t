#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Whose training judges a message to an address, how often it may be tried, and what must be in a
# text that a rule matches.
use strict;
use warnings;
use Stubs;
use File::Temp ();
use Test::More;
use Postcask::Trained ();
use Postcask::Unfinished ();
use Postcask::Words ();

my %aliases = ('team@example.org' => [ 'alice@example.org', 'bob@example.org' ],
    'sales@example.org' => ['carol+shop@example.org'], 'a+b@example.org' => ['dan@example.org'],
    'loop@example.org' => ['loop@example.org']);
{
    no warnings 'redefine';
    *Postcask::Accounts::column = sub {
        my ($query, $address) = @_;
        return @{ $aliases{$address} // [] } if $query =~ /postfix_alias/;
        return $aliases{$address} || $address eq 'x+y@example.org' ? 1 : ();
    };
}
for ([ 'Alice@Example.org' => 'alice@example.org' ], [ 'alice+z@example.org' => 'alice@example.org' ],
    [ 'x+y+z@example.org' => 'x+y@example.org' ], [ 'a+b+c@example.org' => 'dan@example.org' ],
    [ 'sales@example.org' => 'carol@example.org' ], [ 'team@example.org' => undef ], [ 'nobody' => undef ],
    [ '+z@example.org' => undef ]) {
    is(Postcask::Trained::sole_user($_->[0]), $_->[1], "$_->[0] is " . ($_->[1] // 'nobody alone'));
}
is(Postcask::Trained::sole_user('loop@example.org'), undef, 'an alias of itself ends');

#### Attempts

my $folder = File::Temp->newdir;
$Amavis::Conf::MYHOME = "$folder";
mkdir "$folder/unfinished" or die "$!";
my $id = '4abc123';
Postcask::Unfinished::count($id) for 1 .. 3;
ok(!Postcask::Unfinished::too_often($id), 'three are not too many');
ok(!Postcask::Unfinished::ended_scanner($id), 'none was the scanner');
Postcask::Unfinished::count($id, Postcask::Unfinished::SCANNER());
Postcask::Unfinished::count($id);
ok(Postcask::Unfinished::too_often($id), 'five are');
ok(Postcask::Unfinished::ended_scanner($id), 'and one was');
Postcask::Unfinished::forget($id);
ok(!Postcask::Unfinished::too_often($id), 'forgotten');
is(Postcask::Unfinished::path_of($_), undef, 'no queue id: ' . ($_ // 'undef'))
    for undef, '', '../x', "a\n", 'a' x 65;

#### Words of rules

for ([ qr/country|county|city/aai => 'city|country|county' ], [ qr/\bviagra\b/aai => 'viagra' ],
    [ qr/free[ _]money+/aa => 'free money|free_money' ], [ qr/a?bc/aa => undef ], [ qr/.*/aa => undef ],
    [ qr/plain/ => undef ], [ qr/(?:one|two)three/aa => 'onethree|twothree' ], [ qr/x(?!y)/aa => undef ]) {
    my $words = Postcask::Words::words($_->[0]);
    is($words && join('|', @$words), $_->[1], "$_->[0]");
}

done_testing();
