#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# When a child hangs, and how long SpamAssassin may look at one message.
use strict;
use warnings;
use Stubs;
use Test::More;
use Time::HiRes ();

my $now;
BEGIN { no warnings qw(redefine); *Time::HiRes::clock_gettime = sub (;$) { $now } }
use Postcask::Children ();
use Postcask::Looks ();

$Amavis::Conf::child_timeout = 480;

#### The master's view: what stands in a child's title

my @title;
{
    no warnings 'redefine';
    *Postcask::Children::message_of = sub { @title };
}
for ([ 0, 0 ], [ 10, 0, 1 ], [ 100, 0, 1 ], [ 129, 0, 1 ], [ 131, 1, 1 ], [ 132, 0, 2 ],
    [ 252, 1, 2 ], [ 300, 0 ], [ 539, 0 ], [ 541, 1 ]) {
    my ($at, $hangs, $look) = @$_;
    @title = ('1-2', 'ABC', $look);
    my $work = Postcask::Children::note_work(7, $at);
    is(Postcask::Children::hangs($work, $at) ? 1 : 0, $hangs, "after $at s, look " . ($look // 0));
}
@title = ('1-3', 'DEF');
is(Postcask::Children::note_work(7, 542)->{since}, 542, 'another message has its own time');
@title = ('');
ok(!Postcask::Children::hangs({ message => '', since => 0 }, 9999), 'none is no hanging');

#### A child's own: the time of each look

sub look {
    my ($after, $limit) = @_;
    my %message = (master_deadline => defined $limit ? Time::HiRes::time() + $limit : undef);
    $now = 1000 + $after;
    Postcask::Looks->post_message_parse({ message => \%message });
    return defined $message{master_deadline} ? $message{master_deadline} - Time::HiRes::time() : undef;
}

sub is_near {
    my ($got, $expected, $what) = @_;
    ok(defined $got && abs($got - $expected) < 1, "$what: $expected") or diag($got // 'undef');
}

is(look(0), undef, 'at the start there is no message');
my $own = $0;
Postcask::Children::begin_message();
is_near(look(0, 60), 60, 'the first has what SpamAssassin gives it');
like($0, qr/ at the rules 1\z/, 'and says so');
Postcask::Looks->check_end;
is($0, $own, 'until it ends');
is_near(look(200, 60), 40, 'a later one what is left for all');
like($0, qr/ at the rules 2\z/, 'the second');
is_near(look(300, 60), 2, 'the last of many two seconds');
is_near(look(300), 2, 'also where nothing limits it');
is_near(look(300, 1), 1, 'and no more than it has');
Postcask::Children::end_look();
Postcask::Children::begin_message();
is_near(look(301, 60), 60, 'the next message begins anew');
Postcask::Children::end_look();

done_testing();
