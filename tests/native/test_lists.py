# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS lists of senders: knotd is the lists, each behind a door of its own by which it fails in every
way that lists have failed; postscreen and postcask-lists are the machine's.  Whatever a list does,
nobody is refused whom it did not list.

A list's waits are HURRY times as short here; POSTCASK_LISTS_HURRY=1 has them as they are."""

import json
import os
import random
import smtplib
import socket
import threading
import time

import dns.message
import dns.rcode
import pytest

import zones as name_servers
from machine import Machine, shifted, user_data
from sample import part
from waiting import end_of
from zones import Door, Zones

HURRY = int(os.environ.get("POSTCASK_LISTS_HURRY", "10"))
CUT, BACK = 60, 600     # seconds that it may take
LIE, LISTING = 2, 60    # that an answer holds
KEY = "s3cr3tk3y"
CODES = {"bl.example": "127.0.0.[2..11]*2", "dq.example": "127.0.0.[2;4..9]*2",
         "wl.example": "127.0.[2..20].[1..3]*-3"}
POINTS = {"bl.example": "127.0.0.2", "dq.example": "127.0.0.2", "wl.example": "127.0.10.0"}
COUNTS = {"bl.example": "127.0.0.4", "dq.example": "127.0.0.4", "wl.example": "127.0.5.3"}
NET = "10.74.0"


class Gate(Door):
    """A list's server: knotd's answers, or none, or a failure, or late."""
    mode = "pass"

    def __init__(self, address, upstream):
        super().__init__(address, upstream, delay=lambda _: 8 if self.mode == "slow" else 0,
                         lose=lambda _: self.mode == "silent")

    def answer(self, question):
        if self.mode != "servfail":
            return super().answer(question)
        failed = dns.message.make_response(dns.message.from_wire(question))
        failed.set_rcode(dns.rcode.SERVFAIL)
        return failed.to_wire()


def reverse(address):
    if ":" in address:
        return ".".join(reversed(socket.inet_pton(socket.AF_INET6, address).hex()))
    return ".".join(reversed(address.split(".")))


class World:
    def __init__(self):
        _, self.net = shifted("lists", NET)
        self.zones = Zones({"ns1": f"{self.net}.1"})
        self.addresses = dict(zip(CODES, (f"{self.net}.{last}" for last in (7, 8, 9))))
        self.listed = {zone: {"127.0.0.2": point, "::ffff:127.0.0.2": point}
                       for zone, point in POINTS.items()}
        self.machine = Machine("lists", NET, user_data() + self.settings())
        self.zones.make()
        self.zones.lead(self.machine)
        drop_in = self.machine.tree / "etc/systemd/system/postcask-lists.service.d/50-hurry.conf"
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text("[Service]\nExecStart=\nExecStart=/usr/lib/postcask/postcask-lists "
                           f"--hurry {HURRY}\n")
        self.gates = {}

    def settings(self):
        items = ", ".join(f'"{KEY + "@" if zone == "dq.example" else ""}{zone}={codes}"'
                          for zone, codes in CODES.items())
        insecure = "".join(f"      domain-insecure: {zone}\n" for zone in CODES)
        stubs = "".join(f"      stub-zone:\n          name: {zone}\n          stub-addr: {address}\n"
                        for zone, address in self.addresses.items())
        return (f"  filter:\n    blocklists: [{items}]\n    blocklist_threshold: 3\n"
                f"  extra:\n    unbound: |\n{insecure}{stubs}")

    def __enter__(self):
        self.machine.start(wait=False)
        self.zones.__enter__()
        self.write()
        self.gates = {zone: Gate(address, f"{self.net}.1").__enter__()
                      for zone, address in self.addresses.items()}
        self.machine.wait_boot()
        self.wait("used")
        return self

    def __exit__(self, *_):
        self.machine.stop()
        for gate in self.gates.values():
            gate.__exit__()
        self.zones.__exit__()

    def write(self, wild=None):
        """What the lists have, or one answer to everything."""
        texts = {}
        for zone in CODES:
            below = f".{KEY}" if zone == "dq.example" else ""
            lines = [f"{reverse(address)}{below} {LISTING} A {code}"
                     for address, code in self.listed[zone].items()]
            if wild:
                lines = [f"*{below} {LIE} A {wild[zone]}"]
            texts[zone] = "\n".join(lines) + "\n"
        self.zones.set_all(texts)

    def list(self, address, *zones):
        for zone in zones:
            self.listed[zone][address] = COUNTS[zone]
        self.write()

    def fail(self, kind):
        """All three at once, in one way; "pass" ends it."""
        wild = {"blocked": dict.fromkeys(CODES, "127.255.255.254"), "wildcard": COUNTS,
                "outside": dict.fromkeys(CODES, "203.0.113.80"),
                "no trust": dict.fromkeys(CODES, "127.0.0.255")}
        self.write(wild.get(kind))
        for gate in self.gates.values():
            gate.mode = kind if kind in ("silent", "servfail", "slow") else "pass"

    def states(self):
        done = self.machine.run("postcask", "lists", "--json", check=False)
        return {one["zone"]: one for one in json.loads(done.stdout)}

    def wait(self, state, timeout=BACK):
        """Until all lists are in that state; how long that took."""
        begin = time.monotonic()
        while {one["state"] for one in self.states().values()} != {state}:
            assert time.monotonic() - begin < timeout, self.states()
            time.sleep(0.1)     # the file tells nobody that it is another
        return time.monotonic() - begin

    def ask(self, zone, address):
        """As postscreen asks: the codes, and how long that took."""
        begin = time.monotonic()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(self.machine.tree / "var/spool/postfix/lists/ask"))
            client.sendall(f"rbl_domain\0{zone}\0client_address\0{address}\0label\0007\0\0".encode())
            answer = b""
            while more := client.recv(4096):
                answer += more
        words = answer.decode().split("\0")
        assert words[:6] == ["rbl_domain", zone, "client_address", address, "label", "7"], words
        return words[7], time.monotonic() - begin

    def wait_listed(self, address, *zones, timeout=BACK):
        """Until the lists' answers arrive in time: on a busy machine one may not."""
        end = end_of(timeout)
        for zone in zones or CODES:
            while self.ask(zone, address)[0] != COUNTS[zone]:
                assert time.monotonic() < end, self.states()
                time.sleep(0.2)

    def rcpt(self, source):
        """What becomes of a message from a client, and how long its greeting took."""
        begin = time.monotonic()
        with smtplib.SMTP(self.machine.host, 25, timeout=20, source_address=(source, 0)) as client:
            waited = time.monotonic() - begin
            client.ehlo("client.example.com")
            client.mail("stranger@example.com")
            return *client.rcpt("alice@example.org"), waited


@pytest.fixture(scope="module")
def world():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    name_servers.TTL = LIE
    with World() as world:
        yield world


class Honest:
    """Clients of whom no list says anything, one after the other, all the time."""

    def __init__(self, world):
        self.world, self.over = world, threading.Event()
        self.asked, self.listed, self.slowest = 0, [], 0
        self.thread = threading.Thread(target=self.go, daemon=True)

    def go(self):
        numbers = random.Random(1)
        while not self.over.wait(0.05):
            zone = list(CODES)[self.asked % 3]
            address = f"11.{numbers.randrange(256)}.{numbers.randrange(256)}.{numbers.randrange(256)}"
            codes, seconds = self.world.ask(zone, address)
            self.asked += 1
            self.slowest = max(self.slowest, seconds)
            if codes:
                self.listed.append((zone, address, codes))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)


def test_who_is_listed_is_refused_and_told_by_whom(world):
    world.list(f"{world.net}.3", "bl.example", "dq.example")
    world.wait_listed(f"{world.net}.3", "bl.example", "dq.example")
    code, said, _ = world.rcpt(f"{world.net}.3")
    assert code == 550
    assert b"blocked using" in said and b".example, a list of addresses that unwanted mail" in said
    assert KEY.encode() not in said


def test_one_light_list_alone_refuses_nobody(world):
    world.list(f"{world.net}.4", "bl.example")
    world.wait_listed(f"{world.net}.4", "bl.example")
    assert world.rcpt(f"{world.net}.4")[0] == 250


def test_who_is_welcome_is_let_in_at_once(world):
    world.list(f"{world.net}.5", *CODES)
    world.list(f"{world.net}.6", "wl.example")
    world.wait_listed(f"{world.net}.6", "wl.example")
    world.wait_listed(f"{world.net}.5")
    code, _, waited = world.rcpt(f"{world.net}.6")
    assert code == 250 and waited < 2       # and not the three seconds of a stranger
    assert world.rcpt(f"{world.net}.5")[0] == 250


def test_ipv6(world):
    source = f"fd00:{world.net.replace('.', ':')}::1"
    world.list(source, "bl.example", "dq.example")
    world.wait_listed(source, "bl.example", "dq.example")
    assert world.ask("bl.example", "2001:db8:1::1")[0] == ""


def test_the_key_is_in_no_place_that_others_see(world):
    world.wait_listed(f"{world.net}.3", "dq.example")   # by the key alone
    box = world.machine
    said = [box.run("postconf").stdout, box.run("postconf", "-M").stdout,
            box.run("journalctl", "--no-pager", "-o", "cat").stdout,
            box.run("postcask", "status", "--json", check=False).stdout,
            box.run("postcask", "lists").stdout,
            box.run("cat", "/run/postcask/verify-settings.json").stdout,
            box.run("sh", "-c", "cat /proc/[0-9]*/cmdline").stdout]
    assert not [text for text in said if KEY in text]
    readable = box.run("setpriv", "--reuid=nobody", "--clear-groups", "sh", "-c",
                       f"grep -rls {KEY} /etc /var/lib/postcask /var/spool/postfix /run /usr/share/postcask",
                       check=False).stdout.split()
    assert readable == []
    assert box.run("stat", "-L", "-c", "%a %U %G", "/etc/postcask/lists").stdout.split() == \
        ["640", "root", "postcask-lists"]


KINDS = ["blocked", "silent", "wildcard", "slow", "outside", "servfail", "no trust"]


@pytest.mark.parametrize("kind", part(KINDS, 3))
def test_a_list_that_fails_refuses_nobody_and_comes_back(world, kind):
    listed = "192.88.99.7"
    world.list(listed, *CODES)
    with Honest(world) as honest:
        world.wait_listed(listed)
        world.fail(kind)
        cut = world.wait("cut", CUT)
        assert {world.ask(zone, listed)[0] for zone in CODES} == {""}
        sentences = [one["sentence"] for one in world.states().values()]
        status = world.machine.run("postcask", "status", check=False).stdout
        assert all(sentence in status for sentence in sentences)
        world.fail("pass")
        back = world.wait("used", BACK)
        world.wait_listed(listed)
    print(f"{kind}: cut after {cut:.1f} s, back after {back:.1f} s, {honest.asked} honest asked, "
          f"slowest {honest.slowest:.2f} s")
    assert honest.listed == []
    assert honest.asked > 10 and honest.slowest < 3


def test_a_cut_outlasts_restarts(world):
    world.fail("blocked")
    world.wait("cut", CUT)
    since = {zone: one["since"] for zone, one in world.states().items()}
    for unit in ("unbound.service", "postcask-lists.service"):
        world.machine.run("systemctl", "restart", unit)
        assert {world.ask(zone, f"{world.net}.3")[0] for zone in CODES} == {""}
        assert {one["state"] for one in world.states().values()} == {"cut"}
    assert {zone: one["since"] for zone, one in world.states().items()} == since
    shown = world.machine.run("postcask", "lists", check=False)
    assert shown.returncode == 2
    assert "get a key of your own" in shown.stdout                  # bl.example has none
    assert "whether the key is still good" in shown.stdout          # dq.example has one
    assert world.machine.run("postcask", "status", check=False).returncode == 2
    world.fail("pass")
    world.wait("used")


@pytest.mark.parametrize("signal", ["SIGSTOP", "SIGKILL"])
def test_mail_comes_in_without_it(world, signal):
    """Of a client that is listed, too: nobody says so."""
    world.list(f"{world.net}.1", "bl.example", "dq.example")
    machine = world.machine
    if signal == "SIGKILL":
        machine.run("systemctl", "stop", "postcask-lists.service")
    else:
        machine.run("systemctl", "kill", "--signal=SIGSTOP", "postcask-lists.service")
    try:
        code, said, waited = world.rcpt(f"{world.net}.1")
        assert code == 250, said
        assert waited < 6
    finally:
        machine.run("postfix", "stop")
        machine.run("rm", "-rf", "/run/postcask/door/known.lmdb")
        machine.run("systemctl", "kill", "--signal=SIGKILL", "postcask-lists.service", check=False)
        machine.run("systemctl", "restart", "postcask-lists.service", "postfix.service")
    world.wait("used")
