# SPDX-License-Identifier: GPL-3.0-or-later
# base64 as mail programs read it: "=" ends a piece of it, and what follows it is another one.
# MIME::Decoder reads as if it were not there, which none of them does.
#
# Why not by configuration: amavis has no setting for its decoders of MIME; MIME::Decoder lets
# one be installed.
package Postcask::Base64;
use strict;
use warnings;
use MIME::Base64 qw(decode_base64);
use MIME::Decoder::Base64 ();

our @ISA = ('MIME::Decoder::Base64');

use constant PIECE => 1 << 20;

sub decode_it {
    my ($decoder, $in, $out) = @_;
    my $rest = '';
    while ($in->read(my $bytes, PIECE)) {
        $bytes =~ tr{A-Za-z0-9+/=}{}cd;
        my @pieces = split /=+/, $rest . $bytes, -1;
        $rest = pop @pieces;
        my $whole = length($rest) & ~3;
        $out->print(decode_base64(substr $rest, 0, $whole, '')) if !@pieces;
        $out->print(decode_base64($_ . '=' x (-length($_) & 3))) for @pieces;
    }
    $out->print(decode_base64($rest . '=' x (-length($rest) & 3)));
    return 1;
}

__PACKAGE__->install('base64');

1;
