# SPDX-License-Identifier: GPL-3.0-or-later
"""What each person wants of the filter: his levels, what he lets in, whom he allows and blocks; each
of a message's recipients gets his own, from the next message on."""

import csv
import email
import io
import json
import os
import threading

import pytest

from machine import Machine, letter, user_data
from test_filter import EICAR, GTUBE
from test_judge import ALICE, BANK, BOB, STRANGE, signed, signed_raw, wait_empty, zone
from waiting import wait_until

CAROL = "carol@example.net"
FIVE = "five points here\n"         # a rule of ours gives it four and something, and two others one
ACCOUNTS = "/var/lib/postcask/accounts"
EXTRA = """  filter: {banned: {policy: quarantine}}
  extra:
    spamassassin: |
      body POSTCASK_TEST_FIVE /five points here/
      score POSTCASK_TEST_FIVE 4.2
"""


def data():
    """carol's filter is of the settings; there is an alias of alice alone."""
    head, rest = user_data().split("  aliases:\n")
    return head + "      filter: {hold: 20, block: ['@.settings.example.com']}\n  aliases:\n" \
        "    - address: alone@example.org\n      to: [alice+label@example.org]\n" + rest + EXTRA


@pytest.fixture(scope="module")
def box():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    machine = Machine("choices", "10.123.0", data())
    (machine.tree / "etc/unbound/unbound.conf.d/test.conf").write_text(zone(machine))
    with machine:
        yield machine


def command(box, *words, good=True, stdin=None):
    done = box.run("postcask", *words, stdin=stdin, check=False)
    assert (done.returncode == 0) == good, done
    return done.stdout if good else done.stderr


def choose(box, address, *words):
    """Anew, whatever was there."""
    command(box, "user", "filter", address, "--default")
    return json.loads(command(box, "user", "filter", address, "--json", *words))


@pytest.fixture(autouse=True)
def nobody_wants_anything(box):
    for address in (ALICE, BOB, "@example.org", "@example.net"):
        command(box, "user", "filter", address, "--default")


def send(box, message, *to, source=1, sender="x@stranger.example.com"):
    message = letter(message, **{"From": "A <a@unknown.example.com>"}) if isinstance(message, str) else message
    with box.smtp(source=source) as client:
        client.sendmail(sender, to, message if isinstance(message, bytes) else message.as_bytes())
    return None if isinstance(message, bytes) else message["Message-ID"]


def arrived(box, message_id, folder, user):
    return email.message_from_bytes(box.wait_message(user, message_id, folder))


def kept(box, *words):
    return json.loads(command(box, "quarantine", "list", "--json", *words))


def wait_kept(box, count, kind="spam"):
    wait_until(lambda: len(kept(box, "--kind", kind)) >= count, "nothing was kept", 40)
    return kept(box, "--kind", kind)


@pytest.fixture
def emptied(box):
    box.run("sh", "-c", "rm -f /var/lib/postcask/quarantine/*-* /var/lib/postcask/released/*-*")


def test_each_recipient_gets_his_own(box, emptied):
    """One message, three levels: marked, kept, and let in; nobody is told of another."""
    choose(box, ALICE, "--mark", "3")
    choose(box, BOB, "--mark", "2", "--hold", "4")
    choose(box, "@example.net", "--mark", "50")
    message_id = send(box, FIVE, ALICE, BOB, CAROL)
    marked = arrived(box, message_id, "Spam", ALICE)
    assert marked["X-Spam-Flag"] == "YES" and "required=3" in marked["X-Spam-Status"].split()
    let_in = arrived(box, message_id, "INBOX", CAROL)
    assert let_in["X-Spam-Flag"] == "NO"        # carol has something of her own, and no mark in it
    item, = wait_kept(box, 1)
    assert item["recipients"] == [BOB] and item["reason"] == f"over the level of {BOB}"
    for other in (marked, let_in):
        assert BOB not in other.as_string()
        assert other["X-Amavis-Alert"] is None and other["X-Quarantine-ID"] is None
    box.run("postcask", "quarantine", "release", item["id"])
    box.wait_message(BOB, message_id)


def test_what_is_not_looked_for_is_let_in(box):
    choose(box, BOB, "--spam", "off")
    message_id = send(box, GTUBE + "\n", ALICE, BOB)
    arrived(box, message_id, "Spam", ALICE)
    message = arrived(box, message_id, "INBOX", BOB)
    assert not [name for name in message.keys() if name.startswith("X-Spam")]
    # What fails DMARC is not raised to what nothing reaches; what he blocks is blocked.
    forged = letter("x", **{"From": f"a@{BANK}"})
    arrived(box, send(box, forged, BOB), "INBOX", BOB)
    command(box, "user", "filter", BOB, "--block", f"@{BANK}")
    arrived(box, send(box, letter("x", **{"From": f"a@{BANK}"}), BOB), "Spam", BOB)


def test_unwanted_attachments_are_let_in_and_viruses_never(box, emptied):
    choose(box, ALICE, "--banned", "off")
    for content, kind, recipients in ((b"nothing", "banned", [BOB]), (EICAR, "virus", [ALICE, BOB])):
        message = letter("see attachment", **{"From": "A <a@unknown.example.com>"})
        message.add_attachment(content, "application", "octet-stream", filename="run.exe")
        send(box, message, ALICE, BOB)
        item, = wait_kept(box, 1, kind)
        assert item["recipients"] == recipients
        if kind == "banned":
            assert arrived(box, message["Message-ID"], "INBOX", ALICE)["X-Amavis-Alert"].startswith("BANNED")


def test_who_is_blocked_goes_where_spam_goes(box, emptied):
    choose(box, ALICE, "--block", "@.shop.example.com,news@unknown.example.com")
    for sender in ("a@shop.example.com", "a@sub.shop.example.com", "News@Unknown.example.com"):
        message_id = send(box, letter("x", **{"From": sender}), ALICE, BOB)
        assert "POSTCASK_BLOCKED" in arrived(box, message_id, "Spam", ALICE)["X-Spam-Status"]
        assert "POSTCASK_BLOCKED" not in arrived(box, message_id, "INBOX", BOB)["X-Spam-Status"]
    message_id = send(box, "x", ALICE, sender="bounce@shop.example.com")        # of the envelope
    arrived(box, message_id, "Spam", ALICE)
    command(box, "user", "filter", ALICE, "--hold", "900")
    send(box, "x", "alone@example.org", sender="bounce@shop.example.com")       # by her alias
    item, = wait_kept(box, 1)
    assert item["reason"] == f"blocked by {ALICE}"
    assert f"blocked by {ALICE}" in command(box, "quarantine", "list")
    command(box, "user", "filter", ALICE, "--remove", "@.shop.example.com")
    arrived(box, send(box, letter("x", **{"From": "a@shop.example.com"}), ALICE), "INBOX", ALICE)
    # carol's is of the settings
    arrived(box, send(box, letter("x", **{"From": "a@b.settings.example.com"}), CAROL, BOB), "INBOX", BOB)
    assert wait_kept(box, 2)[-1]["reason"] == f"blocked by {CAROL}"


def test_who_is_allowed_is_let_in_when_he_is_proved(box):
    """By his signature, by his server, and not by his name; and nothing is spam that he sends."""
    choose(box, ALICE, "--allow", f"@{BANK},a@{STRANGE}", "--mark", "1", "--block", "@.example.com")
    for author, signer, source, sender, folder in (
            (BANK, BANK, 1, "x@stranger.example.com", "INBOX"),     # by DKIM
            (BANK, None, 3, f"a@{BANK}", "INBOX"),                  # by SPF
            (BANK, None, 1, f"a@{BANK}", "Spam"),                   # by nothing
            (BANK, STRANGE, 1, f"a@{STRANGE}", "Spam"),             # by another's
            (STRANGE, STRANGE, 1, "x@stranger.example.com", "INBOX"),
            (STRANGE, None, 1, f"a@{STRANGE}", "Spam")):
        message = letter(FIVE, **{"From": f"Somebody <a@{author}>"})
        send(box, signed(message, signer) if signer else message, ALICE, source=source, sender=sender)
        found = arrived(box, message["Message-ID"], folder, ALICE)
        assert ("POSTCASK_ALLOWED" in found["X-Spam-Status"]) == (folder == "INBOX"), author
    # Two authors, and another name than the one that is read, are nobody who is allowed.
    for author in (f"a@{BANK}, b@unknown.example.com", f"a@unknown.example.com <a@{BANK}>"):
        message = letter(FIVE, **{"From": f"a@{BANK}"})
        whole = message.as_bytes().replace(f"From: a@{BANK}".encode(), f"From: {author}".encode())
        send(box, signed_raw(whole.replace(b"\r\n", b"\n"), BANK), ALICE)
        arrived(box, message["Message-ID"], "Spam", ALICE)


def test_an_alias_of_several_has_the_domains(box):
    choose(box, ALICE, "--mark", "900")
    choose(box, "@example.org", "--mark", "3")
    message_id = send(box, FIVE, "sales@example.org")
    arrived(box, message_id, "Spam", ALICE)
    arrived(box, message_id, "Spam", BOB)
    arrived(box, send(box, FIVE, "alone@example.org"), "INBOX", ALICE)


def test_our_own_peoples_mail_is_marked_and_not_kept(box):
    choose(box, ALICE, "--hold", "1", "--block", BOB)
    message = letter("hello", **{"From": BOB})
    with box.submission(BOB) as client:
        client.sendmail(BOB, ALICE, message.as_bytes())
    arrived(box, message["Message-ID"], "Spam", ALICE)


def test_mail_waits_while_nobody_knows_what_is_wanted(box):
    choose(box, ALICE, "--mark", "3")
    box.run("systemctl", "stop", "amavis.service")
    message_id = send(box, FIVE, ALICE)
    box.run("chmod", "000", ACCOUNTS)
    try:
        box.run("systemctl", "start", "amavis.service")
        box.run("postqueue", "-f")
        wait_until(lambda: "recipients want could not be read" in box.run("postqueue", "-p").stdout
                   or "recipients want could not be read" in box.journal("amavis"), "no word of it", 40)
        assert "empty" not in box.run("postqueue", "-p").stdout
    finally:
        box.run("chmod", "750", ACCOUNTS)
    box.run("postqueue", "-f")
    arrived(box, message_id, "Spam", ALICE)


def test_nothing_is_put_off_while_choices_change(box):
    deferred = box.journal("amavis").count("could not be read")
    ended = threading.Event()

    def change():
        while not ended.is_set():
            command(box, "user", "filter", BOB, "--mark", "4", "--allow", "a@b.example")
            command(box, "user", "filter", BOB, "--default")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        last = [send(box, "x", ALICE, BOB) for _ in range(20)][-1]
        box.wait_message(ALICE, last)
        wait_empty(box)
    finally:
        ended.set()
        thread.join()
    assert box.journal("amavis").count("could not be read") == deferred


@pytest.mark.parametrize("words,said", [
    ((ALICE, "--mark", "abc"), "mark: \"abc\" is no decimal number"),
    ((ALICE, "--mark", "-5"), "-5 is out of bounds; write 0 to 999"),
    ((ALICE, "--hold", "1000"), "hold: 1000 is out of bounds"),
    ((ALICE, "--spam", "perhaps"), "write on, off or default"),
    ((ALICE, "--allow", "*@example.com"), "*@example.com: "),
    ((ALICE, "--block", " , "), "write senders"),
    ((ALICE, "--block", "a'b\";--@example.com"), ""),
    (("nobody@example.org", "--mark", "3"), "nobody@example.org is no user here"),
    (("@elsewhere.example", "--mark", "3"), "elsewhere.example is no domain here"),
    ((CAROL, "--mark", "3"), "is of the machine's settings; change it there"),
    (("../../etc",), "")])
def test_what_is_wrong_is_said_and_changes_nothing(box, words, said):
    before = command(box, "user", "list", "--json")
    assert said in command(box, "user", "filter", *words, good=False)
    assert command(box, "user", "list", "--json") == before


def test_it_is_shown_and_comes_back_from_a_table(box):
    choose(box, ALICE, "--mark", "4.5", "--banned", "off", "--block", "@.shop.example", "--allow", "a@b.example")
    shown = command(box, "user", "show", ALICE)
    for line in ("spam is what scores from 4.5 on", "not wanted are let in", "allows a@b.example",
                 "blocks @.shop.example"):
        assert line in shown
    assert json.loads(command(box, "user", "show", CAROL, "--json"))["filter"] == {
        "origin": "settings", "hold": "20", "block": ["@.settings.example.com"]}
    table = command(box, "user", "export", "--hashes")
    rows = {row["address"]: row for row in csv.DictReader(io.StringIO(table))}
    row = rows[ALICE]
    assert (row["mark"], row["hold"], row["spam"], row["banned"], row["allow"], row["block"]) == (
        "4.5", "", "", "off", "a@b.example", "@.shop.example")
    text = table.splitlines()[0] + "\n" + next(
        line for line in table.splitlines() if line.startswith(ALICE)).replace(ALICE, "fred@example.org")
    command(box, "user", "import", "-", stdin=text + "\n")
    fred = json.loads(command(box, "user", "show", "fred@example.org", "--json"))["filter"]
    assert fred == json.loads(command(box, "user", "show", ALICE, "--json"))["filter"]
    command(box, "user", "remove", "fred@example.org")
