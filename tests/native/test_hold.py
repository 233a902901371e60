# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter's way to have a message held, which is nobody else's, and what becomes of mail
that is on hold."""

import email
import email.policy
import json
import time

import pytest

from machine import idle, letter
from waiting import end_of

ALICE, BOB = "alice@example.org", "bob@example.org"
LINE = b"X-Amavis-Hold: CC_UNCHECKED, encrypted archive\r\n"
INNER = (b"Received: from a by b; now\r\n" + LINE + b"From: x@example.net\r\nSubject: inner\r\n"
         b"MIME-Version: 1.0\r\n")
TEXT = b"Content-Type: text/plain\r\n"


def parts(boundary, *contents, kind=b"mixed"):
    body = b"".join(b"--" + boundary + b"\r\n" + content + b"\r\n" for content in contents)
    return (b"Content-Type: multipart/" + kind + b"; boundary=\"" + boundary + b"\"\r\n\r\n"
            + body + b"--" + boundary + b"--\r\n")


ATTACHED = b"Content-Type: message/rfc822\r\n\r\n" + INNER + TEXT + b"\r\ninner text\r\n"
BODIES = {
    "in an attached message": parts(b"A", TEXT + b"\r\nsee\r\n", ATTACHED),
    "in the header of a part": parts(b"A", TEXT + LINE + b"\r\nsee\r\n"),
    "in a part's part": parts(b"A", parts(b"B", TEXT + LINE + b"\r\nsee\r\n")),
    "in a message within a message": parts(b"A", b"Content-Type: message/rfc822\r\n\r\n" + INNER
                                           + parts(b"C", ATTACHED)),
    "in a bounce": parts(b"A", TEXT + b"\r\nno\r\n", b"Content-Type: text/rfc822-headers\r\n\r\n"
                         + INNER, b"Content-Type: message/delivery-status\r\n\r\n" + LINE,
                         kind=b"report; report-type=delivery-status"),
    "all of it attached": b"Content-Type: message/rfc822\r\n\r\n" + INNER + TEXT + b"\r\nx\r\n",
    "in the text": TEXT + b"\r\n" + LINE + b"\r\n" + LINE,
}


def send(machine, header, body):
    message_id = letter("only for its id")["Message-ID"]
    data = (b"From: desk@branch.example\r\nTo: alice@example.org\r\nSubject: hold\r\n"
            b"Date: Tue, 17 Nov 2026 09:02:11 +0100\r\nMessage-ID: " + message_id.encode()
            + b"\r\n" + header + b"MIME-Version: 1.0\r\n" + body)
    machine.send(data)
    return message_id


def on_hold(machine):
    waiting = machine.run("postqueue", "-j").stdout.splitlines()
    return [one["queue_id"] for one in map(json.loads, waiting) if one["queue_name"] == "hold"]


def test_what_stands_inside_a_message_holds_nothing(machine):
    sent = {where: send(machine, b"", body) for where, body in BODIES.items()}
    for where, message_id in sent.items():
        arrived = machine.wait_message(ALICE, message_id)
        assert arrived.endswith(BODIES[where].split(b"\r\n\r\n", 1)[1]), where
    assert not on_hold(machine)


@pytest.mark.parametrize("header", [
    LINE, LINE.lower(), LINE.upper(), b"X-Amavis-Hold:\r\n\tfolded\r\n", b"X-Amavis-Hold:\r\n",
    b"X-Amavis-Hold : x\r\n", LINE + LINE, b"X-Long: " + b"x" * 1500 + b"\r\n" + LINE])
def test_a_strangers_own_header_holds_nothing(machine, header):
    message_id = send(machine, header, TEXT + b"\r\nhello\r\n")
    arrived = machine.wait_message(ALICE, message_id)
    assert b"x-amavis-hold:" not in arrived.lower() and not on_hold(machine)


@pytest.fixture
def held(machine):
    """A message that the filter gives back unscanned, and asks to have held."""
    script = ("import smtplib\n"
              "with smtplib.SMTP('127.0.0.1', 10025) as client:\n"
              "    client.sendmail('s@example.com', ['alice@example.org', 'bob@example.org'],"
              " b'X-Amavis-Hold: yes\\r\\nSubject: x\\r\\n\\r\\nx\\r\\n')\n")
    machine.run("setpriv", "--reuid", "amavis", "--clear-groups", "python3", "-c", script)
    queue_id, = on_hold(machine)
    yield queue_id
    machine.run("postsuper", "-d", "ALL", "hold")


def digest_with(machine, word, timeout=40):
    """The digest that has the word in it."""
    end = end_of(timeout)
    client = machine.imap(ALICE)
    try:
        while True:
            client.select("INBOX", readonly=True)
            found = client.search(None, "SUBJECT", '"on hold"', "BODY", f'"{word}"')[1][0].split()
            if found:
                data = client.fetch(found[-1], "(BODY.PEEK[])")[1][0][1]
                return email.message_from_bytes(data, policy=email.policy.default)
            assert time.monotonic() < end
            idle(client, 5)
    finally:
        client.logout()


def test_what_is_on_hold_is_degraded_and_told(machine, held):
    done = machine.run("postcask", "status", "--json", check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 2 and report["state"] == "degraded"
    assert report["mail"]["queue"]["on_hold"] == 1
    text = machine.run("postcask", "status", check=False).stdout
    assert "degraded: 1 message is on hold in the queue" in text and "postsuper -H ID" in text
    assert "POSTCASK state=degraded" in text
    machine.run("/usr/lib/postcask/postcask-quarantine", "--digest")
    told = digest_with(machine, held)
    text = told.get_content()
    assert "1 on hold in the queue" in told["Subject"] and told["Return-Path"] == "<>"
    assert "from     s@example.com" in text and "to       alice@example.org and 1 more" in text
    assert "postsuper -H ID" in text and "postcat -q ID" in text


def test_the_daily_job_may_look_at_the_queue(machine, held):
    machine.run("rm", "-f", "/var/lib/postcask/diary/quarantine")
    machine.run("systemctl", "start", "postcask-quarantine.service")
    assert "1 on hold told" in machine.journal("postcask-quarantine.service")
    digest_with(machine, held)


def test_a_message_held_by_hand_goes_on_by_hand(machine):
    message = letter("by hand")
    machine.run("systemctl", "stop", "amavis")
    try:
        machine.send(message)
        machine.wait_queued("10024: Connection refused")
        waiting, = [one for one in map(json.loads, machine.run("postqueue", "-j").stdout.splitlines())
                    if "10024: Connection refused" in str(one["recipients"])]
        machine.run("postsuper", "-h", waiting["queue_id"])
    finally:
        machine.run("systemctl", "start", "amavis")
    assert "1 message is on hold" in machine.run("postcask", "status", check=False).stdout
    machine.run("postsuper", "-H", waiting["queue_id"])
    machine.run("postqueue", "-i", waiting["queue_id"])
    machine.wait_message(ALICE, message["Message-ID"])
    assert "on hold in the queue" not in machine.run("postcask", "status", check=False).stdout
