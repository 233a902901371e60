# SPDX-License-Identifier: GPL-3.0-or-later
# Who is here: postcask-directory's file, which it alone writes and has open.  A look-up that fails
# dies, and the message waits.
#
# Why not by configuration: amavis asks SQL for policies of recipients alone.
package Postcask::Accounts;
use strict;
use warnings;
use DBI ();
use DBD::SQLite::Constants ();

our $file = '/var/lib/postcask/accounts/accounts.db';

my ($handle, $owner, $opened) = (undef, 0, '');

# Each child of amavis has its own; and one that a damaged file was replaced by is opened anew.
sub handle {
    my $there = join ' ', (stat $file)[0, 1];
    return $handle if $handle && $owner == $$ && $opened eq $there;
    ($owner, $opened) = ($$, $there);
    $handle = DBI->connect("dbi:SQLite:dbname=$file", '', '', {
        RaiseError => 1, PrintError => 0, AutoInactiveDestroy => 1,
        sqlite_open_flags => DBD::SQLite::Constants::SQLITE_OPEN_READONLY(),
    });
    return $handle;
}

# Prepared once a child, which is most of a look-up's work; 3: anew, if one that died is under way.
sub prepared { return handle()->prepare_cached($_[0], undef, 3) }

# The first column.
sub column {
    my ($query, @values) = @_;
    return @{ handle()->selectcol_arrayref(prepared($query), undef, @values) };
}

# Each row as a hash.
sub rows {
    my ($query, @values) = @_;
    return handle()->selectall_arrayref(prepared($query), { Slice => {} }, @values);
}

# An address in small letters, and what is left of it without labels, from the longest on: a+b@
# may be an address of its own, and a+b+label@ is it then.  A domain may be another name of one.
sub names {
    my ($local, $domain) = lc($_[0]) =~ /\A([^@]+)\@([^@]+)\z/ or return ();
    ($domain) = (column('SELECT alias_of FROM postfix_domain WHERE name = ?', $domain), $domain);
    my @names;
    do { push @names, "$local\@$domain" } while $local =~ s/\+[^+]*\z// && $local ne '';
    return @names;
}

# Whose an address is, of users and aliases; undef if it is nobody's here.
sub resident {
    my ($address) = @_;
    my ($found) = grep { column('SELECT 1 FROM resident WHERE address = ?', $_) } names($address);
    return $found;
}

# Whose mailbox an address is; undef if it is none's.
sub mailbox {
    my ($address) = @_;
    my ($found) = grep { column('SELECT 1 FROM postfix_mailbox WHERE address = ?', $_) }
        names($address);
    return $found;
}

# Where an alias leads, up to `most` of it; nowhere if it is none.
sub targets {
    my ($alias, $most) = @_;
    return column('SELECT target FROM postfix_alias WHERE address = ? ORDER BY position LIMIT ?',
        $alias, $most);
}

1;
