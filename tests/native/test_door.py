# SPDX-License-Identifier: GPL-3.0-or-later
"""Port 25 has room for everybody: what one client may have of it, and who waits for his turn."""

import contextlib
import json
import socket
import time

import pytest

from firewall_pair import MACHINE, STRANGER, run
from machine import last_line
from waiting import end_of

# Connects from each of the addresses, so often, and holds what it got until it is told to end.
HOLD = """
import json, socket, sys
target, patience, addresses = sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])
held, waiting = [], []
for address in addresses:
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    client.setsockopt(socket.IPPROTO_IPV6 if ":" in address else socket.IPPROTO_IP,
                      78 if ":" in address else 15, 1)         # an address of a route of ours
    client.bind((address, 0))
    client.setblocking(False)
    client.connect_ex((target, 25))
    waiting.append(client)
for client in waiting:
    client.settimeout(patience)
    try:
        if client.recv(100) == b"hello\\r\\n":
            held.append(client)
    except OSError:
        patience = 0.01
        client.close()
print(len(held), flush=True)
sys.stdin.readline()
"""

# The first packet of a connection from each address of 10.96.0.0/12 in turn, each forged.
FORGE = """
import socket, struct, sys
target, count = socket.inet_aton(sys.argv[1]), int(sys.argv[2])
def total(data):
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    value = (value & 0xffff) + (value >> 16)
    return ~((value & 0xffff) + (value >> 16)) & 0xffff
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for number in range(count):
    source = struct.pack("!I", 0x0a600000 + number)
    tcp = struct.pack("!HHIIBBHHH", 1024 + number % 60000, 25, number, 0, 5 << 4, 2, 64240, 0, 0)
    check = total(source + target + struct.pack("!HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, target)
    raw.sendto(head + tcp, (sys.argv[1], 0))
"""


@pytest.fixture
def door(pair):
    pair.listen(25, 993)
    pair.firewall("close")
    pair.firewall("open", "smtp", "imaps")
    # Any number of addresses for the stranger: 10.64.0.0/10 and fd90::/16.
    for family, network in ((4, "10.64.0.0/10"), (6, "fd90::/16")):
        run("ip", "-n", pair.stranger, "route", "add", "local", network, "dev", "lo")
        run("ip", "-n", pair.machine, "route", "add", network, "via", STRANGER[family])
    return pair


def hold(door, addresses, patience=3, family=4):
    """How many of them got in at once; they are held until `release`."""
    child = door.start(door.stranger, "/usr/bin/python3", "-c", HOLD, MACHINE[family],
                       str(patience), json.dumps(addresses))
    return int(child.stdout.readline()), child


def release(child):
    child.stdin.write("\n")
    child.stdin.close()
    child.wait(20)


def test_an_address_has_twenty_connections(door):
    count, first = hold(door, ["10.64.0.1"] * 30)
    assert count == 20
    assert hold(door, ["10.64.0.2"])[0] == 1
    assert door.knock(993) == "hello"            # port 25 alone counts
    release(first)
    assert hold(door, ["10.64.0.1"] * 10)[0] == 10


def test_a_network_of_64_bits_has_forty(door):
    count, _ = hold(door, [f"fd90::{number:x}" for number in range(1, 400)], family=6)
    assert count == 40
    assert hold(door, ["fd90:0:0:1::1"], family=6)[0] == 1


def test_who_comes_too_often_waits(door):
    """The burst that a busy server may have, and then two a second; nobody is told no."""
    count, total = 10, 0
    while count >= 5 and total < 2000:      # of each ten, by then, those of the last seconds
        count, child = hold(door, ["10.64.0.3"] * 10, 1)
        total += count
        release(child)
    assert 300 <= total < 2000
    assert hold(door, ["10.64.0.3"], 10)[0] == 1       # TCP repeats itself, and gets in
    assert hold(door, ["10.64.0.4"])[0] == 1


def test_forged_addresses_without_end_shut_nobody_out(door):
    """The sets are full then, and who finds no room in them is let in uncounted."""
    run("ip", "netns", "exec", door.stranger, "/usr/bin/python3", "-c", FORGE, MACHINE[4], "70000")
    known = door.inside("nft", "list", "set", "inet", "postcask", "smtp_rate").stdout
    assert 60000 < known.count("expires") <= 65536
    assert hold(door, ["10.64.0.5"])[0] == 1
    assert door.firewall("list").returncode == 0


# The machine itself.

@pytest.fixture(scope="module")
def net(machine):
    """As many strangers' addresses as there may be, beside those of the cable."""
    ours = f"10.{128 + int(machine.net.split('.')[2]) % 100}"
    run("ip", "route", "replace", "local", f"{ours}.0.0/16", "dev", "lo")
    machine.run("ip", "route", "replace", f"{ours}.0.0/16", "via", f"{machine.net}.1")
    yield ours
    run("ip", "route", "del", "local", f"{ours}.0.0/16", "dev", "lo")


class Client:
    """Connected to port 25 from an address of its own; what it is told, line by line."""

    def __init__(self, machine, address):
        self.socket = socket.socket()
        self.socket.settimeout(40)
        self.socket.setsockopt(socket.IPPROTO_IP, 15, 1)
        self.socket.bind((address, 0))
        self.begun = time.monotonic()
        self.socket.connect((machine.host, 25))
        self.stream = self.socket.makefile("rb")

    def say(self, line):
        self.socket.sendall(line + b"\r\n")
        return last_line(self.stream)

    def greeted(self):
        """The seconds until the greeting was whole."""
        assert last_line(self.stream).startswith(b"220 ")
        return time.monotonic() - self.begun

    def recipient(self):
        """The answer to an honest RCPT, and the seconds since it connected."""
        self.greeted()
        for line in (b"EHLO client.example.com", b"MAIL FROM:<stranger@example.com>"):
            assert self.say(line).startswith(b"250 ")
        answer = self.say(b"RCPT TO:<alice@example.org>")
        return answer[:3], time.monotonic() - self.begun

    def close(self):
        self.socket.close()


def test_a_stranger_waits_once(machine, net):
    with contextlib.closing(Client(machine, f"{net}.1.1")) as first:
        assert 2 <= first.greeted() < 20
    with contextlib.closing(Client(machine, f"{net}.1.1")) as again:
        assert again.greeted() < 1.5
    assert machine.run("stat", "-c", "%U", "/run/postcask/door/known.lmdb").stdout == "postfix\n"


def test_who_speaks_before_his_turn_is_refused(machine, net):
    with contextlib.closing(Client(machine, f"{net}.1.2")) as client:
        assert client.say(b"EHLO spam.example.com").startswith(b"250 ")
        assert client.say(b"MAIL FROM:<spam@example.com>").startswith(b"250 ")
        assert client.say(b"RCPT TO:<alice@example.org>").startswith(b"550 5.5.1 Protocol error")
    assert "PREGREET 23 after" in machine.journal("postfix.service")
    # and it was not learned that he is good
    with contextlib.closing(Client(machine, f"{net}.1.2")) as again:
        assert again.greeted() > 2


def test_this_machine_never_waits(machine):
    took = machine.run("python3", "-c", "import smtplib, time\nt = time.monotonic()\n"
                       "smtplib.SMTP('localhost').ehlo()\nprint(time.monotonic() - t)").stdout
    assert float(took) < 2


def test_who_is_known_is_forgotten_with_the_power_alone(machine, net):
    with contextlib.closing(Client(machine, f"{net}.1.3")) as first:
        first.greeted()
    machine.run("pkill", "-KILL", "-x", "postscreen")
    with contextlib.closing(Client(machine, f"{net}.1.3")) as again:
        assert again.greeted() < 2


def test_the_silent_leave_room_for_those_who_speak(machine, net):
    """More silent ones than there are servers, who come one after the other."""
    with contextlib.closing(Client(machine, f"{net}.1.1")) as known:
        assert known.recipient()[0] == b"250"
    silent, waited = [], []
    try:
        for number in range(240):
            silent.append(Client(machine, f"{net}.{2 + number // 12}.{1 + number % 12}"))
            if number % 3 == 0:
                time.sleep(0.1)                 # as a network of robots does, and not all at once
            if number % 40 == 39:
                with contextlib.closing(Client(machine, f"{net}.1.1")) as known:
                    answer, seconds = known.recipient()
                    assert answer == b"250"
                    waited.append(seconds)
        end = end_of(30)
        while "ended" not in machine.journal("postcask-door.service"):
            assert time.monotonic() < end, waited
            time.sleep(0.5)
        with contextlib.closing(Client(machine, f"{net}.1.1")) as known:
            assert known.recipient()[0] == b"250"
    finally:
        for client in silent:
            client.close()
    assert max(waited) < 15, waited
