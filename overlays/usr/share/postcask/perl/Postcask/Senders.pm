# SPDX-License-Identifier: GPL-3.0-or-later
# Who may send as what: as Postfix judges an envelope (overlays/usr/share/postcask/postfix), for
# what it does not look at, the From of the message.
#
# Why not by configuration: Postfix has no restriction for a header, and amavis no table that
# tells logins from addresses.
package Postcask::Senders;
use strict;
use warnings;
use Postcask::Accounts ();

use constant {
    SHOWN    => 10,                             # addresses in a sentence
    SELFTEST => 'selftest@selftest.invalid',    # has no account
};

# The logins that may send as an address of ours, with nothing that shows it or on behalf of it
# ('as', 'behalf'): whoever it leads to, members of a shared mailbox, and who is let.
sub owners {
    my ($address, $mode) = (@_, 'as');
    return SELFTEST if lc $address eq SELFTEST;
    my $name = Postcask::Accounts::resident($address) // return ();
    return Postcask::Accounts::column(<<'SQL', $name, $mode, $mode, $mode, $name, $name =~ s/.*@/@/r);
WITH RECURSIVE way (address) AS (SELECT ?
    UNION SELECT next FROM way JOIN postfix_alias ON postfix_alias.address = way.address)
SELECT postfix_mailbox.address FROM way JOIN postfix_mailbox ON postfix_mailbox.address = way.address
    WHERE ? = 'as'
UNION SELECT login FROM way JOIN postfix_member ON postfix_member.address = way.address
    WHERE mode = ?
UNION SELECT login FROM postfix_sender WHERE mode = ? AND address IN (?, ?)
SQL
}

# Whose mailbox an address is; undef if it is none's.
sub mailbox {
    my ($address) = @_;
    return lc $address eq SELFTEST ? SELFTEST : Postcask::Accounts::mailbox($address);
}

sub may {
    my ($login, $address, $mode) = (@_, 'as');
    return 1 if lc $address eq lc $login;
    return scalar grep { $_ eq lc $login } owners($address, $mode);
}

sub may_for { return may(@_[0, 1], 'behalf') }

# What a login may use, itself first; for people, so not more than they read.
sub addresses {
    my ($login) = map { lc } @_;
    my @found = grep { $_ ne $login }
        Postcask::Accounts::column(<<'SQL', ($login) x 4, SHOWN + 2);
WITH RECURSIVE back (address) AS (SELECT ?
    UNION SELECT postfix_alias.address FROM back JOIN postfix_alias ON next = back.address)
SELECT address FROM back UNION SELECT address FROM postfix_member WHERE login = ?
UNION SELECT resident.address FROM postfix_sender JOIN resident
    ON resident.address = postfix_sender.address WHERE login = ?
UNION SELECT resident.address FROM postfix_sender JOIN resident
    ON substr(resident.address, instr(resident.address, '@')) = postfix_sender.address
    WHERE login = ? LIMIT ?
SQL
    return ($login, @found) if @found < SHOWN;
    return ($login, @found[0 .. SHOWN - 2], 'others');
}

1;
