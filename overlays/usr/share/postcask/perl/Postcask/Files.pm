# SPDX-License-Identifier: GPL-3.0-or-later
# How many files a message may hold: as many as fit into it, and no more than $MAXFILES.  Each
# costs two milliseconds, and a small message of 50,000 parts would cost as much as the largest
# archive.
#
# Why not by configuration: $MAXFILES is one number for all messages.  It becomes one that
# depends on the message at hand.
package Postcask::Files;
use strict;
use warnings;

use constant { FEW => 3000, BYTES_FOR_ONE => 200 };

sub TIESCALAR {
    my ($class, $most) = @_;
    return bless { most => $most }, $class;
}

sub STORE {
    my ($self, $most) = @_;
    $self->{most} = $most;
}

sub FETCH {
    my ($self) = @_;
    my $message = $Amavis::MSGINFO or return $self->{most};
    my $fit = FEW + int(($message->msg_size // 0) / BYTES_FOR_ONE);
    return $fit < $self->{most} ? $fit : $self->{most};
}

tie $Amavis::Conf::MAXFILES, __PACKAGE__, $Amavis::Conf::MAXFILES;

1;
