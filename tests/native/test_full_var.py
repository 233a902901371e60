# SPDX-License-Identifier: GPL-3.0-or-later
"""A first boot on a disk that is nearly full: closed to mail and plain about it, and ready without
anybody's help once there is room."""

import os
import subprocess

import pytest

from machine import Machine, letter
from test_machine import reachable


def size(machine, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", machine.tree.parent], check=True,
                   timeout=20)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")
def test_a_full_disk_at_the_first_boot_heals(tmp_path):
    machine = Machine("nearfull", "10.69.0")
    try:
        size(machine, "24m")            # Postfix wants far more free (queue_minfree)
        machine.start()
        report = machine.report()
        assert report["state"] == "failed" and "smtp" not in report["open"]
        failed = [probe for probe in report["probes"] if probe["result"] == "failed"]
        assert any("452" in probe["detail"] or "nsufficient" in probe["detail"]
                   for probe in failed), failed
        assert not reachable(machine.host, 25, 0.5)
        timer = machine.run("systemctl", "show", "-p", "NextElapseUSecMonotonic,ActiveState",
                            "postcask-again.timer").stdout
        assert "ActiveState=active" in timer and "infinity" not in timer
        size(machine, "80%")
        machine.run("systemctl", "start", "postcask-again.service", timeout=300)
        assert machine.report()["state"] == "ready"
        machine.wait_message("alice@example.org", machine.send(letter("there is room again")))
        before = machine.run("stat", "-c", "%y", "/run/postcask/report.json").stdout
        machine.run("systemctl", "start", "postcask-again.service")
        assert machine.run("stat", "-c", "%y", "/run/postcask/report.json").stdout == before
    finally:
        machine.stop()
