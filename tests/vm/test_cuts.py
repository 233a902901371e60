"""The plug pulled during a first boot or a change: what was not synced is lost, and what the
machine has afterwards is the new settings whole or the old ones whole, ready either way.

POSTCASK_VM_CUTS says at how many moments of a change, and of as many first boots but one
(make soak: 40)."""

import json
import os
import shlex
import time

import pytest

from conftest import USER_DATA
from vm import VirtualMachine

CUTS = int(os.environ.get("POSTCASK_VM_CUTS", "1"))
DATA = USER_DATA.read_text()


def changed(number):
    """The example with one alias more, which tells the settings apart."""
    alias = f"    - address: cut{number}@example.org\n      to: [alice@example.org]\n"
    return DATA + ("" if "\n  aliases:" in DATA else "  aliases:\n") + alias


def in_force(machine):
    """Names of the aliases in force; fails when the machine is mixed."""
    status = json.loads(machine.ssh("sudo postcask status --json", check=False))
    assert status["state"] == "ready" and not status.get("drift"), status
    listed = machine.ssh("sudo sh -c 'cd /var/lib/postcask; ls -A generations keys; ls trial'",
                         check=False).split()
    assert "trial" not in listed and not [name for name in listed if name[0] == "."], listed
    settings = json.loads(machine.ssh("sudo cat /var/lib/postcask/current/settings.json"))
    names = {alias["address"] for alias in settings["aliases"]}
    rendered = machine.ssh("sudo cat /etc/postfix/aliases")
    assert {name for name in names if name.startswith("cut")} == \
        {line.strip() for line in rendered.splitlines() if line.startswith("cut")}
    return names


def give(machine, number):
    machine.ssh(f"printf %s {shlex.quote(changed(number))} > new.yaml")


def test_a_change_cut_off(uefi):
    give(uefi, 0)
    start = time.monotonic()
    uefi.ssh("sudo postcask apply new.yaml", timeout=300)
    seconds = time.monotonic() - start
    expected = {"cut0@example.org"}
    assert expected <= in_force(uefi)
    for number in range(1, CUTS + 1):
        give(uefi, number)
        uefi.ssh("sudo systemd-run --no-block -q postcask apply /home/debian/new.yaml")
        time.sleep(seconds * (number - 0.5) / CUTS)     # the moment is what is chosen here
        uefi.kill()
        uefi.boot()
        uefi.wait_line()
        names = in_force(uefi)
        cut = {name for name in names if name.startswith("cut")}
        assert cut in (expected, {f"cut{number}@example.org"})
        expected = cut
        uefi.ssh("sudo postcask verify", timeout=300)


@pytest.mark.parametrize("number", range(CUTS - 1))
def test_a_first_boot_cut_off(tmp_path, number):
    machine = VirtualMachine(tmp_path, DATA)
    try:
        machine.boot()
        machine.wait_line("postcask-firstboot|Apply the mail server")
        time.sleep(40 * number / CUTS)
        machine.kill()
        machine.boot()
        machine.wait_line()
        in_force(machine)
    finally:
        machine.kill()
