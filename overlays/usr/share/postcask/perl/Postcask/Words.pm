# SPDX-License-Identifier: GPL-3.0-or-later
# What must be in a text that a rule's regular expression matches.  Used when the image is
# built (list-words), for Prefilter.pm; nothing of it runs in the mail server.
#
# Why not by configuration: SpamAssassin knows of a rule its expression alone.
#
# Two things can be said of many expressions:
#   words   a set of plain words, lower case, of which each match contains one, in
#           whatever case: "country|county|city"
#   part    one piece of the expression itself, which each match contains a match of: of
#           "(?!price)PRICE", where P, R and so on are long lists of look-alikes, say
#           "[p]R[i]", with all that a P can end and an I can begin with
#
# What has to be right is that neither says too much.  So whatever this reader does not
# know makes it give up on the expression; a zero-width assertion counts as the empty
# string, which only allows more; a letter's case never counts; and whatever is not one
# printable ASCII character ends a word.  SpamAssassin's /aa keeps ASCII letters from
# matching others ("K" and the Kelvin sign, "ss" and "ß").  A part is cut out of the
# outermost sequence of the expression and has the same flags: the same engine finds it
# at the same place of the same text.
package Postcask::Words;
use strict;
use warnings;

use constant {
    SHORTEST  => 3,     # shorter words are in every message
    SPELLINGS => 64,    # of one word; "ad+res[se]" has two, what has more is not listed
    WORDS     => 400,   # of one expression
    DEPTH     => 50,
    SELECTIVE => 2,     # times that a part may be in SAMPLE
};

# What may be set inside: not x, which makes comments, nor less than /aa.
my $FLAGS = qr/(?:\^aa)?(?:aa)?[ims]*(?:-[ims]+)?/;

# Look-alikes in UTF-8: most of what there is to read, and nothing is known of them.
my $BYTES = qr/(?:\[(?:\\x[89a-fA-F][0-9a-fA-F]|-)+\])+/;

# Ordinary text, to see which of several parts is the rarest.
use constant SAMPLE => <<'END';
Dear all, thank you for coming to the meeting last Thursday. We have put the minutes and
the two drawings into the shared folder; please read them before Monday and tell us what is
missing or wrong. The next date is not fixed yet: either the 14th or the 21st at 10:30, in
the small room on the first floor. John will bring the figures of the quarter, Maria asks
for a quick look at the new price list (page 3), and somebody should water the plants.
If you cannot come, call 555-0134 or write to office@example.com. You are receiving this
message because you are on our list; to leave it, follow https://example.com/list?id=5512.
Mit freundlichen Grüßen, avec mes meilleures salutations, Kind regards from the whole team
END

# An expression is read into items:
#   spellings   every spelling of the item, if those are few
#   words       as above
#   first last  what its matches can begin and end with, as the inside of [ ]
#   least       how often it comes at least: 0; 0.5 for "?"; 1; 2 for more or "+"
# What is not known is not there.  An item of no width has the spelling '' alone.

sub unknown { die "unknown\n" }

sub alternation {
    my ($source, $depth) = @_;
    unknown() if $depth > DEPTH;
    my @branches = ([]);
    until ($$source =~ /\G(?=\)|\z)/gc) {
        if ($$source =~ /\G((?:\|$BYTES(?=[|)]))+)/gco) {
            my $all = $1;
            push @branches, [{ least => 1, first => join('', $all =~ /\|\[(.*?)\]/g),
                               last => join('', $all =~ /\[([^\]]*)\](?=\||\z)/g) }];
        } elsif ($$source =~ /\G\|/gc) {
            push @branches, [];
        } else {
            my $item = item($source, $depth);
            push @{ $branches[-1] }, $item if $item;
        }
    }
    return summary(@branches);
}

sub close_group {
    my ($source) = @_;
    $$source =~ /\G\)/gc or unknown();
}

# The next item; undef for one that only sets flags.
sub item {
    my ($source, $depth) = @_;
    my $item = {};
    if ($$source =~ /\G(\\x([2-7][0-9A-Fa-f]))/gc) {
        $item = { spellings => [lc chr hex $2], first => $1 };
    } elsif ($$source =~ /\G(?:[\^\$]|\\[bBAzZ](?!\{))/gc) {
        $item = { spellings => [''] };
    } elsif ($$source =~ /\G(\\(?:[dDsSwW]|x[89A-Fa-f][0-9A-Fa-f]))/gc) {
        $item = { first => $1 };
    } elsif ($$source =~ /\G(?:\.|\\(?:[hHvVtnrfae]|x[0-9A-Fa-f]{2}|[0-9]+))/gc) {
        # one of many characters, or once more what was there
    } elsif ($$source =~ /\G\\([^\sA-Za-z0-9])/gc || $$source =~ /\G([^\\()\[\]|*+?])/gc) {
        my $character = $1;
        unknown() if $character eq '{' && $$source =~ /\G[\s\d,]*\}/;
        $item = { spellings => [lc $character], first => quotemeta $character }
            if $character =~ /\A[ -~]\z/;
    } elsif ($$source =~ /\G\[(\^?)(\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*)\]/gcs) {
        $item = { spellings => characters($2), first => inside($2) } if $1 eq '';
    } elsif ($$source =~ /\G\(\?$FLAGS\)/gco) {
        return undef;
    } elsif ($$source =~ /\G\(\?<?[=!]/gc) {
        alternation($source, $depth + 1);
        close_group($source);
        $item = { spellings => [''] };
    } elsif ($$source =~ /\G\((?:\?(?:($FLAGS):|>|<\w+>)|(?![?*]))/gco) {
        my $flags = $1;
        my $start = pos $$source;
        $item = alternation($source, $depth + 1);
        my $inner = substr $$source, $start, pos($$source) - $start;
        close_group($source);
        # Other flags inside, and its letters mean something else outside.
        delete @$item{qw(first last)} if $flags || $inner =~ /\(\?[\^aims-]+[:)]/;
    } else {
        unknown();
    }
    $item->{last} //= $item->{first};
    $item->{least} = least($source);
    return $item;
}

sub least {
    my ($source) = @_;
    my $least = 1;
    if ($$source =~ /\G([?*+])/gc) {
        $least = { '?' => 0.5, '*' => 0, '+' => 2 }->{$1};
    } elsif ($$source =~ /\G\{(\d+)(?:,\d*)?\}/gc) {
        $least = $1 > 0 ? 2 : 0;
    } elsif ($$source =~ /\G\{[\s\d,]*\}/gc) {
        unknown();
    }
    $$source =~ /\G[?+]/gc;
    return $least;
}

# The inside of a class, so that others can be put before and behind it.
sub inside {
    my ($class) = @_;
    return undef if $class =~ /\\(?:x.?|[0-7]{1,2}|c)\z|\\\\-\z/;
    $class =~ s/\A([]-])/\\$1/;
    $class =~ s/(?<!\\)-\z/\\-/;
    return $class;
}

# The characters of a small class, in lower case.
sub characters {
    my ($class) = @_;
    return undef if $class =~ /[^ -~]|.-.|\[:|\\[A-Za-z0-9]/;
    $class =~ s/\\(.)/$1/g;
    my %character = map { lc $_ => 1 } split //, $class;
    return keys %character <= 6 ? [sort keys %character] : undef;
}

sub product {
    my ($heads, $tails) = @_;
    my %product;
    for my $head (@$heads) { $product{ $head . $_ } = 1 for @$tails }
    return [sort keys %product];
}

sub shortest {
    my ($words) = @_;
    my ($shortest) = sort { $a <=> $b } map { length } @$words;
    return $shortest // 0;
}

# Of two sets, the one whose words are longer; of equals, the one with fewer.
sub better {
    my ($one, $other) = @_;
    return $one || $other if !$one || !$other;
    my $more = shortest($other) <=> shortest($one) || @$one <=> @$other;
    return $more > 0 ? $other : $one;
}

# All spellings of one branch, if they are few, and its best set of words: from runs of
# neighbours whose spellings are known, or from inside one item.
sub branch {
    my ($items) = @_;
    my ($run, $best, $whole) = ([''], undef, 1);
    for my $item (@$items) {
        my ($spellings, $words, $least) = @$item{qw(spellings words least)};
        $best = better($best, $words) if $words && $least >= 1;
        if (!$spellings || $least == 0) {
            $best = better($best, $run);
            ($run, $whole) = ([''], 0);
            next;
        }
        my $step = $least < 1 ? [@$spellings, ''] : $spellings;
        if (@$run * @$step > SPELLINGS) {
            $best = better($best, $run);
            ($run, $whole) = ([''], 0);
            next if $least < 1;
        }
        $run = product($run, $step);
        next if $least < 2;
        # What follows stands behind the last one.
        $best = better($best, $run);
        ($run, $whole) = ($spellings, 0);
    }
    return ($whole ? $run : undef, better($best, $run));
}

sub no_width {
    my ($item) = @_;
    return $item->{spellings} && "@{ $item->{spellings} }" eq '';
}

# What a branch can begin (or, read backwards, end) with.
sub edge {
    my ($edge, @items) = @_;
    my $inside = '';
    for my $item (@items) {
        next if no_width($item);
        return undef if !defined $item->{$edge};
        $inside .= $item->{$edge};
        return $inside if $item->{least} >= 1;
    }
    return undef;
}

sub union {
    my @sets = @_;
    return (grep { !defined } @sets) ? undef : join '', @sets;
}

sub summary {
    my (%spelling, %word);
    my ($whole, $known) = (1, 1);
    for my $items (@_) {
        my ($spellings, $words) = branch($items);
        $whole &&= $spellings;
        $known &&= shortest($words) > 0;
        $spelling{$_} = 1 for @{ $spellings // [] };
        $word{$_} = 1 for @$words;
    }
    return {
        spellings => $whole && keys %spelling <= SPELLINGS ? [sort keys %spelling] : undef,
        words     => $known && keys %word <= WORDS ? [sort keys %word] : undef,
        first     => union(map { edge('first', @$_) } @_),
        last      => union(map { edge('last', reverse @$_) } @_),
    };
}

# The words of a compiled expression, or undef.
sub words {
    my ($expression) = @_;
    my $source = "$expression";
    return undef if $source !~ /\A\(\?\^aa[ims]*:/;
    my $item = eval { alternation(\$source, 0) } or return undef;
    my $words = $item->{words};
    return undef if (pos $source // 0) != length $source;
    return $words && shortest($words) >= SHORTEST ? $words : undef;
}

# The outermost items, each with its text, and what opens the expression; nothing if it
# is a choice between sequences.
sub outermost {
    my ($source) = @_;
    $$source =~ /\A(\(\?\^aa[ims]*:)/gc or return;
    my ($open, @items) = ($1);
    until ($$source =~ /\G\)\z/gc) {
        my $start = pos $$source;
        my $item = item($source, 1) // { flags => 1, least => 0 };
        $item->{text} = substr $$source, $start, pos($$source) - $start;
        push @items, $item;
    }
    return ($open, @items);
}

my %matches;

sub matches {
    my ($expression) = @_;
    return $matches{$expression} //= () = SAMPLE =~ /(?=$expression)/g;
}

# From the last character of one item over whole ones to the first character of another:
# undef if it is not known what those are.
sub piece {
    my ($start, @items) = @_;
    return undef if !defined $start->{last} || $start->{least} < 1;
    my ($text, $whole) = ("[$start->{last}]", 0);
    $text .= "(?=[$items[0]{first}])" if @items && $items[0]{least} >= 1 && defined $items[0]{first};
    for my $item (@items) {
        my $must = $item->{least} >= 1 && !no_width($item);
        return defined $item->{first} ? "$text\[$item->{first}]" : undef if $must && $whole;
        $text .= $item->{text};
        $whole ||= $must;
    }
    return undef;
}

# The part of a compiled expression that is rarest in ordinary text, or undef.
sub part {
    my ($expression) = @_;
    my $source = "$expression";
    return undef if $source =~ /\\[1-9gk]/;       # what stands behind may ask for it
    my ($open, @items) = eval { outermost(\$source) } or return undef;
    my ($best, $least, $flags) = (undef, undef, $open);
    for my $first (0 .. $#items) {
        $flags .= $items[$first]{text} if $items[$first]{flags};
        my $piece = piece(@items[$first .. $#items]) // next;
        my $tried = matches("$flags\[$items[$first]{last}])");
        next if defined $least && $least <= $tried;
        my $often = matches("$flags$piece)");
        my $cost = 5 * $often + $tried;
        next if $often > SELECTIVE || defined $least && $least <= $cost;
        ($best, $least) = ("$flags$piece)", $cost);
    }
    return $best;
}

1;
