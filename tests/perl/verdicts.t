#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What clamd's findings mean, what is said of a limit, and how many files a message may hold.
use strict;
use warnings;
use Stubs;
use Test::More;
use Postcask::Files ();
use Postcask::Policy ();
use Postcask::Verdicts ();

my %kind = (1 => 'encrypted', 2 => 'limits', 4 => 'damaged', 5 => 'unwanted');
for (
    [ 'Heuristics.Limits.Exceeded.MaxFiles'       => 'limits', 'too many files (MaxFiles)' ],
    [ 'Heuristics.Limits.Exceeded.EmailHeaders'   => 'limits',
        'too many parts or header lines (EmailHeaders)' ],
    [ 'Heuristics.XZ.DicSizeLimit'                => 'limits',
        'an xz that needs too much memory (DicSizeLimit)' ],
    [ 'Heuristics.Zip.OverlappingFiles'           => 'limits',
        'files that overlap in a zip (OverlappingFiles)' ],
    [ 'Heuristics.Encrypted.Zip'                  => 'encrypted' ],
    [ 'Heuristics.Broken.Executable'              => 'damaged' ],
    [ 'Heuristics.BoundsCheck'                    => 'damaged' ],
    [ 'Heuristics.MBRPartitionnIntersect'         => 'damaged' ],
    [ 'Heuristics.Structured.CreditCardNumber'    => 'unwanted' ],
    [ 'Heuristics.OLE2.ContainsMacros.VBA'        => 'unwanted' ],
    [ 'PUA.Win.Tool'                              => 'unwanted' ],
    [ 'Heuristics.Phishing.Email.SpoofedDomain'   => undef ],
    [ 'Heuristics.LimitsExceeded'                 => undef ],
    [ 'Win.Test.Heuristics.Encrypted.Zip'         => undef ],
    [ 'Win.PUA.Tool'                              => undef ],
) {
    my ($name, $is, $reason) = @$_;
    my $minor = Postcask::Verdicts::meaning($name);
    is(defined $minor ? $kind{$minor} : undef, $is, $name . ' is ' . ($is // 'a virus or a guess'));
    is(Postcask::Verdicts::reason($minor, $name), $reason // $name, 'and says why') if defined $minor;
}
like("Heuristics.$_", $Postcask::Verdicts::guess, "$_ is a guess")
    for qw(Phishing.Email.SpoofedDomain PDF.ObfuscatedNameObject);
unlike($_, $Postcask::Verdicts::guess, "$_ is none")
    for qw(Heuristics.Worm.Mydoom.M.log Win.Heuristics.Phishing.Email);

for ([ 'Exceeded storage quota 838860800 bytes by do_zip' => 'more than 800 MiB when unpacked' ],
    [ 'Maximum number of files (3000) exceeded' => 'more than 3000 files' ],
    [ 'something else' => 'something else' ]) {
    is(Postcask::Policy::limit_text($_->[0]), $_->[1], $_->[1]);
}

{
    package Message;
    sub msg_size { $_[0]{size} }
}
$Amavis::Conf::MAXFILES = 50_000;
is($Amavis::Conf::MAXFILES, 50_000, 'without a message the setting');
for ([ 0 => 3000 ], [ 199 => 3000 ], [ 200 => 3001 ], [ 2_000_000 => 13_000 ], [ 9_400_000 => 50_000 ],
    [ 25 << 20 => 50_000 ]) {
    $Amavis::MSGINFO = bless { size => $_->[0] }, 'Message';
    is($Amavis::Conf::MAXFILES, $_->[1], "$_->[0] bytes may hold $_->[1] files");
}
$Amavis::Conf::MAXFILES = 100;
is($Amavis::Conf::MAXFILES, 100, 'never more than the setting');

done_testing();
