# SPDX-License-Identifier: GPL-3.0-or-later
# What was born here and leaves is signed (DKIM), as the last thing that is done to it, and
# nothing else is: a signature says that the message is from one of us.
#
#   10026  from a login     always, and its From belongs to the login, or it goes back to it
#          from a trusted network   what is from our domains alone
#   10027  this machine's   what has no Received line of anybody else: answers of a filter rule
#                           whose From belongs to the rule's owner, what root sends, and
#                           postcask-tls's reports
#   10024  from the world   never
#
# So whatever only passes through (redirects, aliases, what is attached to a bounce) leaves as
# it came.  Keys are read when they are needed, for each message anew: a change of keys
# (postcask-dkim(8)) is one rename, and tells nobody.
#
# Why not by configuration: amavis signs whatever comes by a port that is trusted, also what a
# rule redirects; not what scored as spam; by RSA alone; and holds the keys of all domains in
# memory.  It knows no login.
package Postcask::Sign;
use strict;
use warnings;
use Crypt::OpenSSL::RSA ();
use Amavis::Conf qw(c);
use Amavis::DKIM ();
use Amavis::Notify ();
use Amavis::Out::EditHeader ();
use Amavis::Out::SMTP ();
use Amavis::Util qw(do_log idn_to_ascii);
use Mail::DKIM::Algorithm::ed25519_sha256 ();
use Mail::DKIM::Algorithm::rsa_sha256 ();
use Mail::DKIM::PrivateKey ();
use Mail::DKIM::Signature ();
use Mail::DKIM::Signer ();
use Postcask::Authors ();
use Postcask::Headers ();
use Postcask::Senders ();

use constant { LOADED => 100, LOGIN => 'X-Postcask-Login', SELFTEST => 'selftest.invalid' };
use constant NETWORK => 'network';      # stands there for one that is trusted: no login is without @

our $keys     = '/var/lib/postcask/keys/dkim';
our $hostname = '';
our @domains;               # ours; the self-test's mail is signed with the first one's key
our @algorithms = ('rsa');
our $signer     = '';       # where opendkim takes what it is to sign; '': we sign

# Of every name so many as there are; of the first ones one more than there are, so that nobody
# can add another.
my @closed = qw(from to cc subject date message-id mime-version content-type);
my @open   = qw(reply-to in-reply-to references list-unsubscribe list-unsubscribe-post list-id
    content-transfer-encoding sender);

# Of the message at hand.
my ($header, $login, $network, $authors, $refusal, $born, $answer, $behalf);

#### Whose it is

# Its own header, without our line.
sub header_without_login { return $_[0] =~ s/^X-Postcask-Login[ \t]*:.*\n(?:[ \t].*\n)*//gimr }

# Postfix puts the login on top (main.cf); whatever the message itself has of that name is below.
# Who has a login and is in a trusted network too is the login.
sub login_of {
    my ($text) = @_;
    my ($above) = split /^Received[ \t]*:/mi, $text, 2;
    my @named = map { lc } ($above // '') =~ /^X-Postcask-Login: (\S+)$/mg;
    return (grep { $_ ne NETWORK } @named)[0] // $named[0];
}

# Of what has no such line: the mailbox that the sender is, or the one login that may use it.
sub login_of_sender {
    my ($sender) = @_;
    my $mailbox = Postcask::Senders::mailbox($sender);
    my @owners = defined $mailbox ? $mailbox : Postcask::Senders::owners($sender);
    return @owners == 1 ? $owners[0] : undef;
}

sub is_bank {
    my ($bank) = @_;
    return c('policy_bank_path') =~ /\b$bank\b/;
}

# Why a login may not send this; undef if it may.
sub why_not {
    my ($sender) = @_;
    my ($found, $why) = Postcask::Authors::of_header($header);
    return "its From line $why" if !$found;
    $authors = [ map { to_ascii($_) } @$found ? @$found : $sender ne '' ? lc $sender : () ];
    return 'it has no From line' if !@$authors;
    return undef if !defined $login;
    my @others = grep { !Postcask::Senders::may($login, $_) } @$authors;
    my ($foreign) = grep { !Postcask::Senders::may_for($login, $_) } @others;
    return "its From is $foreign" if defined $foreign;
    $behalf = @others > 0;
    return 'it has no sender, and is neither a receipt nor an automatic answer'
        if $sender eq '' && !may_have_no_sender();
    return undef;
}

# RFC 8098 and RFC 3834 want none for these.
sub may_have_no_sender {
    my $unfolded = $header =~ s/\n(?=[ \t])//gr;
    return $unfolded =~ m{^Content-Type[ \t]*:[ \t]*multipart/report\b.*\breport-type="?disposition-notification\b}mi
        || $unfolded =~ /^Auto-Submitted[ \t]*:[ \t]*auto-(?:replied|generated)\b/mi;
}

sub to_ascii {
    my ($address) = @_;
    my ($local, $domain) = $address =~ /\A(.*)\@([^\@]*)\z/s or return $address;
    return $domain =~ /[^\x00-\x7f]/ ? "$local\@" . lc(idn_to_ascii($domain)) : $address;
}

# What this machine's own port is given has one Received line, Postfix's, if it was made here.
sub is_born_here {
    my ($sender) = @_;
    my @received = $header =~ /^Received[ \t]*:(.*\n(?:[ \t].*\n)*)/gmi;
    return 0 if @received != 1;
    $answer = $received[0] =~ /\A from \S+ \(\S+ \[127\.0\.0\.1\]\)\s+by \S+ \(Postfix\)/;
    my ($found) = Postcask::Authors::of_header($header);
    return 0 if !$found || !@$found;
    $authors = [ map { to_ascii($_) } @$found ];
    # Root, and postcask-tls (sysusers.d), whose reports of TLS are to be signed.
    return 1 if $received[0] =~ /\A by \S+ \(Postfix, from userid (?:0|461)\)\s/;
    return 0 if !$answer;
    $login = login_of_sender($sender) // return 0;
    return !grep { !Postcask::Senders::may($login, $_) } @$authors;
}

#### While amavis handles a message

sub new {
    ($header, $login, $network, $authors, $refusal, $born, $answer, $behalf) = ('');
}

# Before amavis decides.
sub checks {
    my ($message) = @_;
    return if !is_bank('ORIGINATING') && !is_bank('LOCAL');
    my ($whole) = Postcask::Headers::header_of($message);
    $whole .= "\n" if $whole ne '' && $whole !~ /\n\z/;
    my $sender = $message->sender // '';
    if (is_bank('LOCAL')) {
        $header = $whole;
        $born = is_born_here($sender);
        return;
    }
    $header = header_without_login($whole);
    $login = login_of($whole) // login_of_sender($sender);
    $network = defined $login && $login eq NETWORK;
    $login = undef if $network;
    my $why = why_not($sender);
    $born = !defined $why && (defined $login || $network && !grep { !is_ours($_) } @$authors);
    return if !defined $why || !defined $login;
    $refusal = "this message was not sent: $why; you may send as "
        . join(', ', Postcask::Senders::addresses($login));
    $refusal =~ s/[^\x20-\x7e]/?/g;         # for a reply of SMTP, and for the log
}

# Back to the login, whatever the message says its sender is.
sub refuse {
    my ($message) = @_;
    do_log(-1, 'not sent for %s: %s', $login, $refusal);
    $message->is_bulk(undef);
    if (($message->sender // '') eq '') {
        $message->sender($login);
        $message->sender_smtp("<$login>");
    }
    for my $recipient (@{ $message->per_recip_data }) {
        next if $recipient->recip_destiny != Amavis::Conf::D_PASS();
        $recipient->dsn_suppress_reason(undef);     # it was a login: no bounce goes astray
        $recipient->dsn_notify(['FAILURE']);
        $recipient->recip_destiny(Amavis::Conf::D_BOUNCE());
        $recipient->recip_smtp_response("550 5.7.1 $refusal");
        $recipient->recip_done(1);
    }
}

# Who is named as the sender was not checked against a login: of what is blocked nobody elsewhere
# is told, for he may never have written.
sub spare_strangers {
    my ($message) = @_;
    $_->dsn_notify(['NEVER'])
        for grep { $_->recip_destiny == Amavis::Conf::D_BOUNCE() } @{ $message->per_recip_data };
}

# RFC 5322 section 3.6.2: who sends for another is named, and what cannot be delivered is his.
sub name_sender {
    my ($message) = @_;
    my $sender = $message->sender // '';
    my $own = $sender eq '' || Postcask::Senders::may($login, $sender);
    return if !$behalf && $own;
    if (!$own) {
        $message->sender($login);
        $message->sender_smtp("<$login>");
    }
    return if !$behalf;
    my $edits = $message->header_edits;
    $edits->delete_header('Sender');
    $edits->append_header('Sender', $login);
}

# Before it goes on.  (What it says in our name of who it is from, Headers.pm takes out.)
sub before_send {
    my ($message) = @_;
    return refuse($message) if defined $refusal;
    name_sender($message) if defined $login && is_bank('ORIGINATING');
    spare_strangers($message) if $network && !is_ours($message->sender // '');
    if ($answer) {                          # which nobody is to answer
        $message->sender('');
        $message->sender_smtp('<>');
    }
    return if $signer eq '' || !defined domain_of($message);
    $_->delivery_method($signer) for @{ $message->per_recip_data };
}

#### Signing

my %is_ours;

# An address of a domain that is served here.
sub is_ours {
    my ($address) = @_;
    my ($domain) = $address =~ /\@([^\@]+)\z/ or return 0;
    $is_ours{$_} //= 1 for keys %is_ours ? () : @domains;
    return $is_ours{ lc $domain };
}

# By whose keys; undef when it is not signed.
sub domain_of {
    my ($message) = @_;
    return undef if !$born || !$authors || !@$authors;
    my ($domain) = $authors->[0] =~ /\@([^\@]+)\z/ or return undef;
    return $domains[0] if $domain eq SELFTEST;
    return $domain if is_ours($authors->[0]);
    return undef if $domain ne $hostname;           # the machine's own mail, by the domain above it
    while ($domain =~ s/\A[^.]+\.//) {
        return $domain if $is_ours{$domain};
    }
    return undef;
}

my %loaded;

sub load_key {
    my ($algorithm, $path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    my $pem = <$file>;
    %loaded = () if keys %loaded >= LOADED;
    return Mail::DKIM::PrivateKey->load(Cork => Crypt::OpenSSL::RSA->new_private_key($pem))
        if $algorithm eq 'rsa';
    my $data = join '', grep { !/\A--/ } split /\n/, $pem;
    return Mail::DKIM::PrivateKey->load(Data => $data, Type => 'ed25519');
}

# The selectors and keys that sign for a domain now, in the order of @algorithms.
sub current_keys {
    my ($domain) = @_;
    open my $file, '<', "$keys/$domain/keys" or return ();
    my %selector = map { /\Acurrent (\w+) ([\w-]+) / ? ($1 => $2) : () } <$file>;
    my @found;
    for my $algorithm (grep { defined $selector{$_} } @algorithms) {
        my $path = "$keys/$domain/$selector{$algorithm}.pem";
        push @found, [ $algorithm, $selector{$algorithm},
            $loaded{$path} //= load_key($algorithm, $path) ];
    }
    return @found;
}

sub signed_names {
    my ($signer) = @_;
    my %count;
    $count{lc $_}++ for @{ $signer->{header_field_names} };
    return ((map { ($_) x (($count{$_} // 0) + 1) } @closed),
        map { ($_) x ($count{$_} // 0) } @open);
}

# As amavis' own: the signatures of what is written now.
sub signatures ($$;$) {
    my ($message) = @_;
    return () if $signer ne '' || ref $message->mail_text eq 'MIME::Entity';    # its own notices
    my $domain = domain_of($message) // return ();
    my @signatures = eval { sign($message, $domain, current_keys($domain)) };
    do_log(-1, 'cannot sign for %s: %s', $domain, $@ =~ s/\s+\z//r) if $@;
    do_log(-1, 'not signed: there is no key of %s yet', $domain) if !$@ && !@signatures && @algorithms;
    return @signatures;
}

sub sign {
    my ($message, $domain, @keys) = @_;
    return () if !@keys;
    my $signer = Mail::DKIM::Signer->new(Policy => sub {
        my ($signer) = @_;
        my $names = join ':', signed_names($signer);
        for (@keys) {
            my ($algorithm, $selector, $key) = @$_;
            $signer->add_signature(Mail::DKIM::Signature->new(
                Algorithm => "$algorithm-sha256", Method => 'relaxed/simple', Domain => $domain,
                Selector => $selector, Headers => $names, Key => $key,
                Timestamp => int $message->rx_time));
        }
        return undef;
    });
    write_to($message, Amavis::Out::SMTP->new_dkim_wrapper($signer, 1));
    $signer->CLOSE or die "it could not be read\n";
    return $signer->signatures;
}

# The message as it leaves.
sub write_to {
    my ($message, $out) = @_;
    my $edits = $message->header_edits || Amavis::Out::EditHeader->new;
    my (undef, $at) = $edits->write_header($message, $out, 1);
    my $text = ref $message->mail_text_str ? $message->mail_text_str : $message->mail_text;
    if (ref $text eq 'SCALAR') {
        for (my $from = $at; $from < length $$text; $from += 65536) {
            $out->print(substr $$text, $from, 65536);
        }
    } elsif (defined $text) {
        my ($size, $bytes);
        $out->print($bytes) while $size = $text->read($bytes, 65536);
        die "it could not be read: $!\n" if !defined $size;
    }
}

# The bounce of what had no sender has a receiver all the same.
my $notify = \&Amavis::Notify::delivery_status_notification;

sub notification ($$$;$$$$) {
    my @arguments = @_;
    $arguments[3] = [$login] if defined $refusal && ($arguments[4] // '') eq 'dsn';
    return $notify->(@arguments);
}

{
    no warnings qw(redefine once prototype);
    *Amavis::DKIM::dkim_make_signatures     = \&signatures;
    *Amavis::delivery_status_notification   = \&notification;
}

1;
