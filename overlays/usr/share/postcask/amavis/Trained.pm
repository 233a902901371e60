# Who is judged by his own training: a table for amavis that looks into a folder, where the
# learner leaves a mark for each user with enough of it.  Nobody else costs anything.
package Postcask::Trained;
use strict;
use warnings;
use Digest::SHA ();

use constant MARKS => '/var/lib/amavis/bayes/trained';

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

sub TIEHASH { return bless {}, shift }

sub FETCH {
    my ($self, $address) = @_;
    my $user = user($address) // return undef;
    return -e mark($user) ? $user : undef;
}

sub EXISTS { return defined FETCH(@_) }

# amavis asks whether there is anything in it at all.
sub SCALAR   { return 1 }
sub FIRSTKEY { return '' }
sub NEXTKEY  { return undef }

1;
