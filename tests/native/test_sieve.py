# SPDX-License-Identifier: GPL-3.0-or-later
"""What people's own filters may do, when and how long; who gets an answer of somebody who is away."""

import re
import time

import pytest

from far import Server
from machine import PASSWORDS, Machine, letter, shifted, user_data
from managesieve import Sieve, active
from test_filter import GTUBE

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
SINK, NET = 2525, "10.119.0"
FAR = "friend@far.example"
AWAY = """require ["vacation", "vacation-seconds"];
vacation :seconds 3600 :subject "Away" "I am at the sea.";
"""


@pytest.fixture(scope="module")
def box():
    data = user_data() + f"""  extra:
    postfix: |
      relayhost = [{shifted("sieve", NET)[1]}.1]:{SINK}
"""
    with Machine("sieve", NET, data) as machine:
        yield machine


@pytest.fixture(scope="module")
def far(box):
    with Server(f"{box.net}.1", SINK) as server:
        yield server


def answers(far):
    return [one for one in far.letters if b"I am at the sea." in one.data]


def arrives(box, message, user=ALICE, sender=FAR, folder="INBOX"):
    box.send(message, sender=sender, to=user)
    return box.wait_message(user, message["Message-ID"], folder=folder)


def test_what_a_script_may_ask_for(box):
    sieve = Sieve(box)
    sieve.starttls()
    offered = re.search(rb'"SIEVE" "([^"]*)"', b"".join(sieve.capabilities))[1].decode().split()
    sieve.close()
    assert {"vacation", "vacation-seconds", "special-use", "fileinto", "mailbox", "regex", "duplicate",
            "include", "imap4flags", "variables", "body", "date", "enotify", "extracttext"} <= set(offered)
    assert not {"editheader", "spamtest", "virustest", "vnd.dovecot.pipe", "vnd.dovecot.filter",
                "vnd.dovecot.execute"} & set(offered)


def test_a_folder_by_what_it_is_for(box):
    script = 'require ["fileinto", "special-use"];\nfileinto :specialuse "\\\\Archive" "Elsewhere";\n'
    with active(box, ALICE, script):
        arrives(box, letter("to be kept", From=FAR), folder="Archive")


def test_who_is_away_answers_people_once_and_nobody_else(box, far):
    """Not lists, nor programs, nor spam; with the answer's own sender, signed."""
    with active(box, ALICE, AWAY):
        arrives(box, letter("when do you come?", From=FAR, To=ALICE))
        answer, = far.wait(lambda one: b"I am at the sea." in one.data)
        arrives(box, letter("and now?", From=FAR, To=ALICE))
        for other, header in (("list@far.example", {"List-Id": "<l.far.example>"}),
                              ("bulk@far.example", {"Precedence": "bulk"}),
                              ("auto@far.example", {"Auto-Submitted": "auto-replied"})):
            arrives(box, letter("news", From=other, To=ALICE, **header), sender=other)
        arrives(box, letter(GTUBE.decode() if isinstance(GTUBE, bytes) else GTUBE, From="spam@far.example",
                            To=ALICE), sender="spam@far.example", folder="Spam")
        arrives(box, letter("hidden", From="blind@far.example", To=BOB), sender="blind@far.example")
        # What is answered next comes after all that was not.
        arrives(box, letter("hello", From="last@far.example", To=ALICE), sender="last@far.example")
        far.wait(lambda one: one.recipients == ["last@far.example"])
    assert [one.recipients for one in answers(far)] == [[FAR], ["last@far.example"]]
    assert re.search(rb"^Auto-Submitted: auto-replied", answer.data, re.M)
    assert re.search(rb"^DKIM-Signature: ", answer.data, re.M)
    assert re.search(rb"^From: .*alice@example.org", answer.data, re.M)


@pytest.mark.parametrize("script,said", [
    ('require "vacation-seconds"; vacation :seconds 1 "again and again";', "under the minimum"),
    ('require "editheader"; addheader "X-Mine" "1";', "editheader"),
    ('require "vnd.dovecot.pipe"; pipe "sh";', "vnd.dovecot.pipe")])
def test_what_is_said_when_it_is_written(box, script, said):
    sieve = Sieve(box)
    sieve.starttls()
    assert sieve.login(BOB, PASSWORDS[BOB]).startswith(b"OK")
    body = script.encode()
    told = b"".join(sieve.command(b'PUTSCRIPT "bad" {%d+}\r\n' % len(body) + body)).decode()
    sieve.close()
    assert said in told, told


def test_a_message_goes_on_to_four(box, far):
    five = "".join(f'redirect "r{number}@far.example";\n' for number in range(5))
    with active(box, BOB, five):
        message = letter("to many", From="many@far.example", To=BOB)
        arrives(box, message, BOB, "many@far.example")      # kept, and no more than that
    with active(box, BOB, five.replace('redirect "r4@far.example";\n', "")):
        box.send(letter("to four", From="many@far.example", To=BOB), sender="many@far.example", to=BOB)
        far.wait_words("to four", count=4)
    assert not [one for one in far.letters if b"to many" in one.data]


def test_a_script_that_does_not_end_ends(box):
    """It would hold a process of deliveries for ever; the message is kept."""
    loop = 'require ["regex", "variables", "body"];\n' + \
        'set "x" "' + "a" * 40 + '!";\n' + \
        'if string :regex "${x}" "^(a+)+(a+)+(a+)+(a+)+(a+)+(a+)+$" { discard; }\n' * 20
    with active(box, CAROL, loop):
        begun = time.monotonic()
        arrives(box, letter("slowly", From=FAR, To=CAROL), CAROL)
        assert time.monotonic() - begun < 60


def test_a_script_is_run_on_what_is_there(box):
    message = letter("of last year", From="old@far.example", To=BOB, subject="invoice")
    arrives(box, message, BOB, "old@far.example")
    sieve = Sieve(box)
    sieve.starttls()
    assert sieve.login(BOB, PASSWORDS[BOB]).startswith(b"OK")
    sieve.put("sort", 'require ["fileinto", "mailbox"];\n'
                      'if header :contains "subject" "invoice" { fileinto :create "Invoices"; }\n')
    sieve.close()
    client = box.imap(BOB)
    assert "FILTER=SIEVE" in client.capabilities or \
        b"FILTER=SIEVE" in client.capability()[1][0]
    client.select("INBOX")
    tag = client._new_tag()
    client.send(tag + b' FILTER SIEVE PERSONAL "sort" SUBJECT invoice\r\n')
    lines = []
    while not (line := client.readline()).startswith(tag):
        lines.append(line)
    assert line.startswith(tag + b" OK"), (line, lines)
    client.logout()
    box.wait_message(BOB, message["Message-ID"], folder="Invoices")
