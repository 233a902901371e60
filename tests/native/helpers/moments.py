# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that strike at random moments under load, and the table of what came of them.

POSTCASK_FAULT_MOMENTS says how often each fault strikes (make soak: 10), and
POSTCASK_FAULT_MESSAGES how many messages are acknowledged in all.  Without the first a run of all
tests has some of those that ask most, once (sample.py); else each fault strikes once.  POSTCASK_FAULT_SHARE=2/3 is every third fault, from the second on: the
shares of a long run, each on a machine of its own, run beside each other.  POSTCASK_FAULT_SEED
repeats a run's moments."""

import os
import random
import time

import pytest

from faults import WINDOW, Letters, Load, Store
from machine import TOP
from sample import WHOLE, part
from waiting import end_of

MOMENTS = int(os.environ.get("POSTCASK_FAULT_MOMENTS", "0"))
SHARE = os.environ.get("POSTCASK_FAULT_SHARE", "1/1")
SEED = int(os.environ.get("POSTCASK_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
HEALED, DRAINED = 240, 420          # seconds, after which it counts as not healed
PROBE_AGAIN = 5                     # seconds
LOOKS = 3
KEPT = TOP / "build" / "soak"
HEAD = ("fault", "moments", "sent", "acknowledged", "found", "waiting", "quarantined", "lost",
        "doubled", "seconds")


def striking(faults, hardest, of):
    """All of them, or in a run of all tests one of `of` parts of the hardest."""
    return faults if MOMENTS or WHOLE else \
        part([fault for fault in faults if fault.name in hardest], of)


def strikes(faults):
    """What strikes on this machine, and how often it did before: each once before any comes again,
    so that a run that is ended early has seen all of them.  Faults of one kind stand together in
    the table: each share has some of each kind."""
    number, of = map(int, SHARE.split("/"))
    return [pytest.param(fault, before, id=f"{fault.name.replace(' ', '-')}-{before + 1}")
            for before in range(max(MOMENTS, 1)) for fault in faults[number - 1::of]]


class Row:
    """What came of one fault: a line of the table."""

    def __init__(self, name):
        self.name, self.loads, self.back, self.counts = name, [], 0.0, [0] * 8

    def acknowledged(self):
        return [letter for load in self.loads for letter in load.acknowledged.values()]

    def account(self, store, queued):
        """Where each of its acknowledged messages is; those that are nowhere."""
        taken = self.acknowledged()
        missing = [letter for letter in taken if store.missing(letter)]
        lost = [letter for letter in missing if letter.id not in queued]
        viruses = [letter for letter in taken if letter.virus and letter not in missing]
        self.counts = [len(self.loads), sum(load.sent for load in self.loads), len(taken),
                       len(taken) - len(missing) - len(viruses), len(missing) - len(lost),
                       len(viruses), len(lost), sum(map(store.doubled, taken))]
        return lost

    def line(self):
        return [self.name, *map(str, self.counts), f"{self.back:.1f}"]


class Table:
    """All rows of one machine.  A long run keeps it in build/soak/ too, as it grows."""

    def __init__(self, name, store):
        self.name, self.store, self.rows = name, store, []

    def row(self, name):
        found = [row for row in self.rows if row.name == name]
        if not found:
            self.rows.append(Row(name))
        return found[0] if found else self.rows[-1]

    def acknowledged(self):
        return [letter for row in self.rows for letter in row.acknowledged()]

    def account(self):
        """What is lost, by the last look.  One look can miss what goes on during it, from one queue
        file into another: who misses something looks again."""
        for _ in range(LOOKS):
            queued = self.store.queued()
            self.store.scan()       # once more: what went on between the two looks
            lost = [letter.id for row in self.rows for letter in row.account(self.store, queued)]
            if not lost:
                break
        if MOMENTS:
            KEPT.mkdir(parents=True, exist_ok=True)
            name = f"{self.name}-{SHARE.replace('/', '-of-')}.txt"
            (KEPT / name).write_text(self.text())
        return lost

    def text(self):
        lines = [HEAD] + [row.line() for row in self.rows]
        total = [str(sum(row.counts[column] for row in self.rows)) for column in range(8)]
        worst = max((row.back for row in self.rows), default=0)
        lines.append(["together", *total, f"{worst:.1f}"])
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
        return f"{self.name}, share {SHARE}, seed {SEED}\n" + "".join(
            "  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                      for column, (text, width) in enumerate(zip(line, widths))) + "\n"
            for line in lines)


class Moment:
    """One fault, once, under load."""

    def __init__(self, box, fault, number, messages, letters=Letters, window=WINDOW):
        self.box, self.fault, self.store, self.messages = box, fault, box.store, messages
        self.random = random.Random(f"{SEED} {fault.name} {number}")
        name = f"{fault.name.replace(' ', '.')}-{number}"
        self.load = Load(box.connect, letters(name, self.random.random()), messages, self.store,
                         window)

    def watch_until(self, reached, seconds, what):
        watch_until(self.store, reached, seconds,
                    lambda: f"{self.fault.name}: {what}; {self.load.codes}")

    def strike(self):
        """At a random moment; afterwards as much mail comes as wants to."""
        moment = self.random.randrange(self.messages // 10, self.messages // 2)
        self.watch_until(lambda: len(self.load.acknowledged) >= moment, 120, "no load")
        self.fault.strike(self.box)
        self.load.window = 0
        if self.fault.lift:
            end = time.monotonic() + self.random.uniform(0.5, self.fault.hold)
            self.watch_until(lambda: time.monotonic() >= end, self.fault.hold + 1, "")
            self.fault.lift(self.box)

    def heal(self):
        """Seconds until a message that was sent now has come through.  New ones are tried, seldom
        once one was taken: each of them is work for the machine too."""
        start, tried, probes = time.monotonic(), -PROBE_AGAIN, []

        def through():
            nonlocal tried
            if time.monotonic() - tried >= (PROBE_AGAIN if probes else 0.5):
                tried = time.monotonic()
                letter = self.load.probe()
                probes.extend([letter] if letter else [])
            return any(not self.store.missing(letter) for letter in probes)
        self.watch_until(through, HEALED, "does not come back")
        return time.monotonic() - start


def watch_until(store, reached, seconds, what):
    end = end_of(seconds)
    while not reached():
        assert time.monotonic() < end, what()
        time.sleep(0.05)        # the mailboxes are looked at once more
        store.scan()


def mail_goes_on_after(fault, number, box, table, messages, **options):
    """What it has left waiting may still wait when the next fault strikes."""
    row, moment = table.row(fault.name), Moment(box, fault, number, messages, **options)
    row.loads.append(moment.load)
    try:
        moment.strike()
        back = moment.heal()
        row.back = max(row.back, back)
        print(f"{fault.name}: back after {back:.1f} s {moment.load.codes}", flush=True)
        moment.watch_until(moment.load.done, HEALED, "takes no mail")
    finally:
        moment.load.stop()
    assert 535 not in moment.load.codes         # no password was called wrong
    if MOMENTS:
        table.account()


def nothing_is_lost(table, drained=DRAINED):
    """Everything whole, scanned, and no virus in a mailbox, when everything has gone on."""
    taken, store = table.acknowledged(), table.store

    def waiting():
        return [letter for letter in taken if store.missing(letter)]

    def where():
        queued = store.queued()
        return [(letter.id, letter.virus, store.missing(letter), store.places.get(letter.id),
                 queued.get(letter.id)) for letter in waiting()]
    try:
        watch_until(store, lambda: not waiting(), drained,
                    lambda: f"waits, or is lost: id, virus, not at, at, in the queue: {where()}")
    finally:
        lost = table.account()
        print("\n" + table.text(), flush=True)
    assert taken and not lost, lost
    assert not store.faults, store.faults
    # And still there: what came may not go again, as with an index that says it is expunged.
    again = Store(store.root)
    again.scan()
    gone = [letter.id for letter in taken if again.missing(letter)]
    assert not gone, gone
    delivered = [letter.id for letter in taken if letter.virus
                 and set(store.places.get(letter.id, [])) != {"quarantine"}]
    assert not delivered, f"viruses were delivered: {delivered}"
