# SPDX-License-Identifier: GPL-3.0-or-later
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from vm import LINE, USER_DATA, MakeRun, VirtualMachine  # noqa: E402

MACHINES = []


def pytest_runtest_teardown(nextitem):
    """After the last test of this folder.  An idle machine takes a third of a processor, and what
    the whole session shares would be there to its end."""
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        for machine in MACHINES:
            machine.kill()


@pytest.fixture(scope="session")
def bios(tmp_path_factory):
    """The example machine, a virtual one, booted once by `make run`, on a disk larger than the
    image."""
    machine = MakeRun(tmp_path_factory.mktemp("bios"))
    MACHINES.append(machine)
    machine.boot()
    machine.knocks = knock_until_ready(machine)
    machine.secrets = machine.listed_secrets()
    yield machine
    machine.kill()


@pytest.fixture(scope="session")
def uefi(tmp_path_factory):
    """Booted by UEFI, for the first time as if it were real hardware."""
    machine = VirtualMachine(tmp_path_factory.mktemp("uefi"), USER_DATA.read_text(), uefi=True)
    MACHINES.append(machine)
    machine.boot("-smbios", "type=1,manufacturer=Dell Inc.,product=OptiPlex 3050")
    machine.wait_line()
    machine.secrets = machine.listed_secrets()
    yield machine
    machine.kill()


def knock_until_ready(machine):
    """A stranger at the mail ports for the whole of a boot; how often he knocked."""
    knocks = 0
    while machine.process.poll() is None and not re.search(LINE, machine.console):
        for name in ("smtp", "imap", "submission"):
            machine.banner(name, timeout=1)
            knocks += 1
    machine.wait_line()
    machine.banner("smtp", timeout=20)
    return knocks
