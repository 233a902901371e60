# SPDX-License-Identifier: GPL-3.0-or-later
"""The plug pulled during a first boot or a change: what was not synced is lost, and what the
machine has afterwards is the new settings whole or the old ones whole, ready either way.  Strangers
send all the while: what was acknowledged is there afterwards, whole, and no virus in a mailbox.

By default one change at one moment, in every second run of all tests; POSTCASK_VM_CUTS (make soak:
40) says at how many moments of changes, of first boots and of mere mail."""

import json
import os
import random
import shlex
import time

import pytest

from mail_load import MailLoad
from sample import part
from vm import USER_DATA, VirtualMachine

CUTS = int(os.environ.get("POSTCASK_VM_CUTS", "1"))
DATA = USER_DATA.read_text()


def changed(number):
    """The example with one alias more, which tells the settings apart."""
    alias = f"    - address: cut{number}@example.org\n      to: [alice@example.org]\n"
    return DATA + ("" if "\n  aliases:" in DATA else "  aliases:\n") + alias


def in_force(machine):
    """Names of the aliases in force; fails when the machine is mixed."""
    said = machine.ssh("sudo postcask status --json", check=False)
    assert said, machine.console[-3000:]
    status = json.loads(said)
    assert status["state"] == "ready" and not status.get("drift"), status
    listed = machine.ssh("sudo sh -c 'cd /var/lib/postcask; ls -A generations keys; ls trial'",
                         check=False).split()
    assert "trial" not in listed and not [name for name in listed if name[0] == "."], listed
    settings = json.loads(machine.ssh("sudo cat /var/lib/postcask/current/settings.json"))
    names = {alias["address"] for alias in settings["aliases"]}
    asked = machine.ssh("sudo postcask alias export")
    assert {name for name in names if name.startswith("cut")} == \
        {line.split(",")[0] for line in asked.splitlines() if line.startswith("cut")}
    return names


def give(machine, number):
    machine.ssh(f"printf %s {shlex.quote(changed(number))} > new.yaml")


def cut(machine, number, moment):
    """Begins a change, cuts it off and boots again; the aliases in force then."""
    give(machine, number)
    machine.ssh("sudo systemd-run --no-block -q postcask apply /home/debian/new.yaml")
    moment()
    machine.kill()
    machine.boot()
    machine.wait_line()
    return {name for name in in_force(machine) if name.startswith("cut")}


def kernel(machine):
    return machine.ssh("uname -r").strip()


def test_real_hardware_boots_the_general_kernel(uefi):
    """Before the first cut: after it the same disk is in a virtual machine."""
    assert kernel(uefi).endswith("-amd64") and "cloud" not in kernel(uefi)
    assert uefi.ssh("systemctl --failed --no-legend --plain").strip() == ""


# A run of all tests has this, or the steps of the clock (test_uefi.py).
if part([True, False], 2)[0]:
    def test_a_change_cut_off_before_it_is_judged_and_mail_meanwhile(uefi):
        """The most delicate moment: it is in force, and on trial."""
        with MailLoad(uefi, clients=1, pause=10) as load:    # so that a slow one has time to change
            def moment():
                uefi.ssh("until test -e /var/lib/postcask/trial; do sleep 0.1; done", timeout=400)
                load.ended.set()        # what is under way now is the last
            load.wait_acknowledged(3)
            assert cut(uefi, 0, moment) <= {"cut0@example.org"}
            assert kernel(uefi).endswith("-cloud-amd64")
        load.account()


if CUTS > 1:
    def test_changes_cut_off_at_many_moments(uefi):
        give(uefi, 0)
        start = time.monotonic()
        uefi.ssh("sudo postcask apply new.yaml", timeout=300)
        seconds = time.monotonic() - start
        before = {"cut0@example.org"}
        for number in range(1, CUTS + 1):
            found = cut(uefi, number, lambda: time.sleep(seconds * (number - 0.5) / CUTS))
            assert found in (before, {f"cut{number}@example.org"})
            before = found

    def test_mail_cut_off_at_many_moments(uefi):
        """One seed a run, printed: the moments can be had again."""
        seed = int(os.environ.get("POSTCASK_SEED", time.time()))
        moments = random.Random(seed)
        loads = []
        for number in range(CUTS):
            with MailLoad(uefi, pause=0.1) as load:
                load.wait_acknowledged(1)
                time.sleep(moments.uniform(0, 20))      # the moment is what is chosen here
                uefi.kill()
                load.ended.set()
            uefi.boot()
            uefi.wait_line()
            loads.append(load)
            found = load.account()
            doubled = len(found) - len({name for name, _, _ in found})
            indexes = uefi.ssh("sudo journalctl -b -q -u dovecot -g 'garbage at EOF' | wc -l").strip()
            print(f"cut {number} of seed {seed}: sent {load.sent}, acknowledged "
                  f"{len(load.acknowledged)}, lost 0, doubled {doubled}, words of Dovecot about "
                  f"damaged indexes {indexes}")
        for load in loads:
            load.account()

    @pytest.mark.parametrize("number", range(CUTS))
    def test_a_first_boot_cut_off(tmp_path, number):
        machine = VirtualMachine(tmp_path, DATA)
        try:
            machine.boot()
            machine.wait_line("Apply the mail server")
            time.sleep(40 * number / CUTS)      # the moment is what is chosen here
            machine.kill()
            machine.boot()
            machine.wait_line()
            in_force(machine)
        finally:
            machine.kill()
