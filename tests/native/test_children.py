# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of the filter that hangs at a message and does not hear its own timer, and an unpacker
that it waits for in vain."""

import gzip
import json
import time

import pytest

from bulk import Bulk
from faults import EICAR, Box
from fault_table import AMAVIS, AT_WORK
from machine import Machine, user_data
from scanner import stub_of_clamd
from unpacker import HANGING, HANGS, unpacker_doing
from waiting import end_of
from wrappings import PROGRAMS, ar, attached, packed_by, rar5

TIMEOUT = 12        # seconds, where there is a quarter of an hour
ATTEMPTS = 2        # where there are five
BUSY = 12           # messages, so that some child is at work when one is looked for
DATA = user_data() + f"""  extra:
    amavis: |
      $child_timeout = {TIMEOUT};
      $Postcask::Unfinished::attempts = {ATTEMPTS};
      my $describe = \\&File::LibMagic::describe_filename;
      *File::LibMagic::describe_filename = sub {{
          die "cannot allocate\\n" if -e "$MYHOME/typeless";
          goto &$describe;
      }};
      my $check = \\&Amavis::check_mail;
      *Amavis::check_mail = sub {{
          goto &$check if !-e "$MYHOME/refusing";
          $_->recip_done(2) for @{{ $_[0]->per_recip_data }};
          return ('554 5.6.0 never', 0, 0);
      }};
"""


@pytest.fixture(scope="module")
def machine():
    with Machine("children", "10.75.0", data=DATA) as booted:
        yield booted


WORK = "/var/lib/amavis/tmp"


def left_behind(machine):
    """Folders that no child of the filter has any more, and bytes in all."""
    alive = set(machine.run("pgrep", "-u", "amavis").stdout.split())
    folders = [path.name for path in (machine.tree / WORK.lstrip("/")).glob("amavis-*")]
    gone = [name for name in folders if name.split("-")[2].lstrip("0") not in alive]
    return gone, int(machine.run("du", "-sb", WORK).stdout.split()[0])


def test_its_message_goes_on_with_another_child(machine):
    box = Box(machine)
    sent = [machine.send(f"message {number}") for number in range(BUSY)]
    hanging = box.hang(AMAVIS, AT_WORK, 1)[0]
    wait_ended(box, hanging)
    machine.run("postqueue", "-f")                  # Postfix would try again by itself, later
    for message_id in sent:
        machine.wait_message("alice@example.org", message_id, timeout=120)
    assert "which hangs at message" in machine.journal(AMAVIS)
    account = json.loads(machine.run("cat", "/run/postcask/account.json").stdout)
    assert not account["missing"] and not account["unclear"]


def test_what_ends_its_child_each_time_ends_in_the_quarantine(machine):
    """It was tried again for ever, and took a child of the filter for nine minutes each time."""
    box = Box(machine)
    before = kept(machine, "limits")
    with unpacker_doing(machine, HANGS):
        machine.send(attached(rar5(b"heavy notes"), "heavy.rar"))
        for attempt in range(1, ATTEMPTS + 1):
            flush_until(machine, lambda: box.processes(AMAVIS, HANGING))
            wait_ended(box, box.hang(AMAVIS, AT_WORK, 1)[0])
            wait_until(lambda: not box.processes(AMAVIS, HANGING))
            assert [path.stat().st_size for path in counted(machine)] == [attempt]
        new = flush_until(machine, lambda: kept(machine, "limits") - before)
    assert len(new) == 1 and b"heavy.rar" in new.pop().read_bytes()
    Bulk(machine).wait(30)
    assert not counted(machine)
    wait_until(lambda: not left_behind(machine)[0])


def test_what_a_child_started_ends_with_it(machine):
    """Its unpacker went on, and its folder stayed, at each try one more."""
    box = Box(machine)
    with unpacker_doing(machine, HANGS):
        machine.send(attached(rar5(b"lone notes"), "lone.rar"))
        wait_until(lambda: box.processes(AMAVIS, HANGING))
        unpacker = box.processes(AMAVIS, HANGING)
        box.kill(AMAVIS, AT_WORK, 1)
        wait_until(lambda: not set(unpacker) & set(box.processes(AMAVIS, HANGING)))
    wait_until(lambda: not left_behind(machine)[0])
    machine.run("postqueue", "-f")
    Bulk(machine).wait(60)


def flush_until(machine, reached):
    """Postfix would try again by itself, later."""
    end = end_of(120)
    while not (found := reached()):
        assert time.monotonic() < end, machine.run("postqueue", "-p").stdout
        machine.run("postqueue", "-f")
        time.sleep(0.5)
    return found


def wait_until(reached):
    end = end_of(120)
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.2)         # the kernel tells nobody


def wait_ended(box, process):
    end = end_of(4 * TIMEOUT)
    while process in box.processes(AMAVIS):
        assert time.monotonic() < end, "nobody ends it"
        time.sleep(0.1)         # the kernel's own list is looked at once more


def kept(machine, kind):
    """A file is there before its content."""
    found = (machine.tree / "var/lib/postcask/quarantine").glob(f"{kind}-*")
    return {path for path in found if path.stat().st_size}


def counted(machine):
    return list((machine.tree / "var/lib/amavis/unfinished").iterdir())


def test_what_cannot_be_unpacked_in_time_waits(machine):
    """It was passed on as clean when the unpacker did not come back."""
    with unpacker_doing(machine, HANGS):
        machine.send(attached(rar5(b"some notes"), "notes.rar"))
        machine.wait_queued("temporary failures")
        assert "could not be unpacked yet" in machine.journal(AMAVIS)
        assert [path.stat().st_size for path in counted(machine)] == [1]
    machine.run("postqueue", "-f")
    machine.wait_message("alice@example.org", "notes@example.com", timeout=60)
    Bulk(machine).wait(30)
    assert not counted(machine)


def test_what_is_never_unpacked_in_time_ends_in_the_quarantine(machine):
    """It waited for ever, and took a child of the filter for its whole time each time."""
    before = kept(machine, "limits")
    with unpacker_doing(machine, HANGS):
        machine.send(attached(rar5(b"other notes"), "notes.rar"))
        new = flush_until(machine, lambda: kept(machine, "limits") - before)
    assert len(new) == 1 and b"notes.rar" in new.pop().read_bytes()
    Bulk(machine).wait(30)
    assert not counted(machine)


# Lists what is inside, and fails at unpacking it.
FAILS = {"killed": 'case "$1" in x) kill -KILL $$ ;; esac',
         "memory": 'case "$1" in x) echo "ERROR: Can\'t allocate required memory!"; exit 8 ;; esac'}


@pytest.mark.parametrize("how", FAILS)
def test_what_a_program_did_not_unpack_waits(machine, how):
    """A virus was passed on, as damaged, when its unpacker was killed.  clamd does not open this
    kind of archive."""
    image = packed_by(machine, f"/root/{how}", EICAR, {"a.wim": PROGRAMS["a.wim"]})["a.wim"]
    before = kept(machine, "virus")
    with unpacker_doing(machine, FAILS[how]):
        machine.send(attached(image, f"{how}.wim"))
        machine.wait_queued("temporary failures")
        assert [path.stat().st_size for path in counted(machine)] == [1]
    machine.run("postqueue", "-f")
    Bulk(machine).wait(60)
    new = kept(machine, "virus") - before
    assert len(new) == 1 and f"{how}.wim".encode() in new.pop().read_bytes()
    assert not counted(machine)


def test_what_the_filter_refuses_waits(machine):
    """It was bounced to whoever was named as its sender."""
    switch = machine.tree / "var/lib/amavis/refusing"
    switch.touch()
    message_id = machine.send("some words")
    machine.wait_queued("554 5.6.0 never")
    switch.unlink()
    machine.run("postqueue", "-f")
    machine.wait_message("alice@example.org", message_id, timeout=60)
    assert "status=bounced" not in machine.journal("postfix")


def test_what_has_no_type_waits(machine):
    """By its type a part finds its unpacker: without, it would be passed on as it is."""
    before = kept(machine, "virus")
    switch = machine.tree / "var/lib/amavis/typeless"
    switch.touch()
    machine.send(attached(rar5(ar([("notes.gz", gzip.compress(EICAR))])), "typeless.rar"))
    machine.wait_queued("temporary failures")
    assert [path.stat().st_size for path in counted(machine)] == [1]
    switch.unlink()
    new = flush_until(machine, lambda: kept(machine, "virus") - before)
    assert len(new) == 1 and b"typeless.rar" in new.pop().read_bytes()
    Bulk(machine).wait(30)
    assert not counted(machine)


def test_a_failed_try_leaves_nothing(machine):
    """Of each the message stayed, and all that was in it, when clamd was down: 56 MB of one of
    7 MB after five tries."""
    clamd = ["clamav-daemon.socket", "clamav-daemon.service"]
    machine.run("systemctl", "stop", *clamd)
    try:
        message = attached(bytes(3 << 20), "large.bin")
        machine.send(message)
        for attempt in range(1, 6):
            flush_until(machine, lambda: machine.journal(AMAVIS).count("SCANNERS FAILED") >= attempt)
        wait_until(lambda: not machine.run("find", "/var/spool/postfix/active", "-type", "f").stdout)
        gone, size = left_behind(machine)
        # each of three children keeps its last message until the next
        assert not gone and size < 3.1 * len(message)
    finally:
        machine.run("systemctl", "start", *clamd)
    machine.run("postqueue", "-f")
    Bulk(machine).wait(60)


def text_with(word, name):
    return attached(f"some notes, {word}\n".encode(), name)


@pytest.mark.parametrize("word", ["ends-the-scanner", "holds-the-scanner"])
def test_what_no_scanner_survives_ends_in_the_quarantine(machine, word):
    """It was tried for ever, and took the scanner from all others each time.  Theirs, which lost
    their answer as well, are nobody's fault."""
    before = kept(machine, "limits")
    with stub_of_clamd(machine):
        sent = [machine.send(f"message {number}") for number in range(4)]
        machine.send(text_with(word, f"{word}.txt"))
        sent += [machine.send(f"message {number}") for number in range(4)]
        new = flush_until(machine, lambda: kept(machine, "limits") - before)
        for message_id in sent:
            machine.wait_message("alice@example.org", message_id, timeout=60)
        Bulk(machine).wait(60)
        assert len(kept(machine, "limits") - before) == 1
    assert f"{word}.txt".encode() in new.pop().read_bytes()
    assert not counted(machine)


def test_an_outage_of_the_scanner_is_no_messages_fault(machine):
    before = kept(machine, "limits")
    with stub_of_clamd(machine, deaf=True):
        message_id = machine.send("some words")
        for attempt in range(1, ATTEMPTS + 3):
            flush_until(machine, lambda: machine.journal(AMAVIS).count("clamd does not answer") >= attempt)
        assert not counted(machine)
    machine.run("postqueue", "-f")
    machine.wait_message("alice@example.org", message_id, timeout=60)
    assert kept(machine, "limits") == before
