# SPDX-License-Identifier: GPL-3.0-or-later
"""User-data that is refused by a machine that never had any: mail stays closed, and it says what to
write.  One machine, which is given one after the other and booted with each."""

import json
import re
import shutil

import pytest

from machine import Machine, user_data
from ports import PORTS
from test_machine import reachable

# One question by UDP to the resolver, as the C library would put it; prints the
# answer's code and the last address.
ASK = """
import socket, struct, sys
name = b"".join(bytes([len(label)]) + label for label in sys.argv[1].encode().split(b"."))
question = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + name + b"\\0" + struct.pack(">2H", 1, 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
    connection.settimeout(30)
    connection.connect(("127.0.0.1", 53))
    connection.send(question)
    answer = connection.recv(4096)
print(answer[3] & 15, socket.inet_ntoa(answer[-4:]))
"""
SERVFAIL = "2"


def ask(machine, name):
    return machine.run("python3", "-c", ASK, name).stdout.split()


@pytest.fixture(scope="module")
def bare():
    """Not yet booted, and without a seed."""
    machine = Machine("refused", "10.83.0")
    shutil.rmtree(machine.tree / "var/lib/cloud/seed")
    yield machine
    machine.stop()


def assert_closed(machine):
    report = machine.report()
    assert report["state"] == "failed" and report["open"] == [], report
    assert not any(reachable(machine.host, port, 0.5) for port in PORTS.values())
    active = machine.run("systemctl", "is-active", "postfix.service", "dovecot.service",
                         check=False).stdout.split()
    assert "active" not in active
    return json.dumps(report)


def boot_with(machine, data, vendor=""):
    """What its report says, as text."""
    machine.boot("halt")
    machine.seed(data, "i-native-1")
    (machine.tree / "var/lib/cloud/seed/nocloud/vendor-data").write_text(vendor)
    machine.start()
    return assert_closed(machine)


def test_a_machine_that_was_given_nothing_says_what_to_write(bare):
    """The first test of this machine."""
    bare.start()
    assert "mail:" in assert_closed(bare)


def test_without_mail_in_it(bare):
    assert "mail:" in boot_with(bare, "#cloud-config\n{}\n")


def test_wrong_user_data_is_refused_with_its_place(bare):
    said = boot_with(bare, user_data().replace("users:", "usres:"))
    assert re.search(r":5:\d+: .*usres.*users", said), said
    console = (bare.tree.parent / "console.log").read_text(errors="replace")
    assert "usres" in console or "usres" in bare.journal("postcask-report.service")
    # It has a resolver all the same.
    assert ask(bare, "localhost") == ["0", "127.0.0.1"]
    # There is no way to the root's servers: it says so, and is not silent.
    assert ask(bare, "mail.example.com")[0] == SERVFAIL
    assert bare.run("systemctl", "is-active", "unbound.service").stdout == "active\n"


def test_what_a_daemons_checker_refuses(bare):
    said = boot_with(bare, user_data() + "  extra:\n    amavis: $nosuch = 1;\n")
    assert "mail.extra.amavis: amavis refuses it: " in said


def test_wrong_vendor_data_is_refused_by_its_key(bare):
    said = boot_with(bare, user_data(), "#cloud-config\nmail: {limits: {message_size: 7}}\n")
    assert "message_size_mib" in said
