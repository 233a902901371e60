# SPDX-License-Identifier: GPL-3.0-or-later
# Who is judged by his own training: a table for amavis that looks into a folder, where the
# learner leaves a mark for each user with enough of it.
#
# amavis sees an alias before Postfix expands it.  One that leads to a single address is that
# address; of one that leads to several, nobody's training is used.  Each user is a look of
# SpamAssassin's of its own: a message for very many is judged once for all of them.
#
# Why not by configuration: @sa_username_maps wants a table, and who has trained enough changes
# from one message to the next.
package Postcask::Trained;
use strict;
use warnings;
use Digest::SHA ();
use Postcask::Accounts ();

use constant {
    MARKS => '/var/lib/amavis/bayes/trained',
    STEPS => 50,        # nobody is judged behind more aliases in a row
    USERS => 50,        # of one message, about 0.1 to 1 s each
};

sub mark {
    my ($user) = @_;
    return MARKS . '/' . Digest::SHA::sha256_hex($user);
}

# alice+anything@ is alice@, but a+b@ may be an address of its own, and a+b+anything@ is it
# then.
sub user {
    return undef if $_[0] =~ /\A\+/;
    my @names = Postcask::Accounts::names($_[0]) or return undef;
    return Postcask::Accounts::resident($_[0]) // $names[-1];
}

# The user who alone gets what is sent to an address; undef if there are several.
sub sole_user {
    my ($address) = @_;
    for (1 .. STEPS) {
        my $user = user($address) // return undef;
        my @targets = Postcask::Accounts::targets($user, 2);
        return $user if !@targets;
        return undef if @targets > 1;
        $address = $targets[0];
    }
    return undef;
}

# The same, if he has trained.
sub trained {
    my $user = sole_user(@_) // return undef;
    return -e mark($user) ? $user : undef;
}

my ($message, $many) = ('');

# Whether the message at hand is for too many of them.
sub are_many {
    my $at_hand = $Amavis::MSGINFO;
    return $many if $message eq $at_hand->log_id;
    my @recipients = @{ $at_hand->per_recip_data };
    my %different;
    for my $recipient (@recipients > USERS ? @recipients : ()) {
        my $user = trained($recipient->recip_addr) // next;
        $different{$user} = 1;
        last if keys %different > USERS;
    }
    $message = $at_hand->log_id;
    return $many = keys %different > USERS;
}

sub TIEHASH { return bless {}, shift }

sub FETCH {
    my ($self, $address) = @_;
    return are_many() ? undef : trained($address);
}

sub EXISTS { return defined FETCH(@_) }

# amavis asks whether there is anything in it at all.
sub SCALAR   { return 1 }
sub FIRSTKEY { return '' }
sub NEXTKEY  { return undef }

1;
