# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that runs out of memory: the kernel ends clamd, which comes back, and takes nothing
along; mail goes on, scanned."""

import os
import subprocess
import threading
import time

import pytest

from machine import BOOT, letter
from meter import MIB, Meter, limited
from test_filter import ALICE, EICAR, wait_quarantined
from waiting import end_of
from wrappings import HEADERS, attached, pdf

KEPT = ["postfix.service", "dovecot.service", "amavis.service", "unbound.service"]
ROOM = 96               # MiB that are left before the program takes them
# Takes so many MiB more for each line that it reads, and says so.
GREEDY = "import sys; held = []\nfor line in sys.stdin:\n held.append(b'x' * (int(line) << 20))\n " \
         "print('taken', flush=True)"


SIGNATURES = 500_000    # a sixteenth of the official ones: what clamd holds is what its end gives


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    layer = tmp_path_factory.mktemp("layer")
    folder = layer / "var/lib/clamav"
    folder.mkdir(parents=True)
    (folder / "large.hdb").write_text("".join(
        f"{number * 0x9e3779b97f4a7c15f39cc0605cedc835 % 2**128:032x}:{number}:Test.Large-{number}\n"
        for number in range(1, SIGNATURES)))
    booted = limited("memory", "10.68.0", 8192 * MIB, layer)
    yield booted
    booted.stop()


def show(machine, unit, *names):
    words = [word for name in names for word in ("-p", name)]
    return machine.run("systemctl", "show", "--value", *words, unit).stdout.split()


def main_pids(machine):
    return {unit: show(machine, unit, "MainPID", "NRestarts") for unit in KEPT}


def take_memory(machine, meter, most, step=4):
    """A program of the machine that takes more and more, until the kernel has ended a process for
    it; at most so many MiB."""
    command = [BOOT, machine.name, "exec", "systemd-run", "-q", "--pipe", "python3", "-c", GREEDY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as greedy:
        watchdog = threading.Timer(60, greedy.kill)
        watchdog.start()
        try:
            for _ in range(most // step):
                greedy.stdin.write(f"{step}\n")
                greedy.stdin.flush()
                assert greedy.stdout.readline(), "the program itself was ended"
                if meter.killed():
                    return
            raise AssertionError("the kernel ended nothing")
        finally:
            watchdog.cancel()
            greedy.stdin.close()        # the program ends


def restarts(machine, unit):
    """How often it came back; 0 while it is not there."""
    times, state = show(machine, unit, "NRestarts", "ActiveState")
    return int(times) if state == "active" else 0


def wait_restarted(machine, unit, timeout=60):
    end = end_of(timeout)
    while not restarts(machine, unit):
        assert time.monotonic() < end, f"{unit} does not come back"
        time.sleep(0.1)         # systemd says when it is up; its socket is there all the time


def test_clamd_is_ended_first_and_takes_nothing_along(machine):
    meter = Meter(machine)
    before, clamd = main_pids(machine), show(machine, "clamav-daemon.service", "MainPID")
    sent = [machine.send(f"before, {number}") for number in range(4)]
    meter.limit(meter.used() + ROOM)
    take_memory(machine, meter, 2 * ROOM)
    sent += [machine.send(f"while clamd is gone, {number}") for number in range(4)]
    virus = machine.send(letter(EICAR.decode() + "\n"))
    wait_restarted(machine, "clamav-daemon.service")

    # freshclam, which no mail needs, is the next: both may go, clamd more than once, before the
    # room is there; nothing else does
    killed, updater = meter.killed(), show(machine, "clamav-freshclam.service", "Result")
    assert 1 <= killed <= restarts(machine, "clamav-daemon.service") + (updater != ["success"])
    assert main_pids(machine) == before
    assert show(machine, "clamav-daemon.service", "MainPID") != clamd
    for message_id in sent:
        assert b"X-Virus-Scanned: amavis" in machine.wait_message(ALICE, message_id, timeout=60)
    assert wait_quarantined(machine, virus)


def test_what_clamd_had_no_memory_to_unpack_is_scanned_again(machine):
    meter = Meter(machine)
    meter.limit(meter.used() + ROOM / 2)
    content = os.urandom(16384) * (90 * 64)     # 90 MiB, and little of it when it is packed
    killed, end = meter.killed(), end_of(60)
    machine.send(attached(pdf(content + EICAR), "large.pdf"))
    while meter.killed() == killed:
        assert time.monotonic() < end, "it had memory enough"
        time.sleep(0.1)         # the controller tells nobody
    meter.limit(8192)
    assert wait_quarantined(machine, HEADERS["Message-ID"], timeout=100)
