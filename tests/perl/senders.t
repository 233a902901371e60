#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may send as what, by the tables as postcask renders them.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;
use Postcask::Senders;

$Postcask::Senders::folder = tempdir(CLEANUP => 1);

sub write_table {
    my ($name, $text) = @_;
    open my $file, '>', "$Postcask::Senders::folder/$name" or die;
    print $file $text;
}

write_table(mailboxes => "# a\@b is nobody\n" . join '', map { "$_\t$_\n" }
    qw(alice@example.org bob@example.org a+b@example.org selftest@selftest.invalid));
write_table(senders => <<'END');
# Aliases
sales@example.org
	alice@example.org,
	bob@example.org,
bob@example.org
	bob@example.org,
	alice@example.org,
a+b+c@example.org
	bob@example.org,
END

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
    'alice@example.org sales@example.org bob@example.org', 'what may be used, himself first');
write_table(senders => join '', map { "a$_\@example.org\n\tbob\@example.org,\n" } 1 .. 20);
is(scalar(my @all = Postcask::Senders::addresses('bob@example.org')), 11, 'not more than one reads');
is($all[-1], 'others', 'and that there are more');
done_testing();
