# SPDX-License-Identifier: GPL-3.0-or-later
# amavis' own way to SpamAssassin, for which it can be made ready before the settings are known
# (Early.pm).  amavis is told to use it by @spam_scanners.
#
# Why not by configuration: a scanner that is there already cannot be named in it.
package Postcask::SpamAssassin;
use strict;
use warnings;

our @ISA = ('Amavis::SpamControl::SpamAssassin');

my $ready;

# Takes seconds; a configuration that is only checked does without.
sub new {
    my ($class, @arguments) = @_;
    return $ready if $ready;
    require Amavis::SpamControl::SpamAssassin;
    return $class->SUPER::new(@arguments);
}

sub init_pre_chroot {
    my ($self) = @_;
    $self->SUPER::init_pre_chroot if !$ready;
}

sub init_pre_fork {
    my ($self) = @_;
    $self->SUPER::init_pre_fork if !$ready;
}

sub prepare {
    my ($class) = @_;
    my $scanner = $class->new('SpamAssassin', $class);
    $scanner->init_pre_chroot;
    $scanner->init_pre_fork;
    $ready = $scanner;
}

1;
