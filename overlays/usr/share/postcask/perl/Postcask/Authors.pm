# SPDX-License-Identifier: GPL-3.0-or-later
# The addresses in a From line, as any program might read it: what two programs would read
# differently has no addresses, but a reason.
#
# Why not by configuration: amavis reads a From line as leniently as it can, and goes on with
# what it found; here what it would overlook is what matters.
package Postcask::Authors;
use strict;
use warnings;

use constant { MOST => 100, LONGEST => 65536 };

my $atom = qr/[^\s\x00-\x20\x7f()<>\[\]:;\@\\,"]+/;

# Comments, which may be nested, become a blank; undef when one has no end.
sub without_comments {
    my ($text) = @_;
    my ($kept, $depth) = ('', 0);
    while ($text =~ /\G("(?:[^"\\]|\\.)*"|\\.|[()]|[^"\\()]+|.)/gs) {
        my $piece = $1;
        if ($piece eq '(') { $depth++; $kept .= ' ' }
        elsif ($piece eq ')' && $depth) { $depth-- }
        elsif (!$depth) { $kept .= $piece }
        elsif (length $piece > 1 && $piece =~ /\A"/) {   # no quotes inside a comment
            pos($text) -= length($piece) - 1;
        }
    }
    return $depth ? undef : $kept;
}

# The addresses of a field's body in small letters, and why there are none: (undef, reason).
sub read_from {
    my ($body) = @_;
    return (undef, 'is too long') if length $body > LONGEST;
    $body =~ s/\r?\n(?=[ \t])//g;
    $body =~ s/\r?\n\z//;
    return (undef, 'has a control character in it') if $body =~ /[\x00-\x08\x0a-\x1f\x7f]/;
    my $text = without_comments($body) // return (undef, 'has a comment without an end');
    my @addresses;
    # A quoted local part, then what else is quoted, which is somebody's name.
    $text =~ s{"((?:[^"\\]|\\.)*)"\@($atom)}{
        push @addresses, [ $1, $2 ];
        ' ';
    }ges;
    @addresses = map { ($_->[0] =~ s/\\(.)/$1/grs) . "\@$_->[1]" } @addresses;
    $text =~ s/"(?:[^"\\]|\\.)*"/ /gs;
    return (undef, 'has a quotation mark without an end') if $text =~ /["\\]/;
    $text =~ s{($atom)\@($atom)}{
        push @addresses, "$1\@$2";
        ' ';
    }ge;
    return (undef, 'has an address that cannot be read') if $text =~ /[\@\[\]]/;
    $text =~ s/<[ \t]*>/ /g;
    return (undef, 'has an address that cannot be read') if $text =~ /[<>]/;
    return (undef, 'has no address') if !@addresses;
    return (undef, 'has too many addresses') if @addresses > MOST;
    return [ map { lc } @addresses ];
}

# Of a whole header: those of its one From line, or ("", reason); an empty list when it has none.
sub of_header {
    my ($header) = @_;
    my @fields = map { /\AFrom[ \t]*:(.*)\z/is ? $1 : () } split /^(?![ \t])/m, $header;
    return [] if !@fields;
    return (undef, 'is there ' . @fields . ' times') if @fields > 1;
    return read_from($fields[0]);
}

1;
