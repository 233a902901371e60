#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What is ready before the settings are is made once; a configuration that is asked about is read
# as amavis would read it; the filter's connections.
use strict;
use warnings;
use Stubs;
use IO::Socket::INET ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More;
use Postcask::Early ();
use Postcask::Server ();
use Postcask::SpamAssassin ();

require Amavis::Out::SMTP::Session;
require Amavis::SpamControl::SpamAssassin;

my %called;
{
    no warnings qw(redefine once);
    *Amavis::SpamControl::SpamAssassin::new = sub { $called{new}++; bless {}, $_[0] };
    *Amavis::SpamControl::SpamAssassin::init_pre_chroot = sub { $called{chroot}++ };
    *Amavis::SpamControl::SpamAssassin::init_pre_fork = sub { $called{fork}++ };
    *Amavis::Conf::include_config_files = sub { die "line 7: $_[0]\n" if $_[0] =~ /bad/ };
    *Amavis::Out::SMTP::Session::rundown_stale_sessions = sub { $called{rundown}++ };
}

#### SpamAssassin

my $module = 'Postcask::SpamAssassin';
isa_ok($module->new('SpamAssassin', $module), 'Amavis::SpamControl::SpamAssassin');
%called = ();
Postcask::Early::load_spamassassin();
is_deeply(\%called, { new => 1, chroot => 1, fork => 1 }, 'made ready by its own code');
my $scanner = $module->new('SpamAssassin', $module);
$scanner->init_pre_chroot;
$scanner->init_pre_fork;
is_deeply(\%called, { new => 1, chroot => 1, fork => 1 }, 'and handed over as it is');
is($module->new('SpamAssassin', $module), $scanner, 'always the same');

#### Configurations

is(Postcask::Early::check('/good'), 'ok', 'a good one');
is(Postcask::Early::check('/bad'), "line 7: /bad\n", 'a bad one, and what is wrong');
Postcask::Early::trust_the_configuration();
is(Amavis::configs_readable('amavisd'), 1, 'it is not read once more');

#### Connections

my ($first, $second) = map { bless {}, 'Connection' } 1 .. 2;
Postcask::Server::begin_message($_) for $first, $first, $second, $second, $first;
is($called{rundown}, 3, 'those to Postfix end before another from it, not before each message');
my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or plan skip_all => 'no sockets';
eval { Postcask::Server::before_fork({ server => { sock => [$socket] } }) };      # no /run/amavis here
ok(unpack('i', getsockopt $socket, IPPROTO_TCP, TCP_NODELAY), 'its answers are sent at once');

done_testing();
