#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Authentication-Results and Received-SPF of strangers: which claim to be ours.
use strict;
use warnings;
use FindBin;
use Stubs;
use JSON::PP qw(decode_json);
use Test::More;
use Postcask::Results ();

{
    # As libidn2 does it, for the one name.
    no warnings qw(redefine prototype);
    *Postcask::Results::idn_to_ascii = sub {
        my ($name) = @_;
        return lc($name) =~ s/b(?:\xc3\xbc|\xc3\x9c)cher/xn--bcher-kva/r;
    };
}
@Postcask::Results::own = qw(mail.example.org example.org xn--bcher-kva.example);

open my $file, '<', "$FindBin::Bin/results.json" or die $!;
my $forms = decode_json(do { local $/; <$file> });
cmp_ok(scalar @{ $forms->{forged} }, '>=', 40, 'forms that are forged');
cmp_ok(scalar @{ $forms->{foreign} }, '>=', 20, 'forms that are not');

sub bytes { my ($text) = @_; utf8::encode($text); return $text }

ok(Postcask::Results::is_forged('Authentication-Results', bytes($_)), 'forged: ' . bytes($_) =~ s/\n/\\n/gr)
    for @{ $forms->{forged} };
ok(!Postcask::Results::is_forged('Authentication-Results', bytes($_)), 'foreign: ' . bytes($_) =~ s/\n/\\n/gr)
    for @{ $forms->{foreign} };

#### Received-SPF

for ([ ' pass (mail.example.org: domain of a@b.example) client-ip=192.0.2.1', 1 ],
    [ ' Pass (mailfrom) identity=mailfrom; receiver=Mail.Example.Org; helo=x', 1 ],
    [ ' Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1', 0 ],
    [ ' pass', 0 ],
    [ ' pass (google.com: domain of a@b.example designates 192.0.2.1) client-ip=192.0.2.1', 0 ],
    [ ' Pass (mailfrom) identity=mailfrom; receiver=mx.other.example', 0 ],
    [ ' Pass (other.example: x) receiver="mail.example.org"', 1 ]) {
    my ($body, $goes) = @$_;
    is(Postcask::Results::is_forged('Received-SPF', $body), $goes, "Received-SPF:$body");
}
is(Postcask::Results::is_forged('ARC-Authentication-Results', ' i=1; mail.example.org; spf=pass'), 0,
    'of ARC nobody here believes anything');

done_testing();
