# SPDX-License-Identifier: GPL-3.0-or-later
"""Idle IMAP sessions: many of them, asleep in one process, and each hears what it should; and
connections that never log in."""

import os
import re
import resource
import socket
import time
from pathlib import Path

import pytest

from machine import PASSWORDS, TOP, letter
from test_mailbox import Sieve
from waiting import end_of

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
SESSIONS = 40           # of each of two users, from one address


@pytest.fixture(scope="module", autouse=True)
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


LIMIT = (TOP / "overlays/usr/lib/sysctl.d/51-postcask-inotify.conf").read_text()
WATCHERS = int(re.search(r"^fs.inotify.max_user_instances = (\d+)$", LIMIT, re.M)[1])


@pytest.fixture(scope="module", autouse=True)
def many_watchers():
    """The kernel is the host's, whose own settings no machine that boots natively touches: so the
    limit is what the machine would have set, for as long as these tests run."""
    path = Path("/proc/sys/fs/inotify/max_user_instances")
    before = int(path.read_text())
    if os.geteuid() == 0 and before < WATCHERS:
        path.write_text(f"{WATCHERS}\n")
    yield
    if os.geteuid() == 0 and before < WATCHERS:
        path.write_text(f"{before}\n")


class Idle:
    """A session in IDLE."""

    def __init__(self, machine, user, context=None):
        self.client = machine.imap(user)
        self.client.select("INBOX")
        self.begin()

    def begin(self):
        self.client.send(b"i IDLE\r\n")
        while not self.client.readline().startswith(b"+"):
            pass

    def hears(self, pattern, timeout=20):
        """The first line that is like it; what only keeps the connection open is none."""
        self.client.sock.settimeout(timeout)
        while True:
            line = self.client.readline()
            assert line, "the server closed the connection"
            if re.search(pattern, line):
                return line

    def ends(self):
        self.client.send(b"DONE\r\n")
        self.hears(rb"^i OK")

    def close(self):
        self.client.shutdown()


def processes(machine, name):
    done = machine.run("pgrep", "-x", name, check=False)
    return done.stdout.split()


def asleep(machine, user):
    """How many of the user's sessions the process for sleeping ones holds."""
    return sum(line.split()[:1] == [user] and "imap-hibernate" in line
               for line in machine.run("doveadm", "who", "-1").stdout.splitlines())


def wait_asleep(machine, user, count, timeout=30):
    end = end_of(timeout)
    while asleep(machine, user) < count:
        assert time.monotonic() < end, f"{asleep(machine, user)} of {count} sleep"
        time.sleep(0.2)         # nobody is told of it


def append(machine, user):
    client = machine.imap(user)
    client.append("INBOX", None, None, letter("x").as_bytes())
    client.logout()


@pytest.fixture
def idle(machine):
    session = Idle(machine, CAROL)
    yield session
    session.close()


def test_a_session_wakes_for_mail_flags_removal_and_commands(machine, idle):
    wait_asleep(machine, CAROL, 1)
    message_id = machine.send("while it sleeps", to=CAROL)
    number = int(idle.hears(rb"EXISTS", 60).split()[1])
    wait_asleep(machine, CAROL, 1)
    other = machine.imap(CAROL)
    other.select("INBOX")
    other.store(str(number), "+FLAGS", r"(\Flagged)")
    assert b"\\Flagged" in idle.hears(rb"^\* %d FETCH" % number)
    wait_asleep(machine, CAROL, 1)
    other.store(str(number), "+FLAGS", r"(\Deleted)")
    idle.hears(rb"Deleted")
    other.expunge()
    other.logout()
    idle.hears(rb"^\* %d EXPUNGE" % number)
    wait_asleep(machine, CAROL, 1)
    idle.ends()
    kind, found = idle.client.search(None, "HEADER", "Message-ID", message_id)
    assert (kind, found) == ("OK", [b""])
    idle.begin()
    wait_asleep(machine, CAROL, 1)
    idle.client.send(b"DONE\r\nn NOOP\r\n")        # at once, as programs do
    idle.hears(rb"^i OK")
    idle.hears(rb"^n OK")


def test_a_session_hears_what_came_just_before_it_fell_asleep(machine):
    """Dovecot looks half a second after it was told, and falls asleep meanwhile: of sessions that
    do so one after the other some are in that half second when the first one sleeps."""
    sessions = []
    try:
        for _ in range(12):
            sessions.append(Idle(machine, CAROL))
            time.sleep(0.1)
        wait_asleep(machine, CAROL, 1)
        append(machine, CAROL)
        for session in sessions:
            session.hears(rb"EXISTS")
    finally:
        for session in sessions:
            session.close()


def test_sleeping_sessions_outlive_a_reload(machine, idle):
    wait_asleep(machine, CAROL, 1)
    machine.run("systemctl", "reload", "dovecot.service")
    append(machine, CAROL)
    idle.hears(rb"EXISTS")
    idle.ends()


def test_many_sessions_of_one_address_share_few_processes(machine):
    before = len(processes(machine, "imap-login"))
    sessions = [Idle(machine, user) for user in (ALICE, BOB) for _ in range(SESSIONS)]
    try:
        for user in (ALICE, BOB):
            wait_asleep(machine, user, SESSIONS)
        assert len(processes(machine, "imap-login")) <= max(2, before)
        assert len(processes(machine, "imap-hibernate")) == 1
        message_id = machine.send("for all of them", to="sales@example.org")
        for session in sessions:
            session.hears(rb"EXISTS", 60)
        machine.wait_message(BOB, message_id)
    finally:
        for session in sessions:
            session.close()


def logs_in(machine, port):
    if port in (993, 143):
        client = machine.imap(port=port)
        if port == 143:
            client.starttls_named(machine.tls())
        assert client.login_plain(BOB, PASSWORDS[BOB])[0] == "OK"
        client.logout()
    elif port == 995:
        machine.pop3(BOB).quit()
    else:
        sieve = Sieve(machine)
        sieve.starttls()
        assert sieve.login(BOB, PASSWORDS[BOB]).startswith(b"OK")
        sieve.close()


@pytest.mark.parametrize("port,count", [(993, 3500), (143, 500), (995, 1200), (4190, 1200)])
def test_who_never_logs_in_keeps_nobody_out(machine, idle, port, count):
    """More connections than the port has places, from seven addresses; a few stay, so that 143
    meets 993's as well."""
    held = []
    try:
        for number in range(count):
            held.append(socket.create_connection((machine.host, port), 20,
                                                 (f"{machine.net}.{3 + number % 7}", 0)))
        for _ in range(3):
            logs_in(machine, port)
        append(machine, CAROL)
        idle.hears(rb"EXISTS")          # who is logged in stays
    finally:
        for connection in held:
            connection.close()


def test_the_kernel_lets_every_session_watch_its_folder(machine):
    """What the file says is read; tests/vm has a kernel that does it."""
    said = machine.run("systemd-analyze", "cat-config", "sysctl.d").stdout
    assert WATCHERS >= 3000 and f"fs.inotify.max_user_instances = {WATCHERS}" in said
