# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person has deleted comes back for some days, takes room of nobody, and goes then."""

import email
import json
import re
import subprocess

import pytest

from machine import Machine, letter, user_data
from test_quota import delete_by_copy, empty_both, full_of, refused

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
SETTINGS = "  mailboxes:\n    recover_days: 7\n    recover_mib: 1\n"


def data(settings=SETTINGS):
    text = user_data() + settings
    return text.replace(f"address: {ALICE}\n", f"address: {ALICE}\n      quota_mib: 2\n")


@pytest.fixture(scope="module")
def box():
    with Machine("recover", "10.122.0", data=data()) as machine:
        assert machine.report()["state"] == "ready"
        yield machine


def kept(box, user, *words):
    return json.loads(box.run("postcask", "user", "recover", user, "--list", "--json", *words).stdout)


def put(client, subject, folder="INBOX", size=10, flags=None):
    text = f"Subject: {subject}\r\nFrom: a@far.example\r\n\r\n".encode() + b"x" * size + b"\r\n"
    assert client.append(folder, flags, None, text)[0] == "OK"
    client.noop()
    return text


def remove_all(client, folder="INBOX"):
    client.select(folder)
    if client.search(None, "ALL")[1] != [b""]:
        client.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
        assert client.expunge()[0] == "OK"


def come_back(box, user):
    """All messages in Recovered: (bytes, flags)."""
    box.run("postcask", "user", "recover", user, "--all")
    with box.imap(user) as client:
        client.select("Recovered")
        answers = client.fetch("1:*", "(FLAGS BODY.PEEK[])")[1]
        found = [(item[1], item[0]) for item in answers if isinstance(item, tuple)]
        remove_all(client, "Recovered")
    forget_all(box, user)
    return found


def forget_all(box, user):
    box.run("doveadm", "expunge", "-u", user, "mailbox", ".recover/mail", "all")


def test_what_is_deleted_comes_back_as_it_was(box):
    with box.imap(BOB) as client:
        client.select("INBOX")
        first = put(client, "first", flags=r"(\Seen \Flagged)")
        put(client, "second")
        remove_all(client)
        assert "recover" not in str(client.list()[1] + client.list('""', "%")[1] + client.lsub()[1])
    listed = kept(box, BOB)
    assert [one["subject"] for one in listed] == ["first", "second"]
    assert listed[0]["from"] == "a@far.example" and listed[0]["size"] > 40
    assert kept(box, BOB, "--since", "1h ago") == listed
    shown = box.run("postcask", "user", "recover", "BOB@example.org", "--list").stdout
    assert "first" in shown and "2 messages" in shown
    found = come_back(box, BOB)
    assert len(found) == 2 and found[0][0] == first
    assert b"\\Seen" in found[0][1] and b"\\Flagged" in found[0][1] and b"\\Deleted" not in found[0][1]
    assert kept(box, BOB) == [] and "0 messages" in box.run(
        "postcask", "user", "recover", BOB, "--all").stdout


def test_what_is_moved_is_not_deleted(box):
    with box.imap(BOB) as client:
        client.select("INBOX")
        for subject in ("moved", "copied"):
            put(client, subject)
        uids = client.uid("SEARCH", None, "ALL")[1][0].split()
        client.uid("MOVE", uids[0], "Archive")
        delete_by_copy(client, uids[1])
        assert kept(box, BOB) == []
        remove_all(client, "Trash")
        assert [one["subject"] for one in kept(box, BOB)] == ["copied"]
        remove_all(client, "Archive")
    assert [one["subject"] for one in kept(box, BOB)] == ["copied", "moved"]
    forget_all(box, BOB)


def test_one_message_to_several_is_kept_for_each(box):
    message = letter("to both", subject="both")
    box.send(message, to=[BOB, CAROL])
    for user in (BOB, CAROL):
        box.wait_message(user, message["Message-ID"])
    with box.imap(BOB) as client:
        remove_all(client)
    client = box.pop3(CAROL)
    client.dele(1)
    client.quit()
    for user in (BOB, CAROL):
        (text, _), = come_back(box, user)
        assert email.message_from_bytes(text)["Message-ID"] == message["Message-ID"]


def test_a_full_mailbox_is_emptied_and_stays_empty(box):
    with box.imap(ALICE) as client:
        uids = full_of(client, 200)
        delete_by_copy(client, b",".join(uids[:3]))
        client.uid("MOVE", b",".join(uids[3:5]), "Trash")
        empty_both(client)
        assert refused(box, [ALICE]) == []
        said = client.getquotaroot("INBOX")[1][1][0]       # but for a warning that came last
        assert int(re.search(rb"STORAGE (\d+) 2048", said)[1]) < 8
    assert len(kept(box, ALICE)) >= len(uids)


def forget(box):
    box.run("systemctl", "start", "postcask-recover.service", timeout=120)


def test_the_oldest_of_what_is_too_much_goes(box):
    forget_all(box, CAROL)
    with box.imap(CAROL) as client:
        for number in range(8):
            put(client, f"n{number}", size=200 * 1024)
            remove_all(client)
    assert len(kept(box, CAROL)) == 8
    forget(box)
    left = kept(box, CAROL)
    assert [one["subject"] for one in left] == ["n3", "n4", "n5", "n6", "n7"]
    assert sum(one["size"] for one in kept(box, ALICE)) <= 1024 * 1024


LATER = """#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static time_t later(void) { return strcmp(program_invocation_short_name, "doveadm") ? 0 : %d; }
int clock_gettime(clockid_t id, struct timespec *at) {
    long result = syscall(SYS_clock_gettime, id, at);
    if (id == CLOCK_REALTIME) at->tv_sec += later();
    return result; }
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone; clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000; return 0; }
time_t time(time_t *ret) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret) *ret = now.tv_sec;
    return now.tv_sec; }
"""


@pytest.mark.parametrize("days,left", [(6, 5), (8, 0)])
def test_what_is_old_goes(box, tmp_path, days, left):
    """By a clock that is some days ahead, for doveadm alone."""
    source, preload = tmp_path / "later.c", box.tree / "etc/ld.so.preload"
    source.write_text(LATER % (days * 86400))
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", box.tree / "usr/lib/later.so", source],
                   check=True, timeout=60)
    preload.write_text("/usr/lib/later.so\n")
    try:
        forget(box)
    finally:
        preload.unlink()
    assert len(kept(box, CAROL)) == left


def test_who_asks_wrongly(box):
    for words, status, said in ((["nobody@example.org", "--list"], 1, "no mailbox"),
                                ([BOB], 2, "usage"), ([BOB, "--list", "--all"], 2, "usage"),
                                ([BOB, "--list", "--since", "soon"], 1, "soon")):
        done = box.run("postcask", "user", "recover", *words, check=False)
        assert (done.returncode, said in done.stderr) == (status, True), done.stderr


def test_when_nothing_is_kept_any_more_nothing_is_left(box):
    with box.imap(BOB) as client:
        client.select("INBOX")
        put(client, "last")
        remove_all(client)
    assert list((box.tree / "var/vmail").glob("*/*/recover"))
    box.run("sh", "-c", "cat >/run/without.yaml", stdin=data(""))
    box.run("postcask", "apply", "/run/without.yaml", timeout=180)
    done = box.run("postcask", "user", "recover", BOB, "--list", check=False)
    assert done.returncode == 1 and "mailboxes.recover_days" in done.stderr
    forget(box)
    assert not list((box.tree / "var/vmail").glob("*/*/recover"))
    assert not (box.tree / "var/lib/postcask/recover/used").exists()
    with box.imap(BOB) as client:
        client.select("INBOX")
        put(client, "gone")
        remove_all(client)
    forget(box)                         # a condition: there is no process
    assert not list((box.tree / "var/vmail").glob("*/*/recover"))
