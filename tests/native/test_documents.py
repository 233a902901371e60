# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordinary documents as large as mail carries them are scanned whole and delivered; what goes on
beyond every limit is kept as `limits`, which is no virus, and those for whom it was are told.

POSTCASK_DOCUMENTS_SEED makes other ones of all kinds (make soak), where a few are enough else.  A
run of all tests has a third of those, and half of the infected ones (sample.py)."""

import json
import os
import random
import re
import time

import pytest

import documents
import wrappings
from bulk import Bulk, alerts
from machine import Machine, user_data
from sample import part_of
from test_filter import EICAR, STEPPED
from waiting import end_of

SEED = os.environ.get("POSTCASK_DOCUMENTS_SEED")
USUAL = ["million rows.xlsx", "slides.pptx", "letters.docx", "book.odt", "pages.pdf",
         "archive.mbox", "boxes.zip", "page.html"]
MANY_FILES = 3500       # file(1) looks at each: the time of this test


def usual():
    made = documents.documents(int(SEED or 1))
    return {name: make for name, make in made.items() if SEED or name in USUAL}


def collections():
    draw = random.Random(3)
    return {
        "sources.tar.gz": lambda: documents.source_tar(draw, MANY_FILES, 2000, documents.fast_gzip),
        "sources.zip": lambda: documents.source_zip(draw, 1000, 8000),
        "program.jar": lambda: documents.classes(draw, 1000),
    }


def infected():
    """What is large, with EICAR behind everything else."""
    draw = random.Random(4)
    return {
        "sheet": lambda: documents.spreadsheet(draw, 110 << 20, columns=26, end=EICAR),
        "last file": lambda: wrappings.tarred(documents.source_tar(draw, 1000, 500) + EICAR, "w:gz"),
        "last of many sheets": lambda: documents.spreadsheet(draw, 20 << 20, sheets=20, end=EICAR),
        "page": lambda: documents.portable(draw, 1500, 3000, end=EICAR),
    }


DOCUMENTS = part_of(usual() | collections(), 1 if SEED else 3)
INFECTED = part_of(infected(), 1 if SEED else 2)


def messages(makers):
    return {name: documents.message(name, make()) for name, make in makers.items()}


@pytest.fixture(scope="module")
def sent():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    if SEED:
        print(f"POSTCASK_DOCUMENTS_SEED={SEED}")
    data = user_data() + "  filter: {banned: {extensions: [exe]}, workers: 3}\n"
    with Machine("documents", "10.63.0", data=data) as machine:
        bulk = Bulk(machine)
        bulk.add("endless", {name: documents.message(name, content) for name, content
                             in documents.endless(random.Random(int(SEED or 2))).items()})
        bulk.add("documents", messages(DOCUMENTS))
        bulk.add("infected", messages(INFECTED))
        assert not bulk.submit()
        bulk.wait(3600 if SEED else 600)
        yield bulk


def places(bulk, group):
    return {name: [(place, path.name.partition("-")[0] if place == "quarantine" else alerts(path))
                   for place, path in where] for name, where in bulk.where(group).items()}


def test_ordinary_documents_are_delivered_without_a_mark(sent):
    found = places(sent, "documents")
    assert len(found) == len(DOCUMENTS) > 2
    assert not {name: where for name, where in found.items() if where != [("inbox", [])]}


def test_they_are_scanned_whole(sent):
    found = places(sent, "infected")
    assert len(found) == len(INFECTED) > 1
    assert not {name: where for name, where in found.items() if where != [("quarantine", "virus")]}


def test_a_bomb_is_over_a_limit_and_no_virus(sent):
    found = places(sent, "endless")
    assert not {name: where for name, where in found.items() if where != [("quarantine", "limits")]}


def test_what_was_unpacked_is_gone(sent):
    machine = sent.machine
    end = end_of(60)
    while left := machine.run("sh", "-c", "find /var/lib/clamd -mindepth 1; find "
                              "/var/lib/amavis/tmp -path '*/parts/*'", check=False).stdout:
        assert time.monotonic() < end, left[:500]
        time.sleep(0.5)             # it is removed after Postfix has its answer
    assert machine.run("systemctl", "show", "--value", "-p", "NRestarts", "clamav-daemon.service",
                       "amavis.service").stdout.split() == ["0", "0"]


def test_the_quarantine_says_which_limit(sent):
    listed = json.loads(sent.machine.run("postcask", "quarantine", "list", "--json").stdout)
    reasons = {item["reason"] for item in listed if item["kind"] == "limits"}
    assert "more than 50000 files" in reasons
    assert any(reason.startswith("more than ") and "MiB when unpacked" in reason
               for reason in reasons)
    assert "too large a file (MaxFileSize)" in reasons and "" not in reasons


def test_its_recipients_are_told(sent):
    machine = sent.machine
    machine.run("/usr/lib/postcask/postcask-quarantine", "--digest")
    sent.wait(60)
    folder = machine.tree / "var/vmail/example.org/alice/Maildir"
    digests = [text for path in [*folder.glob("new/*"), *folder.glob("cur/*")]
               if (text := path.read_text("latin-1")) and "Subject: Quarantine of" in text]
    own = [text for text in digests if "to you were kept from your mailbox" in text]
    assert len(own) == 1 and len(digests) == 2
    assert "limits  more than 50000 files" in own[0] and "no virus was found in it" in own[0]
    assert "  virus  " not in own[0]    # of which by default the postmaster alone is told
    assert "example.com" not in machine.run("postqueue", "-p").stdout


# What clamd finds and what is made of it, by the filter's own code, with an answer of the test's
# in the place of clamd's.
ASK = """
use Amavis::Conf (); use lib '/usr/share/postcask/perl'; use Postcask::Verdicts;
no warnings qw(redefine once);
my ($answer, %others);
*Postcask::Scanner::ask = sub {
    my @names = $answer =~ /^.*?: (.*) FOUND$/mg;
    return (scalar @names ? 1 : 0, $answer, \\@names);
};
*Postcask::Scanner::scan = sub { return (0, $others{$_[0]} // '') };
my %word = (1 => 'encrypted', 2 => 'limits', 3 => 'ambiguous', 4 => 'damaged', 5 => 'unwanted');
my @kinds;
*Postcask::Policy::note = sub { push @kinds, $word{$_[0]} };
sub ask {
    ($answer, my @clean) = @_;
    @kinds = ();
    %others = map { ("SCAN /t/parts/$_\\n" => "/t/parts/$_: OK\\n") } @clean;
    my @result = eval { Postcask::Verdicts::ask(['p001', 'p002'], {}, '/t', 'clamd') };
    print @result ? join(' ', $result[0], @{ $result[2] }, sort @kinds) : 'no answer', "\\n";
}
"""
P1, P2 = "/t/parts/p001: ", "/t/parts/p002: "
LIMIT, PHISH = "Heuristics.Limits.Exceeded.MaxFiles", "Heuristics.Phishing.Email.SpoofedDomain"


ANSWERS = [
    (f"{P1}Win.Test FOUND", "", "1 Win.Test"),
    (f"{P1}{LIMIT} FOUND", "", "0 limits"),
    (f"{P1}{LIMIT} FOUND\n{P2}Can't read ERROR", "", "0 limits"),
    (f"{P1}{LIMIT} FOUND\n{P2}Win.Test FOUND", "", "1 Win.Test limits"),
    (f"{P1}Heuristics.Limits.Exceeded.EmailHeaders FOUND", "", "0 limits"),
    (f"{P1}Heuristics.XZ.DicSizeLimit FOUND", "", "0 limits"),
    (f"{P1}Heuristics.Zip.OverlappingFiles FOUND", "", "0 limits"),
    (f"{P1}Heuristics.Encrypted.Zip FOUND", "p002", "0 encrypted"),
    (f"{P1}Heuristics.Broken.Executable FOUND", "p002", "0 damaged"),
    (f"{P1}Heuristics.Broken.Media.JPEG.NoImages FOUND", "p002", "0 damaged"),
    (f"{P1}Heuristics.MBRPartitionnIntersect FOUND", "p002", "0 damaged"),
    (f"{P1}Heuristics.APMPartitionIntersection FOUND", "p002", "0 damaged"),
    (f"{P1}Heuristics.Structured.CreditCardNumber FOUND", "p002", "0 unwanted"),
    (f"{P1}Heuristics.OLE2.ContainsMacros.VBA FOUND", "p002", "0 unwanted"),
    (f"{P1}PUA.Win.Tool FOUND", "p002", "0 unwanted"),
    (f"{P1}Heuristics.Exploit.W32.MS04-028 FOUND", "", "1 Heuristics.Exploit.W32.MS04-028"),
    (f"{P1}Heuristics.Worm.Mydoom.M.log FOUND", "", "1 Heuristics.Worm.Mydoom.M.log"),
    (f"{P1}{PHISH} FOUND", "p002", f"1 {PHISH}"),
    # no end of the answer: clamd may not have come to the other part
    (f"{P1}{PHISH} FOUND", "", "no answer"),
    (f"{P1}Heuristics.Encrypted.Zip FOUND", "", "no answer"),
    (f"{P1}{PHISH} FOUND\n{P2}Can't read ERROR", "", "no answer"),
    # what is not kept of a long answer could be a virus
    (f"{P1}{PHISH} FOUND\n" * 2000, "p002", f"1 {' '.join([PHISH] * 2000)} limits"),
    (f"{P1}OK", "", "0"),
]


def test_what_clamd_finds_is_what_it_is(sent):
    calls = ""
    for answer, clean, _ in ANSWERS:
        words = "".join(f", '{name}'" for name in clean.split())
        calls += f"ask(<<'END'{words});\n" + answer.rstrip("\n") + "\nEND\n"
    done = sent.machine.run("perl", "-", stdin=STEPPED + ASK + calls)
    said = done.stdout.splitlines()
    assert len(said) == len(ANSWERS), done.stderr
    assert not [(answer[:200], found, right) for (answer, _, right), found
                in zip(ANSWERS, said) if found != right]


def test_without_room_nothing_is_called_clean(sent):
    """clamd says OK of what it could not unpack: it is ended, and the message waits."""
    machine = sent.machine
    machine.run("systemctl", "stop", "clamav-daemon.service")
    machine.run("mount", "-t", "tmpfs", "-o", "size=8m,mode=700,uid=clamav,gid=clamav", "tmpfs",
                "/var/lib/clamd")
    bulk = Bulk(machine)
    content = random.Random(5).randbytes(16384) * (30 * 64)     # 30 MiB
    bulk.add("infected", {"large.pdf": wrappings.attached(wrappings.pdf(content + EICAR),
                                                          "large.pdf")})
    try:
        machine.run("systemctl", "start", "clamav-daemon.service")
        assert not bulk.submit()
        machine.wait_queued("virus_scan FAILED", timeout=120)
    finally:
        machine.run("systemctl", "stop", "clamav-daemon.service")
        machine.run("umount", "-l", "/var/lib/clamd")
        machine.run("systemctl", "start", "clamav-daemon.service")
    assert "ended, so that nothing is called clean" in machine.journal("clamav-daemon")
    machine.run("postqueue", "-f")
    bulk.wait(120)
    assert places(bulk, "infected")["large.pdf"] == [("quarantine", "virus")]


def limits_in(text):
    return {name: int(size) for name, size in re.findall(r"^(Max\w+) (\d+)M$", text, re.M)}


def test_clamd_may_read_more_than_amavis_unpacks(sent):
    """What amavis has unpacked whole must not be over a limit of clamd's."""
    clamd = limits_in(sent.machine.run("cat", "/etc/clamav/clamd.conf").stdout)
    amavis = sent.machine.run("cat", "/etc/amavis/amavisd.conf").stdout
    unpacked = int(re.search(r"MAX_EXPANSION_QUOTA += (\d+) \*", amavis)[1])
    assert clamd["MaxFileSize"] >= unpacked
    assert clamd["MaxScanSize"] >= 2 * (unpacked + 2 * 25)
