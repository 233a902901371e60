# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine cut off at any moment of its first boot or of a change: afterwards it has the new
settings whole, or still the old ones whole, and is ready either way.

POSTCASK_CUTS says at how many moments (make soak: 40), spread evenly over the work.  What is cut
here is every process at once; that what was written is on the disk is tests/vm/test_power_cuts.py."""

import json
import os
import time
import warnings

import pytest

from machine import Machine
from test_apply import give, settings
from waiting import end_of

CUTS = int(os.environ.get("POSTCASK_CUTS", "1"))
MOMENTS = [(number + 0.5) / CUTS for number in range(CUTS)]
CHANGED = settings(more="  aliases:\n    - address: cut@example.org\n      to: [bob@example.org]\n"
                        "  services:\n    pop3: false\n")


def await_path(box, path, timeout=60):
    """Until the machine has the path, seen from outside: nothing runs inside for it."""
    end = end_of(timeout)
    while not os.path.lexists(box.tree / path):
        assert time.monotonic() < end, f"{path} does not appear"
        time.sleep(0.001)


def wrong(report):
    """What a report says is not as it should be."""
    probes = [probe for probe in report["probes"] if probe["result"] not in ("passed", "skipped")]
    return {"state": report["state"], "drift": report.get("drift"), "notes": report.get("notes"),
            "probes": probes, "account": report.get("account")}


def status(box):
    return json.loads(box.run("postcask", "status", "--json", check=False).stdout)


def ready(box):
    """The report of a machine that is ready.  On a starved one a probe may come late in its boot:
    what the machine does after ten minutes is done at once then, and said in the summary."""
    report = status(box)
    if report["state"] == "degraded":
        warnings.warn(f"at first: {wrong(report)}")
        box.run("postcask", "verify", check=False, timeout=300)
        report = status(box)
    assert report["state"] == "ready" and not report.get("drift"), wrong(report)
    return report


def whole(box):
    """What is in force, after a boot; fails when it is mixed or not ready."""
    report = ready(box)
    listed = box.run("sh", "-c", "cd /var/lib/postcask; ls -A generations keys; test ! -e trial"
                     ).stdout.split()
    assert not [name for name in listed if name.startswith(".")], listed
    in_force = json.loads(box.run("cat", "/var/lib/postcask/current/settings.json").stdout)
    changed = bool(in_force["aliases"] and
                   any(alias["address"] == "cut@example.org" for alias in in_force["aliases"]))
    client = box.smtp(25)       # the daemons run on what the settings in force say
    client.mail("stranger@example.com")
    assert (client.rcpt("cut@example.org")[0] == 250) == changed
    client.quit()
    assert ("pop3" in report["open"]) == (not changed), report["open"]
    return "new" if changed else "old"


@pytest.fixture(scope="module")
def first_boot_seconds():
    """From the first trace of postcask-firstboot to the committed generation."""
    box = Machine("cuttime", "10.101.0", data=settings())
    try:
        box.start(wait=False)
        await_path(box, "var/lib/postcask/generations")
        start = time.monotonic()
        await_path(box, "var/lib/postcask/current")
        return time.monotonic() - start
    finally:
        box.stop()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_first_boot_cut_off(first_boot_seconds, moment):
    box = Machine("cutfirst", "10.101.0", data=settings())
    try:
        box.start(wait=False)
        await_path(box, "var/lib/postcask/generations")
        time.sleep(moment * 1.2 * first_boot_seconds)   # the moment is what is chosen here
        box.boot("halt")
        box.start()
        assert whole(box) == "old"
    finally:
        box.stop()


@pytest.fixture(scope="module")
def change_seconds():
    with Machine.later("cuttime", "10.101.0", data=settings()) as box:
        start = time.monotonic()
        box.run("postcask", "apply", give(box, CHANGED), timeout=300)
        return time.monotonic() - start


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_change_cut_off(change_seconds, moment):
    with Machine.later("cutchange", "10.101.0", data=settings()) as box:
        path = give(box, CHANGED)
        box.run("systemd-run", "--no-block", "-q", "postcask", "apply", path)
        time.sleep(moment * 1.1 * change_seconds)
        box.boot("halt")
        box.start()
        found = whole(box)
        print(f"cut at {moment * 1.1 * change_seconds:.2f} s of {change_seconds:.2f} s: {found}")
