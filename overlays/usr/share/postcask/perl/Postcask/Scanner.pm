# SPDX-License-Identifier: GPL-3.0-or-later
# How clamd is asked.
#
# A message that clamd does not survive, or that it never finishes, must not be tried for
# ever: each try takes the scanner from everybody while it loads its signatures again.  But
# an outage is no message's fault.  So whoever lost clamd, or did so before, is scanned once
# more while no other scan runs and after clamd has answered for something else, and only
# what then loses it again is counted (Unfinished.pm).
#
# Why not by configuration: amavis itself asks three times in a row, and does not tell whom it
# did not reach from who did not answer; no setting changes that.
package Postcask::Scanner;
use strict;
use warnings;
use Fcntl qw(:flock);
use IO::Select ();
use IO::Socket::UNIX ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use Amavis::Util qw(do_log get_deadline prolong_timer);
use Postcask::Unfinished ();

use constant {
    LOCKS      => '/run/amavis/scanner',
    ANSWER_MAX => 100_000,      # more of its lines say nothing new
    LOADING    => 120,          # seconds in which clamd is back with its signatures
    PATIENCE   => 4,            # before amavis' own timer
};
our $socket = '/run/clamav/clamd.ctl';

# The answer, and why there is none: it was not reached, it ended, or it takes too long.
sub converse {
    my ($query, $seconds) = @_;
    my $end = clock_gettime(CLOCK_MONOTONIC) + $seconds;
    local $SIG{PIPE} = 'IGNORE';
    my $clamd = IO::Socket::UNIX->new(Peer => $socket) or return (undef, 'is not there');
    my $ready = IO::Select->new($clamd);
    my $answer = '';
    defined syswrite $clamd, $query or return (undef, 'went away');
    while (1) {
        my $left = $end - clock_gettime(CLOCK_MONOTONIC);
        return (undef, 'takes too long') if $left <= 0 || !$ready->can_read($left);
        my $size = sysread $clamd, my $bytes, 65536;
        last if !$size;
        $answer .= $bytes if length $answer < ANSWER_MAX;
    }
    return $answer eq '' ? (undef, 'went away') : $answer;
}

# Whether it answers for something else: a few bytes, sent to it.
sub works {
    my ($answer) = converse("zINSTREAM\0" . pack('N/a*', 'some words') . pack('N', 0), LOADING);
    return defined $answer && $answer =~ /\bOK\b/;
}

# One may be alone with clamd; who waits for that is not overtaken.  Given back when it goes
# out of scope.
sub hold {
    my ($kind) = @_;
    my @held;
    for my $lock ([ 'gate', LOCK_EX ], [ 'scans', $kind ]) {
        open my $file, '>', LOCKS . ".$lock->[0]" or die "Can't open a lock: $!\n";
        flock $file, $lock->[1] or die "Can't lock: $!\n";
        push @held, $file;
    }
    shift @held if $kind == LOCK_SH;
    return \@held;
}

sub seconds_left {
    my ($which) = @_;
    prolong_timer($which);
    return scalar(get_deadline($which)) - PATIENCE;
}

# As amavis' own ask_daemon_internal: a query, and what is of no use here.
sub scan {
    my ($query) = @_;
    my $id = $Amavis::MSGINFO->queue_id;
    my ($answer, $why);
    if (!Postcask::Unfinished::ended_scanner($id)) {
        my $held = hold(LOCK_SH);
        ($answer, $why) = converse($query, seconds_left('scan'));
        return (0, $answer) if defined $answer;
        do_log(-1, 'clamd %s', $why);
        die "clamd $why\n" if $why eq 'is not there';
    }
    my $again = !defined $why || $why ne 'takes too long';
    my $held = $again && hold(LOCK_EX);
    die "clamd does not answer\n" if !works();
    ($answer, $why) = converse($query, seconds_left('scan again')) if $again;
    return (0, $answer) if defined $answer;
    Postcask::Unfinished::count($id, Postcask::Unfinished::SCANNER());
    die "clamd $why, and answers for others\n";
}

# In the place of amavis' ask_daemon, as a row of @av_scanners calls it.
sub ask {
    my @arguments = @_;
    $arguments[4] = \&scan;
    return Amavis::AV::run_av(@arguments);
}

1;
