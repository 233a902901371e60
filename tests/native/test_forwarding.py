# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that only passes through: it leaves with a sender of this machine, and nothing else of it is
changed; its bounces come back; what looks like such a sender and is none is refused."""

import base64
import hashlib
import hmac
import json
import os
import re
import time

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bulk import Bulk
from far import Server, original, spf_judge
from fault_table import POSTSRSD
from machine import HOSTNAME, Machine, letter, shifted, user_data
from sample import WHOLE
from test_account import no_alarm, wait_account

FAR, OTHER, GONE = "friend@far.example", "second@far.example", "gone@far.example"
SINK = 2525
NET = "10.55.0"
DATA = user_data() + f"""    - address: far@example.org
      to: [{FAR}]
    - address: chain@example.net
      to: [far@example.org]
    - address: both@example.org
      to: [alice@example.org, {FAR}, {OTHER}]
    - address: gone@example.org
      to: [{GONE}]
  extra:
    postfix: |
      relayhost = [{shifted("forward", NET)[1]}.1]:{SINK}
"""
RULES = {
    "example.net/carol": f'redirect "{FAR}";\n',
    "example.org/bob": f'require "copy";\nredirect :copy "{FAR}";\n',
}
# The ways by which a stranger's mail leaves again.
WAYS = ["far@example.org", "chain@example.net", "carol@example.net", "bob@example.org"]


@pytest.fixture(scope="module")
def machine():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("forward", NET, DATA) as booted:
        for home, rules in RULES.items():
            folder = f"/var/vmail/{home}"
            booted.run("install", "-d", "-o", "vmail", "-g", "vmail", "-m", "0700",
                       folder.rpartition("/")[0], folder)
            (booted.tree / folder[1:] / ".dovecot.sieve").write_text(rules)
            booted.run("chown", "vmail:vmail", f"{folder}/.dovecot.sieve")
        yield booted


@pytest.fixture(scope="module")
def far(machine):
    with Server(f"{machine.net}.1", SINK) as server:
        server.refused.add(GONE)
        yield server


@pytest.fixture(scope="module")
def secret(machine):
    return machine.run("cat", "/var/lib/postcask/keys/forwarding").stdout.strip()


def srs0(secret, user, domain, day=None, host=HOSTNAME):
    """As this machine makes one, of today or of another day."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    day = int(time.time() // 86400) if day is None else day
    stamp = letters[day >> 5 & 31] + letters[day & 31]
    digest = hmac.new(secret.encode(), f"{stamp}{domain}{user}".lower().encode(), hashlib.sha1)
    return f"SRS0={base64.b64encode(digest.digest())[:6].decode()}={stamp}={domain}={user}@{host}"


def rcpt(machine, address, sender="<>"):
    with machine.smtp() as client:
        client.docmd("MAIL", f"FROM:{sender}")
        code, text = client.docmd("RCPT", f"TO:<{address}>")
        return code, text.decode()


def signed(sender, key, number):
    """An author's message as his server signs it, with all that is in it and what is not."""
    message = letter(f"words of {number}\n", **{"From": sender})
    data = message.as_bytes().replace(b"\n", b"\r\n")
    head = dkim.sign(data, b"a", sender.partition("@")[2].encode(), key[0],
                     include_headers=[b"from", b"from", b"to", b"to", b"subject", b"subject", b"date",
                                      b"message-id", b"reply-to", b"mime-version", b"content-type"])
    return message["Message-ID"], head + data


@pytest.fixture(scope="module")
def key():
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = made.public_key().public_bytes(serialization.Encoding.DER,
                                            serialization.PublicFormat.SubjectPublicKeyInfo)
    return (made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption()),
            b"v=DKIM1; k=rsa; p=" + base64.b64encode(public))


def test_the_story_and_the_account_of_a_forward(machine, far):
    """First of all: what the account knows is what the self-test sent."""
    before = wait_account(machine, lambda found: found["delivered"] >= 4 and found["waiting"] == 0)
    message_id = machine.send("a story", to="chain@example.net", sender="author@author.example")
    one, = far.wait_words(message_id)
    after = wait_account(machine, lambda found: found["delivered"] > before["delivered"])
    assert after["accepted"] == before["accepted"] + 1 and no_alarm(after)
    story, = json.loads(machine.run("postcask", "trace", "--json", message_id.strip("<>")).stdout)
    assert story["state"] == "delivered" and len(story["ids"]) == 3
    assert [to["address"] for to in story["recipients"]] == [FAR]
    text = machine.run("postcask", "trace", message_id.strip("<>")).stdout
    assert f"to be forwarded as from <{one.sender}>" in text


def bounce(message_id, number):
    return (f"From: MAILER-DAEMON@far.example\r\nTo: whoever\r\nSubject: Undelivered {number}\r\n"
            f"Message-ID: <b{number}.{message_id[1:]}\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\n\r\n"
            "It did not arrive.\r\n").encode()


def test_forwards_pass_spf_keep_their_signature_and_bounces_return(machine, far, key):
    """Authors of domains whose SPF allows none but their own servers."""
    number = 200 if WHOLE else 40
    zone = {(HOSTNAME, "TXT"): [[b"v=spf1 a -all"]], (HOSTNAME, "A"): [machine.host]}
    sent, ours = {}, {}
    with machine.smtp() as client:
        for i in range(number):
            sender = f"author+{i}@author{i % 7}.example"
            zone[(sender.partition("@")[2], "TXT")] = [[b"v=spf1 ip4:192.0.2.1 -all"]]
            message_id, data = signed(sender, key, i)
            client.sendmail(sender, WAYS[i % len(WAYS)], data)
            sent[message_id] = sender
    arrived = far.wait(lambda one: original(one.sender) in sent.values(), number, timeout=200)
    judge = spf_judge(machine.tree, zone)
    assert judge(arrived[0].peer, original(arrived[0].sender), HOSTNAME) == "fail"
    for one in arrived:
        message_id, = (name for name in sent if name.encode() in one.data)
        assert original(one.sender) == sent[message_id] and one.recipients == [FAR]
        assert judge(one.peer, one.sender, HOSTNAME) == "pass", one.sender
        assert dkim.verify(one.data, dnsfunc=lambda *_, **__: key[1]), message_id
        assert len(one.sender.partition("@")[0]) <= 64
        ours[one.sender] = message_id
    assert len(ours) == number

    with machine.smtp() as client:
        for i, (address, message_id) in enumerate(ours.items()):
            client.sendmail("", address, bounce(message_id, i))
    returned = far.wait(lambda one: one.sender == "" and b"Undelivered" in one.data, number, 200)
    assert sorted(one.recipients for one in returned) == sorted([sender] for sender in sent.values())
    Bulk(machine).wait(30)


def test_mailboxes_and_our_own_senders_are_left_alone(machine, far):
    """One message for a mailbox and two others; and from a login, and from nobody."""
    message_id = machine.send("to all of them", to="both@example.org", sender="author@author.example")
    there = machine.wait_message("alice@example.org", message_id)
    assert re.search(rb"^Return-Path: <author@author.example>", there, re.M)
    one, = far.wait_words(message_id)              # once, for both of them
    assert sorted(one.recipients) == [FAR, OTHER] and original(one.sender) == "author@author.example"

    mine = letter("mine", **{"From": "alice@example.org"})
    with machine.submission("alice@example.org") as client:
        client.sendmail("alice@example.org", ["far@example.org", OTHER], mine.as_bytes())
    arrived = far.wait_words(mine["Message-ID"], count=2)
    assert {one.sender for one in arrived} == {"alice@example.org"}

    for kept in ("", "o'" + 40 * "l" + "ng@author.example", '"q u"@author.example',
                 "author@[192.0.2.7]", f"bounce-{30 * 'x'}@a.author.example"):
        message_id = machine.send("as it is", sender=kept, to="far@example.org")
        one, = far.wait_words(message_id)
        assert one.sender == kept
    assert len(re.findall("forwarded with its own sender, which is too long or too odd",
                          machine.journal("postfix.service"))) == 4
    Bulk(machine).wait(30)


def test_one_that_was_forwarded_before(machine, far):
    """SRS1: its bounces go to the first who forwarded, through us."""
    first = "SRS0=HHHH=TT=author.example=author@other.example"
    message_id = machine.send("second hand", sender=first, to="far@example.org")
    one, = far.wait_words(message_id)
    assert re.fullmatch(f"SRS1=.{{6}}=other.example==HHHH=TT=author.example=author@{HOSTNAME}",
                        one.sender)
    back = machine.send("it came back", sender="", to=one.sender)
    two, = far.wait_words(back)
    assert two.recipients == [first] and two.sender == ""


def test_the_machines_own_bounce_finds_the_sender(machine, far):
    message_id = machine.send("to nobody", to="gone@example.org", sender="author@author.example")
    one, = far.wait(lambda one: one.recipients == ["author@author.example"])
    assert one.sender == "" and message_id.encode() in one.data and GONE.encode() in one.data
    story = json.loads(machine.run("postcask", "trace", "--json", message_id.strip("<>")).stdout)
    assert [message["state"] for message in story] == ["bounced"]


FORGED = {
    "another hash": "SRS0=AAAAAA={stamp}=author.example=author@{host}",
    "no hash": "SRS0=={stamp}=author.example=author@{host}",
    "half a hash": "SRS0={hash3}={stamp}=author.example=author@{host}",
    "a hash of four, as by default": "SRS0={hash4}={stamp}=author.example=author@{host}",
    "a longer hash of which half is right": "SRS0={hash3}AAAAAA={stamp}=author.example=author@{host}",
    "another day": "SRS0={hash}=AA=author.example=author@{host}",
    "no day": "SRS0={hash}==author.example=author@{host}",
    "half a day": "SRS0={hash}={stamp1}=author.example=author@{host}",
    "a long day": "SRS0={hash}={stamp}A=author.example=author@{host}",
    "no such day": "SRS0={hash}=!!=author.example=author@{host}",
    "another domain": "SRS0={hash}={stamp}=victim.example=author@{host}",
    "a domain below": "SRS0={hash}={stamp}=a.author.example=author@{host}",
    "no domain": "SRS0={hash}={stamp}==author@{host}",
    "another user": "SRS0={hash}={stamp}=author.example=victim@{host}",
    "a label": "SRS0={hash}={stamp}=author.example=author+x@{host}",
    "no user": "SRS0={hash}={stamp}=author.example=@{host}",
    "two users": "SRS0={hash}={stamp}=author.example=author=author@{host}",
    "user and domain together": "SRS0={hash}={stamp}=author.exampleauthor@{host}",
    "nothing": "SRS0@{host}",
    "a sign alone": "SRS0=@{host}",
    "two signs": "SRS0==@{host}",
    "the hash alone": "SRS0={hash}@{host}",
    "hash and day": "SRS0={hash}={stamp}@{host}",
    "another separator": "SRS0={hash}+{stamp}+author.example+author@{host}",
    "a plus and a wrong hash": "SRS0+AAAAAA={stamp}=author.example=author@{host}",
    "a hyphen and a wrong hash": "SRS0-AAAAAA={stamp}=author.example=author@{host}",
    "small letters and a wrong hash": "srs0=aaaaaa={stamp}=author.example=author@{host}",
    "two of them": "SRS1={hash}=author.example=={hash}={stamp}=author.example=author@{host}",
    "one of two without a hash": "SRS1==author.example=author@{host}",
    "one of two with nothing": "SRS1=@{host}",
    "one of two and no host": "SRS1={hash}==={hash}={stamp}=author.example=author@{host}",
    "three of them": "SRS2={hash}={stamp}=author.example=author@{host}",
    "percent": "SRS0=AAAAAA={stamp}=victim.example=user%victim.example@{host}",
    "two ats": '"SRS0={hash}={stamp}=author.example=author@victim.example"@{host}',
    "quoted": '"SRS0=AAAAAA={stamp}=author.example=author"@{host}',
    "a bang": "victim.example!SRS0=AAAAAA={stamp}=author.example=author@{host}",
    "very long": "SRS0=AAAAAA={stamp}=author.example=" + 300 * "u" + "@{host}",
    "of a domain of ours": "SRS0=AAAAAA={stamp}=example.org=alice@{host}",
    "right, at a domain of ours": "SRS0={hash}={stamp}=author.example=author@example.org",
    "right, elsewhere": "SRS0={hash}={stamp}=author.example=author@elsewhere.example",
    "of yesterday's key": "{other}",
    "three weeks and a day old": "{expired}",
    "a day before its time": "{future}",
}


def test_forged_and_expired_ones_are_refused_at_once(machine, secret):
    today = int(time.time() // 86400)
    right = srs0(secret, "author", "author.example")
    _, mac, stamp, _ = right.split("=", 3)
    values = {"host": HOSTNAME, "hash": mac, "hash3": mac[:3], "hash4": mac[:4], "stamp": stamp,
              "stamp1": stamp[:1], "other": srs0("another", "author", "author.example"),
              "expired": srs0(secret, "author", "author.example", today - 22),
              "future": srs0(secret, "author", "author.example", today + 1)}
    assert len(FORGED) >= 40
    with machine.smtp() as client:
        assert rcpt(machine, right)[0] == 250       # the values are right
        assert rcpt(machine, srs0(secret, "author", "author.example", today - 20))[0] == 250
        for name, form in FORGED.items():
            for sender in ("<>", "<x@elsewhere.example>"):
                code, text = client.docmd("MAIL", f"FROM:{sender}")
                if client.helo_resp is None or code != 250:
                    client.close()                  # after twenty refusals
                    client.__init__(machine.host, 25, timeout=20)
                    client.ehlo("client.example.com")
                    assert client.docmd("MAIL", f"FROM:{sender}")[0] == 250
                code, text = client.docmd("RCPT", f"TO:<{form.format(**values)}>")
                assert 500 <= code < 560, (name, sender, code, text)
                client.docmd("RSET")
    assert machine.run("postqueue", "-j").stdout == ""


def test_without_postsrsd_what_is_forwarded_waits_and_nothing_else_does(machine, far, secret):
    machine.run("systemctl", "stop", POSTSRSD)
    try:
        waiting = machine.send("it waits", to="far@example.org", sender="author@author.example")
        passing = machine.send("it does not", sender="author@author.example")
        machine.wait_message("alice@example.org", passing)
        machine.wait_queued("queue file write error")
        code, text = rcpt(machine, srs0(secret, "author", "author.example"))
        assert code == 451, text
        assert rcpt(machine, "alice@example.org")[0] == 250
        status = json.loads(machine.run("postcask", "status", "--json", check=False).stdout)
        assert status["mail"]["down"] == ["postsrsd: inactive"] and status["state"] == "degraded"
        assert [reason["for"] for reason in status["mail"]["queue"]["reasons"]] == [
            "for the rewriter of forwarded mail's senders (postsrsd)"]
        assert not [one for one in far.letters if waiting.encode() in one.data]
    finally:
        machine.run("systemctl", "start", POSTSRSD)
    one, = far.wait_words(waiting)
    assert original(one.sender) == "author@author.example"


def test_a_loop_through_another_server_ends(machine, far):
    """What comes back to us has our sender, and no second one is made of it."""
    message_id = machine.send("round", to="far@example.org", sender="author@author.example")
    for turn in range(1, 4):
        *_, last = far.wait_words(message_id, count=turn)
        assert original(last.sender) == "author@author.example"
        with machine.smtp() as client:
            client.sendmail(last.sender, "far@example.org", last.data)
    last = far.wait_words(message_id, count=4)[-1]
    lines = b"".join(b"Received: from a by b; Mon, 30 Nov 2026 10:00:00 +0000\r\n" for _ in range(60))
    with machine.smtp() as client:
        code, text = client.docmd("MAIL", f"FROM:<{last.sender}>")
        client.docmd("RCPT", "TO:<far@example.org>")
        assert client.data(lines + last.data)[0] == 554
    Bulk(machine).wait(30)


def test_mail_of_users_says_nothing_of_their_computers(machine, far):
    for port in (587, 465):
        mine = letter("from a train", **{"From": "alice@example.org"})
        with machine.submission("alice@example.org", port) as client:
            client.sendmail("alice@example.org", [OTHER], mine.as_bytes())
        one, = far.wait_words(mine["Message-ID"])
        received = b" ".join(re.findall(rb"(?m)^Received:.*(?:\n[ \t].*)*", one.data))
        assert f"{machine.net}.1".encode() not in received and b"client.example.com" not in received
        text = machine.run("postcask", "trace", mine["Message-ID"].strip("<>")).stdout
        assert f"[{machine.net}.1] on port {port}" in text and "logged in as alice" in text


def test_the_secret_is_roots_alone(machine, secret):
    path = "/var/lib/postcask/keys/forwarding"
    assert machine.run("stat", "-c", "%a %U %G", path).stdout.strip() == "600 root root"
    assert re.fullmatch("[0-9a-f]{64}", secret)
    commands = machine.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout
    assert "/usr/sbin/postsrsd" in commands and secret not in commands
    assert secret not in machine.run("journalctl", "--no-pager", "-o", "cat").stdout
    assert set(machine.run("ps", "-o", "user=", "-C", "postsrsd").stdout.split()) == {"postsrsd"}


def apply(machine, data):
    machine.run("sh", "-c", "cat > /run/other-settings", stdin=data)
    machine.run("postcask", "apply", "/run/other-settings", timeout=120)


def test_off_it_is_no_process_and_on_again_the_same_secret(machine, far, secret):
    apply(machine, DATA.replace("  extra:\n", "  forwarding:\n    srs: false\n  extra:\n"))
    assert machine.run("pgrep", "-x", "postsrsd", check=False).stdout == ""
    message_id = machine.send("as it is", to="far@example.org", sender="author@author.example")
    one, = far.wait_words(message_id)
    assert one.sender == "author@author.example"
    assert rcpt(machine, srs0(secret, "author", "author.example"))[0] == 550
    apply(machine, DATA)
    assert rcpt(machine, srs0(secret, "author", "author.example"))[0] == 250
