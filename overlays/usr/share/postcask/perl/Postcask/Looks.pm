# SPDX-License-Identifier: GPL-3.0-or-later
# A plugin of SpamAssassin's that tells Children.pm when a look at a message begins and ends,
# and has its time limited.
#
# Why not by configuration: time_limit is for one look, and a message for many who have
# trained the filter is looked at once for each of them.
package Postcask::Looks;
use strict;
use warnings;
use Mail::SpamAssassin::Plugin ();

our @ISA = ('Mail::SpamAssassin::Plugin');

# The learner and spamassassin(1) have no children.
sub call {
    my ($name, @arguments) = @_;
    my $function = Postcask::Children->can($name) or return;
    $function->(@arguments);
}

sub post_message_parse {
    my ($self, $arguments) = @_;
    call('begin_look', $arguments->{message});
}

sub check_end { call('end_look') }

1;
