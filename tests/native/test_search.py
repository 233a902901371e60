# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching in mailboxes: IMAP SEARCH against the index of words, with attached documents of every
kind, hostile ones among them, an index that is damaged or gone, and none at all."""

import contextlib
import imaplib
import json
import time
import unicodedata
import zipfile
from io import BytesIO

import office
import pytest

from machine import Machine, letter, user_data
from waiting import wait_until

ALICE, BOB = "alice@example.org", "bob@example.org"
INDEX = "/var/vmail/example.org/{}/Maildir/fts-flatcurve"
SETTINGS = "  search: {index: words, languages: [de, en]}\n"


@pytest.fixture(scope="module")
def box():
    with Machine("search", "10.101.0", user_data() + SETTINGS) as booted:
        yield booted


@contextlib.contextmanager
def mailbox(box, user, folder="INBOX"):
    client = box.imap(user)
    try:
        assert client.select(folder)[0] == "OK"
        yield client
    finally:
        client.logout()


def ask(client, *keys):
    """Message numbers; the last key may be any text."""
    client.literal = keys[-1].encode()
    status, found = client.search("UTF-8", *keys[:-1])
    assert status == "OK", found
    return [int(number) for number in found[0].split()]


def found(box, user, *keys, folder="INBOX"):
    with mailbox(box, user, folder) as client:
        return ask(client, *keys)


def put(box, user, *messages, folder="INBOX"):
    """Appends them; the number of the first."""
    with mailbox(box, user, folder) as client:
        first = int(client.untagged_responses["EXISTS"][-1] if "EXISTS" in client.untagged_responses
                    else client.select(folder)[1][0]) + 1
        for message in messages:
            assert client.append(folder, None, None, message.as_bytes())[0] == "OK"
        return first


def attached(data, kind, name=None, text="siehe Anlage"):
    message = letter(text)
    main, sub = office.TYPES.get(kind, kind).split("/")
    message.add_attachment(data, maintype=main, subtype=sub, filename=name or f"report.{kind}")
    return message


def indexed(box, user, folder="INBOX"):
    """The last message that the index has."""
    told = box.run("doveadm", "-f", "flow", "fts", "flatcurve", "stats", "-u", user, folder).stdout
    return max(int(word.removeprefix("last_uid=")) for word in told.split()
               if word.startswith("last_uid="))


def test_words_are_found_however_they_are_written(box):
    number = put(box, ALICE, letter("Die Gebühren und Größen laufen; the horses' runner's shoes",
                                    "Rechnung Übergröße", **{"List-Id": "<leute.example.org>",
                                                             "X-Colour": "blaukraut"}))
    nfd = unicodedata.normalize("NFD", "gebühren")
    for keys in (("BODY", "gebühren"), ("TEXT", nfd), ("BODY", "GEBÜHREN"), ("BODY", "gebuhr"),
                 ("BODY", "und"),       # no word is too common
                 ("TEXT", "horse"), ("SUBJECT", "übergröße"), ("SUBJECT", "rechnung"),
                 ("TEXT", "übergröße"), ("FROM", "stranger@example.com"),
                 # Nobody is told that there is nothing, because a field is not in the index.
                 ("HEADER", "List-Id", "leute.example.org"), ("HEADER", "X-Colour", "blaukraut")):
        assert found(box, ALICE, *keys) == [number], keys
    for keys in (("BODY", "ebühr"), ("BODY", "rechnung"), ("SUBJECT", "gebühren"),
                 ("HEADER", "X-Colour", "leute")):
        assert found(box, ALICE, *keys) == [], keys


def test_words_of_documents_are_found(box):
    first = put(box, BOB, *(attached(office.make(kind, f"{kind}wort Bürgermeister"), kind)
                            for kind in office.TYPES))
    for number, kind in enumerate(office.TYPES, first):
        assert found(box, BOB, "BODY", f"{kind}wort") == [number]
    assert found(box, BOB, "TEXT", "bürgermeister") == list(range(first, first + len(office.TYPES)))
    by_name = put(box, BOB, attached(office.pdf("namenswort"), "application/octet-stream", "a.pdf"),
                  attached(office.rtf("umgetauft"), "doc"))
    assert found(box, BOB, "BODY", "namenswort") == [by_name]
    assert found(box, BOB, "BODY", "umgetauft") == [by_name + 1]


def test_a_delivery_is_indexed_without_a_search(box):
    before = indexed(box, ALICE)
    message = attached(office.pdf("lieferwort"), "pdf")
    box.send(message)
    box.wait_message(ALICE, message["Message-ID"])
    wait_until(lambda: indexed(box, ALICE) > before, "it is indexed", 30)
    assert len(found(box, ALICE, "BODY", "lieferwort")) == 1


def bomb(words):
    """A document that unpacks to 200 MiB."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, \
            archive.open("content.xml", "w") as file:
        file.write(f"<a>{words}".encode())
        for _ in range(200):
            file.write(b" " * (1 << 20))
    return out.getvalue()


def test_a_hostile_document_costs_its_own_words_alone(box):
    """Each in a message of its own, one after the other, and an honest one behind them."""
    hostile = [
        attached(office.pdf_without_end("endlos"), "pdf", text="pdfbombe"),
        attached(bomb("zipwort"), "odt", text="zipbombe"),
        attached(b"PK\3\4" + bytes(1 << 16), "docx", text="truemmer"),
        attached(b"%PDF-1.7\n" + bytes(1 << 16), "pdf", text="leer"),
        attached(b"{\\rtf1 " + b"{\\*" * (1 << 20), "rtf", text="tief"),
        attached(office.docx("weg")[:-40], "docx", text="halb"),
    ]
    began = time.monotonic()
    first = put(box, ALICE, *hostile, attached(office.pdf("ehrlich"), "pdf"))
    assert time.monotonic() - began < 5, "somebody waited for an index"
    assert found(box, ALICE, "BODY", "ehrlich") == [first + len(hostile)]
    assert time.monotonic() - began < 25
    texts = ("pdfbombe", "zipbombe", "truemmer", "leer", "tief", "halb")
    for number, text in enumerate(texts, first):
        assert found(box, ALICE, "BODY", text) == [number]
    assert found(box, ALICE, "BODY", "zipwort") == []
    wait_until(lambda: "postcask-text@" not in box.run("systemctl", "list-units", "--no-legend",
                                                       "postcask-text@*").stdout, "nobody reads", 30)
    assert box.run("pgrep", "pdftotext", check=False).returncode == 1


# One line of systemd's: each $ twice.
LOOK_ROUND = ("exec 2>/dev/null; id -u; "
              "ls /etc/passwd /etc/dovecot /run/dovecot /run/postcask /var/vmail /boot/grub; "
              "for folder in / /usr /etc /var /run; do touch $$folder/x && echo wrote; done; "
              "cat /proc/1/cmdline && echo saw; kill -0 1 && echo reached; "
              "grep -c : /proc/net/dev; echo end")


def test_who_reads_documents_reaches_nothing(box):
    """What its unit gives it, seen by a shell in its place."""
    folder = "/run/systemd/system/postcask-text@.service.d"
    box.run("mkdir", "-p", folder)
    box.run("tee", f"{folder}/look.conf",
            stdin=f"[Service]\nExecStart=\nExecStart=/bin/sh -c '{LOOK_ROUND}'\n")
    box.run("systemctl", "daemon-reload")
    try:
        said = box.run("perl", "-MIO::Socket::UNIX", "-e", "print IO::Socket::UNIX->new("
                       "Peer => '/run/postcask/text.sock')->getlines()").stdout
    finally:
        box.run("rm", "-r", folder)
        box.run("systemctl", "daemon-reload")
    assert said.split() == ["463", "1", "end"]


@pytest.mark.parametrize("damage", [
    "for f in */postlist.glass; do head -c $(stat -c %s $f) /dev/urandom 1<>$f >&1; done",
    "truncate -s 20 */iamglass", "rm */termlist.glass"], ids=["scribbled", "cut", "lost"])
def test_a_damaged_index_is_made_anew(box, damage):
    put(box, BOB, letter("Schadenwort"))
    want = found(box, BOB, "BODY", "schadenwort")
    box.run("systemctl", "restart", "postcask-search.service")     # it forgets the last hour
    box.run("sh", "-c", f"cd {INDEX.format('bob')} && {damage}")
    box.run("doveadm", "kick", BOB, check=False)                    # nobody has it open
    put(box, BOB, letter("trotzdem"))                               # mail goes on

    def healed():
        with mailbox(box, BOB) as client:
            with contextlib.suppress(AssertionError, imaplib.IMAP4.error):
                return ask(client, "BODY", "schadenwort") == want and \
                    len(ask(client, "TEXT", "bürgermeister")) == len(office.TYPES)
        return False

    wait_until(healed, "the index is whole", 30)
    wait_until(lambda: "is whole again" in box.journal("postcask-search.service").splitlines()[-1],
               "it says so", 30)
    state = json.loads(box.run("cat", "/run/postcask/search/report.json").stdout)
    assert (state["made"], state["failed"]) == (1, 0)
    told = json.loads(box.run("postcask", "status", "--json", check=False).stdout)
    assert any("indexes of words" in note for note in told["notes"]), told["notes"]


def test_no_user_is_healed_twice_in_an_hour(box):
    before = box.journal("postcask-search.service").count("is made anew")
    box.run("sh", "-c", f"truncate -s 20 {INDEX.format('bob')}/*/iamglass")
    with mailbox(box, BOB) as client, pytest.raises(AssertionError):
        ask(client, "BODY", "schadenwort")
    box.run("journalctl", "--sync")
    assert box.journal("postcask-search.service").count("is made anew") == before


def test_an_index_that_is_removed_is_made_anew(box):
    want = len(found(box, ALICE, "BODY", "ehrlich"))
    box.run("rm", "-r", INDEX.format("alice"))
    assert len(found(box, ALICE, "BODY", "ehrlich")) == want == 1


def test_mail_of_before_is_indexed_once(box):
    """As on a machine that was updated: nobody has written to it or searched in it since."""
    mark = f"/var/lib/postcask/search/{ALICE}"
    box.run("systemctl", "stop", "postcask-search.service")
    last = indexed(box, ALICE)
    box.run("rm", "-rf", INDEX.format("alice"), mark)
    box.run("systemctl", "start", "postcask-search.service")
    wait_until(lambda: box.run("ls", mark, check=False).returncode == 0, "it is marked", 30)
    assert indexed(box, ALICE) == last > 0


def test_off_is_no_process_and_every_word_is_found(box):
    """The last one: it is another machine afterwards."""
    box.run("postcask", "apply", "-", stdin=user_data(), timeout=120)
    assert "fts_" not in box.run("doveconf", "-n").stdout
    assert box.run("systemctl", "is-active", "postcask-text.socket", "postcask-search.service",
                   check=False).stdout.split() == ["inactive", "inactive"]
    assert box.run("pgrep", "-f", "indexer", check=False).returncode == 1
    put(box, ALICE, letter("Ohne Gebührenordnung"))
    assert len(found(box, ALICE, "BODY", "ebührenordn")) == 1
