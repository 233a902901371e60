# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of every kind of message: viruses in every wrapping, spam, what no scanner can
look into whole, and clean mail beside it, by default and as the settings say.

All is sent at once to one machine, each message from a sender of its own; when the queue is
empty again, the tests look at where each one is.  A run of all tests has every third one of the
many wrappings and test files (sample.py)."""

import base64
import gzip
import os
import re
from pathlib import Path

import pytest

import odd_mail
import wrappings
from bulk import Bulk, alerts
from machine import TOP, Machine
from sample import part, part_of
from test_filter import EICAR, GTUBE

CLEAN = b"Hello, these are the notes of our meeting in the town hall.\n" * 3
TESTFILES = Path("/usr/share/clamav-testfiles")


def add_test_signature(machine):
    """ClamAV's test program, by its code, so that it is also known when it is packed."""
    code = (TESTFILES / "clam.exe").read_bytes()[0x45:0x60]
    folder = machine.tree / "var/lib/clamav"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tests.ndb").write_text(f"Test-Program:0:*:{code.hex()}\n")


def wrapped(machine, folder, data):
    files = wrappings.archives(data) | wrappings.packed_by(
        machine, f"/var/tmp/{folder}", data, wrappings.PROGRAMS)
    files["a.iso"] = wrappings.iso(gzip.compress(data), machine.tree / "var/tmp" / folder)
    entity = wrappings.attached(wrappings.zipped(data), "a.zip").partition(b"Content-Type:")
    messages = {"signed S/MIME": wrappings.signed(entity[1] + entity[2],
                                                  machine.tree / "var/tmp" / folder)}
    return {name: wrappings.attached(content, name) for name, content in files.items()} | \
        messages | wrappings.messages(data)


def spam_text(before, after):
    """GTUBE with as many bytes of letters around it."""
    line = b"It was a bright cold day in April, and the clocks were striking thirteen.\n"
    return line * (before // len(line)) + GTUBE.encode() + b"\n" + line * (after // len(line))


def spam():
    padded = [(0, 0), (0, 400 << 10), (200 << 10, 200 << 10), (400 << 10, 0)]
    encoded = base64.encodebytes(spam_text(400 << 10, 0))
    return {str(around): wrappings.raw_message({}, spam_text(*around)) for around in padded} | \
        {"encoded": wrappings.mime("text/plain", "base64", encoded)}


def unseen(machine):
    """What no scanner can look into whole, by kind."""
    locked = wrappings.packed_by(machine, "/var/tmp/locked", CLEAN, odd_mail.ENCRYPTED)
    locked["secret.rar"] = odd_mail.rar4_encrypted(CLEAN)
    files = {"encrypted": locked, "damaged": odd_mail.damaged(CLEAN), "limits": odd_mail.endless(CLEAN)}
    kinds = {kind: {name: wrappings.attached(data, name) for name, data in contents.items()}
             for kind, contents in files.items()}
    return kinds | {"ambiguous": odd_mail.ambiguous(CLEAN), "banned": odd_mail.banned(CLEAN),
                    "broken": odd_mail.broken(CLEAN)}


HOP = b"Received: from a.example.com by b.example.com; Mon, 23 Nov 2026 10:00:00 +0000\n"
LONG = b"x" * 30000


def edges():
    """What is just small enough for the first of several limits must be so for all."""
    return {
        "hops": wrappings.raw_message({}, CLEAN).replace(b"From:", HOP * 48 + b"From:", 1),
        "nested parts": nested_parts(120),
        "long line": wrappings.raw_message({}, LONG + b"\n"),
        "large header": wrappings.raw_message(
            {}, CLEAN).replace(b"From:", b"X-Note: " + b"word " * 30000 + b"\nFrom:", 1),
    }


def nested_parts(levels):
    body = "the notes\n"
    for level in range(levels):
        body = f"Content-Type: multipart/mixed; boundary=l{level}\n\n--l{level}\n{body}\n--l{level}--\n"
    return wrappings.raw_message({"MIME-Version": "1.0"}, b"").rstrip() + b"\n" + body.encode()


def too_far():
    return {"hops": wrappings.raw_message({}, CLEAN).replace(b"From:", HOP * 49 + b"From:", 1)}


@pytest.fixture(scope="module")
def sent():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    machine = Machine("policy", "10.60.0")
    add_test_signature(machine)
    with machine:
        bulk = Bulk(machine)
        infected = wrapped(machine, "infected", EICAR)
        bulk.add("infected", part_of(infected, 3))
        assert len(infected) > 40
        bulk.add("clean", part_of(wrapped(machine, "clean", CLEAN), 3))
        testfiles = sorted(TESTFILES.iterdir())
        assert len(testfiles) > 40
        bulk.add("testfiles", {path.name: wrappings.attached(path.read_bytes(), path.name)
                               for path in part(testfiles, 3)})
        bulk.add("infected and ambiguous", odd_mail.ambiguous(EICAR))
        bulk.add("spam", spam())
        for kind, messages in unseen(machine).items():
            bulk.add(kind, messages)
        bulk.add("edges", edges())
        bulk.add("too far", too_far())
        bulk.add("forged", {"mark": wrappings.raw_message({"X-Amavis-Alert": "INFECTED"}, CLEAN)})
        refused = bulk.submit()
        assert list(refused) == list(bulk.groups["too far"].values()), refused
        assert {code // 100 for code, _ in refused.values()} == {5}
        bulk.wait(400)
        yield bulk


def wrong(bulk, group, right):
    """What is not where it should be, to be read in the report of the test."""
    return {name: [(place, path.name) for place, path in where]
            for name, where in bulk.where(group).items() if not right(where)}


def quarantined_as(kind):
    return lambda where: [(place, path.name.partition("-")[0]) for place, path in where] == \
        [("quarantine", kind)]


def delivered(mark=None, folder="inbox"):
    def right(where):
        return [place for place, _ in where] == [folder] and \
            (not alerts(where[0][1]) if mark is None else
             any(mark in alert for alert in alerts(where[0][1])))
    return right


def test_a_virus_is_quarantined_in_every_wrapping(sent):
    assert len(sent.where("infected")) > 13
    assert not wrong(sent, "infected", quarantined_as("virus"))


def test_every_test_file_of_clamav_is_quarantined(sent):
    assert len(sent.where("testfiles")) > 13
    assert not wrong(sent, "testfiles",
                     lambda where: [place for place, _ in where] == ["quarantine"])


def test_clean_files_in_the_same_wrappings_are_delivered_without_a_mark(sent):
    # a message without the end of its last part is broken, whatever is in it
    expected = {"no end of the last part": delivered("BAD HEADER SECTION, MIME error"),
                "sfx.exe": delivered("BANNED")}
    for name, where in sent.where("clean").items():
        assert expected.get(name, delivered())(where), (name, where, [alerts(w[1]) for w in where])


def test_spam_goes_to_the_spam_folder_however_it_is_padded(sent):
    assert len(sent.where("spam")) == 5
    assert not wrong(sent, "spam", lambda where: [place for place, _ in where] == ["spam"])


@pytest.mark.parametrize("kind,mark", [
    ("encrypted", "UNCHECKED, message contains what is encrypted"),
    ("damaged", "UNCHECKED, message contains what cannot be unpacked"),
    ("banned", "BANNED, message contains"),
])
def test_what_cannot_be_looked_into_is_marked(sent, kind, mark):
    assert not wrong(sent, kind, delivered(mark))


def test_broken_and_ambiguous_messages_are_marked(sent):
    assert not wrong(sent, "broken", delivered(""))
    assert not wrong(sent, "ambiguous", delivered(""))
    inside = sent.where("ambiguous")["in a forwarded message"]
    assert delivered("UNCHECKED, message can be read in two ways")(inside)


def test_both_readings_of_an_ambiguous_message_are_scanned(sent):
    """CVE-2024-28054: what amavis reads otherwise than a mail program does is seen."""
    assert not wrong(sent, "infected and ambiguous", quarantined_as("virus"))


def test_what_unpacks_beyond_the_limits_is_quarantined(sent):
    assert not wrong(sent, "limits", quarantined_as("limits"))


def test_a_senders_own_mark_is_not_believed(sent):
    assert not wrong(sent, "forged", delivered())


def test_what_was_accepted_arrives_whole(sent):
    arrived = {name: where[0][1].read_bytes() for name, where in sent.where("edges").items()}
    assert arrived["hops"].count(HOP.strip()[:60]) == 48
    assert b"--l119" in arrived["nested parts"] and b"the notes" in arrived["nested parts"]
    assert LONG in arrived["long line"]
    assert arrived["large header"].count(b"word") >= 30000


def manual_limits(begin, end):
    """The lines `name = value` of a part of postcask-mail(7)."""
    page = (TOP / "docs/man/postcask-mail.7").read_text()
    part = page[page.index(begin):page.index(end)]
    return dict(re.findall(r'^\.(?:B|BR|RB \()\s"?(\w+) = ([^"\n]+)', part, re.MULTILINE))


def test_the_manual_tells_the_limits_in_force(sent):
    postfix = manual_limits(".SS Postfix, when", ".SS amavis")
    dovecot = manual_limits(".SS Dovecot", ".SH SEE ALSO")
    assert len(postfix) > 20 and len(dovecot) > 3
    for name, value in postfix.items():
        assert sent.machine.run("postconf", "-h", name).stdout.strip() == value, name
    for name, value in dovecot.items():
        assert sent.machine.run("doveconf", "-h", name).stdout.strip() == value, name


def test_no_decoder_is_missing(sent):
    journal = sent.machine.journal("amavis")
    assert "No decoder for" not in journal and "No ext program for" not in journal
    assert "custom" not in journal and "not in quarantine" not in journal


def test_nobody_was_told(sent):
    """Every sender was forged: no bounce was made, and nothing waits to be sent to them."""
    assert "sender non-delivery notification" not in sent.machine.journal("postfix")
