# SPDX-License-Identifier: GPL-3.0-or-later
# The filter's connections: those that Postfix makes to it, and its own back to Postfix.
#
# Why not by configuration: amavis has no setting for an option of its sockets, none for a mark
# that it listens, and closes a kept connection to Postfix only at the end of one from Postfix.
package Postcask::Server;
use strict;
use warnings;
use Amavis::Util qw(do_log);
use Socket qw(IPPROTO_TCP TCP_NODELAY);

use constant LISTENING => '/run/amavis/listening';      # who waits for amavis waits for it

# Every answer is sent at once.  Postfix asks several things in one go; the kernel would hold
# the second answer back until the first is acknowledged, 40 ms later.
sub before_fork {
    my ($server) = @_;
    setsockopt($_, IPPROTO_TCP, TCP_NODELAY, 1) for @{ $server->{server}{sock} };
    open my $mark, '>', LISTENING or die 'cannot write ' . LISTENING . ": $!\n";
}

# When Postfix's connection breaks off, as at a restart of Postfix, amavis' own to the Postfix
# before is still there: the message would wait a minute for the next try.
my $at_hand;

sub begin_message {
    my ($connection) = @_;
    return if defined $at_hand && $at_hand == $connection;
    $at_hand = $connection;
    my $rundown = Amavis::Out::SMTP::Session->can('rundown_stale_sessions') or return;
    eval { $rundown->(1); 1 } or do_log(-1, 'connections to Postfix not closed: %s', $@);
}

{
    no warnings 'once';
    *Amavis::pre_fork_hook = \&before_fork;
}

1;
