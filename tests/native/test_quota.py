# SPDX-License-Identifier: GPL-3.0-or-later
"""A full mailbox: its owner is told before, nobody's mail is taken that there is no room for, what was
taken waits, and its owner can delete."""

import email
import smtplib
import time

import pytest

from machine import Machine, idle, user_data
from managesieve import active
from waiting import end_of

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
MIB = 1024 * 1024
LARGE = ("y" * 70 + "\n") * (MIB // 71)


@pytest.fixture(scope="module")
def own():
    data = user_data().replace(f"address: {ALICE}\n", f"address: {ALICE}\n      quota_mib: 2\n")
    data = data.replace(f"address: {CAROL}\n", f"address: {CAROL}\n      quota_messages: 20\n")
    with Machine("quota", "10.97.0", data=data) as booted:
        yield booted


def refused(machine, to):
    """What is said of each recipient whom no message is taken for, and of the others nothing."""
    with machine.smtp() as client:
        client.mail("stranger@example.com", [f"size={MIB}"])
        answers = [client.rcpt(address) for address in to]
        client.rset()
    return [(code, text) for code, text in answers if code != 250]


def fill(machine):
    """Dovecot lets the message in that makes a mailbox too full, if it is not very large."""
    line = b"x" * 76 + b"\r\n"
    with machine.imap(ALICE) as client:
        for _ in range(3):
            client.append("INBOX", None, None, b"Subject: full\r\n\r\n" + line * (600 * 1024 // 78))
    message_id = machine.send(LARGE)
    machine.wait_message(ALICE, message_id, timeout=90)


def empty(machine):
    with machine.imap(ALICE) as client:
        client.select("INBOX")
        client.store("1:*", "+FLAGS", r"(\Deleted)")
        client.expunge()


def test_a_full_mailbox_is_said_before_a_message_is_taken(own):
    assert refused(own, [ALICE, BOB]) == []
    fill(own)
    (code, text), = refused(own, [ALICE, BOB, "sales@example.org"])
    assert code == 452 and b"mailbox" in text
    empty(own)
    assert refused(own, [ALICE]) == []


def test_what_was_taken_waits_for_room(own):
    fill(own)
    message_id = own.send("by an alias", to="sales@example.org")     # which is not asked about
    own.wait_message(BOB, message_id, timeout=90)
    empty(own)
    own.run("postqueue", "-f")
    own.wait_message(ALICE, message_id, timeout=90)


def test_mail_is_taken_while_dovecot_is_down(own):
    own.run("systemctl", "stop", "dovecot.service")
    try:
        assert refused(own, [ALICE]) == []
        message_id = own.send("while Dovecot is down")
    finally:
        own.run("systemctl", "start", "dovecot.service", timeout=120)
    own.wait_message(ALICE, message_id, timeout=90)


def test_without_a_quota_nobody_is_asked(machine):
    machine.send("to somebody")
    assert machine.run("pgrep", "-f", "quota-status", check=False).stdout == ""
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        machine.send("to nobody", to="nobody@example.org")


def full_of(client, size, count=100):
    """Appends messages of so many KiB until there is no room; their UIDs."""
    client.select("INBOX")
    message = b"Subject: full\r\n\r\n" + (b"x" * 76 + b"\r\n") * (size * 1024 // 78)
    kinds = [client.append("INBOX", None, None, message)[0]]
    while kinds[-1] == "OK" and len(kinds) < count:
        kinds.append(client.append("INBOX", None, None, message)[0])
    assert kinds[-1] == "NO"
    client.noop()
    return client.uid("SEARCH", None, "ALL")[1][0].split()


def empty_both(client):
    for folder in ("INBOX", "Trash"):
        if client.select(folder)[1] != [b"0"]:
            client.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
            client.expunge()


def delete_by_copy(client, uids):
    kind, text = client.uid("COPY", uids, "Trash")
    assert kind == "OK", text
    client.uid("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)")
    assert client.uid("EXPUNGE", uids)[0] == "OK"


def test_deleting_works_in_a_full_mailbox(own):
    with own.imap(ALICE) as client:
        empty_both(client)
        uids = full_of(client, 200)
        assert len(uids) >= 8
        delete_by_copy(client, uids[0])
        assert client.uid("MOVE", uids[1], "Trash")[0] == "OK"
        delete_by_copy(client, b",".join(uids[2:4]))
        delete_by_copy(client, b",".join(uids[4:]))     # and all of them at once
        client.append("INBOX", None, None, b"Subject: x\r\n\r\n" + b"x" * 300000)
        empty_both(client)
        assert client.append("INBOX", None, None, b"Subject: x\r\n\r\nx")[0] == "OK"


def test_deleting_works_where_deliveries_have_exceeded_the_quota(own):
    """Dovecot lets in what comes while there is room, up to 10 MiB more than there is."""
    with own.imap(ALICE) as client:
        empty_both(client)
        message_id = own.send(LARGE * 9)
        own.wait_message(ALICE, message_id, timeout=90)
        client.select("INBOX")
        delete_by_copy(client, b"1:*")
        empty_both(client)


def test_trash_is_no_way_round_the_quota(own):
    """All folders together hold twice the quota and 32 MiB, and no more."""
    with own.imap(ALICE) as client:
        empty_both(client)
        message, kind = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 13000, "OK"
        for count in range(60):
            kind, text = client.append("Trash", None, None, message)
            if kind != "OK":
                break
        assert kind == "NO" and b"OVERQUOTA" in text[0] and 34 <= count <= 38
        assert client.append("INBOX", None, None, b"Subject: x\r\n\r\nx")[0] == "NO"
        client.select("Trash")
        assert client.uid("COPY", b"1:*", "Drafts")[0] == "NO"
        assert refused(own, [ALICE])[0][0] == 452
        empty_both(client)
    assert refused(own, [ALICE]) == []


def test_pop3_deletes_in_a_full_mailbox(own):
    with own.imap(ALICE) as client:
        empty_both(client)
        count = len(full_of(client, 200))
    client = own.pop3(ALICE)
    for number in range(1, count + 1):
        client.dele(number)
    client.quit()
    assert refused(own, [ALICE]) == []


def test_without_a_quota_trash_has_no_limit_either(machine):
    with machine.imap(BOB) as client:
        message = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 135000
        kinds = {client.append("Trash", None, None, message)[0] for _ in range(5)}
        empty_both(client)
    assert kinds == {"OK"}


# Warnings.

def warnings(client):
    """The subjects of those in the inbox, as they came."""
    client.noop()
    found = client.search(None, "SUBJECT", '"Your mailbox is"')[1][0].split()
    return [email.message_from_bytes(client.fetch(one, "(BODY.PEEK[])")[1][0][1]) for one in found]


def wait_warnings(client, count):
    end = end_of(30)
    while len(said := warnings(client)) < count:
        assert time.monotonic() < end, [one["Subject"] for one in said]
        idle(client, 1)
    return said


def put(client, kib):
    message = b"Subject: full\r\n\r\n" + (b"x" * 76 + b"\r\n") * (kib * 1024 // 78)
    assert client.append("INBOX", None, None, message)[0] == "OK"


def subjects(messages):
    return [message["Subject"] for message in messages]


E80, E95 = "Your mailbox is 80 % full", "Your mailbox is 95 % full"


def test_the_owner_is_told_before_once_for_each_crossing(own):
    """And no rule of his answers it, sends it on or files it."""
    rule = 'require ["fileinto", "mailbox", "vacation"];\nvacation "x";\nfileinto :create "Else";\n'
    with active(own, ALICE, rule), own.imap(ALICE) as client:
        empty_both(client)
        client.select("INBOX")
        put(client, 1500)
        assert warnings(client) == []
        put(client, 150)
        first, = wait_warnings(client, 1)
        put(client, 50)
        put(client, 260)                                # 95 % too
        said = wait_warnings(client, 2)
        assert subjects(said) == [E80, E95]
        assert first["To"] == f"<{ALICE}>" and first["Auto-Submitted"] == "auto-generated"
        assert "of what it has room for" in first.get_payload()
        assert "Else" not in str(client.list()[1])
        # Room is made, and it fills again; both lines at once are one message.
        empty_both(client)
        client.select("INBOX")
        put(client, 1980)
        assert subjects(wait_warnings(client, 1)) == [E95]
        empty_both(client)


def test_it_comes_where_there_is_no_room_any_more(own):
    with own.imap(ALICE) as client:
        empty_both(client)
        client.select("INBOX")
        own.wait_message(ALICE, own.send(LARGE * 3), timeout=90)      # from nothing to over it
        assert subjects(wait_warnings(client, 1)) == [E95]
        empty_both(client)


def test_a_quota_in_messages(own):
    with own.imap(CAROL) as client:
        empty_both(client)
        client.select("INBOX")
        kinds = []
        while not kinds or kinds[-1] == "OK":
            kinds.append(client.append("INBOX", None, None, b"Subject: x\r\n\r\nx")[0])
            if len(kinds) in (16, 19):
                wait_warnings(client, 1 if len(kinds) == 16 else 2)
            assert len(kinds) < 30
        assert subjects(warnings(client)) == [E80, E95]
        assert "of the messages that it may" in warnings(client)[0].get_payload()
        assert len(kinds) - 1 + 2 in (20, 21)               # the warnings are messages too
        (code, text), = refused(own, [CAROL])
        assert code == 452 and b"mailbox" in text
        uids = client.uid("SEARCH", None, "ALL")[1][0].split()
        assert client.uid("MOVE", uids[0], "Trash")[0] == "OK"
        delete_by_copy(client, b",".join(uids[1:]))
        empty_both(client)
    assert refused(own, [CAROL]) == []


def test_without_a_quota_nobody_is_told(own):
    with own.imap(BOB) as client:
        client.select("INBOX")
        put(client, 3000)
        assert warnings(client) == []
