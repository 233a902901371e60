# SPDX-License-Identifier: GPL-3.0-or-later
# What becomes of a message that could not be looked into whole.  amavisd.conf says in
# %Postcask::Policy::wanted what the settings want: deliver, mark or quarantine.
#
# amavis has one category for all of it, "unchecked", with minor ones below it:
#   encrypted   (1)  nobody can open it without the key
#   limits      (2)  it goes on unpacking beyond our limits, or did not come to its end
#                    again and again: quarantined, always
#   ambiguous   (3)  two readers would see two messages in it (CVE-2024-28054)
#   damaged     (4)  ours: a decoder gave up, so that it saw nothing or half of it, or
#                    the message is a piece of one (message/partial)
#   unwanted    (5)  ours: clamd was told to look for what is no virus (Verdicts.pm)
# What is damaged or ambiguous counts as broken, what is unwanted as banned.
#
# Why not by configuration: amavis logs that an unpacker failed and goes on as if it had not;
# what its hooks for each message see is the same with and without.
package Postcask::Policy;
use strict;
use warnings;
use IO::File ();
use POSIX qw(WIFSIGNALED);
use Amavis::ProcControl qw(run_command collect_results proc_status_ok exit_status_str);
use Amavis::Unpackers ();
use Amavis::Unpackers::NewFilename qw(consumed_bytes);
use Amavis::Util qw(do_log);
use Postcask::Children ();
use Postcask::Choices ();
use Postcask::Headers ();
use Postcask::Judge ();
use Postcask::Server ();
use Postcask::Sign ();
use Postcask::Unfinished ();

our %wanted;

use constant { ENCRYPTED => 1, LIMITS => 2, AMBIGUOUS => 3, DAMAGED => 4, UNWANTED => 5 };

my %kind = (
    ENCRYPTED, ['encrypted', 'message contains what is encrypted'],
    LIMITS,    ['limits',    'message is beyond the limits'],
    AMBIGUOUS, ['broken',    'message can be read in two ways'],
    DAMAGED,   ['broken',    'message contains what cannot be unpacked'],
    UNWANTED,  ['banned',    'message contains what is not wanted'],
);
# Of the message at hand, and of its part: a child of amavis has one at a time.
my ($damaged, $unfinished, $failed, %why);
my $asked = qr/\bBreak signaled\b|\bWrong password\b/;    # by 7z, and nobody answers
my $known = qr/\bExceeded storage quota\b|\bMaximum number of files\b/;
# Says nothing about the archive: the machine was slow, or short of something.
my $short = join '|', '\btimed out\b', ', signal \d', '\bNo space left\b',
    '\b[Nn]ot enough (?:space|memory)\b', "\\b[Cc]an(?:not|'t) allocate\\b",
    '\bToo many open files\b', '\bInput/output error\b', '\btemporarily unavailable\b';

sub policy {
    my ($minor) = @_;
    return $minor == LIMITS ? 'quarantine' : $wanted{ $kind{$minor}[0] };
}

# Why the message is of a kind: the first reason counts.
sub note {
    my ($minor, $reason) = @_;
    $why{$minor} //= $reason;
}

# Of a limit, as people say it.
sub limit_text {
    my ($why) = @_;
    return sprintf 'more than %d MiB when unpacked', $1 >> 20 if $why =~ /quota (\d+) bytes/;
    return "more than $1 files" if $why =~ /number of files \((\d+)\)/;
    return $why;
}

#### While unpacking

# One file of random bytes in 65536 looks like a boot sector, and among the files of a large
# archive there is one.
sub is_no_disk {
    my ($part, $why) = @_;
    return defined $why && $why =~ /can't get a list of archive members/
        && ($part->type_long // '') =~ /^DOS\/MBR boot sector\b/;
}

# A decoder that remembers its failure.  What exceeds a limit, and most of what is
# encrypted, amavis notes by itself.  A program that was killed, a time-out and a full disk
# are no verdict: amavis would pass what it has seen so far for the whole, ours stays in the
# queue, until there were too many.
sub noting {
    my ($decoder) = @_;
    return sub {
        my ($part) = @_;
        $failed = 0;
        my $status = eval { $decoder->(@_) };
        my $why = defined $status ? undef : $@ || "no answer\n";
        my $locked = defined $why && $why =~ $asked;
        $part->attributes_add('U', 'C') if $locked;
        $unfinished = 1 if defined $why && $why =~ /$short/o;
        return 0 if is_no_disk($part, $why) && !$unfinished;
        note(LIMITS, limit_text($why)) if defined $why && $why =~ $known;
        if (!$unfinished && (defined $why ? !$locked && $why !~ $known : $failed)
            && ($part->attributes // '') !~ /C/) {
            $damaged = 1;
            $part->attributes_add('U');
        }
        die $why if defined $why;
        return $status;
    };
}

# A program that fails while it unpacks; amavis only logs that.
my $collect = \&Amavis::ProcControl::collect_results;

sub collect_noting ($$;$$$) {
    my @result = &$collect;
    my $good = $_[4] // [0];
    return @result if status_noting($result[1], 0, @$good);
    $failed = 1;
    $unfinished = 1 if ${ $result[0] } =~ /$short/o;
    return @result;
}

# Whatever asks how a program ended comes here: unpackers, and file(1).
sub status_noting ($;$@) {
    my ($status) = @_;
    $unfinished = 1 if !defined $status || WIFSIGNALED($status);
    return &proc_status_ok;
}

# What has no type is not unpacked.
my $types = \&Amavis::Unpackers::determine_file_types;

sub types_noting ($$) {
    my (undef, $parts) = @_;
    &$types;
    for my $part (grep { $_->exists } @$parts) {
        $unfinished = 1 if !defined $part->type_long;
        mend_type($part);
    }
}

# Documents that are zips, which file(1) calls by their own names, are unpacked like these:
# clamd cuts off a file in a zip at its MaxFileSize, and does not say so.  A message in the
# message is unpacked like the message, by its declared type or by what file(1) calls it; of
# one that comes in pieces nobody sees the whole.
sub mend_type {
    my ($part) = @_;
    my $type = $part->type_short // '';
    my $declared = $part->type_declared // '';
    my @declared = ref $declared ? @$declared : $declared;
    $part->type_short('zip')
        if ($type eq '' || $type eq 'doc' || $type eq 'dat') && is_zip($part);
    if (grep { m{^message/(?:rfc822|global)\z}i } @declared
        or ($part->type_long // '') =~ /\bmail\b/i) {
        $part->type_short('mail');
    } elsif (grep { m{^message/partial\z}i } @declared) {
        $damaged = 1;
        $part->attributes_add('U');
    }
}

sub is_zip {
    my ($part) = @_;
    my $file = IO::File->new($part->full_name, '<') or return 0;
    my $begin = '';
    return read($file, $begin, 4) && $begin eq "PK\3\4";
}

# amavis' own gives the reader of messages what it cannot read from.
sub do_message {
    my ($part, $tempdir) = @_;
    my $file = IO::File->new($part->full_name, '<') or die "Can't open a message: $!\n";
    Amavis::Unpackers::MIME::mime_decode($file, $tempdir, $part);
    return 2;    # the message itself is scanned too
}

# RAR: listed by 7z, unpacked by libarchive's bsdtar, which does not tell what is
# encrypted.  amavis has code for RAR's own program only, which is not free.
sub do_rar {
    my ($part, $tempdir, $tar, $list) = @_;
    my ($archive, $parts) = ($part->full_name, "$tempdir/parts");

    my ($pipe, $pid) = run_command(undef, '&1', $list, 'l', '-slt', '--', $archive);
    my ($output, $status) = collect_results($pipe, $pid, $list, 1 << 20, [ 0, 1, 2, 255 ]);
    die '7z: ', $$output =~ /($asked)/ ? $1 : exit_status_str($status), "\n"
        if !proc_status_ok($status, 0, 0, 1);
    my ($bytes, $encrypted, @names) = (0, 0);
    for my $member (split /\n\n/, $$output =~ s/\A.*?^-{10}\n//msr) {
        push @names, $1 if $member =~ /^Path = (.*)$/m;
        $bytes += $1 if $member =~ /^Size = (\d+)$/m;
        $encrypted = 1 if $member =~ /^Encrypted = \+$/m;
    }
    die "Maximum number of files ($Amavis::Conf::MAXFILES) exceeded\n"
        if @names > $Amavis::Conf::MAXFILES;
    consumed_bytes($bytes, 'do_rar-pre', 1);

    if ($encrypted) {
        for my $name (@names) {    # it can still be banned
            my $phantom = Amavis::Unpackers::Part->new($parts, $part);
            $phantom->name_declared($name);
            $phantom->attributes_add('U', 'C');
        }
        return 2;
    }
    mkdir "$parts/rar", 0750 or die "Can't mkdir $parts/rar: $!\n";
    ($pipe, $pid) = run_command(undef, '&1', $tar, '-xf', $archive, '-C', "$parts/rar");
    (undef, $status) = collect_results($pipe, $pid, $tar, 16384, [ 0, 1 ]);
    consumed_bytes(Amavis::Unpackers::flatten_and_tidy_dir("$parts/rar", $parts, $part), 'do_rar');
    die 'bsdtar: ' . exit_status_str($status) . "\n" if $status != 0;
    return 1;
}

#### Custom hooks: amavis calls them for each message (Amavis::Custom)

# Children.pm reads the title.  What ended the child each time is not tried once more: not
# unpacked, and as it is not passed on, no SpamAssassin sees it; clamd does, unless that is
# what it ended (Scanner.pm).
sub new {
    my ($class, $connection, $message) = @_;
    Postcask::Choices::begin($message);
    $damaged = $unfinished = 0;
    %why = ();
    $0 .= ' ' . ($message->queue_id // '');
    Postcask::Children::begin_message();
    Postcask::Server::begin_message($connection);
    Postcask::Judge::begin($message);
    Postcask::Sign::new();
    if (Postcask::Unfinished::too_often($message->queue_id)) {
        over_attempts($message);
        Amavis::load_policy_bank('OVERDUE', $message);
        Amavis::load_policy_bank('UNSCANNED', $message)
            if Postcask::Unfinished::ended_scanner($message->queue_id);
    }
    return bless {}, $class;
}

sub is_kind {
    my ($message, $minor) = @_;
    return $minor == DAMAGED ? $damaged
        : $message->is_in_contents_category(Amavis::Conf::CC_UNCHECKED(), $minor);
}

sub add_kind {
    my ($message, $minor) = @_;
    $_->add_contents_category(Amavis::Conf::CC_UNCHECKED(), $minor)
        for $message, @{ $message->per_recip_data };
}

# Before amavis decides.
sub checks {
    my ($self, $connection, $message) = @_;
    Postcask::Children::end_look();     # a look that died did not say so
    if ($unfinished) {
        Postcask::Unfinished::count($message->queue_id);
        if (Postcask::Unfinished::too_often($message->queue_id)) {
            $unfinished = 0;
            over_attempts($message);
        }
    }
    $damaged = 1 if $why{+DAMAGED};
    add_kind($message, $_) for keys %why;
    note(LIMITS, "archives more than $Amavis::Conf::MAXLEVELS deep") if is_kind($message, LIMITS);
    $damaged ||= is_kind($message, 0)
        && !grep { is_kind($message, $_) } ENCRYPTED, LIMITS, AMBIGUOUS;
    add_kind($message, DAMAGED) if $damaged;
    Postcask::Judge::checks($message);
    Postcask::Choices::checks();
    say_why_in_quarantine($message);
    Postcask::Sign::checks($message);
}

sub over_attempts {
    my ($message) = @_;
    add_kind($message, LIMITS);
    note(LIMITS, "no end in $Postcask::Unfinished::attempts attempts");
}

sub keep {
    my ($recipient, $why) = @_;
    do_log(-2, '%s, kept in the queue: %s', $why, $recipient->recip_addr_smtp);
    $recipient->recip_destiny(Amavis::Conf::D_TEMPFAIL());
    $recipient->recip_smtp_response("450 4.7.0 $why");
}

# What is neither passed on nor in the quarantine stays in the queue, whatever the
# configuration says: the quarantine was written before this.  So does what would be
# passed on and was not looked into whole.
sub keep_in_queue {
    my ($message) = @_;
    for my $recipient (@{ $message->per_recip_data }) {
        if ($recipient->recip_destiny == Amavis::Conf::D_PASS()) {
            keep($recipient, 'could not be unpacked yet') if $unfinished;
        } elsif (!defined $message->quarantined_to) {
            keep($recipient, 'not delivered and not in quarantine');
        }
    }
}

# The mark, beside those that amavis makes itself; what the sender wrote there is not
# believed.
sub before_send {
    my ($self, $connection, $message) = @_;
    keep_in_queue($message);
    Postcask::Choices::before_send();
    Postcask::Headers::complete($message);
    Postcask::Sign::before_send($message);
    my $edits = $message->header_edits;
    $edits->delete_header('X-Amavis-Alert');
    for my $minor (sort keys %kind) {
        next if !is_kind($message, $minor) || policy($minor) ne 'mark';
        $edits->add_header('X-Amavis-Alert', alert($minor));
    }
    Postcask::Judge::before_send($message);
}

sub alert {
    my ($minor) = @_;
    my $word = $minor == UNWANTED ? 'BANNED' : 'UNCHECKED';
    return "$word, $kind{$minor}[1]" . (defined $why{$minor} ? ": $why{$minor}" : '');
}

# What is kept says why, like what amavis itself keeps: a line as spam scanners may add them.
sub say_why_in_quarantine {
    my ($message) = @_;
    my @alerts = map { 'X-Amavis-Alert: ' . alert($_) =~ s/[^ -~]/?/gr . "\n" }
        grep { is_kind($message, $_) && policy($_) eq 'quarantine' } sort keys %kind;
    return if !@alerts;
    for my $added (qw(ADDEDHEADERHAM ADDEDHEADERSPAM)) {
        my $before = $message->supplementary_info($added) // '';
        $before .= "\n" if $before =~ /[^\n]\z/;
        $message->supplementary_info($added, join '', $before, @alerts);
    }
}

sub after_send { }

sub mail_done {
    my ($self, $connection, $message) = @_;
    Postcask::Unfinished::forget($message->queue_id) if !$unfinished;
}

{
    no warnings qw(redefine once);
    *Amavis::Custom::new                     = sub { shift; Postcask::Policy->new(@_) };
    *Amavis::Unpackers::collect_results      = \&collect_noting;
    *Amavis::Unpackers::proc_status_ok       = \&status_noting;
    *Amavis::Unpackers::determine_file_types = \&types_noting;
}

#### What amavis does with each kind

# `destiny` is that of what is quarantined.
sub destinies {
    my ($destiny) = @_;
    my %destinies = %Amavis::Conf::final_destiny_maps_by_ccat;
    for my $minor (keys %kind) {
        $destinies{ Amavis::Conf::CC_UNCHECKED() . ",$minor" } =
            policy($minor) eq 'quarantine' ? $destiny : Amavis::Conf::D_PASS();
    }
    return \%destinies;
}

sub apply {
    my $unchecked = Amavis::Conf::CC_UNCHECKED();
    %Amavis::Conf::final_destiny_maps_by_ccat = %{ destinies(Amavis::Conf::D_DISCARD()) };
    for my $minor (keys %kind) {
        $Amavis::Conf::quarantine_method_by_ccat{"$unchecked,$minor"} =
            policy($minor) eq 'quarantine' ? "local:$kind{$minor}[0]-%m" : undef;
        $Amavis::Conf::quarantine_to_maps_by_ccat{"$unchecked,$minor"} =
            $Amavis::Conf::quarantine_to_maps_by_ccat{$unchecked};
    }
    for ([ DAMAGED, 'Damaged' ], [ UNWANTED, 'Unwanted' ]) {
        my ($minor, $name) = @$_;
        $Amavis::Conf::ccat_display_names{"$unchecked,$minor"} = "Unchecked$name";
        $Amavis::Conf::smtp_reason_by_ccat{"$unchecked,$minor"} = "id=%n - UNCHECKED: \L$name";
    }
    $Amavis::Conf::lovers_maps_by_ccat{"$unchecked," . UNWANTED} =
        \@Amavis::Conf::banned_files_lovers_maps;
    $Amavis::Conf::policy_bank{OVERDUE}   = { bypass_decode_parts => 1 };
    $Amavis::Conf::policy_bank{UNSCANNED} = { bypass_virus_checks_maps => [1] };
    for my $row (@Amavis::Conf::decoders) {
        # do_executable only tries, and most programs are no archives
        $row->[1] = noting($row->[1]) if $row->[0] ne 'exe';
    }
}

1;
