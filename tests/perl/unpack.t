#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The filter's own readers of what is packed and encoded.
use strict;
use warnings;
use Stubs;
use File::Temp ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postcask::Base64 ();
use Postcask::Unpack ();

sub file_of {
    my ($bytes) = @_;
    my $file = File::Temp->new;
    binmode $file;
    print $file $bytes;
    $file->seek(0, 0);
    return $file;
}

#### Where archives begin

my $record = "PK\5\6" . "\0" x 8 . pack('VVv', 4, 2, 0);
my $zip = "ab" . "PK\1\2" . $record;            # two bytes, a directory, its record
for ([ 'a zip alone' => $zip => 0 ], [ 'behind a program' => "program$zip" => 7 ],
    [ 'two' => "$zip$zip" => 0, length $zip ], [ 'none' => 'PK' x 100 ],
    [ 'a record without a directory' => "xx$record" ], [ 'nothing' => '' ]) {
    my ($what, $bytes, @starts) = @$_;
    is_deeply([ sort { $a <=> $b } Postcask::Unpack::behind_zip(file_of($bytes)) ], \@starts, $what);
}
my $rar = "Rar!\x1a\7\0..\x73";
for ([ 'RAR' => "stub$rar" => 4 ], [ '7z' => "stub...7z\xbc\xaf\x27\x1c\0\4" => 7 ],
    [ 'a signature among constants' => "Rar!\x1a\7\0....." => 0 ], [ 'nothing' => '' => 0 ]) {
    my ($what, $bytes, $start) = @$_;
    is(Postcask::Unpack::behind_stub(file_of($bytes)), $start, "$what at $start");
}

#### Files in a text

my $data = join '', map { chr } 0 .. 255;
my $uu = pack 'u', $data;
my $xx = $uu =~ tr/`!-_/+\-0-9A-Za-z/r;
my $yenc = ($data =~ tr/\xd6-\xff\x00-\xd5/\x00-\xff/r) =~ s/([\0\n\r=])/'=' . chr(ord($1) + 64 & 255)/ger;
for ([ uuencode => 'uu_lines', $uu, '`' ], [ xxencode => 'uu_lines', $xx, '+' ],
    [ base64 => 'base64_lines', encode_base64($data), '====' ], [ yenc => 'yenc_lines', $yenc, '=yend' ]) {
    my ($what, $function, $text, $end) = @$_;
    my $decode = Postcask::Unpack->can($function)->();
    is(join('', map { $decode->($_) } split /\n/, $text), $data, "$what: every byte");
    is($decode->($end), undef, "$what: its end");
}
my $next = Postcask::Unpack::line_reader(file_of("one\r\n" . 'x' x 5000 . "\nlast"));
is_deeply([ map { length($next->() // 'undefined') } 1 .. 5 ], [ 3, 4096, 904, 4, 9 ],
    'lines without their ends, long ones in pieces');
for ([ "some words\nbegin 644 x\n" => 1 ], [ 'a' x 2_000_000 . "\nbegin 644 x\n" => 1 ],
    [ "-----BEGIN PGP MESSAGE-----\n" => 1 ], [ "some words\n" => 0 ]) {
    is(Postcask::Unpack::may_hold_files(file_of($_->[0])), $_->[1],
        length($_->[0]) . " bytes of text, read line by line: $_->[1]");
}

#### S/MIME

for ([ "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" => "\x07\x02" ],
    [ "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" => "\x07\x03" ],
    [ "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x09" => undef ], [ 'words' => undef ]) {
    is(Postcask::Unpack::cms_type(file_of($_->[0])), $_->[1], 'the type of ' . unpack 'H*', $_->[0]);
}

#### base64 of MIME

{
    package Written;
    sub print { my ($self, @bytes) = @_; $$self .= join '', @bytes }
}
for ([ 'SGVsbG8=' => 'Hello' ], [ 'SGVsbG8' => 'Hello' ], [ "SGVs\nbG8=\n" => 'Hello' ],
    [ 'SGVsbG8=SGVsbG8=' => 'HelloHello' ], [ 'SGVsbG8====IQ==' => 'Hello!' ], [ '' => '' ],
    [ "S G%V-s" => 'Hel' ], [ encode_base64('x' x 3_000_000) => 'x' x 3_000_000 ]) {
    my ($text, $right) = @$_;
    my $written = bless \(my $bytes = ''), 'Written';
    Postcask::Base64->decode_it(file_of($text), $written);
    ok($$written eq $right, 'base64 ' . substr $text, 0, 40);
}

done_testing();
