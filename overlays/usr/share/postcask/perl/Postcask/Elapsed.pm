# SPDX-License-Identifier: GPL-3.0-or-later
# amavis times a message by the wall clock: when that is set forward, the time of whatever
# is under way is over, and its mail is put off; set back, what hangs hangs so much longer.
# The moment from which it counts becomes one that moves with the clock.
#
# Why not by configuration: $child_timeout says how long, and nothing says by which clock.
package Postcask::Elapsed;
use strict;
use warnings;
use Amavis::Util ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

sub TIESCALAR { return bless { since => undef }, shift }

sub STORE {
    my ($self, $moment) = @_;
    $self->{since} = defined $moment
        ? clock_gettime(CLOCK_MONOTONIC) - (Time::HiRes::time() - $moment)
        : undef;
}

sub FETCH {
    my ($self) = @_;
    return undef if !defined $self->{since};
    return Time::HiRes::time() - (clock_gettime(CLOCK_MONOTONIC) - $self->{since});
}

tie $Amavis::Util::timestamp_of_last_reception, __PACKAGE__;

1;
