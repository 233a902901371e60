# SPDX-License-Identifier: GPL-3.0-or-later
# What clamd's findings mean: not all that it gives a name is a virus.
#
#   over a limit    it did not look at all of it: `limits`, however little that says
#   encrypted       what filter.encrypted says
#   broken          what two programs could read differently: what filter.broken says
#   not wanted      macros, card numbers, programs that somebody may not want: what
#                   filter.banned.policy says
#   a guess         points for the spam score (@virus_name_to_spam_score_maps)
#   a virus         everything else, and one is enough
# But for limits, overlapping files in a zip and guesses, clamd looks for none of the first
# four unless mail.extra.clamd of the settings tells it to.
#
# Why not by configuration: to amavis a finding is a virus or points for the spam score.
package Postcask::Verdicts;
use strict;
use warnings;
use Postcask::Policy ();
use Postcask::Scanner ();

use constant ANSWER_MAX => 100_000;    # of a longer answer amavis does not keep the end

our @meanings = (
    [ qr/^Heuristics\.(?:Limits\.Exceeded|XZ\.DicSizeLimit|Zip\.OverlappingFiles)\b/ =>
        Postcask::Policy::LIMITS ],
    [ qr/^Heuristics\.Encrypted\./ => Postcask::Policy::ENCRYPTED ],
    [ qr/^Heuristics\.(?:Broken\.|BoundsCheck\b|[A-Z]+Partition+Intersect)/ =>
        Postcask::Policy::DAMAGED ],
    [ qr/^Heuristics\.(?:Structured|OLE2\.ContainsMacros)\b|^PUA\./ =>
        Postcask::Policy::UNWANTED ],
);
# Of a limit, for who is told that his message was kept.
my %limits = (
    MaxFileSize      => 'too large a file',
    MaxScanSize      => 'too much in one archive',
    MaxFiles         => 'too many files',
    MaxRecursion     => 'archives in too many archives',
    MaxScanTime      => 'too slow to scan',
    MaxFindings      => 'more found in it than can be told',
    OverlappingFiles => 'files that overlap in a zip',
    DicSizeLimit     => 'an xz that needs too much memory',
);
our $guess = qr/^Heuristics\.(?:Phishing\.|PDF\.ObfuscatedNameObject\b)/;

sub meaning {
    my ($name) = @_;
    for (@meanings) {
        return $_->[1] if $name =~ $_->[0];
    }
    return undef;
}

sub reason {
    my ($minor, $name) = @_;
    my ($last) = $name =~ /(\w+)\z/;
    return $name if $minor != Postcask::Policy::LIMITS;
    return ($limits{$last} // 'too many parts or header lines') . " ($last)";
}

# An answer that names findings has no end that could be missed: clamd may have been ended
# before it came to the other parts.  So where the message would be delivered with these
# findings, each part is asked for by itself; what is known to be clean costs clamd little.
sub ask_for_the_others {
    my ($output, @arguments) = @_;
    my ($names, undef, $tempdir) = @arguments;
    my %found = map { $_ => 1 } $output =~ m{^(.*?): .* FOUND$}mg;
    for my $path (grep { !$found{$_} } map { "$tempdir/parts/$_" } @$names) {
        my (undef, $answer) = Postcask::Scanner::scan("SCAN $path\n", @arguments);
        die "no whole answer of clamd: $answer\n" if $answer !~ /: OK$/m;
    }
}

# As a row of @av_scanners calls it: of clamd's names, those that are viruses or guesses.
sub ask {
    my ($status, $output, $names) = Postcask::Scanner::ask(@_);
    return ($status, $output, $names) if !$status;
    my (@rest, %kinds);
    for my $name (@$names) {
        my $minor = meaning($name);
        push @{ defined $minor ? $kinds{$minor} : \@rest }, $name;
    }
    $kinds{Postcask::Policy::LIMITS()} //= ['MaxFindings'] if length $output >= ANSWER_MAX;
    my $stopped = grep { $_ !~ $guess } @rest;
    if (!$stopped && !$kinds{Postcask::Policy::LIMITS()}) {
        die "clamd could not read a part: $output\n" if $output =~ /\bERROR$/m;
        ask_for_the_others($output, @_);
    }
    Postcask::Policy::note($_, reason($_, $kinds{$_}[0])) for keys %kinds;
    return (@rest ? 1 : 0, $output, \@rest);
}

1;
