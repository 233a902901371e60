# SPDX-License-Identifier: GPL-3.0-or-later
# A plugin of SpamAssassin's that keeps what it found out about SPF for Judge.pm.
#
# Why not by configuration: SpamAssassin makes points of it, and amavis sees the points alone.
package Postcask::SPF;
use strict;
use warnings;
use Mail::SpamAssassin::Plugin ();

our @ISA = ('Mail::SpamAssassin::Plugin');

my @results = qw(pass fail softfail neutral none permerror temperror);

# Of the message at hand: by identity, mfrom and helo.  No result: it was not asked, or no answer
# came in time.
our %found;

sub result {
    my ($status, $prefix) = @_;
    my ($found) = grep { $status->{"$prefix$_"} } @results;
    return $found;
}

# A message for several who have trained the filter is looked at for each: the first look counts.
sub check_end {
    my ($self, $arguments) = @_;
    my $status = $arguments->{permsgstatus};
    $found{mfrom} //= result($status, 'spf_');
    $found{helo}  //= result($status, 'spf_helo_');
}

1;
