# SPDX-License-Identifier: GPL-3.0-or-later
"""No acknowledged message is lost, whatever fails while the whole filter is at work: a machine with
no settings but its users, and mail with archives of many kinds, some with a virus inside.
moments.py says how often."""

import functools
import gzip

import pytest

from fault_table import FILTER_FAULTS, FILTER_HARDEST
from faults import EICAR, WORK, Box, PackedLetters
from machine import Machine
from moments import MOMENTS, Table, mail_goes_on_after, nothing_is_lost, strikes, striking, \
    watch_until
from wrappings import PROGRAMS, ar, archives, attached, packed_by, pdf, rar5

# At each moment.  SpamAssassin takes ten times as long as all the rest.
MESSAGES = 40 if MOMENTS else 18
# What is on its way at once: the fault is to strike what the filter works on, not the queue.
WINDOW = 8
CLEAN = b"".join(b"%d bottles of beer on the wall, or perhaps %x.\n" % (number, number ** 3)
                 for number in range(2000, 0, -1))


@pytest.fixture(scope="module")
def box():
    with Machine("filterfaults", "10.66.0") as machine:
        box = Box(machine)
        box.limit_disks()
        yield box


@pytest.fixture(scope="module")
def table(box):
    return Table("filter-faults", box.store)


@pytest.fixture(scope="module")
def letters(box):
    """No programs of Windows: those are banned, and kept."""
    packed = {virus: archives(data) | packed_by(box.machine, f"/root/{virus}", data, PROGRAMS)
              for virus, data in ((False, CLEAN), (True, EICAR))}
    for files in packed.values():
        del files["sfx.exe"]
    return functools.partial(PackedLetters, packed)


@pytest.mark.parametrize("fault,number", strikes(striking(FILTER_FAULTS, FILTER_HARDEST, 4)))
def test_mail_goes_on_after(box, table, letters, fault, number):
    mail_goes_on_after(fault, number, box, table, MESSAGES, letters=letters, window=WINDOW)


def test_no_acknowledged_message_is_lost(table):
    """What a child hung at waits for its nine minutes first."""
    nothing_is_lost(table, 900)


def quarantined(box, name):
    """How many messages there mention it."""
    folder = box.root / "var/lib/postcask/quarantine"
    return sum(name in path.read_bytes() for path in folder.glob("virus-*"))


def compressed(box, files):
    """Little in the message, and much once it is unpacked."""
    return packed_by(box.machine, "/root/large", ar(files), {"a.lz4": PROGRAMS["a.lz4"]})["a.lz4"]


def stored(_, files):
    """Once in the message, and once more as its part."""
    return rar5(ar(files))


def unpacked(box):
    """What lies there of messages that the filter works on, or has just done with."""
    return list((box.root / WORK.lstrip("/") / "tmp").glob("*/parts/*"))


@pytest.mark.parametrize("pack,size,left", [(compressed, 16 << 20, 4 << 20),
                                            (stored, 3 << 20, 11 << 19)])
def test_what_does_not_fit_on_the_disk_waits(box, pack, size, left):
    """It was passed on, as damaged, with the virus behind what did fit.  clamd opens neither."""
    packed = pack(box, [("zeros", bytes(size)), ("notes.gz", gzip.compress(EICAR))])
    watch_until(box.store, lambda: not unpacked(box), 60, lambda: f"still there: {unpacked(box)}")
    box.fill(WORK, left)
    box.machine.send(attached(packed, f"{pack.__name__}.bin"))
    box.machine.wait_queued("said: 4")
    box.make_room(WORK)
    box.run("postqueue", "-f")
    name = pack.__name__.encode() + b".bin"
    watch_until(box.store, lambda: quarantined(box, name) == 1, 60, lambda: "not kept")


@pytest.mark.parametrize("take", [Box.fill, Box.take_inodes])
def test_a_full_tmp_hides_no_virus(box, take):
    """clamd called clean what it could not unpack there, and it remembered that."""
    name = f"{take.__name__}.pdf"
    take(box, "/tmp", 0)
    try:
        box.machine.send(attached(pdf(EICAR), name))
        watch_until(box.store, lambda: quarantined(box, name.encode()) == 1, 60, lambda: "not kept")
    finally:
        box.make_room("/tmp")
