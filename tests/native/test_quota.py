# SPDX-License-Identifier: GPL-3.0-or-later
"""A full mailbox: nobody's mail is taken that there is no room for, what was taken waits, and its
owner can delete."""

import smtplib

import pytest

from machine import Machine, user_data

ALICE, BOB = "alice@example.org", "bob@example.org"
MIB = 1024 * 1024
LARGE = ("y" * 70 + "\n") * (MIB // 71)


@pytest.fixture(scope="module")
def own():
    data = user_data().replace(f"address: {ALICE}\n", f"address: {ALICE}\n      quota_mib: 2\n")
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
    assert "quota-status" not in machine.run("postconf", "-n").stdout
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
