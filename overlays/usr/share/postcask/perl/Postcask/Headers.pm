# SPDX-License-Identifier: GPL-3.0-or-later
# A message leaves the filter as it came: what its sender signed, a dot or a blank more would
# break.  Our own lines go on top.
#
# Why not by configuration: amavis can be told not to mend a header ($allow_fixing_improper_header), but not to write all
# of it: it takes a line that begins with "--" for a boundary and drops the rest, and what it
# does not keep for its copy in the quarantine no setting keeps either.  So the header is
# written here.
package Postcask::Headers;
use strict;
use warnings;
use Amavis::Conf qw(c);
use Amavis::Out::EditHeader ();
use Amavis::Util qw(min);
use Postcask::Results ();

my $field = qr/\A([!-9;-~]+)[ \t]*:(.*)\z/s;

# Of a message in memory or in a file: its header without the line that ends it, and where
# its body begins, which is where the file is read on.
sub header_of {
    my ($message) = @_;
    my $text = $message->mail_text_str // $message->mail_text;
    my $begin = $message->skip_bytes;
    return ('', 0) if !defined $text;
    if (ref $text eq 'SCALAR') {
        my $from = min($begin, length $$text);
        return ('', $from + 1) if substr($$text, $from, 1) eq "\n";
        my $end = index $$text, "\n\n", $from;
        return $end < 0 ? (substr($$text, $from), length $$text)
            : (substr($$text, $from, $end + 1 - $from), $end + 2);
    }
    $text->seek($begin, 0) or die "Can't rewind the message: $!\n";
    my $header = '';
    while (defined(my $line = $text->getline)) {
        $begin += length $line;
        last if $line eq "\n";
        $header .= $line;
    }
    return ($header, $begin);
}

#### What was there before

# What X-Spam lines of the sender's say: 1, it is spam; 0, it is not; undef, who knows.
my %verdict = (
    'x-spam-flag'   => sub { $_[0] =~ /\A\s*(yes|no)\s*\z/i ? is_yes($1) : undef },
    'x-spam-status' => sub { $_[0] =~ /\A\s*(yes|no)\b/i ? is_yes($1) : undef },
    'x-spam-score'  => sub { $_[0] =~ /\A\s*([-+]?[0-9]+(?:\.[0-9]*)?)\s*\z/ ? is_spam($1) : undef },
    'x-spam-level'  => sub { $_[0] =~ /\A\s*([*+xX]*)\s*\z/ ? is_spam(length $1) : undef },
);

sub is_yes  { return lc $_[0] eq 'yes' ? 1 : 0 }
sub is_spam { return $_[0] >= $Amavis::Conf::sa_tag2_level_deflt ? 1 : 0 }

# A line that amavis would take out and may stay: in the quarantine's copy Return-Path, which
# stands below ours; an Authentication-Results that is not from us (Results.pm); of X-Spam lines
# those that could make nobody believe anything else than ours do.
sub may_stay {
    my ($edits, $name, $body) = @_;
    return 1 if $name =~ /\A(?:return-path|authentication-results)\z/
        || $name =~ /\Ax-spam-(?:report|checker-version|tests)\z/;
    my $says = exists $verdict{$name} ? $verdict{$name}->($body) : undef;
    return defined $says && $says == (grep { /\AX-Spam-Flag: YES$/m } @{ $edits->{addrcvd} });
}

# A field after amavis' edits of it; '' if there is nothing left.
sub edited {
    my ($edits, $message, $line, $name, $body) = @_;
    chomp $body;
    for my $edit (@{ $edits->{edit}{ lc $name } }) {
        my ($new, $verbatim) = defined $edit ? $edit->($name, $body) : ();
        if (!defined $new) {
            next if may_stay($edits, lc $name, $body);
            return '';
        }
        chomp $new;
        next if $verbatim && $new eq $body;
        $line = $verbatim ? "$name:$new\n"
            : Amavis::Out::EditHeader::hdr($name, $new, 0, undef, $message->smtputf8);
        ($body) = $line =~ /\A[^:]*:(.*)\n\z/s;
    }
    return $line;
}

my $write = \&Amavis::Out::EditHeader::write_header;

# As amavis' own: returns how many Received lines there were, and where the body begins.  Of NUL,
# in the body too, amavis' SMTP would make other bytes.
sub write_header ($$$$) {
    my ($edits, $message, $out, $relayed) = @_;
    my $text = $message->mail_text;
    return &$write if ref $text eq 'MIME::Entity';      # its own notices
    $out->{sanitize_nul} = 0 if ref $out eq 'Amavis::Out::SMTP::Protocol';
    my ($header, $body_begin) = header_of($message);
    my $submitted = (c('policy_bank_path') // '') =~ /\bORIGINATING\b/;
    my $received = 0;
    my $strange = c('policy_bank_path') !~ /\bLOCAL\b/;    # what sieve redirects has ours
    my @lines = (@{ $edits->{prepend} }, @{ $edits->{addrcvd} });
    for my $line (split /^(?![ \t])/m, $header) {
        my ($name, $body) = $line =~ $field;
        if (defined $name) {
            next if lc $name eq 'x-postcask-login' && $submitted;   # Postfix's, for Sign.pm
            $received++ if lc $name eq 'received';
            next if $strange && Postcask::Results::is_forged($name, $body);
            $line = edited($edits, $message, $line, $name, $body)
                if exists $edits->{edit}{ lc $name };
        }
        push @lines, $line;
    }
    $header = join '', @lines;
    $header .= "\n" if $header !~ /\n\z/;               # a header alone, and not ended
    $out->print($header, @{ $edits->{append} }, "\n") or die "Can't write the header: $!\n";
    return ($received, $body_begin);
}

#### What a login's program left to us

# The names that the sender's signatures cover, in small letters.
sub signed_names {
    my ($message) = @_;
    my @signatures = grep { /\A(?:DKIM|DomainKey|ARC-Message)-Signature[ \t]*:/i }
        @{ $message->orig_header };
    my @lists = map { /[:;]\s*h\s*=([^;]*)/i ? $1 : () } @signatures;
    return map { lc s/\s+//gr => 1 } map { split /:/ } @lists;
}

sub has {
    my ($message, $name) = @_;
    return defined $message->get_header_field2($name);
}

# Postfix would do this for a login as well, whether the line is signed or not: a line that is
# signed as missing must go on missing.
sub complete {
    my ($message) = @_;
    my $banks = c('policy_bank_path');
    return if $banks !~ m{\b(?:ORIGINATING|LOCAL)\b};
    my %signed = signed_names($message);
    my $edits = $message->header_edits;
    for my $name (qw(Bcc Resent-Bcc)) {                 # who is in it is nobody's business
        $edits->delete_header($name) if !$signed{ lc $name };
    }
    return if $banks !~ /\bORIGINATING\b/;              # sendmail(1)'s mail Postfix completes
    my %missing = (
        'From'       => $message->sender_smtp =~ s/\A<(.*)>\z/$1/sr,
        'Date'       => Amavis::rfc2821_2822_Tools::rfc2822_timestamp($message->rx_time),
        'Message-ID' => sprintf('<%s.%s@%s>', int $message->rx_time, $message->mail_id,
            c('myhostname')),
    );
    for my $name (sort keys %missing) {
        $edits->append_header($name, $missing{$name})
            if !has($message, $name) && !$signed{ lc $name } && $missing{$name} ne '';
    }
}

{
    no warnings qw(redefine once prototype);
    *Amavis::Out::EditHeader::write_header = \&write_header;
}

1;
