# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a login or a stranger may send: what is over it is asked to come later; a password that
was stolen stops sending, its owner and the postmaster hear of it, and all of it goes on when
somebody says so.  One machine, with limits that a test can reach."""

import contextlib
import json
import os
import re
import smtplib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from far import Server
from machine import PASSWORDS, Machine, letter, shifted, user_data
from waiting import end_of, wait_until

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
SINK, NET = 2525, "10.73.0"
HOUR, STRANGERS = 40, 6
SESSIONS, MESSAGES = 12, 12     # of the thief, each message to one recipient
POLICY = "postcask-policy.service"

DATA = user_data() + f"""  postmaster: {CAROL}
  limits:
    user_recipients_per_hour: {HOUR}
    user_recipients_per_day: 1000
    recipient_messages_per_hour: {STRANGERS}
  extra:
    postfix: |
      relayhost = [{shifted("limits", NET)[1]}.1]:{SINK}
"""


@pytest.fixture(scope="module")
def machine():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("limits", NET, DATA) as booted:
        yield booted


@pytest.fixture(scope="module")
def far(machine):
    with Server(f"{machine.net}.1", SINK) as server:
        yield server


def submit(client, sender, recipients, words="as always"):
    """The answer to DATA, or to the message; what a mail program would show."""
    message = letter(words, From=sender)
    client.rset()
    assert client.mail(sender)[0] == 250
    assert {client.rcpt(one)[0] for one in recipients} == {250}
    client.putcmd("data")
    code, text = client.getreply()
    if code == 354:
        client.send(message.as_bytes(policy=message.policy.clone(linesep="\r\n")) + b".\r\n")
        code, text = client.getreply()
    return code, text.decode()


def people(count, name="p"):
    return [f"{name}{number}@far.example" for number in range(count)]


def test_what_is_over_the_limit_may_come_later(machine, far):
    client = machine.submission(BOB)
    assert submit(client, BOB, people(HOUR - 10))[0] == 250
    code, text = submit(client, BOB, people(20))
    assert code == 450 and re.search(r"4\.7\.1 .*sending limit reached, open again at \d\d:\d\d UTC", text)
    code, text = submit(client, BOB, people(HOUR + 1))
    assert code == 552 and f"limit of {HOUR}" in text
    assert submit(client, BOB, people(8))[0] == 250


def test_a_login_is_one_person_however_it_is_written(machine):
    client = machine.smtp(465)
    client.login("Bob@EXAMPLE.org", PASSWORDS[BOB])
    assert submit(client, BOB, people(3))[0] == 450
    assert submit(client, BOB, people(2))[0] == 250


def test_what_was_sent_is_known_after_a_start(machine):
    machine.run("systemctl", "restart", POLICY)
    assert submit(machine.submission(BOB), BOB, people(1))[0] == 450
    used = json.loads(machine.run("postcask", "limits", "--json").stdout)["limits"]
    hour = next(one for one in used if one["name"] == "user_recipients_per_hour")
    assert hour["most"] == HOUR and hour["used"] == [{"who": BOB, "used": HOUR}]
    shown = machine.run("postcask", "limits").stdout
    assert f"{HOUR} of it: {BOB}" in shown and "recipients of a message" in shown


def answers(machine):
    """Until the service does again: Postfix goes on without one that does not."""
    wait_until(lambda: machine.run("postcask", "limits", check=False).returncode == 0, "it answers")


@pytest.mark.parametrize("fault", ["kill", "stop", "gone"])
def test_without_the_service_everybody_may_send(machine, fault):
    """One who hangs costs Postfix three seconds, and nobody his mail."""
    strike = {"kill": ["kill", "--signal=KILL"], "stop": ["kill", "--signal=STOP"], "gone": ["stop"]}
    client = machine.submission(BOB)
    machine.run("systemctl", *strike[fault], POLICY)
    try:
        begun = time.monotonic()
        code, _ = submit(client, BOB, people(1))
        assert time.monotonic() - begun < 4
    finally:
        machine.run("systemctl", "kill", "--signal=CONT", POLICY, check=False)
        machine.run("systemctl", "start", POLICY)
        answers(machine)
    assert code == 250 or fault == "kill" and code == 450        # systemd was quicker


def test_strangers_are_limited_for_each_recipient(machine):
    """By the network that they come from; the machine itself never is."""
    for _ in range(STRANGERS):
        machine.send("hello", to=CAROL)
    with machine.smtp(source=3) as client:
        client.mail("other@example.com")
        code, text = client.rcpt(CAROL)
        assert code == 450 and b"open again at" in text
        assert client.rcpt(BOB)[0] == 250
    machine.run("smtp-source", "-m", str(3 * STRANGERS), "-s", "2", "-f", "cron@example.com",
                "-t", CAROL, "127.0.0.1:25")


# ---- A password that was stolen ----

class Thief:
    """Many sessions at once, each with more messages than an hour has, which go on whatever they are
    told."""

    def __init__(self, machine, login, sessions=SESSIONS, messages=MESSAGES):
        self.taken, self.lock = 0, threading.Lock()
        with ThreadPoolExecutor(sessions) as pool:
            list(pool.map(lambda number: self.work(machine, login, number, messages), range(sessions)))

    def work(self, machine, login, number, messages):
        client = machine.submission(login, 465)
        for one in range(messages):
            try:
                code, _ = submit(client, login, [f"v{number}-{one}@far.example"], "buy this")
            except (smtplib.SMTPServerDisconnected, AssertionError):   # after twenty errors
                client = machine.submission(login, 465)
                continue
            with self.lock:
                self.taken += code == 250


def held(machine):
    return json.loads(machine.run("postcask", "user", "held", "--json").stdout)


def notice(machine, user, timeout):
    """When it came that somebody is held, and its text."""
    begun = time.monotonic()
    while time.monotonic() - begun < timeout:
        with machine.imap(user) as client:
            client.select("INBOX")
            _, found = client.search(None, "SUBJECT", '"is held"')
            if found[0]:
                _, data = client.fetch(found[0].split()[-1], "(BODY.PEEK[])")
                return time.monotonic() - begun, data[0][1].decode()
        time.sleep(0.2)         # two mailboxes, of which either may be first
    raise TimeoutError(machine.run("journalctl", "--no-pager", "-n", "100").stdout)


FOLDER = "/var/lib/postcask/policy"


@contextlib.contextmanager
def disk_that_hangs(machine):
    """Everything that the service keeps waits for as long as this does: its folder is on a file
    system of its own, which is frozen.  Where no file can be one, the disk does not hang."""
    disk = "/var/tmp/policy.ext4"
    machine.run("sh", "-c", "mknod /dev/loop-control c 10 237; "
                "for i in $(seq 0 15); do mknod /dev/loop$i b 7 $i; done", check=False)
    machine.run("systemctl", "stop", POLICY)
    machine.run("sh", "-c", f"truncate -s 16M {disk} && mkfs.ext4 -q {disk} && mkdir -p /run/kept && "
                f"cp -a {FOLDER} /run/kept")
    can = machine.run("mount", "-o", "loop", disk, FOLDER, check=False).returncode == 0
    if can:
        machine.run("sh", "-c", f"cp -a /run/kept/policy/. {FOLDER} && "
                    f"chown --reference=/run/kept/policy {FOLDER} && chmod 700 {FOLDER}")
    machine.run("systemctl", "start", POLICY)
    answers(machine)
    try:
        if can:
            machine.run("fsfreeze", "--freeze", FOLDER)
        yield
    finally:
        if can:
            machine.run("fsfreeze", "--unfreeze", FOLDER)


@pytest.fixture(scope="module")
def stolen(machine, far):
    with disk_that_hangs(machine):
        return Thief(machine, ALICE)


def test_a_stolen_password_sends_no_more_than_an_hour_has(machine, far, stolen):
    """However long the disk takes that is to keep it: Postfix waits three seconds for an answer."""
    assert stolen.taken == HOUR, machine.run(
        "journalctl", "--no-pager", "-o", "short-precise", "-n", "60", "-u", POLICY, "-u", "postcask-watch",
        "-u", "postcask-hold").stdout
    assert sum(len(one.recipients) for one in far.with_words("buy this")) <= HOUR


def test_owner_and_postmaster_are_told_within_a_minute(machine, stolen):
    _, text = notice(machine, ALICE, 60)
    assert "knows your password" in text
    _, text = notice(machine, CAROL, 10)
    assert f"postcask user release {ALICE}" in text and "twice its limit" in text


def test_status_says_what_to_do(machine, stolen):
    done = machine.run("postcask", "status", "--json", check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 2 and report["state"] == "degraded"
    assert [note for note in report["notes"] if f"postcask user release {ALICE}" in note]


def test_its_queue_is_on_hold_and_nobody_elses(machine, far, stolen):
    [one] = held(machine)
    assert one["address"] == ALICE and one["reason"] == "more"
    gone = len(far.with_words("buy this"))
    assert len(one["ids"]) == stolen.taken - gone
    assert ALICE in machine.run("postcask", "user", "held").stdout
    client = machine.submission(CAROL)
    assert submit(client, CAROL, people(1, "friend"), "from carol")[0] == 250
    far.wait_words("from carol")


def test_what_it_sends_on_is_over_the_limit_still(machine, stolen):
    assert submit(machine.submission(ALICE), ALICE, people(1))[0] == 450
    machine.run("systemctl", "restart", POLICY)
    assert submit(machine.submission(ALICE), ALICE, people(1))[0] == 450
    assert [one["address"] for one in held(machine)] == [ALICE]


def test_release_lets_all_of_it_go_on(machine, far, stolen):
    said = machine.run("postcask", "user", "release", "Alice@example.org").stdout
    assert "may send again" in said
    assert held(machine) == [] and "freed" in said
    far.wait(lambda one: b"buy this" in one.data, min(stolen.taken, 10))
    assert submit(machine.submission(ALICE), ALICE, people(1), "alice again")[0] == 250
    far.wait_words("alice again")
    far.wait(lambda one: b"buy this" in one.data, stolen.taken)
    report = json.loads(machine.run("postcask", "status", "--json", check=False).stdout)
    assert not [note for note in report["notes"] if "is held" in note]
    done = machine.run("postcask", "user", "release", ALICE, check=False)
    assert done.returncode == 1 and "is not held" in done.stderr


def test_what_a_held_login_sends_waits_for_its_release(machine, far):
    """Held for what it did, with room below its limit again: as an hour later."""
    machine.run("systemctl", "stop", POLICY)
    machine.run("sh", "-c", "echo '{\"held\": [{\"address\": \"" + ALICE + "\", \"since\": "
                + str(int(time.time())) + ", \"reason\": \"networks\"}]}' > /var/lib/postcask/policy/held.json"
                " && chown postcask-policy: /var/lib/postcask/policy/held.json")
    machine.run("systemctl", "start", POLICY)
    assert submit(machine.submission(ALICE), ALICE, people(1), "while held")[0] == 250
    [one] = held(machine)
    assert len(one["ids"]) == 1 and not far.with_words("while held")
    traced = machine.run("postcask", "trace", one["ids"][0]).stdout
    assert "put on hold" in traced
    machine.run("postcask", "user", "release", ALICE)
    far.wait_words("while held")


def test_the_account_of_messages_agrees(machine):
    end = end_of(60)
    while time.monotonic() < end:
        account = json.loads(machine.run("cat", "/run/postcask/account.json").stdout)
        if account.get("missing", account) in (0, []) or not account.get("alarms"):
            return
        time.sleep(1)
    raise AssertionError(account)
