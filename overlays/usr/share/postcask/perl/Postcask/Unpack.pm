# SPDX-License-Identifier: GPL-3.0-or-later
# Unpackers that amavis has not, or not as we want them.  amavisd.conf says which types of
# content they are for.
#
# Each is given a part of the message and returns, as amavis' own do: 0, there is nothing
# in it; 1, unpacked; 2, unpacked, and to be scanned as it is too.  It dies if it cannot.
#
# Why not by configuration: @decoders says which unpacker is for what, and these are ours.
package Postcask::Unpack;
use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use IO::File ();
use MIME::Base64 qw(decode_base64);
use Amavis::ProcControl qw(run_command collect_results proc_status_ok exit_status_str);
use Amavis::Unpackers::NewFilename qw(consumed_bytes);

use constant {
    STUB_MAX    => 4 << 20,     # so far behind a program unpackers look for an archive
    COMMENT_MAX => 65536 + 22,  # at the end of a zip, with the record before it
    LONG_LINE   => 4096,        # longer than a line of what is found in a text
    PIECE       => 1 << 20,
};

sub read_at {
    my ($file, $offset, $size) = @_;
    my $bytes = '';
    seek $file, $offset, SEEK_SET or die "Can't seek: $!\n";
    defined read $file, $bytes, $size or die "Can't read: $!\n";
    return $bytes;
}

sub open_part {
    my ($part) = @_;
    my $file = IO::File->new($part->full_name, '<') or die "Can't open a part: $!\n";
    binmode $file;
    return $file;
}

# A file in a part; `$next` gives its bytes, piece by piece, and '' at the end.
sub add_part {
    my ($part, $tempdir, $name, $next) = @_;
    my $new = Amavis::Unpackers::Part->new("$tempdir/parts", $part);
    $new->name_declared($name) if defined $name;
    my $file = IO::File->new($new->full_name, '>') or die "Can't write a part: $!\n";
    binmode $file;
    while ((my $bytes = $next->()) ne '') {
        consumed_bytes(length $bytes, 'add_part');
        print $file $bytes or die "Can't write a part: $!\n";
    }
    close $file or die "Can't write a part: $!\n";
    return $new;
}

#### Archives behind something else

# RAR's and 7z's readers look for the first signature; what follows it tells an archive
# from a program that has the signature among its constants.
my $archive = qr/Rar!\x1a\x07(?:\x00..\x73|\x01\x00.{4}[\x03-\x7f][\x01\x04])
                |7z\xbc\xaf\x27\x1c\x00[\x00-\x09]/sx;

sub behind_stub {
    my ($file) = @_;
    return read_at($file, 0, STUB_MAX) =~ $archive ? $-[0] : 0;
}

# A zip is found from its end: its last record says how much stands before that, and
# whatever is before this again, a program or another zip, is passed over.  Which of
# several records is the last depends on the reader: what looks like one counts, but for
# those in a file of the zip whose record reaches to the very end, which all readers take.
# (Of zips in zips each would be unpacked twice, and so the innermost a million times.)
sub behind_zip {
    my ($file) = @_;
    my $size = -s $file;
    my $begin = $size > COMMENT_MAX ? $size - COMMENT_MAX : 0;
    my $end = read_at($file, $begin, COMMENT_MAX);
    my (@found, @taken);
    while ($end =~ /(?=PK\x05\x06.{8}(.{8})(.{2}))/sg) {
        my $at = $begin + $-[0];
        my ($length, $offset, $comment) = unpack 'VVv', $1 . $2;
        my $directory = $at - $length;
        my $start = $directory - $offset;
        next if $start < 0 || read_at($file, $directory, 4) ne "PK\1\2";
        push @found, [ $at, $start ];
        @taken = ($start, $directory) if $at + 22 + $comment == $size;
    }
    @found = grep { $_->[0] < $taken[0] || $_->[0] >= $taken[1] } @found if @taken;
    return map { $_->[1] } @found;
}

sub do_behind {
    my ($part, $tempdir, @where) = @_;
    my $file = open_part($part);
    @where = (\&behind_stub, \&behind_zip) if !@where;
    my %begin = map { $_ => 1 } grep { $_ > 0 } map { $_->($file) } @where;
    for my $begin (sort { $a <=> $b } keys %begin) {
        my $at = $begin;
        add_part($part, $tempdir, undef, sub {
            my $bytes = read_at($file, $at, PIECE);
            $at += length $bytes;
            return $bytes;
        });
    }
    return %begin ? 2 : 0;
}

# What stands in a zip, 7z opens.
sub do_zip {
    my ($part, $tempdir, $archiver) = @_;
    do_behind($part, $tempdir, \&behind_zip);
    return Amavis::Unpackers::do_7zip($part, $tempdir, $archiver);
}

sub do_program {
    my ($part, $tempdir, @archivers) = @_;
    my $found = do_behind($part, $tempdir);
    return Amavis::Unpackers::do_executable($part, $tempdir, @archivers) || $found;
}

#### S/MIME (RFC 5652)

my %cms = (
    "\x07\x01"         => ['-data_out'],
    "\x07\x02"         => [qw(-verify -noverify -nosigs)],
    "\x09\x10\x01\x09" => ['-uncompress'],
    "\x07\x03"         => undef,        # enveloped, encrypted, with a check of itself
    "\x07\x06"         => undef,
    "\x09\x10\x01\x17" => undef,
);

sub cms_type {
    my ($file) = @_;
    my ($type) = read_at($file, 0, 32) =~
        /\A\x30.{1,9}?\x06[\x09\x0b]\x2a\x86\x48\x86\xf7\x0d\x01(\x07.|\x09\x10\x01.)/s;
    return defined $type && exists $cms{$type} ? $type : undef;
}

# What is only signed holds the message.  A signature alone, and a set of certificates,
# are the same without a content.
sub do_cms {
    my ($part, $tempdir, $openssl) = @_;
    my $type = cms_type(open_part($part)) // return 0;
    if (!$cms{$type}) {
        $part->attributes_add('U', 'C');
        return 2;
    }
    my $new = Amavis::Unpackers::Part->new("$tempdir/parts", $part);
    my ($pipe, $pid) = run_command(undef, '&1', $openssl, 'cms', @{ $cms{$type} }, '-inform', 'DER',
        '-in', $part->full_name, '-out', $new->full_name);
    my ($output, $status) = collect_results($pipe, $pid, $openssl, 16384, [ 0 .. 255 ]);
    return 0 if $$output =~ /:no content:/;
    die 'openssl: ', exit_status_str($status), "\n" if !proc_status_ok($status, 0);
    consumed_bytes(-s $new->full_name, 'do_cms');
    my $begin = read_at(open_part($new), 0, PIECE);
    $new->type_declared('message/rfc822')
        if $begin =~ /\A(?:[!-9;-~]+:.*\n(?:[ \t].*\n)*)*?content-type:/i;
    return 2;
}

#### Files in a text

# What begins a file in a text, with its name, and what makes of each further line the bytes
# of the file: undef where it ends.
my @encodings = (
    [ qr/\Abegin[ \t]+[0-7]+[ \t]+(.*)/,             \&uu_lines ],
    [ qr/\Abegin-base64[ \t]+[0-7]+[ \t]+(.*)/,      \&base64_lines ],
    [ qr/\A=ybegin .*?\bname=(.*)/,                  \&yenc_lines ],
    [ qr/\A()\(This file must be converted with /,   \&binhex_lines ],
);

# uuencode and xxencode: a letter for the number of bytes, the rest in groups of four.
sub uu_lines {
    my $is_xx;
    return sub {
        my ($line) = @_;
        $is_xx ||= $line =~ /\A[-+0-9A-Za-z]+\z/ && $line =~ /[a-z]/;
        $line =~ tr/+\-0-9A-Za-z/`!-_/ if $is_xx;
        return $line =~ /\A([ -`][ -`]*)/ && $line !~ /\A[` ]?\z/ ? unpack 'u', $1 : undef;
    };
}

sub base64_lines {
    return sub { $_[0] =~ m{\A[A-Za-z0-9+/]+=*\z} ? decode_base64($_[0]) : undef };
}

sub yenc_lines {
    return sub {
        my ($line) = @_;
        return $line =~ /\A=ypart / ? '' : undef if $line =~ /\A=y/;
        $line =~ s/=(.)/chr(ord($1) - 64 & 255)/gse;
        $line =~ tr/\x00-\xff/\xd6-\xff\x00-\xd5/;
        return $line;
    };
}

# BinHex is one run between colons, of which each letter is six bits, with repetitions; in
# it a header, which ends with the lengths, and the file.  All of it is given at the end.
sub binhex_lines {
    my $text = '';
    return sub {
        my ($line) = @_;
        return undef if $text =~ /.:\z/ || $line ne '' && $text eq '' && $line !~ /\A:/;
        $text .= $line;
        return $text =~ /.:\z/ ? binhex_file($text) : '';
    };
}

sub binhex_file {
    my ($text) = @_;
    $text =~ tr/://d;
    $text =~ tr/!-\-0-689@A-NP-VX-Z[`a-fh-mpqr/ -_/;
    my $bytes = join '', map { unpack 'u', "M$_" } unpack '(a60)*', $text;
    $bytes =~ s{(?:(\x90)\x00|([^\x90]))(?:\x90([\x01-\xff]))?}
               {($1 // $2) x (defined $3 ? ord $3 : 1)}gsex;
    my $header = 1 + ord($bytes) + 1 + 4 + 4 + 2;
    return length $bytes < $header + 10 ? ''
        : substr $bytes, $header + 10, unpack 'N', substr $bytes, $header, 4;
}

# Lines without their ends, and pieces of what is longer than these formats' lines are.
sub line_reader {
    my ($file) = @_;
    my $buffer = '';
    return sub {
        while (length $buffer < LONG_LINE && index($buffer, "\n") < 0) {
            my $size = read $file, $buffer, PIECE, length $buffer;
            die "Can't read: $!\n" if !defined $size;
            last if $size == 0;
        }
        return undef if $buffer eq '';
        $buffer =~ s/\A([^\n]{0,${\LONG_LINE}})\n?//;
        return $1 =~ s/\r\z//r;
    };
}

# Most texts have none of it, and are not read line by line.
sub may_hold_files {
    my ($file) = @_;
    my $text = '';
    while (read $file, $text, PIECE, length $text) {
        return 1 if $text =~ /begin[ \t-]|\(This file must be |-----BEGIN PGP/;
        $text = substr $text, -20;
    }
    return 0;
}

# Clamd knows some of these in a message, but not in a part that was encoded once more.
sub do_text {
    my ($part, $tempdir) = @_;
    return 0 if !may_hold_files(open_part($part));
    my $next = line_reader(open_part($part));
    my $found = 0;
    my $line = $next->();
    while (defined $line) {
        my ($encoding) = grep { $line =~ $_->[0] } @encodings;
        if ($encoding) {
            my $decode = $encoding->[1]->();
            my ($name) = $line =~ $encoding->[0];
            add_part($part, $tempdir, $name, sub {
                while (defined($line = $next->())) {
                    my $bytes = $decode->($line) // return '';
                    return $bytes if $bytes ne '';
                }
                return '';
            });
            $found = 2;
        } elsif ($line =~ /\A-----BEGIN PGP (?:MESSAGE|ARMORED FILE)/) {
            $part->attributes_add('U', 'C');    # signed and compressed, or encrypted
            $found = 2;
            $line = $next->();
        } else {
            $line = $next->();
        }
    }
    return $found;
}

#### What file(1) does not know

# Of what PGP has only signed and packed it knows nothing, and here nobody opens it.  It
# takes a text with a few odd bytes for no text.
sub do_data {
    my ($part, $tempdir, $openssl) = @_;
    my $name = $part->name_declared // '';
    $part->attributes_add('U', 'C') if grep { /\.(?:gpg|pgp)\z/i } ref $name ? @$name : $name;
    return do_cms($part, $tempdir, $openssl) if defined cms_type(open_part($part));
    return do_behind($part, $tempdir) || do_text($part, $tempdir);
}

{
    no warnings qw(redefine once);
    # do_text reads more of them, and keeps the text between them.
    require MIME::Parser;
    *MIME::Parser::extract_uuencode = sub { 0 };
}

1;
