import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from vm import VirtualMachine  # noqa: E402

USER_DATA = (Path(__file__).resolve().parent.parent.parent / "image" / "example-user-data.yaml")


@pytest.fixture(scope="session")
def bios(tmp_path_factory):
    """The example machine, booted once by BIOS on a disk larger than the image."""
    machine = VirtualMachine(tmp_path_factory.mktemp("bios"), USER_DATA.read_text(), grow_gib=20)
    machine.boot()
    machine.before = observe_until_ready(machine)
    yield machine
    machine.kill()


@pytest.fixture(scope="session")
def uefi(tmp_path_factory):
    machine = VirtualMachine(tmp_path_factory.mktemp("uefi"), USER_DATA.read_text(), uefi=True)
    machine.boot()
    machine.wait_line()
    yield machine
    machine.kill()


def observe_until_ready(machine):
    """What strangers are told on the mail ports until the machine says that it is ready: a list
    of (port, bytes, console at that moment had the report)."""
    from vm import LINE
    import re
    seen = []
    while machine.process.poll() is None:
        for name in ("smtp", "imap", "submission"):
            said = machine.banner(name, timeout=1)
            seen.append((name, said, "postcask-open" in machine.console or
                         bool(re.search(LINE, machine.console))))
        if re.search(LINE, machine.console):
            return seen
        if len(seen) > 2000:
            break
    machine.wait_line()
    return seen
