# SPDX-License-Identifier: GPL-3.0-or-later
# amavis reads this before its own configuration.  Loading it is most of a first boot
# on a slow machine, it uses one CPU, and what is loaded is the same whatever the
# settings are: so amavis is started while cloud-init is still at work, loads everything
# here, and waits until the settings are applied (early.conf).
#
# While it waits it is its own checker: postcask-firstboot asks on a socket, one line
# with the path of a configuration; a child reads that as amavis would, and the answer
# is "ok" or what is wrong.  Where nobody answers, amavisd itself is started for that.
#
# Why not by configuration: amavis loads what its configuration wants after it has read
# that, and starts itself a second time to see whether it can be read.
package Postcask::Early;
use strict;
use warnings;
use IO::Socket::UNIX ();
use Socket qw(SOCK_DGRAM);
use Postcask::SpamAssassin ();

use constant {
    SETTLED      => '/run/postcask/firstboot.json',    # firstboot has ended, this boot
    CURRENT      => '/etc/amavis/amavisd.conf',
    RULES        => '/etc/spamassassin/postcask.cf',   # the settings' own, beside the image's
    WANTED       => '/etc/postcask/wanted/amavis',     # empty: the role has no filter
    EARLY        => '/usr/share/postcask/amavis/early.conf',
    SOCKET       => '/run/amavis/check',
    INOTIFY_INIT => 294,                               # system calls of amd64
    INOTIFY_ADD  => 254,
    IN_MOVED_TO  => 0x80,
    EX_CONFIG    => 78,
    QUESTION_S   => 5,
};

# What amavis loads only when a configuration wants it; ours does.
sub load_amavis {
    require Amavis::DKIM;
    require Amavis::In::SMTP;
    require Amavis::Out::SMTP;
    require Amavis::Out::Local;
    require Amavis::AV;
    require Amavis::SpamControl;
    require Amavis::SpamControl::SpamAssassin;
    require Amavis::Unpackers;
}

# SpamAssassin with its rules, which are the image's and seldom the settings' too: made
# by amavis' own code, with what amavisd.conf says too, and handed over when it asks.
sub load_spamassassin {
    $Amavis::Conf::daemon_user         = 'amavis';
    $Amavis::Conf::helpers_home        = '/var/lib/amavis';
    $Amavis::Conf::sa_local_tests_only = 0;
    # The trial message asks the DNS nothing: nobody would answer yet.
    no warnings 'once';
    local $Mail::SpamAssassin::PerMsgStatus::IS_DNS_AVAILABLE = 0;
    Postcask::SpamAssassin->prepare;
}

# In a child: what "amavisd test-config" does when all is loaded.
sub check {
    my ($path) = @_;
    my $good = eval {
        Amavis::Conf::include_config_files($path);
        Amavis::Conf::supply_after_defaults();
        1;
    };
    return $good ? 'ok' : "$@";
}

sub answer {
    my ($client) = @_;
    my $child = fork;
    if (defined $child && $child == 0) {
        alarm QUESTION_S;                              # whoever asks, asks at once
        my $line = <$client> // '';
        alarm 0;
        my ($path) = $line =~ m{\A(/[\w/.-]+)\n\z};
        print $client defined $path ? check($path) : 'no path of a configuration', "\n";
        $client->flush;
        require POSIX;
        POSIX::_exit(0);
    }
    waitpid $child, 0 if defined $child;
}

# Answers whoever has asked; with true, until the settings are applied.
sub serve {
    my ($listener, $events, $wait) = @_;
    until (-e SETTLED) {
        my ($wanted, $ready) = ('', '');
        vec($wanted, $_->fileno, 1) = 1 for $listener, $events;
        my $count = select $ready = $wanted, undef, undef, $wait ? undef : 0;
        return if $count <= 0 && !$wait;
        if ($count > 0 && vec($ready, $events->fileno, 1)) {
            sysread $events, my $unused, 4096;
        }
        if ($count > 0 && vec($ready, $listener->fileno, 1)) {
            my $client = $listener->accept;
            answer($client) if $client;
        }
    }
}

sub watch {
    my ($folder) = SETTLED =~ m{\A(.*)/};
    my $fd = syscall INOTIFY_INIT, 0;
    die "cannot watch $folder: $!\n"
        if $fd < 0 || syscall(INOTIFY_ADD, $fd, $folder, IN_MOVED_TO) < 0;
    open my $events, '<&=', $fd or die "cannot watch $folder: $!\n";
    return $events;
}

sub rules {
    open my $file, '<', RULES or return '';
    local $/;
    return <$file> // '';
}

# To systemd one that ends before it was ready has failed, whatever it says.
sub leave {
    my ($path) = ($ENV{NOTIFY_SOCKET} // '') =~ m{\A(/\S+)\z};
    my $systemd = defined $path && IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $path);
    $systemd->send("READY=1\nSTATUS=not wanted\n") if $systemd;
    exit EX_CONFIG;
}

# Once more from the start: SpamAssassin takes no rules in or out when it has compiled.
sub restart {
    $ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
    exec '/usr/sbin/amavisd', '-c', EARLY, '-c', CURRENT, 'foreground'
        or die "cannot start again: $!\n";
}

sub run {
    my $events = watch();
    unlink SOCKET;
    my $listener = IO::Socket::UNIX->new(Local => SOCKET, Listen => 4)
        or die 'cannot listen on ' . SOCKET . ": $!\n";
    load_amavis();
    serve($listener, $events, 0);
    my $rules = rules();
    load_spamassassin();
    serve($listener, $events, 1);
    unlink SOCKET;
    leave() if !-e CURRENT || !-s WANTED;              # nothing to filter for
    restart() if rules() ne $rules;
    trust_the_configuration();
}

# amavis would start itself once more to read it, and it was checked.
sub trust_the_configuration {
    no warnings 'redefine';
    *Amavis::configs_readable = sub ($) { 1 };
}

1;
