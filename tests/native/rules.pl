# SPDX-License-Identifier: GPL-3.0-or-later
# Asks the image's SpamAssassin about its rules, inside the machine, for test_rules.py.
#
#   expressions    each rule that the prefilter knows something of, and its expression
#   judge          of each line "rule TAB text" that the rule's own expression matches:
#                  whether the prefilter lets the rule be tried
#   hits with      of each message: its score and hits, with the prefilter
#   hits without   the same without it
#
# Texts come and go as hexadecimal, a line each.
use strict;
use warnings;
use File::Temp ();
use Mail::SpamAssassin;
use Mail::SpamAssassin::Plugin::Check;

sub assassin {
    my ($with) = @_;
    my $site = File::Temp->newdir;
    symlink $_, "$site/" . s{.*/}{}r for grep { $with || !/postcask\.pre$/ } glob '/etc/spamassassin/*';
    my $main = Mail::SpamAssassin->new({
        dont_copy_prefs => 1, require_rules => 1, local_tests_only => 1, username => 'nobody',
        userstate_dir => '/nonexistent', userprefs_filename => '/dev/null',
        site_rules_filename => "$site",
    });
    no warnings 'redefine';     # keep what expressions and judge look at
    local *Mail::SpamAssassin::Plugin::Check::free_ruleset_source = sub { };
    $main->compile_now(0);
    return $main;
}

sub read_hex {
    my @lines = <STDIN>;
    chomp @lines;
    return map { [map { /\A[0-9a-f]*\z/ ? pack 'H*', $_ : $_ } split /\t/, $_, -1] } @lines;
}

sub judge {
    my ($main) = @_;
    my %plain = map { $_ => $main->{conf}{test_qrs}{$_} } keys %Postcask::Prefilter::number;
    for (read_hex()) {
        my ($rule, $text) = @$_;
        my $tried = 0;
        for my $line ($text, do { my $wide = $text; utf8::decode($wide) ? $wide : () }) {
            next if $line !~ $plain{$rule};
            my $number = $Postcask::Prefilter::number{$rule};
            my $part = $Postcask::Prefilter::part[$number];
            my $passes = $part ? $line =~ $part : vec(Postcask::Prefilter::look({}, $line), $number, 1);
            print join("\t", $rule, $passes ? 'tried' : 'missed', unpack 'H*', $text), "\n";
        }
    }
}

sub hits {
    my ($main) = @_;
    for (read_hex()) {
        my $mail = $main->parse([map { "$_\n" } split /\n/, $_->[0]]);
        my $status = $main->check($mail);
        print join("\t", $status->get_score, map { join ',', sort split /,/, $_ }
                   $status->get_names_of_tests_hit, $status->get_names_of_subtests_hit), "\n";
        $status->finish;
        $mail->finish;
    }
}

my ($what, $with) = @ARGV;
my $main = assassin(($with // '') ne 'without');
if ($what eq 'hits') {
    hits($main);
} elsif ($what eq 'judge') {
    judge($main);
} else {
    print join("\t", $_, unpack 'H*', "$main->{conf}{test_qrs}{$_}"), "\n"
        for sort keys %Postcask::Prefilter::number;
}
