"""No acknowledged message is lost, whatever fails under load.

POSTCASK_FAULT_MOMENTS says how often each fault strikes (make soak: 10), at random moments, and
POSTCASK_FAULT_MESSAGES how many messages are acknowledged in all.  Without the first each fault of
a sample strikes once.  POSTCASK_FAULT_SEED repeats a run's moments."""

import os
import random
import time

import pytest

from fault_table import FAULTS, SAMPLE
from faults import Box, Letters, Load
from machine import Machine, user_data

MOMENTS = int(os.environ.get("POSTCASK_FAULT_MOMENTS", "0"))
STRIKING = FAULTS if MOMENTS else [fault for fault in FAULTS if fault.name in SAMPLE]
MESSAGES = int(os.environ.get("POSTCASK_FAULT_MESSAGES", "20500")) \
    // (len(STRIKING) * max(MOMENTS, 1))            # at each moment
SEED = int(os.environ.get("POSTCASK_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
HEALED, DRAINED = 240, 420          # seconds, after which it counts as not healed

# Everything but SpamAssassin, whose rules take ten times as long as all the rest, and amavis' own
# unpacking, which takes half of that: clamd unpacks for itself.  
DATA = user_data() + """  extra:
    amavis: |
      @bypass_spam_checks_maps = ({ '.example.org' => 1, '.example.net' => 1 });
      $bypass_decode_parts = 1;
"""
HEAD = ("fault", "moments", "sent", "acknowledged", "found", "waiting", "quarantined", "lost",
        "doubled", "back s")


class Row:
    """What came of one fault: a line of the table."""

    def __init__(self, name):
        self.name, self.loads, self.back, self.counts = name, [], 0.0, [0] * 8

    def account(self, store, queued):
        """Where each of its acknowledged messages is; those that are nowhere."""
        taken = [letter for load in self.loads for letter in load.acknowledged.values()]
        missing = [letter for letter in taken if store.missing(letter)]
        lost = [letter for letter in missing if letter.id not in queued]
        viruses = [letter for letter in taken if letter.virus and letter not in missing]
        self.counts = [len(self.loads), sum(load.sent for load in self.loads), len(taken),
                       len(taken) - len(missing) - len(viruses), len(missing) - len(lost),
                       len(viruses), len(lost), sum(map(store.doubled, taken))]
        return lost

    def line(self):
        return [self.name, *map(str, self.counts), f"{self.back:.1f}"]


def print_table(rows):
    lines = [HEAD] + [row.line() for row in rows]
    total = [str(sum(row.counts[column] for row in rows)) for column in range(8)]
    lines.append(["together", *total, ""])
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    print(f"\nseed {SEED}")
    for line in lines:
        print("  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                        for column, (text, width) in enumerate(zip(line, widths))), flush=True)


@pytest.fixture(scope="module")
def box():
    with Machine("faults", "10.67.0", data=DATA) as machine:
        box = Box(machine)
        box.limit_disks()
        yield box


@pytest.fixture(scope="module")
def table():
    return []


class Moment:
    """One fault, once, under load."""

    def __init__(self, box, fault, number):
        self.box, self.fault, self.store = box, fault, box.store
        self.random = random.Random(f"{SEED} {fault.name} {number}")
        name = f"{fault.name.replace(' ', '.')}-{number}"
        self.load = Load(box.connect, Letters(name, self.random.random()), MESSAGES, self.store)

    def watch_until(self, reached, seconds, what):
        watch_until(self.store, reached, seconds,
                    lambda: f"{self.fault.name}: {what}; {self.load.codes}")

    def strike(self):
        """At a random moment; afterwards as much mail comes as wants to."""
        moment = self.random.randrange(MESSAGES // 10, MESSAGES // 2)
        self.watch_until(lambda: len(self.load.acknowledged) >= moment, 120, "no load")
        self.fault.strike(self.box)
        self.load.window = False
        if self.fault.lift:
            end = time.monotonic() + self.random.uniform(0.5, self.fault.hold)
            self.watch_until(lambda: time.monotonic() >= end, self.fault.hold + 1, "")
            self.fault.lift(self.box)

    def heal(self):
        """Seconds until a message that was sent now has come through, new ones being tried."""
        start, tried, probes = time.monotonic(), -1.0, []

        def through():
            nonlocal tried
            if time.monotonic() - tried >= 0.5:
                tried = time.monotonic()
                letter = self.load.probe()
                probes.extend([letter] if letter else [])
            return any(not self.store.missing(letter) for letter in probes)
        self.watch_until(through, HEALED, "does not come back")
        return time.monotonic() - start


def watch_until(store, reached, seconds, what):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, what()
        time.sleep(0.05)        # the mailboxes are looked at once more
        store.scan()


@pytest.mark.parametrize("fault", STRIKING, ids=lambda fault: fault.name.replace(" ", "-"))
def test_mail_goes_on_after(box, table, fault):
    """What it has left waiting may still wait when the next fault strikes."""
    row = Row(fault.name)
    table.append(row)
    for number in range(max(MOMENTS, 1)):
        moment = Moment(box, fault, number)
        row.loads.append(moment.load)
        try:
            moment.strike()
            row.back = max(row.back, moment.heal())
            moment.watch_until(moment.load.done, HEALED, "takes no mail")
        finally:
            moment.load.stop()
            print(f"{fault.name}: back after {row.back:.1f} s {moment.load.codes}", flush=True)
        assert 535 not in moment.load.codes         # no password was called wrong


def test_no_acknowledged_message_is_lost(box, table):
    """All of them whole, scanned, and no virus in a mailbox, when everything has gone on."""
    taken = [letter for row in table for load in row.loads for letter in load.acknowledged.values()]
    try:
        watch_until(box.store, lambda: not any(map(box.store.missing, taken)), DRAINED,
                    lambda: "mail still waits, or is lost")
    finally:
        queued = box.store.queued()
        box.store.scan()            # once more: what went on between the two looks
        lost = [letter.id for row in table for letter in row.account(box.store, queued)]
        print_table(table)
    assert taken and not lost, lost
    assert not box.store.faults, box.store.faults
