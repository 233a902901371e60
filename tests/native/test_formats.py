# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox is given another format, and the same mail is in it; nothing is lost that comes meanwhile,
and whenever it is broken off there is a whole one.  What else a mailbox does, it does in both formats."""

import contextlib
import imaplib
import json
import re
import smtplib
import threading
import time

import pytest

from machine import Machine, letter, user_data
from sample import part
from test_accounts import HASH
from waiting import wait_until

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
HOME = "/var/vmail/example.org/alice"
SETTINGS = "  mailboxes:\n    recover_days: 7\n    sharing: true\n"
FOLDERS = ["Work", "Work/Sub.dot", "~tilde", "&ANw-bung", "a _b"]


@pytest.fixture(scope="module")
def box():
    text = (user_data() + SETTINGS).replace(f"address: {ALICE}\n",
                                            f"address: {ALICE}\n      quota_mib: 4\n")
    with Machine("formats", "10.123.0", data=text) as machine:
        assert machine.report()["state"] == "ready"
        yield machine


def put(client, folder, subject, flags="", size=100):
    text = (f"Subject: {subject}\r\nMessage-ID: <{subject}@far.example>\r\n\r\n".encode()
            + b"\xe4\xff line\r\n" * (size // 9) + b"no end")
    assert client.append(f'"{folder}"', flags, '"01-Feb-2020 10:11:12 +0200"', text)[0] == "OK"


def seen_by_imap(client):
    """Folders, what is subscribed, and all that is said of each message, with its bytes."""
    names = [re.search(rb' "/" "?([^"]*)"?$', line)[1].decode() for line in client.list()[1]]
    seen = {"": sorted(client.lsub()[1])}
    for name in names:
        if name.startswith(("Shared", "Recovered")):
            continue
        assert client.select(f'"{name}"', readonly=True)[0] == "OK"
        status = client.status(f'"{name}"', "(MESSAGES UIDNEXT UIDVALIDITY)")[1][0]
        answers = client.fetch("1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")[1] \
            if b"MESSAGES 0" not in status else []
        seen[name] = [re.search(rb"\(.*\)$", status)[0]]
        for about, text in (answer for answer in answers if isinstance(answer, tuple)):
            flags = sorted(re.search(rb"FLAGS \(([^)]*)\)", about)[1].split())
            seen[name].append((re.sub(rb"FLAGS \([^)]*\)", b"", about),
                               [flag for flag in flags if flag != rb"\Recent"], text))
    return seen


def look(box, user=ALICE):
    client = box.imap(user)
    try:
        return seen_by_imap(client)
    finally:
        client.logout()


def convert(box, to, *words, user=ALICE, check=True):
    return box.run("postcask", "mailbox", "convert", user, "--to", to, *words, check=check, timeout=120)


def listed(box, user=ALICE):
    return json.loads(box.run("postcask", "mailbox", "list", user, "--json").stdout)[0]


class Sender(threading.Thread):
    """Five messages a second, until it is told to end; those that were accepted.  Who has a quota is
    asked about, and told to come again (450) while he is paused."""

    def __init__(self, box):
        super().__init__()
        self.box, self.sent, self.ended = box, [], threading.Event()

    def run(self):
        while not self.ended.wait(0.2):
            message = letter("meanwhile", subject="meanwhile")
            with contextlib.suppress(smtplib.SMTPRecipientsRefused), self.box.smtp() as client:
                client.sendmail("stranger@example.com", [ALICE], message.as_bytes())
                self.sent.append(message["Message-ID"])


def test_a_mailbox_is_filled(box):
    with box.imap(ALICE) as client:
        for folder in FOLDERS:
            assert client.create(f'"{folder}"')[0] == "OK"
            client.subscribe(f'"{folder}"')
        for number in range(90):
            put(client, "Work" if number % 3 else "INBOX", f"n{number}",
                r"(\Seen $Junk kw%d)" % (number % 4) if number % 2 else r"(\Flagged)",
                size=number * 50)
        put(client, "~tilde", "one")
        client.select("INBOX")
        client.store("3:5", "+FLAGS", r"(\Deleted)")
        client.expunge()


def test_all_of_it_is_the_same_in_the_other_format(box):
    """Also what is sent meanwhile comes, once; and who is logged in is sent away."""
    before = look(box)
    session = box.imap(ALICE)
    session.select("INBOX")
    dry = convert(box, "mdbox", "--dry-run").stdout
    assert "would become mdbox" in dry and listed(box)["format"] == "maildir"
    sender = Sender(box)
    sender.start()
    wait_until(lambda: len(sender.sent) > 2, "nothing is sent")
    done = json.loads(convert(box, "mdbox", "--json").stdout)[0]
    sender.ended.set()
    sender.join()
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        session.noop()
        session.noop()
    assert done["messages"] >= 88 and done["paused_seconds"] < 30
    box.run("postqueue", "-f")
    with box.imap(ALICE) as client:
        def subjects():
            client.select("INBOX")
            return client.search(None, "SUBJECT", "meanwhile")[1][0].split()
        wait_until(lambda: len(subjects()) >= len(sender.sent), "not all came", 60)
        found = [re.search(rb"<.*>", item[1])[0].decode() for item in client.fetch(
            b",".join(subjects()), "(BODY.PEEK[HEADER.FIELDS (Message-ID)])")[1]
            if isinstance(item, tuple)]
        assert sorted(found) == sorted(sender.sent)
        uids = client.uid("SEARCH", None, "SUBJECT", "meanwhile")[1][0].split()
        client.uid("STORE", b",".join(uids), "+FLAGS", r"(\Deleted)")
        client.expunge()
    after = look(box)
    for seen in (before, after):            # the sender's have moved it
        seen["INBOX"][0] = re.sub(rb"UIDNEXT \d+", b"", seen["INBOX"][0])
    assert after == before
    assert box.run("ls", HOME).stdout.split()[0].startswith("Maildir.before-")
    shown = listed(box)
    assert shown["format"] == "mdbox" and shown["aside"][0]["format"] == "maildir"
    assert "kept as mdbox" in box.run("postcask", "user", "show", ALICE).stdout
    assert "mailbox-convert" in box.run("postcask", "audit").stdout


def test_a_mailbox_of_the_other_format_is_one_like_others(box):
    """Quota, what is deleted and comes back, POP3, and warnings."""
    with box.imap(ALICE) as client:
        assert b"4096" in client.getquotaroot("INBOX")[1][1][0]
        for number in range(12):
            if client.append("Archive", "", None, b"Subject: full\r\n\r\n" + b"x\r\n" * 150000)[0] != "OK":
                break
        assert number < 11
        client.select("Archive")
        client.store("1:*", "+FLAGS", r"(\Deleted)")
        assert client.expunge()[0] == "OK"
        put(client, "INBOX", "regretted")
        client.select("INBOX")
        uid = client.uid("SEARCH", None, "SUBJECT", "regretted")[1][0]
        client.uid("STORE", uid, "+FLAGS", r"(\Deleted \Flagged)")
        client.expunge()
    wait_until(lambda: look_for(box, "80 % full") or look_for(box, "95 % full"), "no warning")
    box.run("postcask", "user", "recover", ALICE, "--all", "--since", "1h ago")
    with box.imap(ALICE) as client:
        client.select("Recovered")
        assert client.search(None, "SUBJECT", "regretted")[1][0]
        client.store("1:*", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.unselect()
        client.delete("Recovered")
    box.run("doveadm", "expunge", "-u", ALICE, "mailbox", ".recover/mail", "all")
    pop = box.pop3(ALICE)
    assert pop.stat()[0] > 20
    pop.quit()


def look_for(box, subject):
    with box.imap(ALICE) as client:
        client.select("INBOX")
        return client.search(None, "SUBJECT", f'"{subject}"')[1][0]


def test_room_is_given_back(box):
    def size():
        return int(box.run("du", "-s", f"{HOME}/mdbox").stdout.split()[0])
    before = size()
    box.run("systemctl", "start", "postcask-mailbox.service")
    assert size() < before - 2000


def test_folders_are_shared_whatever_the_format(box):
    """Each sees the other's, his own not in its place; and who shares stays what he is."""
    with box.imap(BOB) as client:
        put(client, "INBOX", "of-bob")
    box.run("postcask", "share", "add", "--folder", "Work", ALICE, BOB, "edit")
    box.run("postcask", "share", "add", "--folder", "INBOX", BOB, ALICE, "read")
    with box.imap(BOB) as client:
        assert client.select(f'"Shared/{ALICE}/Work"')[1][0] == b"60"
        assert client.search(None, "SUBJECT", "n1")[1][0]
        assert client.append(f'"Shared/{ALICE}/Work"', "", None, b"Subject: from bob\r\n\r\nx\r\n")[0] == "OK"
    with box.imap(ALICE) as client:
        assert client.select(f'"Shared/{BOB}"')[1][0] == b"1"
        assert client.search(None, "SUBJECT", "of-bob")[1][0]
        assert client.select("Work")[1][0] == b"61"
        uid = client.uid("SEARCH", None, "SUBJECT", '"from bob"')[1][0]
        client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
        client.expunge()
    for user, to in ((ALICE, "maildir"), (BOB, "mdbox")):
        refused = convert(box, to, user=user, check=False)
        assert refused.returncode == 1 and "postcask share list" in refused.stderr
    assert "mdbox" not in box.run("ls", "/var/vmail/example.org/bob").stdout
    box.run("postcask", "share", "remove", ALICE, BOB)
    box.run("postcask", "share", "remove", BOB, ALICE)


@pytest.mark.parametrize("seconds", part([0.05, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.8], 3))
def test_whenever_it_is_killed_there_is_a_whole_mailbox(box, seconds):
    before = look(box)
    now = listed(box)["format"]
    other = "maildir" if now == "mdbox" else "mdbox"
    box.run("timeout", "-s", "KILL", str(seconds), "postcask", "mailbox", "convert", ALICE, "--to",
            other, check=False)
    box.run("postcask", "mailbox", "convert", ALICE, "--to", other)
    assert listed(box)["format"] == other
    assert look(box) == before
    left = box.run("ls", "-A", HOME).stdout
    assert ".postcask-copy" not in left
    assert len([name for name in left.split() if name in ("Maildir", "mdbox")]) == 1


def test_who_was_sent_away_is_let_in_when_nobody_ends_the_pause(box):
    """As after a power cut; what is delivered waits, and nothing says that he is unknown."""
    ask = ('{"do":"mailbox-pause","who":"root","address":"%s","seconds":%d}\n')
    box.run("perl", "-MIO::Socket::UNIX", "-e",
            "$s=IO::Socket::UNIX->new('/run/postcask/directory/control'); print $s $ARGV[0]; "
            "$s->flush; print <$s>", ask % (ALICE, 4))
    with pytest.raises((imaplib.IMAP4.error, OSError)):
        box.imap(ALICE)
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="450"):
        box.send("who has a quota is asked about")
    message = box.send("by an alias", to="sales@example.org")
    box.wait_queued("Temporary internal error")
    wait_until(lambda: let_in(box), "nobody ended it")
    box.run("postqueue", "-f")
    box.wait_message(ALICE, message)


def let_in(box):
    try:
        box.imap(ALICE).logout()
    except (imaplib.IMAP4.error, OSError):
        return False
    return True


def test_what_was_put_aside_goes(box):
    """After its time by the nightly job, or when it is told to."""
    aside = listed(box)["aside"]
    assert aside
    old = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() - 15 * 86400))
    box.run("sh", "-c", f'cd {HOME} && mv "{aside[0]["name"]}" Maildir.before-{old}')
    box.run("systemctl", "start", "postcask-mailbox.service")
    assert len(listed(box)["aside"]) == len(aside) - 1
    box.run("postcask", "mailbox", "convert", ALICE, "--forget")
    assert listed(box)["aside"] == []


def test_new_people_come_with_their_format(box):
    """By a table, which says it; and it is kept when they go and come back."""
    for _ in range(2):
        box.run("postcask", "user", "import", "-",
                stdin=f"address,format,password_hash\nfay@example.org,mdbox,{HASH}\n")
        assert re.search("fay@example.org,.*,mdbox", box.run("postcask", "user", "export").stdout)
        message = box.send("to fay", to="fay@example.org")
        wait_until(lambda: box.run("doveadm", "search", "-u", "fay@example.org", "header",
                                   "Message-ID", message).stdout, "nothing came")
        assert "Maildir" not in box.run("ls", "/var/vmail/example.org/fay").stdout
        box.run("postcask", "user", "remove", "fay@example.org")
    assert box.run("postcask", "mailbox", "list", "fay@example.org", check=False).returncode == 1
