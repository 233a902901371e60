# SPDX-License-Identifier: GPL-3.0-or-later
# Saves SpamAssassin the body rules that cannot match a message.
#
# Most of a message's time goes into regular expressions for what is not in it.  The
# image knows of many rules what must be there (rule-words, written by list-words when
# the image is built; Words.pm says how): either a set of plain words of which every
# match contains one, or a part of the expression that every match contains.
#
# All words of all rules are looked for in one pass over the message, and a rule is tried
# only on lines with a word of its own; one with a part only on lines where that matches.  Every other rule is tried as ever, and whether a rule matches is always said
# by its own expression: hits and scores are those of SpamAssassin without this file
# (tests/native/test_rules.py).  What is known of a rule counts only while its expression
# is, byte by byte, the one that was read.
#
# Why not by configuration: SpamAssassin tries every rule that it has, and sa-compile, which
# would not, needs a compiler in the image.
package Postcask::Prefilter;
use strict;
use warnings;
use re 'taint';
use Digest::MD5 ();
use Mail::SpamAssassin::Logger qw(dbg info);
use Mail::SpamAssassin::Plugin;
use Mail::SpamAssassin::Plugin::Check;
use Mail::SpamAssassin::Util qw(untaint_var);

our @ISA = qw(Mail::SpamAssassin::Plugin);

use constant {
    TABLE => '/usr/share/postcask/spamassassin/rule-words',
    KINDS => [qw(body_tests rawbody_tests)],
};

our (%number, @part);       # of a rule; by number, as generated code asks for them
my (%known, %having);       # by rule, a line of the table; by word, numbers of rules
my ($owner, $kinds);        # the SpamAssassin whose rules these are; by rule, its kind
my $search;                 # [one expression for all words, what each says]

# A line of the table: rule, digest of its expression, "words" or "part", and these,
# with | between and %XX for what has a meaning here.
sub digest {
    my ($expression) = @_;
    my $bytes = "$expression";
    utf8::encode($bytes);
    return Digest::MD5::md5_hex($bytes);
}

sub escape {
    my ($text) = @_;
    $text =~ s/([^ -~]|[%|])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub unescape {
    my ($text) = @_;
    $text =~ s/%([0-9A-F]{2})/chr hex $1/ge;
    return $text;
}

sub load {
    my ($path) = @_;
    open my $table, '<', $path or return;
    while (my $line = <$table>) {
        chomp $line;
        # The image's own file; Check.pm evaluates what is made with it.
        my ($rule, $digest, $what, $values) = split /\t/, untaint_var($line);
        $known{$rule} = [$digest, $what, map { unescape($_) } split /\|/, $values];
    }
}

# All rules at once, before the first is compiled: what is found in a line is found for
# every rule, whichever is asked for later.
sub learn {
    my ($conf) = @_;
    my %kind;
    for my $kind (@{ +KINDS }) {
        for my $rules (values %{ $conf->{$kind} }) { $kind{$_} = $kind for keys %$rules }
    }
    for my $rule (grep { $known{$_} } keys %kind) {
        my ($digest, $what, @values) = @{ $known{$rule} };
        next if $conf->{capture_template_rules}{$rule}
            || digest($conf->{test_qrs}{$rule} // '') ne $digest;
        my $number = $number{$rule} //= keys %number;
        if ($what eq 'part') {
            $part[$number] //= qr/$values[0]/;
        } else {
            push @{ $having{$_} }, $number for @values;
        }
    }
    %known = ();                # every filter process would hold what is not needed again
    return \%kind;
}

# Check.pm makes a function of all rules of a kind, each a loop over the lines, and asks
# its method hash_line_for_rule for what to put into the loop before the match.
sub before_match {
    my ($pms, $rule) = @_;
    return '' if "$pms->{main}" ne $owner;      # another one in this process
    $kinds ||= learn($pms->{conf});
    # A number and one of two words, although the rule's name is from a file.
    my $number = untaint_var($number{$rule}) // return '';
    my $kind = untaint_var($kinds->{$rule});
    return "next if \$l !~ \$Postcask::Prefilter::part[$number];\n" if $part[$number];
    return "last if !vec(\$self->{postcask_$kind} // "
        . "Postcask::Prefilter::look_all(\$self, '$kind', \\\@_), $number, 1);\n"
        . "next if !vec(\$self->{postcask_line}{\$l} // "
        . "Postcask::Prefilter::look(\$self, \$l), $number, 1);\n";
}

# The longest words first: what is found at a place says the same of each word that it
# begins with.
sub prepare {
    my %says;
    for my $word (keys %having) {
        $says{$word} = '';
        for my $length (1 .. length $word) {
            vec($says{$word}, $_, 1) = 1 for @{ $having{ substr $word, 0, $length } // [] };
        }
    }
    %having = ();
    my $any = join '|', map { quotemeta } sort { length $b <=> length $a || $a cmp $b } keys %says;
    $search = [qr/(?=($any))/, \%says];
}

# Which rules have a word in this line, a bit each.
sub look {
    my ($pms, $line) = @_;
    prepare() if !$search;
    my ($any, $says) = @$search;
    my $text = $line;
    $text =~ tr/A-Z/a-z/;
    my %found;
    $found{$1} = 1 while $text =~ /$any/g;
    my $rules = '';
    $rules |= $says->{$_} for keys %found;
    return $pms->{postcask_line}{$line} = $rules;
}

sub look_all {
    my ($pms, $kind, $lines) = @_;
    my $rules = '';
    $rules |= $pms->{postcask_line}{$_} // look($pms, $_) for @$lines;
    return $pms->{"postcask_$kind"} = $rules;
}

sub new {
    my ($class, $main) = @_;
    my $self = bless $class->SUPER::new($main), $class;
    my $original = Mail::SpamAssassin::Plugin::Check->can('hash_line_for_rule');
    if (!$original) {
        info('postcask: Check.pm is not the one known here, all rules are tried');
        return $self;
    }
    return $self if $owner;
    $owner = "$main";
    load(TABLE);
    dbg('postcask: something is known of %d rules', scalar keys %known);
    no warnings 'redefine';
    *Mail::SpamAssassin::Plugin::Check::hash_line_for_rule = sub {
        my ($check, $pms, $rule) = @_;
        return before_match($pms, $rule) . $original->($check, $pms, $rule);
    };
    return $self;
}

1;
