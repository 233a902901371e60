# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures, judged by three programs that have nothing in common: python3-dkim, and in the
machine Mail::DKIM and OpenDKIM.  The DNS is a table of records: {name: text}."""

import json
import re

import dkim

# Reads a table of records and files, each a message; a line of results for each.
MAIL_DKIM = r"""
use strict; use warnings; use Mail::DKIM::Verifier; use Mail::DKIM::DNS;
open my $table, '<', shift or die; my %record = map { chomp; split /\t/, $_, 2 } <$table>;
{ package Answer; sub new { bless { text => $_[1] }, $_[0] } sub type { 'TXT' }
  sub char_str_list { $_[0]{text} } sub txtdata { $_[0]{text} } }
{ no warnings 'redefine'; *Mail::DKIM::DNS::query = sub {
    my $text = $record{lc $_[0]}; return defined $text ? (Answer->new($text)) : (); }; }
for my $path (@ARGV) {
    open my $file, '<', $path or die; my $verifier = Mail::DKIM::Verifier->new;
    { local $/ = \65536; while (my $piece = <$file>) { $verifier->PRINT($piece) } }
    $verifier->CLOSE;
    print join("\t", map { $_->result } $verifier->signatures), "\n";
}
"""


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def records(machine):
    """What the machine would have in the DNS."""
    path = machine.tree / "var/lib/postcask/keys/dkim/public.json"
    return {f"{key['selector']}._domainkey.{key['domain']}".lower(): key["record"]
            for key in json.loads(path.read_text())}


def signatures(data):
    """The tags of each signature, from the top."""
    head = crlf(data).partition(b"\r\n\r\n")[0] + b"\r\n"
    fields = re.findall(rb"(?mi)^DKIM-Signature:((?:[^\r]*\r\n(?:[ \t][^\r]*\r\n)*))", head)
    return [dict(part.split("=", 1) for part in
                 re.sub(r"\s+", "", field.decode("latin-1")).rstrip(";").split(";"))
            for field in fields]


def ours(data, domains=("example.org", "example.net")):
    return [one for one in signatures(data) if one["d"] in domains]


def by_python(data, table):
    """Of each signature, whether it is good."""
    def answer(name, timeout=5):
        return table.get(name.decode().rstrip(".").lower(), "").encode() or None

    good = []
    for index in range(len(signatures(data))):
        try:
            good.append(bool(dkim.DKIM(crlf(data)).verify(index, dnsfunc=answer)))
        except dkim.DKIMException:
            good.append(False)
    return good


class Verifiers:
    """The two in the machine: they read files in a folder that both it and the test see."""

    def __init__(self, machine, table):
        self.machine, self.table = machine, table
        self.folder = machine.tree / "root/messages"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "table").write_text("".join(f"{name}\t{text}\n"
                                                   for name, text in table.items()))
        (self.folder / "dns").write_text("".join(f"{name} {text}\n" for name, text in table.items()))
        (self.folder / "conf").write_text("Mode v\nTestDNSData file:/root/messages/dns\n"
                                          "Syslog no\n")
        (self.folder / "verify.pl").write_text(MAIL_DKIM)

    def put(self, messages):
        paths = []
        for number, data in enumerate(messages):
            (self.folder / f"{number}.eml").write_bytes(crlf(data))
            paths.append(f"/root/messages/{number}.eml")
        return paths

    def by_perl(self, messages):
        done = self.machine.run("perl", "/root/messages/verify.pl", "/root/messages/table",
                                *self.put(messages), timeout=900)
        return [[one == "pass" for one in line.split("\t") if one]
                for line in done.stdout.split("\n")[:-1]]

    def by_opendkim(self, messages):
        """Only whether one of each is good, which is all that it says."""
        done = self.machine.run("opendkim", "-x", "/root/messages/conf", "-t",
                                ",".join(self.put(messages)), timeout=900, check=False)
        said = done.stdout + done.stderr
        return [bool(re.search(rf"/{number}\.eml: verification \([^\n]*\) succeeded", said))
                for number in range(len(messages))]
