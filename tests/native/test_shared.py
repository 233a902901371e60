# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes that nobody logs in to and several people share, and who sends as whom: by the settings
and by command, with real sessions."""

import email
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dkim_check import by_python, records
from far import Server
from machine import PASSWORDS, Machine, letter, shifted, user_data
from test_app_passwords import add_addresses, logins
from test_sharing import Session
from waiting import wait_until

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
ODD = "o'neil@example.org"
INFO, DESK = "info@example.org", "d'esk+x@example.org"
ASK = "import socket, sys; s = socket.socket(socket.AF_UNIX); " \
      "s.connect('/run/postcask/directory/control'); s.sendall(sys.argv[1].encode() + b'\\n'); " \
      "assert s.recv(99) == b'{}'"
NAME, NET, SINK = "shared", "10.126.0", 2525


def data():
    """info@ with alice, who manages it, and bob, who reads; an alias leads there."""
    PASSWORDS[ODD] = PASSWORDS[BOB]
    head, rest = user_data().split("  aliases:\n")
    return head + f"""  aliases:
    - address: contact@example.org
      to: [{INFO}]
{rest}  mailboxes: {{sharing: true}}
  shared:
    - address: {INFO}
      name: Information
      members:
        - {{who: {ALICE}, role: manage}}
        - {{who: {BOB}, role: read, send: behalf}}
  senders:
    - login: {BOB}
      for: [{CAROL}]
  dkim: {{sign: [rsa]}}
  filter: {{own_domains: mark}}
  extra:
    postfix: |
      relayhost = [{shifted(NAME, NET)[1]}.1]:{SINK}
"""


@pytest.fixture(scope="module")
def box():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine(NAME, NET, data()) as machine:
        add_addresses(machine)
        yield machine
    del PASSWORDS[ODD]


@pytest.fixture(scope="module")
def far(box):
    with Server(f"{box.net}.1", SINK) as server:
        yield server


def postcask(box, *words, stdin=None, good=True):
    done = box.run("postcask", *words, stdin=stdin, check=False)
    assert (done.returncode == 0) == good, done
    return done.stdout if good else done.stderr


def below(owner, folder=""):
    return f"Shared/{owner}/{folder}".rstrip("/")


def sees(box, user, folder):
    with Session(box, user) as session:
        return folder in session.names("Shared/*")


def test_members_have_all_folders_each_by_his_role(box):
    message_id = box.send("to info", to="contact@example.org")
    names = {below(INFO, name) for name in ("", "Archive", "Drafts", "Sent", "Spam", "Trash")}
    # They are made one after the other.
    wait_until(lambda: all(sees(box, who, name) for who in (ALICE, BOB) for name in names),
               "all of its folders")
    assert box.wait_message(ALICE, message_id, below(INFO))
    with Session(box, ALICE) as alice, Session(box, BOB) as bob, Session(box, CAROL) as carol:
        assert names <= set(alice.names("Shared/*")) and names <= set(bob.names("Shared/*"))
        assert not carol.names("Shared/*") and not carol.select(below(INFO))
        assert bob.select(below(INFO)) and bob.count(below(INFO)) == 1
        assert not bob.append(below(INFO)) and not bob.done("CREATE", f'"{below(INFO, "Bobs")}"')
        bob("STORE", "1", "+FLAGS", "(\\Flagged)")
        # What is made later is everybody's too, at the top and below.
        for folder in ("Offers", "Offers/2026", "Old"):
            assert alice.done("CREATE", f'"{below(INFO, folder)}"'), folder
            assert alice.append(below(INFO, folder))
        assert alice.select(below(INFO)) and "Flagged" not in alice.flags(1)
        alice("STORE", "1", "+FLAGS", "(\\Flagged)")
        assert bob.select(below(INFO)) and "Flagged" in bob.flags(1)
        assert bob.select(below(INFO, "Offers/2026")) and bob.count(below(INFO, "Offers/2026")) == 1
        assert alice.done("RENAME", f'"{below(INFO, "Offers")}"', f'"{below(INFO, "Deals")}"')
        assert alice.done("DELETE", f'"{below(INFO, "Old")}"')
        assert not carol.select(below(INFO, "Deals"))


def test_nobody_logs_in_to_one(box):
    password = PASSWORDS[ALICE]
    with ThreadPoolExecutor(3) as pool:
        said = pool.map(lambda word: logins(box, INFO, word), ["", "x", password])
    assert list(said) == [set(), set(), set()]
    for words in (("app", "add", INFO, "Phone"), ("passwd", INFO), ("enable", INFO), ("main", INFO, "on")):
        assert "shared mailbox" in postcask(box, "user", *words, stdin=password + "\n", good=False)
    assert INFO not in postcask(box, "user", "list")
    db = "/var/lib/postcask/directory/secrets.db"
    dump = box.run("python3", "-c", "import sqlite3,sys\nfor x in sqlite3.connect(sys.argv[1])"
                   ".iterdump(): print(x)", db, check=False).stdout
    assert INFO not in dump.replace("audit", "")


def test_a_command_makes_one_and_takes_members(box):
    assert "no user here" in postcask(box, "shared", "add", DESK, "--member", "who@example.org",
                                      good=False)
    assert "no role" in postcask(box, "shared", "add", DESK, "--member", BOB + ":own", good=False)
    postcask(box, "shared", "add", DESK, "--name", "Desk", "--quota", "1GB", "--member",
             ODD, "--member", BOB + ":read")
    assert "shared mailbox already" in postcask(box, "user", "add", DESK, stdin="three words x\n", good=False)
    assert "settings" in postcask(box, "shared", "member", "add", INFO, CAROL, good=False)
    wait_until(lambda: sees(box, ODD, below(DESK)), 20)
    with Session(box, ODD) as odd, Session(box, BOB) as bob:
        assert odd.append(below(DESK)) and odd.append(below(DESK, "Sent"))
        assert not odd.done("CREATE", f'"{below(DESK, "Own")}"')
        assert bob.select(below(DESK)) and not bob.append(below(DESK))
        # Whoever is out is out at once, and of what he has open too.
        begin = time.monotonic()
        postcask(box, "shared", "member", "remove", DESK, BOB)
        assert not sees(box, BOB, below(DESK))
        assert time.monotonic() - begin < 5
        assert not (bob.done("NOOP") and bob.done("NOOP"))
    postcask(box, "shared", "member", "add", DESK, CAROL + ":manage")
    # What nobody ended, as after a change of the settings, ends by itself.
    with Session(box, ODD) as odd:
        assert odd.select(below(DESK))
        question = {"do": "member-put", "who": "test", "address": DESK, "there": True,
                    "member": {"who": ODD, "role": "post"}}
        box.run("python3", "-c", ASK, json.dumps(question))
        wait_until(lambda: not odd.done("NOOP"), 15)
    postcask(box, "shared", "member", "set", DESK, ODD + ":read")
    assert "no member" in postcask(box, "shared", "member", "set", DESK, BOB, good=False)
    with Session(box, ODD) as odd, Session(box, CAROL) as carol:
        assert odd.select(below(DESK)) and not odd.append(below(DESK))
        assert carol.done("CREATE", f'"{below(DESK, "Own")}"')
    shown = json.loads(postcask(box, "shared", "show", DESK, "--json"))
    assert (shown["name"], shown["quota_mib"], shown["kind"]) == ("Desk", 1024, "shared")
    assert [(one["who"], one["role"]) for one in shown["members"]] == [(CAROL, "manage"), (ODD, "read")]
    # A member who is no user any more is none.
    assert [one["address"] for one in json.loads(postcask(box, "user", "show", ODD, "--json"))["shared"]] \
        == [DESK]


def send(box, login, sender, author, **headers):
    """Its Message-ID, or the reply that refuses the sender."""
    message = letter("of " + login, **{"From": author, "To": "friend@far.example", **headers})
    with box.submission(login) as client:
        client.mail(sender)
        code, said = client.rcpt("friend@far.example")
        if code != 250:
            return code, said.decode()
        client.data(message.as_bytes())
    return message["Message-ID"]


def arrived(box, far, login, sender, author, **headers):
    """Envelope and headers of it elsewhere, where its signature is good."""
    mark = send(box, login, sender, author, **headers)
    assert isinstance(mark, str), mark
    one = far.wait(lambda letter: mark.encode() in letter.data)[0]
    assert by_python(one.data, records(box)), one.data
    return one.sender, email.message_from_bytes(one.data)


def test_members_send_as_the_mailbox_or_on_behalf(box, far):
    sender, found = arrived(box, far, ALICE, INFO, f"Info <{INFO}>")
    assert (sender, found["From"], found["Sender"]) == (INFO, f"Info <{INFO}>", None)
    # as an alias of it too
    sender, found = arrived(box, far, ALICE, ALICE, "contact@example.org")
    assert (sender, found["Sender"]) == (ALICE, None)
    # On behalf: mail programs write the other one as the envelope's sender, and have what they like
    # as Sender.
    for used in (INFO, BOB):
        sender, found = arrived(box, far, BOB, used, INFO, Sender="liar@example.org")
        assert (sender, found["From"], found.get_all("Sender")) == (BOB, INFO, [BOB])
        assert "sender" in re.sub(r"\s", "", found["DKIM-Signature"]).partition("h=")[2].lower()
    sender, found = arrived(box, far, BOB, BOB, CAROL)          # by the settings' senders
    assert (sender, found["From"], found["Sender"]) == (BOB, CAROL, BOB)
    assert "d=example.net" in found["DKIM-Signature"]
    # Who may not.
    assert send(box, CAROL, INFO, INFO)[0] == 553
    mark = send(box, CAROL, CAROL, INFO)
    wait_until(lambda: f"not sent for {CAROL}: this message" in box.journal("amavis"), 30)
    assert not [one for one in far.letters if mark.encode() in one.data]


def test_a_command_says_who_sends_as_whom(box, far):
    assert send(box, ALICE, CAROL, CAROL)[0] == 553
    assert "nobody's here" in postcask(box, "user", "add", "dora@example.org", "--may-send-as",
                                       "nobody@example.org", stdin="three words x\n", good=False)
    postcask(box, "user", "add", "dora@example.org", "--may-send-as", f"{CAROL},sales@example.org",
             stdin="three words x\n")
    PASSWORDS["dora@example.org"] = "three words x"
    sender, found = arrived(box, far, "dora@example.org", CAROL, CAROL)
    assert (sender, found["Sender"]) == (CAROL, None)
    postcask(box, "user", "set", "dora@example.org", "--may-send-as", "", "--may-send-for", CAROL)
    sender, found = arrived(box, far, "dora@example.org", CAROL, CAROL)
    assert (sender, found["Sender"]) == ("dora@example.org", "dora@example.org")
    shown = json.loads(postcask(box, "user", "show", "dora@example.org", "--json"))
    assert (shown["may_send_as"], shown["may_send_for"]) == ([], [CAROL])
    table = postcask(box, "user", "export", "--hashes")
    assert {"may_send_as", "may_send_for", "password_hash"} < set(table.splitlines()[0].split(","))
    postcask(box, "user", "remove", "dora@example.org")
    kept = [table.splitlines()[0]] + [row for row in table.splitlines() if row.startswith("dora@")]
    postcask(box, "user", "import", "-", stdin="\n".join(kept) + "\n")
    shown = json.loads(postcask(box, "user", "show", "dora@example.org", "--json"))
    assert (shown["may_send_as"], shown["may_send_for"]) == ([], [CAROL])
    postcask(box, "user", "remove", "dora@example.org")
    del PASSWORDS["dora@example.org"]


def test_one_that_is_removed_leaves_its_mail(box):
    postcask(box, "alias", "add", "front@example.org", DESK)
    assert "front@example.org" in postcask(box, "shared", "remove", DESK)
    assert not sees(box, CAROL, below(DESK))
    with Session(box, CAROL) as carol:
        assert not carol.select(below(DESK))
    assert DESK in postcask(box, "user", "list")           # among who is gone
    assert (box.tree / "var/vmail/example.org/d'esk+x/Maildir").is_dir()
    postcask(box, "alias", "remove", "front@example.org")
    # Somebody else has the address now, and nobody shares it with him.
    postcask(box, "user", "add", DESK, stdin="three words x\n")
    assert not sees(box, CAROL, below(DESK)) and not sees(box, ODD, below(DESK))
    postcask(box, "user", "remove", DESK)
