# SPDX-License-Identifier: GPL-3.0-or-later
"""What was signed leaves as it came, whichever way it takes: every byte from the first line on that
the sender wrote."""

import base64
import json
import os
import re

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import odd_mail
from bulk import Bulk
from far import Server, original
from machine import Machine, shifted, user_data
from test_filter import EICAR, GTUBE

FAR = "friend@far.example"
SINK = 2525
NET = "10.54.0"
DATA = user_data() + f"""    - address: far@example.org
      to: [{FAR}]
  extra:
    postfix: |
      relayhost = [{shifted("unchanged", NET)[1]}.1]:{SINK}
"""


@pytest.fixture(scope="module")
def machine():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("unchanged", NET, DATA) as booted:
        folder = booted.tree / "var/vmail/example.net/carol"
        booted.run("install", "-d", "-o", "vmail", "-g", "vmail", "-m", "0700", *(
            f"/var/vmail/{name}" for name in ("example.net", "example.net/carol")))
        (folder / ".dovecot.sieve").write_text(f'redirect "{FAR}";\n')
        booted.run("chown", "vmail:vmail", "/var/vmail/example.net/carol/.dovecot.sieve")
        yield booted


@pytest.fixture(scope="module")
def sink(machine):
    """By whom it was sent, whatever the sender's address became: what arrived."""
    with Server(f"{machine.net}.1", SINK) as server:
        yield lambda sender: [one.data for one in server.letters if original(one.sender) == sender]


def messages(text, sender, bulk):
    """Each with an address and a Message-ID of its own."""
    made = {}
    for name, (lines, body) in odd_mail.forms(text).items():
        message_id = f"<{bulk.tag}.{len(made)}@example.com>"
        head = (f"From: {sender}\r\nTo: alice@example.org\r\n"
                f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: {message_id}\r\n")
        made[name] = head.encode() + lines + b"\r\n" + body
    return made


def changed(bulk, arrived):
    """Where the first difference is, by name."""
    wrong = {}
    for name, sender in bulk.groups["forms"].items():
        was = dict(bulk.letters)[sender].replace(b"\r\n", b"\n")
        was += b"" if was.endswith(b"\n") else b"\n"
        got = [one.replace(b"\r\n", b"\n") for one in arrived(sender)]
        if not got or not all(one.endswith(b"\n" + was) for one in got):
            wrong[name] = [difference(was, one) for one in got]
    return wrong


def difference(was, got):
    lines = zip(was.split(b"\n"), got[got.find(b"\nFrom: ") + 1:].split(b"\n"))
    return next(((old[:60], new[:60]) for old, new in lines if old != new), "its end")


def in_mailbox(bulk):
    return lambda sender: [path.read_bytes() for place, path in bulk.places.get(sender, [])
                           if place == "inbox"]


def fields(data):
    return data.partition(b"\n\n")[0].replace(b"\n ", b" ").replace(b"\n\t", b"\t").split(b"\n")


def submit(machine, address, text=b"the notes", login=None):
    bulk = Bulk(machine, address=address, login=login)
    bulk.add("forms", messages(text, login or "stranger@example.com", bulk))
    assert not bulk.submit()
    bulk.wait(200)
    return bulk


def test_from_strangers_to_mailboxes(machine):
    bulk = submit(machine, "alice@example.org")
    assert not changed(bulk, in_mailbox(bulk))


@pytest.mark.parametrize("address", ["far@example.org", "carol@example.net"],
                         ids=["alias", "redirect"])
def test_from_strangers_to_other_servers(machine, sink, address):
    bulk = submit(machine, address)
    if address != "far@example.org":
        del bulk.groups["forms"]["return path"]     # Dovecot takes it out of what it redirects
    assert not changed(bulk, sink)


def test_from_a_login(machine, sink):
    bulk = submit(machine, ["alice@example.org", FAR], login="bob@example.org")
    assert not changed(bulk, in_mailbox(bulk))
    assert not changed(bulk, sink)


def test_what_was_released(machine):
    bulk = submit(machine, "alice@example.org", text=EICAR)
    kept = [path for places in bulk.places.values() for place, path in places if place == "quarantine"]
    assert len(kept) == len(bulk.letters) - 1       # one has no body
    machine.run("postcask", "quarantine", "release", *(path.name.partition("-")[2] for path in kept))
    bulk.wait(60)
    assert not changed(bulk, in_mailbox(bulk))


@pytest.fixture(scope="module")
def key():
    """The private key, and what the DNS says of it."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())
    public = made.public_key().public_bytes(serialization.Encoding.DER,
                                            serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


# What is added above the message: no signature holds that says there is no more of it.
OURS = {b"x-spam-flag", b"x-spam-status", b"x-spam-score", b"x-spam-level", b"x-virus-scanned",
        b"authentication-results"}


def verifies(data, public):
    return dkim.verify(data, dnsfunc=lambda *_, **__: public)


@pytest.mark.parametrize("form", [b"simple", b"relaxed"])
def test_signatures_verify_where_they_arrive(machine, sink, key, form):
    """Of everything in the header, and of what is not there."""
    private, public = key
    bulk = Bulk(machine, address=["alice@example.org", "far@example.org"])
    signed = {}
    for name, data in messages(b"the notes", "stranger@example.com", bulk).items():
        head = data.partition(b"\r\n\r\n")[0].lower()
        listed = re.findall(rb"(?m)^([\w.-]+):", head)
        missing = {b"bcc", *listed} - OURS
        signer = dkim.DKIM(data)
        signer.should_not_sign = set()
        data = signer.sign(b"a", b"example.com", private, canonicalize=(form, form),
                           include_headers=sorted(missing) + listed) + data
        if verifies(b"Return-Path: <a@b>\r\nReceived: from a by b\r\n" + data, public):
            signed[name] = data         # some cannot be, with names like these
    assert len(signed) >= 18
    bulk.add("signed", signed)
    assert not bulk.submit()
    bulk.wait(200)
    for name, sender in bulk.groups["signed"].items():
        arrived = in_mailbox(bulk)(sender) + sink(sender)
        assert len(arrived) == 2, name
        for data in arrived:
            assert verifies(re.sub(rb"\r?\n", b"\r\n", data), public), name


def given(machine, login, head, body=b"the notes"):
    """The header of one message, as it arrives."""
    bulk = Bulk(machine, login=login)
    bulk.add("one", {"one": head + b"\r\n" + body + b"\r\n"})
    assert not bulk.submit()
    bulk.wait(60)
    (_, path), = bulk.where("one")["one"]
    return fields(path.read_bytes())


HEAD = b"From: bob@example.org\r\nTo: alice@example.org\r\nSubject: a\r\n"
# From outside, where one of our own in From is spam.
STRANGE_HEAD = HEAD.replace(b"bob@example.org", b"bob@example.com")
SIGNED = (b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a; bh=; b=;\r\n"
          b"\th=From : To:bcc: Date:\r\n message-id\r\n")


def names(lines):
    return [line.partition(b":")[0].lower() for line in lines]


def test_what_a_login_left_out_is_added(machine):
    """It was, signed or not; and who is in Bcc is nobody's business."""
    lines = names(given(machine, "bob@example.org", HEAD + b"Bcc: carol@example.net\r\n"))
    assert lines.count(b"date") == lines.count(b"message-id") == 1 and b"bcc" not in lines
    lines = names(given(machine, "bob@example.org", SIGNED + HEAD))
    assert b"date" not in lines and b"message-id" not in lines
    lines = names(given(machine, None, STRANGE_HEAD))
    assert b"date" not in lines and b"message-id" not in lines


SAYS = (b"X-Spam-Flag: %s\r\nX-Spam-Status: %s, score=%d\r\nX-Spam-Score: %d\r\n"
        b"X-Spam-Level: %s\r\nX-Spam-Report: some\r\n")
SPAM, HAM = SAYS % (b"YES", b"Yes", 9, 9, b"*********"), SAYS % (b"no", b"NO", -9, -9, b"")


@pytest.mark.parametrize("theirs,text,stay", [
    (SPAM, b"the notes", False), (HAM, b"the notes", True),
    (SPAM, GTUBE.encode(), True), (HAM, GTUBE.encode(), False),
    (b"X-Spam-Flag: maybe\r\nX-Spam-Score: nan\r\nX-Spam-Level: ?\r\n", b"the notes", False)],
    ids=["spam for none", "none", "spam", "none for spam", "neither"])
def test_other_verdicts_stay_where_ours_is_the_same(machine, theirs, text, stay):
    lines = given(machine, None, STRANGE_HEAD + theirs, text)
    was = [line for line in theirs.split(b"\r\n") if line and b"Report" not in line]
    assert [line in lines for line in was] == [stay] * len(was)
    assert lines.count(b"X-Spam-Report: some") == theirs.count(b"X-Spam-Report")


def test_results_in_our_name_are_taken_out(machine):
    ours = [b"mail.example.org; dkim=pass", b"(a) MAIL.example.org; spf=pass",
            b'"mail.example.org; spf=pass', b"(mail.example.org; spf=pass"]
    lines = given(machine, None, b"".join(
        b"Authentication-Results: %s\r\n" % one for one in ours) + STRANGE_HEAD)
    assert not [line for line in lines if line.endswith(b"=pass")]


def test_the_account_misses_none_of_them(machine):
    mail = json.loads(machine.run("postcask", "status", "--json", check=False).stdout)["mail"]
    assert mail["missing"] == mail["unclear"] == mail["quarantine_gone"] == 0
