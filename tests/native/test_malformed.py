# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed mail: Python's own collection of it and mutants of each message, all accounted for
and no daemon the worse for it.  A run of all tests has every fifth mutant (sample.py)."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from bulk import Bulk
from machine import Machine
from sample import part
from wrappings import crlf

MUTANTS = part(range(510), 5)       # five, so that each part has all ratios and line ends
UNITS = ["amavis", "clamav-daemon", "postfix", "dovecot", "unbound"]
# What a daemon or the Perl in one says when a message was too much for it.
HURT = re.compile(r"segfault|dumped core|panic:|killed by signal|terminated by signal|"
                  r"uninitialized value|Deep recursion|TROUBLE|\bcustom \S+ err", re.IGNORECASE)


def samples():
    for folder in sorted(Path("/usr/lib").glob("python3.*/test/test_email/data")):
        return {path.name: path.read_bytes() for path in sorted(folder.glob("*.txt"))}
    pytest.fail("there is no libpython3-testsuite")


def mutant(data, seed, ratio):
    return subprocess.run(["zzuf", "-s", str(seed), "-r", str(ratio)], input=data,
                          capture_output=True, check=True, timeout=20).stdout


@pytest.fixture(scope="module")
def malformed():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    originals = list(samples().items())
    with Machine("malformed", "10.61.0") as machine:
        bulk = Bulk(machine)
        bulk.add("originals", {name: crlf(data) for name, data in originals})
        # Few bits here, many there; each third with bare line feeds, as a sender may.
        bulk.add("mutants", {
            f"{originals[seed % len(originals)][0]}, seed {seed}": data if seed % 3 else crlf(data)
            for seed in MUTANTS
            for data in [mutant(originals[seed % len(originals)][1], seed,
                                (0.0005, 0.004, 0.02, 0.1)[seed % 4])]})
        bulk.refused = bulk.submit()
        bulk.wait(400)
        yield bulk


def test_every_message_is_refused_at_once_or_accounted_for(malformed):
    assert len(malformed.letters) > len(MUTANTS) + 40
    lost = {name: sender for group, senders in malformed.groups.items()
            for name, sender in senders.items()
            if sender not in malformed.refused and len(malformed.places.get(sender, [])) != 1}
    assert not lost
    # a clear answer, and no habit: most of what is odd is still somebody's mail
    assert all(400 <= code < 600 for code, _ in malformed.refused.values())
    assert len(malformed.refused) < 30, malformed.refused


def test_messages_that_only_look_odd_are_delivered(malformed):
    for name, where in malformed.where("originals").items():
        assert [place for place, _ in where] in (["inbox"], ["spam"]), name


def test_no_daemon_is_the_worse_for_it(malformed):
    machine = malformed.machine
    for unit in UNITS:
        shown = machine.run("systemctl", "show", "-P", "NRestarts", "-P", "ActiveState", unit).stdout
        assert sorted(shown.split()) == ["0", "active"], unit
    # senders' bytes are in it as they came
    journal = machine.run("sh", "-c", "journalctl --no-pager -o cat | tr -cd '\\n\\40-\\176'").stdout
    hurt = [line for line in journal.splitlines() if HURT.search(line)]
    assert not hurt, hurt[:20]
