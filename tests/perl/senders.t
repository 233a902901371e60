#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may send as what, by postcask-directory's file.
use strict;
use warnings;
use DBI ();
use File::Temp qw(tempdir);
use Test::More;
use Postcask::Senders;

# Tables in the place of the views (src/directory/accounts_schema.c).
$Postcask::Accounts::file = tempdir(CLEANUP => 1) . '/accounts.db';
my $db = DBI->connect("dbi:SQLite:dbname=$Postcask::Accounts::file", '', '', { RaiseError => 1 });
$db->do($_) for 'CREATE TABLE resident (address)', 'CREATE TABLE postfix_mailbox (address)',
    'CREATE TABLE postfix_sender (address, login, mode)', 'CREATE TABLE postfix_domain (name, alias_of)',
    'CREATE TABLE postfix_member (address, login, mode)',
    'CREATE TABLE postfix_alias (address, position, target, next)';

sub add {
    my ($table, @values) = @_;
    $db->do("INSERT INTO $table VALUES (" . join(', ', ('?') x @values) . ')', undef, @values);
}

sub add_alias {
    my ($address, @targets) = @_;
    add('resident', $address);
    add('postfix_alias', $address, $_, $targets[$_], $targets[$_]) for 0 .. $#targets;
}

for (qw(alice@example.org bob@example.org a+b@example.org)) {
    add('postfix_mailbox', $_);
    add('resident', $_);
}
add_alias('sales@example.org', 'team@example.org');
add_alias('team@example.org', 'alice@example.org', 'bob@example.org', 'far@example.com');
add_alias('a+b+c@example.org', 'bob@example.org');
add('postfix_sender', 'bob@example.org', 'alice@example.org', 'as');

my @cases = (
    [ 'alice@example.org', 'alice@example.org'       => 1 ],
    [ 'alice@example.org', 'ALICE+x@Example.org'     => 1 ],
    [ 'alice@example.org', 'sales+x+y@example.org'   => 1 ],
    [ 'alice@example.org', 'bob@example.org'         => 1 ],
    [ 'bob@example.org',   'alice@example.org'       => 0 ],
    [ 'bob@example.org',   'a+b+c+d@example.org'     => 1 ],
    [ 'a+b@example.org',   'a+b+c@example.org'       => 0 ],
    [ 'a+b@example.org',   'a+b+x@example.org'       => 1 ],
    [ 'alice@example.org', 'a@b'                     => 0 ],
    [ 'alice@example.org', '+alice@example.org'      => 0 ],
    [ 'alice@example.org', 'alice@example.org.net'   => 0 ],
    [ 'alice@example.org', 'ice@example.org'         => 0 ],
    [ 'alice@example.org', "alice\@example.org\n"    => 0 ],
    [ 'alice@example.org', '.*@example.org'          => 0 ],
    [ 'alice@example.org', ''                        => 0 ],
);
for (@cases) {
    my ($login, $address, $may) = @$_;
    is(Postcask::Senders::may($login, $address) ? 1 : 0, $may, "$login as $address");
}
is(Postcask::Senders::mailbox('a+b+x@example.org'), 'a+b@example.org', 'the longest that is one');
is(Postcask::Senders::mailbox('sales@example.org'), undef, 'an alias is none');
is(join(' ', Postcask::Senders::addresses('alice@example.org')),
    'alice@example.org bob@example.org sales@example.org team@example.org',
    'what may be used, himself first');
add_alias("a$_\@example.org", 'bob@example.org') for 1 .. 20;
is(scalar(my @all = Postcask::Senders::addresses('bob@example.org')), 11, 'not more than one reads');
is($all[-1], 'others', 'and that there are more');
add('postfix_sender', '@example.org', 'a+b@example.org', 'as');
ok(Postcask::Senders::may('a+b@example.org', 'alice@example.org'), 'a whole domain');
ok(!Postcask::Senders::may('a+b@example.org', 'nobody@example.org'), 'of those who are there');
# A shared mailbox, and who sends on behalf of others.
add($_, 'info@example.org') for qw(postfix_mailbox resident);
add_alias('contact@example.org', 'info@example.org');
add('postfix_member', 'info@example.org', 'carol@example.net', 'as');
add('postfix_member', 'info@example.org', 'dora@example.net', 'behalf');
add('postfix_sender', 'alice@example.org', 'dora@example.net', 'behalf');
for ([ 'carol@example.net', 'info@example.org', 1, 0 ], [ 'carol@example.net', 'contact+x@example.org', 1, 0 ],
    [ 'dora@example.net', 'info@example.org', 0, 1 ], [ 'dora@example.net', 'contact@example.org', 0, 1 ],
    [ 'dora@example.net', 'alice@example.org', 0, 1 ], [ 'dora@example.net', 'sales@example.org', 0, 0 ],
    [ 'bob@example.org', 'info@example.org', 0, 0 ]) {
    my ($login, $address, $as, $for) = @$_;
    is(Postcask::Senders::may($login, $address) ? 1 : 0, $as, "$login as $address");
    is(Postcask::Senders::may_for($login, $address) ? 1 : 0, $for, "$login on behalf of $address");
}
is(join(' ', Postcask::Senders::addresses('dora@example.net')),
    'dora@example.net alice@example.org info@example.org', 'both are shown');

$Postcask::Accounts::file .= '.gone';
ok(!eval { Postcask::Senders::may('bob@example.org', 'alice@example.org'); 1 },
    'who is here cannot be asked: the message waits');
done_testing();
