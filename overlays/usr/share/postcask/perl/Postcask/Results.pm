# SPDX-License-Identifier: GPL-3.0-or-later
# Authentication-Results and Received-SPF of strangers: what claims to be ours goes (RFC 8601
# section 5), however it is written; what another server says of itself stays.
#
# Why not by configuration: amavis takes out what has its name as it writes it; programs that
# believe such lines read more than that for it.
package Postcask::Results;
use strict;
use warnings;
use Amavis::Conf qw(c);
use Amavis::Util qw(idn_to_ascii);
use MIME::Base64 qw(decode_base64);
use MIME::QuotedPrint qw(decode_qp);

# Names that are ours: the machine's and its domains'.
our @own;

# A generation of an image before this one names none.
sub own { return map { lc($_) => 1 } @own ? @own : c('myhostname') }

# An encoded word is no word of this header, and is read by some all the same.
sub decoded {
    my ($text) = @_;
    $text =~ s/\?=\s+=\?/?==?/g;
    $text =~ s/=\?[^?\s]*\?([bBqQ])\?([^?]*)\?=/lc $1 eq 'b' ? decode_base64($2) : decode_qp($2 =~ tr{_}{ }r)/ge;
    return $text;
}

# Without its comments, up to the first ";" that stands in none and in no quotes; the quotes go.
# undef when one of them has no end.
sub first_part {
    my ($text) = @_;
    my ($level, $first) = (0, '');
    while ($text =~ /\G(\\.|[()";]|[^\\()";]+|\\)/gs) {
        my $piece = $1;
        if ($piece eq '(') {
            $level++;
        } elsif ($piece eq ')' && $level) {
            $level--;
            $first .= ' ';
        } elsif ($level) {
            next;
        } elsif ($piece eq '"') {
            return undef if $text !~ /\G((?:[^"\\]|\\.)*)"/gcs;
            $first .= $1 =~ s/\\(.)/$1/gsr;
        } elsif ($piece eq ';') {
            return $first;
        } else {
            $first .= $piece =~ s/\A\\(.)\z/$1/sr;
        }
    }
    return $level ? undef : $first;
}

sub plain {
    my ($name) = @_;
    $name =~ s/[^!-~\x80-\xff]+//g;
    $name =~ s{/.*}{}s;
    $name =~ s/\xe3\x80\x82|\xef\xbc\x8e|\xef\xbd\xa1/./g;   # dots of other scripts
    my $ascii = eval { idn_to_ascii($name) } // $name;
    return lc($ascii) =~ s/\A[.\@<\[]+|[.>\]]+\z//gr;
}

# The names that a reader may take it to be from: with a version behind it or without, and with
# blanks in it or without.
sub names {
    my ($part) = @_;
    my $text = decoded($part) =~ s/\A[\s\0]+|[\s\0]+\z//gr;
    my ($first) = split /[\s\0]+/, $text;
    return map { plain($_) } $text, $text =~ s/[\s\0]+\S+\z//r, $text =~ s/\s*=.*//sr,
        $first // '';
}

# Is a field of that text from us, or could it be taken for that?
sub claims_us {
    my ($body) = @_;
    my %own = own();
    my $part = first_part($body);
    if (defined $part) {
        return grep({ $own{$_} } names($part)) ? 1 : 0;
    }
    my $all = decoded($body) =~ s/\((?:[^()\\]|\\.)*\)//gsr =~ s/[\s\0"\\]+//gr;
    return grep({ index(lc $all, $_) >= 0 } keys %own) ? 1 : 0;
}

# Received-SPF says who it is from behind "receiver=", or before a ":" in its comment.
sub claims_us_for_spf {
    my ($body) = @_;
    my %own = own();
    my @named = $body =~ /\breceiver\s*=\s*"?([^\s;"]+)/gi;
    push @named, $1 if $body =~ /\A\s*\w+\s*\(\s*([^\s:()]+\.[^\s:()]+)\s*:/;
    return grep({ $own{ plain($_) } } @named) ? 1 : 0;
}

my %forged = (
    'authentication-results' => \&claims_us,
    'received-spf'           => \&claims_us_for_spf,
);

sub is_forged {
    my ($name, $body) = @_;
    my $claims = $forged{ lc $name } or return 0;
    return $claims->($body);
}

1;
