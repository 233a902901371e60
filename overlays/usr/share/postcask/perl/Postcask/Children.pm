# SPDX-License-Identifier: GPL-3.0-or-later
# A child that hangs is ended by its master, and its message goes on from Postfix's queue
# with another one.
#
# A child's own timer ($child_timeout) ends whatever it waits for.  But Perl does not hear
# it inside one regular expression, however long that takes, and a process that is stopped
# hears nothing.  Postfix would wait for twenty minutes, and the child be lost to the
# filter for ever; postcask-watch sees only a filter that hangs as a whole.
#
# SpamAssassin has less time: it ends itself after a minute (time_limit) when it can.  It
# looks at a message once for all its recipients and once more for each who has trained it
# (Trained.pm); when that takes minutes in all, what is left of them gets seconds.
#
# What a child that was ended leaves, its folder and the unpackers that it waited for, the
# master takes away: else each try of one message would fill the disk a little more.
#
# Why not by configuration: $child_timeout is a signal to the child itself, and nothing in
# amavis or Net::Server has the master look at how long a child takes.
package Postcask::Children;
use strict;
use warnings;
use File::Basename qw(basename);
use Amavis::Util qw(do_log rmdir_recursively untaint min max);
use Postcask::Unfinished ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use constant {
    PATIENCE      => 9 / 8,        # of that time: the child's own timer comes first
    AT_RULES      => 'at the rules',
    LOOKS_SECONDS => 240,          # for all that SpamAssassin does with one message,
    LOOK_SECONDS  => 2,            # and then for each that is left
};
our $spamassassin_seconds = 120;

my %work;    # by child: the message that it works on, since when, and the same of the rules

# The number of the message, which is in its title while it works on one, its queue id,
# which policy.conf adds, and which of SpamAssassin's looks at it is under way.
sub message_of {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/cmdline" or return '';
    my $title = <$file> // '';
    my ($message, $queue_id) = $title =~ /\((?:ch\d+-)?(\d+-\d[-\d]*)\) ?(\w*)/ or return '';
    return ($message, $queue_id, $title =~ /${\AT_RULES} (\d+)/o ? $1 : undef);
}

# What a child works on, seen now.
sub note_work {
    my ($pid, $now) = @_;
    my ($message, $queue_id, $run) = message_of($pid);
    my $work = $work{$pid};
    $work = $work{$pid} = { message => $message, since => $now, run => 0 }
        if !$work || $work->{message} ne $message;
    $work->{queue_id} = $queue_id;
    $work->{at_rules} = $now if ($run // 0) != $work->{run};
    $work->{run} = $run // 0;
    return $work;
}

sub hangs {
    my ($work, $now) = @_;
    return 0 if $work->{message} eq '';
    return 1 if $now - $work->{since} >= PATIENCE * $Amavis::Conf::child_timeout;
    return $work->{run} && $now - $work->{at_rules} >= $spamassassin_seconds;
}

# The master comes here every ten seconds (Net::Server::PreForkSimple).
sub end_hanging {
    my ($server) = @_;
    my ($children, $now) = ($server->{server}{children}, clock_gettime(CLOCK_MONOTONIC));
    delete @work{ grep { !exists $children->{$_} } keys %work };
    for my $pid (keys %$children) {
        my $work = note_work($pid, $now);
        next if !hangs($work, $now);
        do_log(-1, 'ended child %s, which hangs at message %s', $pid, $work->{message});
        Postcask::Unfinished::count($work->{queue_id});
        kill 'KILL', $pid;
    }
    clear($children);
}

#### What is left

# A child names its folder by its number; what its unpackers and SpamAssassin make beside
# that has any name, and lies there no longer than a message takes.
sub is_left {
    my ($path, $children) = @_;
    return !exists $children->{$1} if $path =~ m{/amavis-[0-9T]+-0*([1-9]\d*)-\w+\z};
    my $changed = (lstat $path)[9] // return 0;
    return time - $changed > 2 * $Amavis::Conf::child_timeout;
}

# Whoever was started by one that is gone is the system's child now, as the master is.
sub end_orphans {
    my $group = read_file('/proc/self/cgroup');
    for my $folder (glob '/proc/[0-9]*') {
        my ($pid) = basename($folder) =~ /\A(\d+)\z/ or next;
        my ($parent) = read_file("$folder/stat") =~ /\A\d+ \(.*\) \S (\d+) /s or next;
        next if $pid == $$ || $parent != 1 || read_file("$folder/cgroup") ne $group;
        do_log(-1, 'ended process %s, which a child left', $pid);
        kill 'KILL', $pid;
    }
}

sub read_file {
    open my $file, '<', $_[0] or return '';
    local $/;
    return <$file> // '';
}

sub clear {
    my ($children) = @_;
    opendir my $folder, $Amavis::Conf::TEMPBASE or return;
    my @left = grep { is_left($_, $children) }
        map { "$Amavis::Conf::TEMPBASE/$_" } grep { !/\A\.\.?\z/ } readdir $folder;
    return if !@left;
    end_orphans();
    for my $path (map { untaint($_) } @left) {
        my $removed = eval {
            lstat $path;
            -d _ ? rmdir_recursively($path) : unlink($path) || die "$!\n";
            1;
        };
        do_log(-1, 'not removed: %s: %s', $path, $@) if !$removed;
    }
}

#### SpamAssassin

# It looks at a message: which time it is stands in the title, for the master.
my ($title, $look, $begun);

sub begin_message { ($title, $look, $begun) = ($0, 0, undef) }

# Looks.pm says when it has read the message once more, for somebody's own training.
sub begin_look {
    my ($message) = @_;
    return if !defined $title;                          # at the start, of none
    my $now = clock_gettime(CLOCK_MONOTONIC);
    $begun //= $now;
    $0 = "$title " . AT_RULES . ' ' . ++$look;
    my $end = Time::HiRes::time() + max(LOOK_SECONDS, LOOKS_SECONDS - ($now - $begun));
    $message->{master_deadline} = min($message->{master_deadline} // $end, $end);
}

sub end_look { $0 = $title if defined $title }

{
    no warnings 'once';
    *Amavis::idle_loop_hook = \&end_hanging;
}

1;
