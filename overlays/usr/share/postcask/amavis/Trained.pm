# Who is judged by his own training: a table for amavis that looks into a folder, where the
# learner leaves a mark for each user with enough of it.
#
# amavis sees an alias before Postfix expands it.  One that leads to a single address is that
# address; of one that leads to several, nobody's training is used.
package Postcask::Trained;
use strict;
use warnings;
use Digest::SHA ();

use constant {
    MARKS   => '/var/lib/amavis/bayes/trained',
    ALIASES => '/etc/postfix/aliases',      # as postcask writes it
    STEPS   => 50,                          # the settings allow no more aliases in a row
    SHOWN   => 1000,                        # an address and what follows it
};

# alice+anything@ is alice@.
sub user {
    my ($address) = @_;
    my ($local, $domain) = lc($address) =~ /\A([^@+]+)(?:\+[^@]*)?\@([^@]+)\z/ or return undef;
    return "$local\@$domain";
}

sub mark {
    my ($user) = @_;
    return MARKS . '/' . Digest::SHA::sha256_hex($user);
}

# Read anew for each address: the settings may have changed, and a table in each child of
# amavis would cost more than the few milliseconds of the largest.
sub aliases {
    open my $file, '<', ALIASES or return '';
    local $/;
    return <$file> // '';
}

# The user who alone gets what is sent to an address; undef if there are several.
sub sole_user {
    my ($address) = @_;
    my $aliases = aliases();
    my $user = user($address);
    for (1 .. STEPS) {
        return undef if !defined $user;
        my $found = index $aliases, "\n$user\n\t";
        return $user if $found < 0;
        my $targets = substr $aliases, $found + length "\n$user\n", SHOWN;
        my ($target) = $targets =~ /\A\t([^\s,]+),?\n(?!\t)/;
        $user = defined $target ? user($target) : undef;
    }
    return undef;
}

sub TIEHASH { return bless {}, shift }

sub FETCH {
    my ($self, $address) = @_;
    my $user = sole_user($address) // return undef;
    return -e mark($user) ? $user : undef;
}

sub EXISTS { return defined FETCH(@_) }

# amavis asks whether there is anything in it at all.
sub SCALAR   { return 1 }
sub FIRSTKEY { return '' }
sub NEXTKEY  { return undef }

1;
