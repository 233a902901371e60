# SPDX-License-Identifier: GPL-3.0-or-later
# A DNS that does not answer must not hold up mail.  SpamAssassin waits some seconds for
# the answers about each message, and amavis for the keys of DKIM signatures; with a DNS
# that is silent all those waits are for nothing, and a filter that does thirteen messages
# a second does one.
#
# So: a process that has got not one answer to all the questions about a message asks
# nothing for a minute, and then tries again with one message.  The rules that need the
# DNS do not hit meanwhile; DKIM signatures count as not verifiable for now.  A single
# domain whose servers are dead changes nothing: the block lists have answered.
#
# And those seconds are seconds, whatever is done to the clock meanwhile: SpamAssassin
# counts them, and the time that a message may take, by the wall clock.
#
# Why not by configuration: dns_available is asked once, at the start, and dkim_timeout,
# spf_timeout and rbl_timeout are waited for with each message; none of them has a clock.
package Postcask::DNSSilence;

use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::SpamAssassin::AsyncLoop;
use Mail::SpamAssassin::DnsResolver;
use Mail::SpamAssassin::Logger qw(info);
use Mail::SpamAssassin::PerMsgStatus;
use Mail::SpamAssassin::Plugin;
use Mail::SpamAssassin::Plugin::Check;
use Mail::SpamAssassin::Timeout;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our @ISA = ('Mail::SpamAssassin::Plugin');

use constant {
    QUESTIONS     => 3,     # fewer without an answer say nothing
    SILENCE_S     => 60,
    DKIM_ANSWER_S => 3,
};

my ($silent_until, $switched_off, $limited) = (0, 0, 0);

sub silent { return clock_gettime(CLOCK_MONOTONIC) < $silent_until ? 1 : 0 }

sub new {
    my ($class, $main) = @_;
    my $self = $class->SUPER::new($main);
    bless $self, $class;
    if (!$limited++) {
        limit_dkim();
        count_one_clock();
    }
    return $self;
}

# The wall clock as it was when the message came, and what has passed since then.
sub count_one_clock {
    my ($new, $ahead) = (\&Mail::SpamAssassin::AsyncLoop::new, 0);
    my $clock = sub () { return clock_gettime(CLOCK_MONOTONIC) + $ahead };
    no warnings qw(redefine prototype);
    no strict 'refs';
    *Mail::SpamAssassin::AsyncLoop::new = sub {    # once for each message, before all else
        $ahead = Time::HiRes::time() - clock_gettime(CLOCK_MONOTONIC);
        return $new->(@_);
    };
    *{"Mail::SpamAssassin::${_}::time"} = $clock
        for qw(AsyncLoop DnsResolver PerMsgStatus Plugin::Check Timeout);
}

# Asked by amavis before SpamAssassin runs.
sub limit_dkim {
    my $query = \&Mail::DKIM::DNS::query;
    $Mail::DKIM::DNS::TIMEOUT = DKIM_ANSWER_S;
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        die "the DNS does not answer\n" if silent();
        return $query->(@_);
    };
}

sub check_start {
    my ($self, $args) = @_;
    my $status = $args->{permsgstatus};
    return if $self->{main}{local_tests_only} || $status->{conf}{dns_available} ne 'yes';
    return if $switched_off == silent();
    $switched_off = silent();
    $Mail::SpamAssassin::PerMsgStatus::IS_DNS_AVAILABLE = !$switched_off;
}

sub check_end {
    my ($self, $args) = @_;
    my $async = $args->{permsgstatus}{async};
    my ($asked, $answered) = ($async->{queries_started} // 0, $async->{queries_completed} // 0);
    return if silent() || $asked < QUESTIONS || $answered > 0;
    $silent_until = clock_gettime(CLOCK_MONOTONIC) + SILENCE_S;
    info("dns: no answer to $asked questions: nothing is asked for " . SILENCE_S . ' s');
}

1;
