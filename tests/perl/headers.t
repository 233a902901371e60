#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Which of a message's header lines stay as they came.
use strict;
use warnings;
use Stubs;
use File::Temp ();
use Test::More;
use Postcask::Headers ();

$Amavis::Conf::setting{myhostname} = 'mail.example.org';
$Amavis::Conf::setting{policy_bank_path} = '';
$Amavis::Conf::sa_tag2_level_deflt = 6;

{
    package Message;
    sub mail_text { $_[0]{text} }
    sub mail_text_str { ref $_[0]{text} eq 'SCALAR' ? $_[0]{text} : undef }
    sub skip_bytes { $_[0]{skip} }
    sub smtputf8 { 0 }
    sub orig_header { $_[0]{header} }
    package Written;
    sub print { my ($self, @bytes) = @_; $$self .= join '', @bytes }
}

sub in_file {
    my ($text) = @_;
    my $file = File::Temp->new;
    print $file $text;
    $file->seek(0, 0);
    return $file;
}

#### Where the header ends

for ([ "A: 1\nB: 2\n\nbody", 0, "A: 1\nB: 2\n", 11 ], [ "xxA: 1\n\nbody", 2, "A: 1\n", 8 ],
    [ "\nbody", 0, '', 1 ], [ "A: 1\n", 0, "A: 1\n", 5 ], [ "A: 1", 0, 'A: 1', 4 ]) {
    my ($text, $skip, @right) = @$_;
    for my $held (\$text, in_file($text)) {
        my $message = bless { text => $held, skip => $skip }, 'Message';
        is_deeply([ Postcask::Headers::header_of($message) ], \@right,
            (ref $held eq 'SCALAR' ? 'memory: ' : 'file: ') . $text =~ s/\n/\\n/gr);
    }
}

#### What may stay

my %edits = map { $_ => { addrcvd => [ "X-Spam-Flag: $_\n" ] } } qw(YES NO);
for ([ YES => 'x-spam-flag', ' YES', 1 ], [ YES => 'x-spam-flag', ' no', 0 ],
    [ NO => 'x-spam-status', ' No, score=1', 1 ], [ NO => 'x-spam-status', ' Yes', 0 ],
    [ NO => 'x-spam-score', ' 5.9', 1 ], [ NO => 'x-spam-score', ' 6.1', 0 ],
    [ YES => 'x-spam-level', ' ********', 1 ], [ NO => 'x-spam-level', ' ********', 0 ],
    [ NO => 'x-spam-score', ' many', 0 ], [ NO => 'return-path', ' <a@b>', 1 ],
    [ NO => 'x-spam-report', ' anything', 1 ],
    [ NO => 'authentication-results', ' ;; what', 1 ], [ NO => 'x-amavis-alert', ' INFECTED', 0 ]) {
    my ($ours, $name, $body, $stays) = @$_;
    is(Postcask::Headers::may_stay($edits{$ours}, $name, $body) ? 1 : 0, $stays,
        "ours is $ours: $name:$body " . ($stays ? 'stays' : 'goes'));
}

#### The whole, with a line that looks like a boundary

my $text = "Received: a\nFrom: x\n--line\n folded\nreceived: b\n\nbody\n";
my $message = bless { text => \$text, skip => 0 }, 'Message';
my $out = bless \(my $bytes = ''), 'Written';
my ($received, $begin) = Postcask::Headers::write_header(
    { prepend => [], addrcvd => [ "X-Ours: 1\n" ], append => [], edit => {} }, $message, $out, 1);
is($$out, "X-Ours: 1\nReceived: a\nFrom: x\n--line\n folded\nreceived: b\n\n", 'every line, ours on top');
is($received, 2, 'two were Received');
is(substr($text, $begin), "body\n", 'and the body follows');

#### Authentication-Results that claims to be ours, by way of the filter

for ([ MYNETS => '' ], [ ORIGINATING => '' ], [ LOCAL => 'Authentication-Results: mail.example.org; x' . "\n" ]) {
    my ($bank, $left) = @$_;
    local $Amavis::Conf::setting{policy_bank_path} = $bank;
    my $forged = "Authentication-Results: mail.example.org; x\nauthentication-results : other.example; y\n\n";
    my $written = bless \(my $text = ''), 'Written';
    Postcask::Headers::write_header({ prepend => [], addrcvd => [], append => [], edit => {} },
        bless({ text => \$forged, skip => 0 }, 'Message'), $written, 1);
    is($$written, "${left}authentication-results : other.example; y\n\n", "from $bank");
}

#### What the sender's signature covers

my $signed = bless { header => [ "DKIM-Signature: v=1; h=From:Date :\n\tBcc; b=x\n", "Subject: x\n" ] },
    'Message';
is_deeply({ Postcask::Headers::signed_names($signed) }, { from => 1, date => 1, bcc => 1 }, 'signed names');

done_testing();
