# SPDX-License-Identifier: GPL-3.0-or-later
# Who a message is from: what DKIM and SPF prove, what DMARC says of it, and whether one of our
# own domains is in From that nothing proves.  amavisd.conf says in %wanted what becomes of it:
# spam (the Spam folder), mark (a header line alone) or ignore.  Nothing is ever refused for it here.
#
# What is asked of the DNS, postcask-policy asks: it is told the domains when the message has
# come, and has its answer when SpamAssassin is done.  No answer in a second is none: the message
# goes on as if nobody had a policy.
#
# Mail of our users and of this machine is not judged; of the former it is remembered who they
# write to, for whose mailing lists are no strangers'.
#
# Why not by configuration: amavis verifies DKIM and adds its line, and has neither SPF nor DMARC;
# SpamAssassin's plugin for DMARC asks the DNS and waits for it with each message
# (docs/decisions/dmarc.md).
package Postcask::Judge;
use strict;
use warnings;
use Amavis::Conf qw(c ca);
use Amavis::DKIM ();
use Amavis::Lookup qw(lookup2);
use Amavis::Util qw(do_log idn_to_ascii max);
use IO::Socket::UNIX ();
use Socket qw(SOCK_STREAM MSG_NOSIGNAL);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use Postcask::Results ();

# Nothing, while the generation of an image before this one is in force.
our %wanted = map { $_ => 'ignore' } qw(dmarc spf own_domains greylisting);
our @trusted;

use constant {
    SOCKET   => '/run/postcask/policy/filter',
    ANSWER_S => 1,
    LONGEST  => 4096,       # an answer
    AUTHORS  => 8,
    SIGNED   => 16,         # signatures that are told of
    WRITTEN  => 50,         # domains of one message
};

# Of the message at hand.
my ($judged, $socket, @authors, %verdict);

#### Who it says that it is from

sub domain_of {
    my ($address) = @_;
    my ($domain) = ($address // '') =~ /\@([^\@]*)\z/ or return '';
    my $ascii = lc(eval { idn_to_ascii($domain) } // $domain);
    return $ascii =~ /\A[a-z0-9._-]+\z/ ? $ascii =~ s/\.+\z//r : '';
}

sub from_lines {
    my ($message) = @_;
    return grep { /\AFrom[ \t]*:/i } @{ $message->orig_header };
}

# Their domains; "" stands for what has none.
sub authors_of {
    my ($message) = @_;
    my @lines = from_lines($message);
    my $from = $message->rfc2822_from;
    my @addresses = ref $from ? @$from : defined $from ? $from : ();
    my %domains = map { domain_of($_) => 1 } @addresses;
    $domains{''} = 1 if @lines != 1 || !@addresses || @addresses > AUTHORS;
    return sort keys %domains;
}

# Of the lines as they are written, outside of quotes and comments: a program may show another
# address than the one that amavis reads.
sub shown_domains {
    my ($message) = @_;
    my $text = join ' ', from_lines($message);
    $text =~ s/"(?:[^"\\\n]|\\.)*"(?!\s*\@)//gs;
    1 while $text =~ s/\([^()]*\)//gs;
    return map { domain_of($_) } $text =~ /(\@[^\s<>()\[\],;:"\@]+)/g;
}

sub is_within {
    my ($domain, $above) = @_;
    return $domain eq $above || substr($domain, -1 - length $above) eq ".$above";
}

# Those of ours that a reader may take it to be from.
sub own_authors {
    my ($message) = @_;
    my %found;
    for my $domain (@authors, shown_domains($message)) {
        $found{$domain} = 1 if $domain ne '' && grep { is_within($domain, $_) } @Postcask::Results::own;
    }
    return sort keys %found;
}

#### What is proved

# By domain: "pass", or "temperror" where it could not be found out.
sub signers_of {
    my ($message) = @_;
    my %signers;
    for my $signature (@{ $message->dkim_signatures_all // [] }) {
        next if $signature->isa('Mail::DKIM::DkSignature');
        my $result = lc($signature->result // '');
        my $domain = domain_of('@' . ($signature->domain // ''));
        next if $domain eq '' || $result !~ /\A(?:pass|temperror)\z/;
        $signers{$domain} = $result if ($signers{$domain} // '') ne 'pass';
        last if keys %signers >= SIGNED;
    }
    return %signers;
}

# (result, identity, domain); the null sender is who greets (RFC 7208 section 2.4).
sub spf_of {
    my ($message) = @_;
    my $sender = $message->sender // '';
    my $kind = $sender eq '' ? 'helo' : 'mfrom';
    my $domain = domain_of($sender eq '' ? '@' . ($message->client_helo // '') : $sender);
    return ('none', $kind, $domain) if $domain eq '';
    return ($Postcask::SPF::found{$kind} // 'temperror', $kind, $domain);
}

sub proved_domains {
    my ($signers, $spf) = @_;
    my @proved = grep { $signers->{$_} eq 'pass' } keys %$signers;
    push @proved, $spf->[2] if $spf->[0] eq 'pass';
    return @proved;
}

# One name with another: the same organization where ours are, for nobody has to be asked which
# domain is ours.
sub is_ours_proved {
    my ($author, @proved) = @_;
    for my $own (grep { is_within($author, $_) } @Postcask::Results::own) {
        return 1 if grep { is_within($_, $own) } @proved;
    }
    return 0;
}

# The domain of the list that it says that it is from: <dev.lists.example.org>.
sub list_of {
    my ($message) = @_;
    my ($list) = ($message->get_header_field_body('list-id') // '') =~ /<\s*([^\s<>]+)\s*>\s*\z/
        or return '';
    return domain_of("\@$list");
}

#### postcask-policy

sub connected {
    my ($text) = @_;
    my $client = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => SOCKET, Blocking => 0)
        or return undef;
    return (send($client, $text, MSG_NOSIGNAL) // -1) == length $text ? $client : undef;
}

# One line, or undef when there is none before the deadline.
sub answer {
    my ($client) = @_;
    my ($text, $deadline) = ('', clock_gettime(CLOCK_MONOTONIC) + ANSWER_S);
    until ($text =~ /\n/ || length $text > LONGEST) {
        my $left = $deadline - clock_gettime(CLOCK_MONOTONIC);
        my $ready = '';
        vec($ready, fileno $client, 1) = 1;
        return undef if $left <= 0 || select($ready, undef, undef, $left) <= 0;
        return undef if !sysread $client, $text, LONGEST, length $text;
    }
    return $text =~ /\A(.*)\n/ ? $1 : undef;
}

sub asks_policy {
    return $wanted{dmarc} ne 'ignore' || $wanted{own_domains} ne 'ignore';
}

sub ask_policy {
    my ($message, $signers, $spf) = @_;
    my @words = map { "from=$_" } @authors;
    push @words, map { ($signers->{$_} eq 'pass' ? 'dkim=' : 'dkim?=') . $_ } sort keys %$signers;
    push @words, "spf=$spf->[2]"  if $spf->[0] eq 'pass';
    push @words, "spf?=$spf->[2]" if $spf->[0] eq 'temperror';
    push @words, 'list=' . list_of($message);
    # What is proved is remembered of who brought it: greylisting lets him in.
    my $client = $message->client_addr // '';
    push @words, "client=$client" if $client =~ /\A[0-9a-f.:]+\z/i;
    my $question = join(' ', 'judge', @words) . "\n";
    my $open = $socket;
    undef $socket;
    $open = undef
        if $open && (send($open, $question, MSG_NOSIGNAL) // -1) != length $question;
    $open //= connected($question) or return ();
    return (answer($open) // '') =~ /(\w+)=(\S*)/g;
}

#### The hooks, called by Policy.pm

sub is_from_the_world { return c('policy_bank_path') !~ m{\b(?:ORIGINATING|LOCAL)\b} }

sub begin {
    my ($message) = @_;
    undef $socket;
    @authors = ();
    %verdict = ();
    $judged = is_from_the_world();
    %Postcask::SPF::found = ();     # SpamAssassin loads that, by its path
    return remember_recipients($message) if !$judged;
    return if !asks_policy();
    @authors = authors_of($message);
    $socket = connected(join(' ', 'ahead', map { "from=$_" } grep { $_ ne '' } @authors) . "\n");
}

sub remember_recipients {
    my ($message) = @_;
    my $greylists = $wanted{greylisting} =~ /\A(?:suspicious|all)\z/;
    return if !asks_policy() && !$greylists || c('policy_bank_path') !~ /\bORIGINATING\b/;
    my @addresses = map { $_->recip_addr } grep { !$_->recip_is_local } @{ $message->per_recip_data };
    my %domains = map { domain_of($_) => 1 } @addresses;
    my @domains = grep { $_ ne '' } sort keys %domains;
    my @words = map { "to=$_" } splice @domains, 0, WRITTEN;
    my @people = grep { /\A[!-~]+\@[!-~]+\z/ } @addresses;
    push @words, map { "person=$_" } splice @people, 0, WRITTEN if $greylists;
    connected(join(' ', 'wrote', @words) . "\n") if @words;
}

# What is known of the message, and what becomes of it.
sub checks {
    my ($message) = @_;
    return if !$judged;
    my %signers = signers_of($message);
    my @spf = $wanted{spf} eq 'ignore' ? ('none', 'mfrom', '') : spf_of($message);
    my %answer = asks_policy() ? ask_policy($message, \%signers, \@spf) : ();
    my @proved = proved_domains(\%signers, \@spf);
    my @unproved = grep { !is_ours_proved($_, @proved) } own_authors($message);
    my $forwarded = is_forwarded(\%answer, @proved);
    %verdict = (spf => \@spf, answer => \%answer, own => \@unproved, forwarded => $forwarded,
        proved => \@proved);
    $message->supplementary_info('POSTCASK-JUDGED', log_text(\%signers));
    raise($message, 'OWN_DOMAIN_UNPROVED') if @unproved && $wanted{own_domains} eq 'spam' && !$forwarded;
    raise($message, 'DMARC_FAIL') if fails() && $wanted{dmarc} eq 'spam' && !$forwarded;
}

# By a domain that the settings name, or by a mailing list that is no stranger's.
sub is_forwarded {
    my ($answer, @proved) = @_;
    for my $domain (@proved) {
        return 1 if grep { is_within($domain, lc $_) } @trusted;
    }
    return ($answer->{known} // '') eq 'yes' ? 1 : 0;
}

# Whether it is really from that domain, of the one author that there is: by DMARC, or by a signature
# or SPF of the domain or of one above it.  Whoever logs in sends as himself (Sign.pm); what sieve
# redirects was judged when it came.
sub proves {
    my ($author) = @_;
    return 0 if $author eq '';
    return c('policy_bank_path') =~ /\bORIGINATING\b/ ? 1 : 0 if !$judged;
    my $result = $verdict{answer}{result} // '';
    return $result eq 'pass' ? 1 : 0 if $result =~ /\A(?:pass|fail)\z/;
    return grep({ is_within($author, $_) } @{ $verdict{proved} // [] }) ? 1 : 0;
}

sub fails {
    my $answer = $verdict{answer};
    return ($answer->{result} // '') eq 'fail' && $answer->{applied} =~ /\A(?:quarantine|reject)\z/;
}

# For each of its recipients, as high as spam is to him.
sub raise {
    my ($message, $name) = @_;
    for my $recipient (@{ $message->per_recip_data }) {
        next if Postcask::Choices::is_off($recipient->recip_addr);
        my $level = lookup2(0, $recipient->recip_addr, ca('spam_tag2_level_maps')) // next;
        my $more = $level - ($recipient->spam_level // 0);
        my $test = sprintf 'POSTCASK_%s=%.3f', $name, max($more, 0);
        $recipient->spam_level($level) if $more > 0;
        $recipient->spam_tests([ \$test, @{ $recipient->spam_tests // [] } ]);
    }
}

sub before_send {
    my ($message) = @_;
    return if !$judged || !@{ $verdict{own} // [] } || $wanted{own_domains} eq 'ignore';
    $message->header_edits->add_header('X-Amavis-Alert',
        "FORGED, it says that it is from $verdict{own}[0], which nothing proves")
        if !$verdict{forwarded};
}

#### What is said of it

# Names of domains are all that a stranger can write there, and such as are none of it are left out.
sub log_text {
    my ($signers) = @_;
    my ($spf, $answer) = @verdict{qw(spf answer)};
    my @dkim = map { "$signers->{$_}:$_" } sort keys %$signers;
    my @words = ('dkim=' . (@dkim ? join('+', splice @dkim, 0, 3) : 'none'));
    push @words, "spf=$spf->[0]" . ($spf->[2] ne '' ? ":$spf->[2]" : '') if $wanted{spf} ne 'ignore';
    push @words, 'dmarc=' . result() . ($answer->{author} ? ":$answer->{author}" : '')
        . ($answer->{record} ? "/$answer->{applied}" : '') if $wanted{dmarc} ne 'ignore';
    push @words, "unproved=$verdict{own}[0]" if @{ $verdict{own} };
    push @words, 'forwarded' if $verdict{forwarded};
    return join ' ', @words;
}

sub result { return $verdict{answer}{result} // 'temperror' }

# The line that says it: what amavis says of DKIM, then SPF, then DMARC.
my $generate = \&Amavis::DKIM::generate_authentication_results;

sub results ($;$$) {
    my ($message, $allow_none, @signatures) = @_;
    return &$generate if @signatures || !$judged || !%verdict;
    my ($line) = $generate->($message, 1);
    my ($spf, $answer) = @verdict{qw(spf answer)};
    if ($wanted{spf} ne 'ignore') {
        my $name = $spf->[1] eq 'helo' ? 'helo' : 'mailfrom';
        $line .= ";\n spf=$spf->[0]" . ($spf->[2] ne '' ? "\n smtp.$name=$spf->[2]" : '');
    }
    if ($wanted{dmarc} ne 'ignore') {
        $line .= ";\n dmarc=" . result();
        $line .= "\n header.from=$answer->{author}" if $answer->{author};
        $line .= "\n policy.dmarc=$answer->{applied}" if $answer->{record};
    }
    return $line;
}

{
    no warnings qw(redefine prototype);
    *Amavis::DKIM::generate_authentication_results = \&results;
}

1;
