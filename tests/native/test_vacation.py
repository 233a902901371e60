# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is away is answered for as the administrator said, and nobody is answered who must not be."""

import contextlib
import datetime
import email
import hashlib
import json

import pytest

from far import Server
from machine import Machine, letter, shifted, user_data
from managesieve import active
from test_filter import GTUBE

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
SINK, NET = 2525, "10.121.0"
TEXT = 'I am at the "sea" \\ ${from} and\n.\nback soon: Grüße;\n'


@pytest.fixture(scope="module")
def box():
    data = user_data() + f"""  extra:
    postfix: |
      relayhost = [{shifted("away", NET)[1]}.1]:{SINK}
"""
    machine = Machine("away", NET, data)
    (machine.tree / "etc/unbound/unbound.conf.d/test.conf").write_text(
        'server:\n    local-zone: "careful.example." static\n'
        "    local-data: '_dmarc.careful.example. TXT \"v=DMARC1; p=none\"'\n")
    with machine:
        yield machine


@pytest.fixture(scope="module")
def far(box):
    with Server(f"{box.net}.1", SINK) as server:
        yield server


def vacation(box, user, *words, text=None, check=True):
    return box.run("postcask", "vacation", user, *words, stdin=text, check=check)


@contextlib.contextmanager
def away(box, user, *words, text=TEXT):
    vacation(box, user, *words, text=text)
    try:
        yield
    finally:
        vacation(box, user, "off")


def arrives(box, sender, user=ALICE, folder="INBOX", text="when?", **headers):
    message = letter(text, **{"From": sender, "To": user, **headers})
    box.send(message, sender=sender, to=user)
    return box.wait_message(user, message["Message-ID"], folder=folder)


def answered(far, *senders):
    """All that were ever answered of these, after the last of them was."""
    far.wait(lambda one: one.recipients == [senders[-1]])
    return [one.recipients[0] for one in far.letters if one.recipients[0] in senders]


def body(letter_):
    message = email.message_from_bytes(letter_.data)
    return message, message.get_payload(decode=True).decode().replace("\r\n", "\n")


def test_strangers_are_answered_as_was_said_signed(box, far):
    with away(box, ALICE, "--subject", 'Away: "ähem" ${1}'):
        arrives(box, "first@far.example")
        one, = far.wait(lambda one: one.recipients == ["first@far.example"])
    message, text = body(one)
    assert text.strip() == TEXT.strip()
    assert str(email.header.make_header(email.header.decode_header(message["Subject"]))) == \
        'Away: "ähem" ${1}'
    assert one.sender == "" and message["Auto-Submitted"].startswith("auto-replied")
    assert ALICE in message["From"] and "d=example.org" in message["DKIM-Signature"]


def test_our_own_people_are_told_something_else(box, far):
    box.run("sh", "-c", "echo 'Ask Carol.' >/run/inside; echo 'I am out.' >/run/outside")
    with away(box, ALICE, "--inside", "/run/inside", "--outside", "/run/outside", text=None):
        arrives(box, "second@far.example")
        one, = far.wait(lambda one: one.recipients == ["second@far.example"])
        assert body(one)[1].strip() == "I am out."
        message = letter("when?", From=BOB, To=ALICE, subject="from inside")
        with box.submission(BOB) as client:
            client.send_message(message)
        box.wait_message(ALICE, message["Message-ID"])
        wait_body(box, BOB, "Ask Carol.")
    with away(box, CAROL, "--inside", "-", text="Only for us."):
        arrives(box, "third@far.example", CAROL)
    with away(box, CAROL):
        arrives(box, "fourth@far.example", CAROL)
        assert answered(far, "third@far.example", "fourth@far.example") == ["fourth@far.example"]


def wait_body(box, user, words):
    """Until a message with these words is in the mailbox."""
    from machine import idle
    with box.imap(user) as client:
        for _ in range(20):
            client.select("INBOX")
            if found := client.search(None, "BODY", f'"{words}"')[1][0].split():
                return found
            idle(client, 2)
    raise TimeoutError(words)


def test_an_alias_is_the_person_where_that_was_said(box, far):
    def to_alias(sender):
        message = letter("when?", From=sender, To="sales@example.org")
        box.send(message, sender=sender, to="sales@example.org")
        box.wait_message(ALICE, message["Message-ID"])

    with away(box, ALICE):
        to_alias("notsaid@far.example")
    with away(box, ALICE, "--also", "sales@example.org,other@example.org"):
        to_alias("wassaid@far.example")
        assert answered(far, "notsaid@far.example", "wassaid@far.example") == ["wassaid@far.example"]
    one, = far.wait(lambda one: one.recipients == ["wassaid@far.example"])
    assert "d=example.org" in body(one)[0]["DKIM-Signature"]


def test_lists_programs_and_spam_are_not_answered(box, far):
    with away(box, ALICE):
        for sender, headers in (("list@far.example", {"List-Id": "<l.far.example>"}),
                                ("unsub@far.example", {"List-Unsubscribe": "<mailto:x@far.example>"}),
                                ("bulk@far.example", {"Precedence": "bulk"}),
                                ("auto@far.example", {"Auto-Submitted": "auto-generated"}),
                                ("owner-list@far.example", {}), ("list-request@far.example", {}),
                                ("mailer-daemon@far.example", {}),
                                ("hidden@far.example", {"To": BOB})):
            arrives(box, sender, **headers)
        spam = GTUBE.decode() if isinstance(GTUBE, bytes) else GTUBE
        arrives(box, "spam@far.example", folder="Spam", text=spam)
        arrives(box, "failed@far.example",
                **{"Authentication-Results": "elsewhere.example; dmarc=fail header.from=far.example"})
        # What our own filter says, whatever the message says in its name.
        came = arrives(box, "boss@careful.example", **{
            "Authentication-Results": "mail.example.org; dmarc=pass header.from=careful.example"})
        assert b"dmarc=fail" in came and b"dmarc=pass" not in came
        arrives(box, "fifth@far.example")
        everybody = {one.recipients[0] for one in far.wait(
            lambda one: one.recipients == ["fifth@far.example"])} | \
            {one.recipients[0] for one in far.letters}
    assert everybody <= {f"{number}@far.example" for number in
                         ("first", "second", "third", "fourth", "wassaid", "fifth")} | {BOB}
    # Of these even the count knows nothing.
    assert counted(box, ALICE, "list@far.example") is False
    assert counted(box, ALICE, "fifth@far.example") is True


def digest(sender):
    return hashlib.sha256(sender.encode()).hexdigest()[:16]


def counted(box, user, sender):
    path = box.tree / "var/lib/postcask/answers/count" / user
    return digest(sender) in path.read_text()


def test_nothing_is_said_before_and_after(box, far):
    today = datetime.date.fromisoformat(box.run("date", "+%F").stdout.strip())
    day = datetime.timedelta(days=1)
    with away(box, ALICE, "--from", str(today + day)):
        arrives(box, "early@far.example")
    with away(box, ALICE, "--until", str(today - day)):
        arrives(box, "late@far.example")
    with away(box, ALICE, "--from", str(today), "--until", str(today)):
        arrives(box, "intime@far.example")
        assert answered(far, "early@far.example", "late@far.example", "intime@far.example") == \
            ["intime@far.example"]
    arrives(box, "over@far.example")
    with away(box, ALICE):
        arrives(box, "seventh@far.example")
        assert answered(far, "over@far.example", "seventh@far.example") == ["seventh@far.example"]


def test_a_persons_own_script_stays_and_runs(box, far):
    """And one answer is enough."""
    script = 'require ["vacation", "fileinto", "mailbox"];\nvacation "My own words.";\n' \
             'fileinto :create "Sorted";\n'
    with active(box, BOB, script) as sieve:
        with away(box, BOB):
            arrives(box, "eighth@far.example", BOB, folder="Sorted")
        arrives(box, "ninth@far.example", BOB, folder="Sorted")
        assert answered(far, "eighth@far.example", "ninth@far.example") == \
            ["eighth@far.example", "ninth@far.example"]
        kept = b"".join(sieve.command(b'GETSCRIPT "test"'))
    words = {one.recipients[0]: body(one)[1].strip() for one in far.letters}
    assert words["eighth@far.example"] == TEXT.strip()
    assert words["ninth@far.example"] == "My own words."
    assert script.encode() in kept.replace(b"\r\n", b"\n")


def test_what_was_delivered_before_is_not_answered(box, far):
    """A script that a person has run on it makes no answer go."""
    came = email.message_from_bytes(arrives(box, "old@far.example", BOB))
    with active(box, BOB, 'require "fileinto"; fileinto "Archive";\n'), away(box, BOB), \
            box.imap(BOB) as client:
        client.select("INBOX")
        tag = client._new_tag()
        client.send(tag + b' FILTER SIEVE PERSONAL "test" FROM old@far.example\r\n')
        while not (line := client.readline()).startswith(tag):
            pass
        assert line.startswith(tag + b" OK"), line
        box.wait_message(BOB, came["Message-ID"], folder="Archive")
        client.select("Archive")
        arrives(box, "tenth@far.example", BOB, folder="Archive")
        assert answered(far, "old@far.example", "tenth@far.example") == ["tenth@far.example"]


def test_two_hundred_in_a_day_and_not_one_more(box, far):
    """What is counted lies on the disk, and outlives Dovecot's processes."""
    day = int(box.run("date", "+%s").stdout) // 86400
    known = [digest(f"n{number}@far.example") for number in range(199)]
    state = f"{day}\n" + "".join(one + "\n" for one in known)
    place = f"/var/lib/postcask/answers/count/{CAROL}"
    box.run("setpriv", "--reuid=vmail", "--regid=vmail", "--clear-groups", "sh", "-c",
            f"umask 077; mkdir -p /var/lib/postcask/answers/count; cat >{place}", stdin=state)
    with away(box, CAROL):
        arrives(box, "n200@far.example", CAROL)
        box.run("systemctl", "restart", "dovecot.service")
        arrives(box, "n201@far.example", CAROL)
        arrives(box, "n7@far.example", CAROL)           # counted before
        assert answered(far, "n200@far.example", "n201@far.example", "n7@far.example") == \
            ["n200@far.example", "n7@far.example"]
        box.run("sh", "-c", f"sed -i '1s/.*/{day - 1}/' {place}")
        arrives(box, "n202@far.example", CAROL)         # a new day
        answered(far, "n202@far.example")
    assert (box.tree / place[1:]).read_text() == f"{day}\n{digest('n202@far.example')}\n"


def test_without_its_program_mail_comes_all_the_same(box):
    link = "/usr/lib/postcask/sieve/answer"
    with away(box, ALICE):
        for broken in ("rm", "sleep"):
            box.run("sh", "-c", {"rm": f"rm -f {link}",
                                 "sleep": f"rm -f {link}; printf '#!/bin/sh\\nsleep 60\\n' >{link};"
                                          f" chmod 755 {link}"}[broken])
            arrives(box, f"{broken}@far.example")
        box.run("ln", "-sf", "../postcask-answer", link)


def test_what_is_in_force_is_shown(box):
    assert json.loads(vacation(box, ALICE, "show", "--json").stdout) is None
    with away(box, "ALICE@Example.org", "--until", "2030-01-31"):
        assert json.loads(vacation(box, ALICE, "show", "--json").stdout) == {
            "address": ALICE, "until": "2030-01-31", "inside": TEXT.strip(), "outside": TEXT.strip()}
        assert "until 2030-01-31" in vacation(box, ALICE, "show").stdout
        # Nothing of it is for others to read.
        assert box.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "ls",
                       "/var/lib/postcask/vacation", check=False).returncode != 0


@pytest.mark.parametrize("words,text,said", [
    (["--from", "2027-02-30"], "x", "'2027-02-30' is no day"),
    (["--until", "tomorrow"], "x", "'tomorrow' is no day"),
    (["--from", "2027-03-02", "--until", "2027-03-01"], "x", "before it begins"),
    ([], "\n", "no text"), ([], "a\x07b", "control character"), ([], "x" * 40000, "more than 32 KiB"),
    (["--subject", "two\nlines"], "x", "one line"), (["--inside", "/nowhere"], "x", "/nowhere"),
    (["--also", "nobody"], "x", "'nobody' is no address")],
    ids=["no day", "no date", "backwards", "empty", "control", "large", "two lines", "no file", "no address"])
def test_what_is_wrong_is_said_and_changes_nothing(box, words, text, said):
    with away(box, ALICE, text="It stays."):
        done = vacation(box, ALICE, *words, text=text, check=False)
        assert done.returncode == 1 and said in done.stderr, done.stderr
        assert json.loads(vacation(box, ALICE, "show", "--json").stdout)["inside"] == "It stays."


def test_nobody_is_away_who_is_not_here(box):
    for address in ("nobody@example.org", "sales@example.org", "no-address", "../x@example.org"):
        done = vacation(box, address, text="x", check=False)
        assert done.returncode == 1 and ("no mailbox" in done.stderr or "no address" in done.stderr)
