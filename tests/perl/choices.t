#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What each recipient wants: who is meant by a sender's pattern, whose word counts, and what becomes
# of a score.
use strict;
use warnings;
use Stubs;
use Test::More;
use Postcask::Choices ();
use Postcask::Policy ();

{
    package Message;
    sub per_recip_data { $_[0]{recipients} }
    sub rfc2822_from { $_[0]{from} }
    sub orig_header { ["From: $_[0]{from}\n"] }
    sub sender { $_[0]{sender} }
    sub supplementary_info { @_ > 2 ? $_[0]{info}{ $_[1] } = $_[2] : $_[0]{info}{ $_[1] } }
    package Recipient;
    sub recip_addr { $_[0]{address} }
    sub spam_level { @_ > 1 ? $_[0]{level} = $_[1] : $_[0]{level} }
    sub spam_tests { @_ > 1 ? $_[0]{tests} = $_[1] : $_[0]{tests} }
    sub bypass_spam_checks { @_ > 1 ? $_[0]{bypass} = $_[1] : $_[0]{bypass} }
    sub is_in_contents_category { 0 }
}
my (%filters, %senders, $fails, $proved);
{
    no warnings 'redefine';
    *Postcask::Accounts::column = sub {
        my ($query, $address) = @_;
        die "disk I/O error\n" if $fails;
        return () if $query =~ /postfix_domain/;
        return 1 if $query =~ /amavis_filter/;
        return $address eq 'team@example.org' ? qw(alice@example.org bob@example.org)
            : $address eq 'alone@example.org' ? 'alice@example.org' : () if $query =~ /postfix_alias/;
        return $address =~ /\+/ ? () : 1;
    };
    *Postcask::Accounts::rows = sub {
        my ($query, $name, @patterns) = @_;
        return [ $filters{$name} // () ] if $query !~ /sender/;
        my $of = $senders{$name} // {};
        return [ map { exists $of->{$_} ? { sender => $_, allowed => $of->{$_} } : () } @patterns ];
    };
    *Postcask::Judge::proves = sub { $proved && $_[0] eq 'b.shop.example' };
}
$Amavis::Conf::sa_tag2_level_deflt = 6.31;
$Amavis::Conf::setting{policy_bank_path} = '';

# What becomes of a score for each of them, as level/mark/kept.
sub judged {
    my ($level, %message) = @_;
    my $message = bless { from => 'A@b.shop.example', sender => 'bounce@list.example', %message,
        recipients => [ map { bless { address => $_, level => $level }, 'Recipient' } @{ $message{to} } ] }, 'Message';
    Postcask::Choices::begin($message);
    Postcask::Choices::checks();
    return map {
        my $address = $_->recip_addr;
        my $kept = Postcask::Choices::destiny($address)
            && $_->spam_level >= Postcask::Choices::kill_level($address);
        join '/', $_->spam_level, Postcask::Choices::mark($address) // '-', $kept ? 'kept' : '-';
    } @{ $message->per_recip_data };
}

is_deeply([ Postcask::Choices::patterns('Ann@B.Shop.example') ],
    [ qw(ann@b.shop.example @b.shop.example @.b.shop.example @.shop.example @.example) ], 'patterns');
is_deeply([ Postcask::Choices::patterns('') ], [], 'none of the null sender');

$filters{'alice@example.org'} = { mark => '4.5', hold => '15', spam => undef, banned => 0 };
$filters{'@example.org'} = { mark => '3', hold => undef, spam => undef, banned => 1 };
is_deeply([ judged(5, to => [ 'Alice+x@example.org', 'bob@example.org', 'c@example.net' ]) ],
    [ '5/4.5/-', '5/3/-', '5/-/-' ], 'his own, his domain, everybody');
is_deeply([ judged(16, to => [ 'alone@example.org', 'team@example.org' ]) ], [ '16/4.5/kept', '16/3/-' ],
    'an alias of one is his, of several the domain');
ok(Postcask::Choices::takes_banned('alone@example.org'), 'attachments are let in');
ok(!Postcask::Choices::takes_banned('team@example.org'), 'and not');
$Amavis::Conf::setting{policy_bank_path} = 'ORIGINATING';
is((judged(16, to => ['alice@example.org']))[0], '16/4.5/-', 'a login is not kept');
$Amavis::Conf::setting{policy_bank_path} = '';

#### Senders

my @to = (to => ['alice@example.org']);
$senders{'alice@example.org'} = { '@.shop.example' => 0 };
is((judged(1, @to))[0], '15/4.5/kept', 'blocked: as spam as is kept');
is((judged(1, @to, from => 'a@x.example', sender => 'b@shop.example'))[0], '15/4.5/kept', 'by the envelope');
$senders{'alice@example.org'}{'a@b.shop.example'} = 1;
is((judged(20, @to))[0], '20/4.5/kept', 'allowed, and not proved');
$proved = 1;
is((judged(20, @to))[0], '0/4.5/-', 'allowed, and proved');
is((judged(20, @to, from => [ 'a@b.shop.example', 'c@d.example' ]))[0], '20/4.5/kept', 'one of two authors');
is((judged(20, @to, from => 'x@d.example', sender => 'a@b.shop.example'))[0], '20/4.5/kept',
    'allowed is an author, and no sender of the envelope');
$senders{'@example.org'} = { 'a@b.shop.example' => 0 };
is((judged(20, @to))[0], '0/4.5/-', "the person's own first");
is((judged(1, to => ['bob@example.org']))[0], '3/3/-', "the domain's");

#### No spam

$filters{'bob@example.org'} = { spam => 0 };
is((judged(999, to => ['bob@example.org'], from => 'x@y.example'))[0], '999/99999/-', 'off');
is((judged(1, to => ['bob@example.org']))[0], '3/3/-', 'but what is blocked');

#### Why it is kept

sub alert {
    my ($message) = @_;
    return $message->supplementary_info('ADDEDHEADERSPAM');
}
my $message = bless { from => 'x@shop.example', sender => '', info => { ADDEDHEADERSPAM => 'X-A: b' },
    recipients => [ map { bless { address => $_, level => 1 }, 'Recipient' } qw(alice@example.org bob@example.org) ] },
    'Message';
Postcask::Choices::begin($message);
Postcask::Choices::checks();
is(alert($message), "X-A: b\nX-Amavis-Alert: SPAM, blocked by alice\@example.org\n", 'it says by whom');
Postcask::Choices::before_send();
is(alert($message), 'X-A: b', 'and says it to nobody else');

#### When it cannot be read

$fails = 1;
Postcask::Choices::begin($message);
for my $asked (\&Postcask::Choices::asked_first, \&Postcask::Choices::mark, \&Postcask::Choices::destiny) {
    ok(!eval { $asked->('alice@example.org'); 1 } && $@ =~ /could not be read: disk/, 'who asks hears it');
}
$fails = 0;
ok(!eval { Postcask::Choices::mark('alice@example.org'); 1 }, 'and goes on hearing it');

done_testing();
