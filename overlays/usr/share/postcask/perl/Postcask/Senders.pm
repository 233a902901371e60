# SPDX-License-Identifier: GPL-3.0-or-later
# Who may send as what: the tables by which Postfix judges an envelope, for what it does not look
# at, the From of the message.
#
# Why not by configuration: Postfix has no restriction for a header, and amavis no table that
# tells logins from addresses.
package Postcask::Senders;
use strict;
use warnings;

use constant { SHOWN => 10 };       # addresses in a sentence

our $folder = '/etc/postfix';       # as postcask writes them

# Read anew for each message that asks: the settings may have changed, and a table in each child
# of amavis would cost more than the few milliseconds of the largest.
sub table {
    my ($name) = @_;
    open my $file, '<', "$folder/$name" or return '';
    local $/;
    return <$file> // '';
}

# The logins that may send as an address of ours, in small letters; labels count only where
# alice+label@ is no address of its own.
sub owners {
    my ($address) = @_;
    my ($senders, $mailboxes) = map { "\n" . table($_) } qw(senders mailboxes);
    my ($local, $domain) = lc($address) =~ /\A([^@]+)\@([^@]+)\z/ or return ();
    while (1) {
        my $name = "$local\@$domain";
        my $at = index $senders, "\n$name\n\t";
        if ($at >= 0) {
            pos($senders) = $at + length "\n$name\n";
            return $senders =~ /\G\t([^\s,]+),?\n/gc ? ($1, rest_of(\$senders)) : ();
        }
        return $1 if index($mailboxes, "\n$name\t") >= 0 && $mailboxes =~ /^\Q$name\E\t(\S+)/m;
        $local =~ s/\+[^+]*\z// or return ();
        return () if $local eq '';
    }
}

sub rest_of {
    my ($text) = @_;
    my @logins;
    push @logins, $1 while $$text =~ /\G\t([^\s,]+),?\n/gc;
    return @logins;
}

sub may {
    my ($login, $address) = @_;
    return 1 if lc $address eq lc $login;
    return scalar grep { $_ eq lc $login } owners($address);
}

# What a login may use, itself first; for people, so not more than they read.
sub addresses {
    my ($login) = @_;
    my ($name, @found) = ('', lc $login);
    for my $line (split /\n/, table('senders')) {
        $name = $line if $line =~ /\A[^\s#]/;
        next if $line ne "\t" . lc($login) . ',' || $name eq lc $login;
        return (@found, 'others') if @found == SHOWN;
        push @found, $name;
    }
    return @found;
}

1;
