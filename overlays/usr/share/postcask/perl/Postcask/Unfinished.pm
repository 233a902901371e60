# SPDX-License-Identifier: GPL-3.0-or-later
# How often a message did not come to its end: its unpacking, its scan, or the child that
# worked on it.  It may be the machine that is slow or short of memory, so it is tried again, from
# Postfix's queue; but what takes a quarter of an hour or ends a program each time, whatever the
# machine does, is beyond the limits (Policy.pm).
#
# One file for each such message, by its queue id, which all of these take: as many bytes as
# there were attempts, of which each is a dot or says that it was clamd's (Scanner.pm).
#
# Why not by configuration: amavis remembers nothing of a message that it puts off.
package Postcask::Unfinished;
use strict;
use warnings;
use Amavis::Util qw(do_log);

use constant { SCANNER => 's' };

our $attempts = 5;

sub path_of {
    my ($id) = ($_[0] // '') =~ /\A([0-9A-Za-z]{1,64})\z/;
    return defined $id ? "$Amavis::Conf::MYHOME/unfinished/$id" : undef;
}

sub counted {
    my $path = path_of(@_) // return '';
    open my $file, '<', $path or return '';
    return <$file> // '';
}

sub too_often     { return length counted(@_) >= $attempts }
sub ended_scanner { return index(counted(@_), SCANNER) >= 0 }

# What cannot be counted is tried again.
sub count {
    my ($id, $what) = @_;
    my $path = path_of($id) // return;
    my $file;
    do_log(-1, 'not counted in %s: %s', $path, $!)
        if !open($file, '>>', $path) || !syswrite $file, $what // '.';
}

# It has come to its end.
sub forget {
    my $path = path_of(@_) // return;
    unlink $path or $!{ENOENT} or do_log(-1, 'not removed: %s: %s', $path, $!);
}

1;
