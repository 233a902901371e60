# SPDX-License-Identifier: GPL-3.0-or-later
"""What the whole stack takes of memory: idle without official signatures, and in a machine of
2 GiB with as many signatures as the official set has, which are loaded anew while mail comes."""

import contextlib
import shutil
import subprocess
import threading
from pathlib import Path

from meter import MIB, Meter, limited

HERE = Path(__file__).resolve().parent
# Of 2 GiB, what the kernel and the firmware leave to the system's processes.
SMALL_MACHINE = 1900 * MIB
RELOAD_TIMEOUT = 300


def mail_goes_through(machine, count=8):
    """As many messages as there are filter processes and more, so that each has worked."""
    for message_id in [machine.send(f"message {number}") for number in range(count)]:
        machine.wait_message("alice@example.org", message_id, timeout=300)


def reload_signatures(machine, done):
    """It ends when they are loaded once more."""
    machine.run("systemctl", "reload", "clamav-daemon.service", timeout=RELOAD_TIMEOUT)
    if machine.journal("clamav-daemon.service").count("Database correctly reloaded") < done:
        raise RuntimeError("clamd does not load its signatures anew")


def with_signatures(machine, figure):
    meter, stop = Meter(machine), threading.Event()

    def flow():
        while not stop.wait(0.5):
            machine.send("while signatures are loaded")
    sender = threading.Thread(target=flow, daemon=True)
    sender.start()
    try:
        for times in (1, 2):
            reload_signatures(machine, times)
    finally:
        stop.set()
        sender.join(60)
    mail_goes_through(machine)
    figure("a machine of 2 GiB with 8.7 million signatures: in use", meter.used(), 1850, "MiB")
    figure("processes that the kernel killed in it", meter.killed(), 0)


@contextlib.contextmanager
def small_machine(work, name, net):
    """A machine of 2 GiB with as many signatures as the official ones."""
    layer = work / "signatures-layer"
    folder = layer / "var/lib/clamav"
    shutil.rmtree(layer, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([HERE / "signatures", folder], check=True, timeout=300)
    machine = limited(name, net, SMALL_MACHINE, layer)
    try:
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(layer, ignore_errors=True)


def bench_memory(work, figure, say):
    say("idle memory of the whole stack")
    machine = limited("memory", "10.69.0", 8192 * MIB)
    try:
        mail_goes_through(machine)
        figure("idle memory without official signatures", Meter(machine).used(), 450, "MiB")
    finally:
        machine.stop()
    say("a machine of 2 GiB with signatures like the official ones")
    with small_machine(work, "memory", "10.69.0") as machine:
        with_signatures(machine, figure)
