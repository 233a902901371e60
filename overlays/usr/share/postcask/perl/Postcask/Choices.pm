# SPDX-License-Identifier: GPL-3.0-or-later
# What each person, or his domain, wants of the filter where that is another thing than for
# everybody (postcask user filter): from which score on a message is spam or is kept in
# quarantine, whether anything is spam and whether unwanted attachments are let in, and which
# senders are allowed or blocked.  It is read anew for each message, so what is changed counts
# from the next one on; a look-up that fails dies, and the message waits.
#
# amavis sees an alias before Postfix expands it.  One that leads to a single person is that
# person; of one that leads to several, the default of its domain counts, for the message is one.
#
# An allowed sender is the one author in From, while DKIM, SPF or DMARC proves that domain
# (Judge.pm): a name alone is forged by whoever knows whom somebody allows.  A blocked one is an
# author or the sender of the envelope, proved or not.  Neither has anything to do with viruses
# and attachments.
#
# Why not by configuration: amavis' own lists of senders believe any From and know no proof, and
# its look-ups in SQL know no aliases (docs/decisions/filter-choices.md).
package Postcask::Choices;
use strict;
use warnings;
use Amavis::Conf qw(c);
use Amavis::Util qw(max min);
use Postcask::Accounts ();
use Postcask::Judge ();
use Postcask::Trained ();

use constant {
    NEVER  => 99_999,       # a score that no message has
    BELOW  => 20,           # names of a domain that are looked for, as amavis does
    NAMED  => 5,            # people in one reason
};

# Of the message at hand: by recipient, as in the envelope; why that could not be read; lines of
# the header as they were before ours.
my ($message, $choices, $failed, %before);

#### What is read

# alice@b.example is that, @b.example, @.b.example and @.example: the most exact first.
sub patterns {
    my ($address) = @_;
    my $domain = Postcask::Judge::domain_of($address);
    return () if $domain eq '';
    my @labels = split /\./, $domain;
    my @below = map { '@.' . join '.', @labels[$_ .. $#labels] } 0 .. $#labels;
    return (lc($address =~ s/\@[^\@]*\z//r) . "\@$domain", "\@$domain", grep { defined } @below[0 .. BELOW - 1]);
}

# The addresses in From, and whether a reader sees one author alone.
sub authors {
    my $from = $message->rfc2822_from;
    my @addresses = grep { defined } ref $from ? @$from : $from;
    splice @addresses, Postcask::Judge::AUTHORS;
    my @domains = Postcask::Judge::authors_of($message);
    my $alone = @addresses == 1 && @domains == 1 && $domains[0] ne ''
        && !grep { $_ ne $domains[0] } Postcask::Judge::shown_domains($message);
    return ($alone, @addresses);
}

# By pattern: how far it is from an exact one, and whether who is meant by it can be allowed.
sub senders_of {
    my ($alone, @authors) = authors();
    my %senders;
    for my $address (@authors, $message->sender // '') {
        my $rank = 0;
        for my $pattern (patterns($address)) {
            $senders{$pattern}{rank} = min($rank, $senders{$pattern}{rank} // $rank);
            $rank++;
        }
    }
    $senders{$_}{allows} = 1 for $alone ? patterns($authors[0]) : ();
    return \%senders;
}

# The most exact first.
sub rules_of {
    my ($name, $senders) = @_;
    my @patterns = keys %$senders or return ();
    my $marks = join ', ', ('?') x @patterns;
    my $rows = Postcask::Accounts::rows(<<"SQL", $name, @patterns);
SELECT sender, allowed FROM amavis_filter_sender WHERE address = ? AND sender IN ($marks)
SQL
    return sort { $senders->{ $a->{sender} }{rank} <=> $senders->{ $b->{sender} }{rank} }
        grep { !$_->{allowed} || $senders->{ $_->{sender} }{allows} } @$rows;
}

# The person's own first, then his domain's.
sub read_choice {
    my ($person, $domain, $senders) = @_;
    my %choice = (person => $person);
    for my $name (grep { defined } $person, "\@$domain") {
        my ($row) = @{ Postcask::Accounts::rows(
            'SELECT mark, hold, spam, banned FROM amavis_filter WHERE address = ?', $name) };
        next if !$row;
        $choice{$_} //= $row->{$_} for keys %$row;
        push @{ $choice{rules} }, rules_of($name, $senders);
    }
    return \%choice;
}

sub read_all {
    return {} if !Postcask::Accounts::column('SELECT 1 FROM amavis_filter LIMIT 1');
    my ($senders, %found, %by_name) = (senders_of());
    for my $address (map { $_->recip_addr } @{ $message->per_recip_data }) {
        my $person = Postcask::Trained::sole_user($address);
        my $domain = lc(($person // $address) =~ s/\A.*\@//sr);
        $found{$address} = $by_name{ $person // "\@$domain" }
            //= read_choice($person, $domain, $senders);
    }
    return \%found;
}

# amavis goes on when this dies, so it is remembered, and its look-ups die.
sub begin {
    ($message) = @_;
    ($choices, $failed, %before) = (undef, undef);
    eval { $choices = read_all(); 1 } or $failed = $@ || 'no answer';
}

sub of {
    my ($address) = @_;
    die "what the recipients want could not be read: $failed" if defined $failed;
    return $choices->{$address} // {};
}

#### What amavis looks up, by recipient; undef is what everybody has

sub is_off {
    my $choice = of($_[0]);
    return defined $choice->{spam} && !$choice->{spam} && !$choice->{blocked};
}

# What our own people send is marked and not kept.
sub hold_of {
    my ($address) = @_;
    return is_off($address) || c('policy_bank_path') =~ /\bORIGINATING\b/ ? undef
        : of($address)->{hold};
}

sub tag  { return is_off($_[0]) ? NEVER : undef }
sub mark { return is_off($_[0]) ? NEVER : of($_[0])->{mark} }

sub kill_level {
    my ($address) = @_;
    return hold_of($address) // mark($address);
}

sub destiny    { return defined hold_of($_[0]) ? Amavis::Conf::D_DISCARD() : undef }
sub quarantine { return defined hold_of($_[0]) ? $Amavis::Conf::virus_quarantine_to : undef }

sub takes_banned {
    my $banned = of($_[0])->{banned};
    return defined $banned && !$banned ? 1 : undef;
}

# Asked before anything is looked into: never true, but where nothing could be read it dies.
sub asked_first { of($_[0]); return undef }

#### Before amavis decides (Policy.pm)

sub is_proved {
    my (undef, $author) = authors();
    return Postcask::Judge::proves(Postcask::Judge::domain_of($author));
}

# 1: allowed, 0: blocked, undef: neither.
sub verdict_of {
    my ($choice) = @_;
    for my $rule (@{ $choice->{rules} // [] }) {
        return 0 if !$rule->{allowed};
        return 1 if is_proved();
    }
    return undef;
}

sub set_level {
    my ($recipient, $name, $level) = @_;
    my $test = sprintf 'POSTCASK_%s=%.3f', $name, $level - ($recipient->spam_level // 0);
    $recipient->spam_level($level);
    $recipient->spam_tests([ \$test, @{ $recipient->spam_tests // [] } ]);
}

sub judge {
    my ($recipient) = @_;
    my $address = $recipient->recip_addr;
    my $choice = of($address);
    my $verdict = verdict_of($choice) // return;
    my $mark = $choice->{mark} // $Amavis::Conf::sa_tag2_level_deflt;
    my $level = $recipient->spam_level // 0;
    return set_level($recipient, 'ALLOWED', min($level, 0, $mark - 1)) if $verdict;
    $choice->{blocked} = 1;
    $recipient->bypass_spam_checks(0);      # of filter.dkim_whitelist
    set_level($recipient, 'BLOCKED', max($level, $mark, hold_of($address) // $mark));
}

# Who has this kept, for the list of the quarantine.
sub reason {
    my (%blocked, %scored);
    for my $recipient (@{ $message->per_recip_data }) {
        my $address = $recipient->recip_addr;
        my $hold = hold_of($address) // next;
        next if ($recipient->spam_level // 0) < $hold;
        my $choice = of($address);
        my $name = ($choice->{person} // $address) =~ s/[^!-~]/?/gr;    # a label is a stranger's
        $choice->{blocked} ? $blocked{$name}++ : $scored{$name}++;
    }
    my @blocked = sort keys %blocked;
    my @scored = sort keys %scored;
    my @said = (@blocked ? 'blocked by ' . names(@blocked) : (),
        @scored ? 'over the level of ' . names(@scored) : ());
    return @said ? join('; ', @said) : undef;
}

sub names {
    my (@names) = @_;
    my $more = @names - NAMED;
    return join(', ', @names[0 .. (@names > NAMED ? NAMED : @names) - 1]) . ($more > 0 ? " and $more more" : '');
}

sub checks {
    return if defined $failed || !%{ $choices // {} };
    judge($_) for @{ $message->per_recip_data };
    return if grep { $_->is_in_contents_category(Amavis::Conf::CC_VIRUS()) } @{ $message->per_recip_data };
    my $reason = reason() // return;
    for my $added (qw(ADDEDHEADERHAM ADDEDHEADERSPAM)) {
        $before{$added} = $message->supplementary_info($added);
        my $text = $before{$added} // '';
        $text .= "\n" if $text =~ /[^\n]\z/;
        $message->supplementary_info($added, "${text}X-Amavis-Alert: SPAM, $reason\n");
    }
}

# The quarantine has it; what others get says nothing of it.
sub before_send { $message->supplementary_info($_, $before{$_}) for keys %before }

1;
