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

# An address in small letters, and what is left of it without labels, from the longest on: a+b@
# may be an address of its own, and a+b+label@ is it then.
sub names {
    my ($local, $domain) = lc($_[0]) =~ /\A([^@]+)\@([^@]+)\z/ or return ();
    my @names;
    do { push @names, "$local\@$domain" } while $local =~ s/\+[^+]*\z// && $local ne '';
    return @names;
}

# The logins that may send as an address of ours.
sub owners {
    my ($address) = @_;
    my ($senders, $mailboxes) = map { "\n" . table($_) } qw(senders mailboxes);
    for my $name (names($address)) {
        my $at = index $senders, "\n$name\n\t";
        if ($at >= 0) {
            my @logins;
            pos($senders) = $at + length "\n$name\n";
            push @logins, $1 while $senders =~ /\G\t([^\s,]+),?\n/gc;
            return @logins;
        }
        return $name if index($mailboxes, "\n$name\t") >= 0;
    }
    return ();
}

# Whose mailbox an address is; undef if it is none's.
sub mailbox {
    my ($address) = @_;
    my $mailboxes = "\n" . table('mailboxes');
    my ($name) = grep { index($mailboxes, "\n$_\t") >= 0 } names($address);
    return $name;
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
