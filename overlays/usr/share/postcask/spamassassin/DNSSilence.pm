# A DNS that does not answer must not hold up mail.  SpamAssassin waits some seconds for
# the answers about each message, and amavis for the keys of DKIM signatures; with a DNS
# that is silent all those waits are for nothing, and a filter that does thirteen messages
# a second does one.
#
# So: a process that has got not one answer to all the questions about a message asks
# nothing for a minute, and then tries again with one message.  The rules that need the
# DNS do not hit meanwhile; DKIM signatures count as not verifiable for now.  A single
# domain whose servers are dead changes nothing: the block lists have answered.
package Mail::SpamAssassin::Plugin::DNSSilence;

use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::SpamAssassin::Logger qw(info);
use Mail::SpamAssassin::PerMsgStatus;
use Mail::SpamAssassin::Plugin;

our @ISA = ('Mail::SpamAssassin::Plugin');

use constant {
    QUESTIONS     => 3,     # fewer without an answer say nothing
    SILENCE_S     => 60,
    DKIM_ANSWER_S => 3,
};

my ($silent_until, $switched_off, $dkim_limited) = (0, 0, 0);

sub silent { return time < $silent_until ? 1 : 0 }

sub new {
    my ($class, $main) = @_;
    my $self = $class->SUPER::new($main);
    bless $self, $class;
    limit_dkim();
    return $self;
}

# Asked by amavis before SpamAssassin runs.
sub limit_dkim {
    return if $dkim_limited++;
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
    $silent_until = time + SILENCE_S;
    info("dns: no answer to $asked questions: nothing is asked for " . SILENCE_S . ' s');
}

1;
