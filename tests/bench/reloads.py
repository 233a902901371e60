# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of signatures as many as the official ones, on a machine of 2 GiB to which a message
comes every half second: what a message waits for the filter, beside what a load takes.  Every
fifth update comes while another is being loaded."""

import re
import statistics
import threading

from memory import small_machine
from meter import Meter
from signature import AS_CLAMAV, found, update

UPDATES = 20
LOAD_TIMEOUT = 600
# As an administrator has them loaded, and as freshclam does.
ORDERS = [["systemctl", "reload", "clamav-daemon.service"],
          [*AS_CLAMAV, "/usr/lib/postcask/postcask-signatures"]]


class Load:
    """A message every half second, and the most memory that the machine takes meanwhile."""

    def __init__(self, machine):
        self.machine, self.meter, self.peak = machine, Meter(machine), 0
        self.sent, self.stop = [], threading.Event()
        self.thread = threading.Thread(target=self.flow, daemon=True)

    def flow(self):
        while not self.stop.wait(0.5):
            self.sent.append(self.machine.send("while signatures are loaded"))
            self.peak = max(self.peak, self.meter.used())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(60)


def said(machine, unit, words):
    return machine.run("journalctl", "-q", "--no-pager", "-o", "short-unix", "-u", unit,
                       "-g", words, check=False).stdout.splitlines()


def order(machine, number):
    machine.run(*ORDERS[number % len(ORDERS)], timeout=LOAD_TIMEOUT)


def update_twice(machine, number):
    """The second is ordered while clamd loads for the first."""
    begun = len(said(machine, "clamav-daemon.service", "^Reading databases"))
    first = threading.Thread(target=order, args=(machine, number))
    first.start()
    while len(said(machine, "clamav-daemon.service", "^Reading databases")) == begun:
        if not first.is_alive():
            raise RuntimeError("nothing was loaded")
    update(machine, f"second {number}")
    order(machine, number + 1)
    first.join(LOAD_TIMEOUT)
    return found(machine, f"second {number}")


def loads(machine):
    """Seconds of each."""
    lines = said(machine, "clamav-daemon.service", "^(Reading databases|Database correctly)")
    times = [(float(line.split()[0]), "Reading" in line) for line in lines]
    return [end - begin for (begin, first), (end, last) in zip(times, times[1:])
            if first and not last]


def waits(machine):
    """Seconds from Postfix's acceptance of a message to the filter's; not the self-tests'."""
    lines = machine.run("journalctl", "--no-pager", "-o", "cat", "-t", "postfix/amavis/smtp").stdout
    return [float(delay) for delay in
            re.findall(r"to=<alice@example\.org>, relay=127\.0\.0\.1\[127\.0\.0\.1\]:10024,.*? delay=([\d.]+),", lines)]


def updates_under_load(machine, figure):
    lost = 0
    with Load(machine) as load:
        for number in range(UPDATES):
            update(machine, f"first {number}")
            if number % 5 == 4:
                lost += not update_twice(machine, number)
            else:
                order(machine, number)
                lost += not found(machine, f"first {number}")
    for message_id in load.sent[-8:]:
        machine.wait_message("alice@example.org", message_id, timeout=300)
    seconds, waited = loads(machine), waits(machine)
    figure("updates that were not loaded", lost, 0)
    figure("times that the watch ended clamd",
           len(said(machine, "postcask-watch.service", "clamav-daemon.*hangs")), 0)
    figure("messages of which the filter has not heard", len(load.sent) - len(waited), 0)
    figure(f"longest wait of {len(waited)} messages - longest of {len(seconds)} loads",
           max(waited) - max(seconds), 5, "s", f"{max(waited):.1f}", f"{max(seconds):.1f}")
    figure("median wait", statistics.median(waited), statistics.median(seconds), "s")
    figure("in use at most, in a machine of 2 GiB", load.peak, 1850, "MiB")
    figure("processes that the kernel killed in it", load.meter.killed(), 0)


def bench_reloads(work, figure, say):
    say("updates of signatures like the official ones while mail comes, for a quarter of an hour")
    with small_machine(work, "reloads", "10.68.0") as machine:
        updates_under_load(machine, figure)
