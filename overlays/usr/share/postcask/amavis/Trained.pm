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
    PLUS    => '/etc/postfix/plus_users',
    STEPS   => 50,                          # nobody is judged behind more aliases in a row
    SHOWN   => 1000,                        # an address and what follows it
};

sub mark {
    my ($user) = @_;
    return MARKS . '/' . Digest::SHA::sha256_hex($user);
}

# Read anew for each address: the settings may have changed, and a table in each child of
# amavis would cost more than the few milliseconds of the largest.
sub table {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# alice+anything@ is alice@, but a+b@ may be an address of its own, and a+b+anything@ is it
# then.
sub user {
    my ($address, $aliases) = @_;
    my ($local, $domain) = lc($address) =~ /\A([^@+][^@]*)\@([^@]+)\z/ or return undef;
    my $users = $local =~ /\+/ ? table(PLUS) : '';
    while ($local =~ /\+/) {
        last if index($users, "\n$local\@$domain\t") >= 0;
        last if index($aliases, "\n$local\@$domain\n\t") >= 0;
        $local =~ s/\+[^+]*\z//;
    }
    return "$local\@$domain";
}

# The user who alone gets what is sent to an address; undef if there are several.
sub sole_user {
    my ($address) = @_;
    my $aliases = table(ALIASES);
    my $user = user($address, $aliases);
    for (1 .. STEPS) {
        return undef if !defined $user;
        my $found = index $aliases, "\n$user\n\t";
        return $user if $found < 0;
        my $targets = substr $aliases, $found + length "\n$user\n", SHOWN;
        my ($target) = $targets =~ /\A\t([^\s,]+),?\n(?!\t)/;
        $user = defined $target ? user($target, $aliases) : undef;
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
