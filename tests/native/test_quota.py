"""A full mailbox: nobody's mail is taken that there is no room for, and what was taken waits."""

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
