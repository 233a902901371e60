# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures, judged by three programs that have nothing in common: python3-dkim, Mail::DKIM and
OpenDKIM's library.  The DNS is a table."""

import re
import subprocess
import tempfile
from pathlib import Path

import dkim

# Reads files, each a message, and a table of records; a line for each signature.
MAIL_DKIM = r"""
use strict; use warnings; use Mail::DKIM::Verifier; use Mail::DKIM::DNS;
open my $table, '<', shift or die; my %record = map { chomp; split /\t/, $_, 2 } <$table>;
{ package Answer; sub new { bless { text => $_[1] }, $_[0] } sub type { 'TXT' }
  sub char_str_list { $_[0]{text} } sub txtdata { $_[0]{text} } }
{ no warnings 'redefine'; *Mail::DKIM::DNS::query = sub {
    my $text = $record{lc $_[0]}; return defined $text ? (Answer->new($text)) : (); }; }
for my $path (@ARGV) {
    open my $file, '<', $path or die; my $verifier = Mail::DKIM::Verifier->new;
    local $/ = \65536; while (my $piece = <$file>) { $verifier->PRINT($piece) } $verifier->CLOSE;
    print join("\t", $path, map { $_->algorithm . '=' . $_->result } $verifier->signatures), "\n";
}
"""


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def signatures(data):
    """What our own signatures say: {"a": "rsa-sha256", "d": ..., "s": ...} of each."""
    head = crlf(data).partition(b"\r\n\r\n")[0]
    fields = re.findall(rb"(?mi)^DKIM-Signature:((?:.*(?:\r\n[ \t].*)*))", head)
    return [dict(part.strip().split("=", 1) for part in
                 re.sub(r"\s+", "", field.decode("latin-1")).rstrip(";").split(";"))
            for field in fields]


def by_python(data, records):
    """Of each signature, whether it is good."""
    def answer(name, timeout=5):
        return records.get(name.decode().rstrip(".").lower(), "").encode() or None
    checker = dkim.DKIM(crlf(data))
    good = []
    for index in range(len(signatures(data))):
        try:
            good.append(bool(checker.verify(index, dnsfunc=answer)))
        except dkim.DKIMException:
            good.append(False)
    return good


def by_perl(messages, records):
    """The same of many messages."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table")
        table.write_text("".join(f"{name}\t{text}\n" for name, text in records.items()))
        paths = []
        for number, data in enumerate(messages):
            paths.append(Path(folder, str(number)))
            paths[-1].write_bytes(crlf(data))
        done = subprocess.run(["perl", "-e", MAIL_DKIM, table, *paths], capture_output=True,
                              text=True, check=True, timeout=600)
    return [[one.endswith("=pass") for one in line.split("\t")[1:]]
            for line in done.stdout.splitlines()]
