# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of every message: what `postcask trace` tells, and that nothing is ever missing
without an alarm, on one machine whose journal, service and queue are treated badly."""

import json
import os
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from machine import BOOT, Machine, letter
from waiting import end_of

EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")


@pytest.fixture(scope="module")
def machine():
    account = Machine("account", "10.63.0")
    drop_in = account.tree / "etc/systemd/system/postcask-account.service.d/test.conf"
    drop_in.parent.mkdir()      # three seconds instead of a minute until something is missing
    drop_in.write_text("[Service]\nExecStart=\n"
                       "ExecStart=/usr/lib/postcask/postcask-account --grace 3\n")
    with account as booted:
        yield booted


def trace(machine, *words, found=True):
    done = machine.run("postcask", "trace", "--json", *words, check=False)
    assert done.returncode == (0 if found else 1), done.stderr
    return json.loads(done.stdout)


def follow(machine, done, *options):
    """Reads the journal's lines, from its beginning, until done(line)."""
    command = [BOOT, machine.name, "exec", "journalctl", "-f", "-n", "all", "-o", "cat", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as reader:
        watchdog = threading.Timer(40, reader.kill)
        watchdog.start()
        try:
            assert any(done(line) for line in reader.stdout), "it did not come in time"
        finally:
            watchdog.cancel()
            reader.kill()


def wait_done(machine, *message_ids):
    """Until Postfix has tried everything that came of these messages."""
    ids, ended, seen = set(), set(), set()

    def done(line):
        queue_id, _, text = line.partition(": ")
        message_id = text.strip().removeprefix("message-id=<").removesuffix(">")
        if message_id in message_ids:
            ids.add(queue_id)
            seen.add(message_id)
        if text.startswith("removed") or "status=deferred" in text:
            ended.add(queue_id)
        return seen == set(message_ids) and ids <= ended

    follow(machine, done, "-u", "postfix")


def send_all(machine):
    """One message of each fate, all at once; their Message-IDs by name."""
    letters = {name: letter(text) for name, text in {
        "clean": "hello", "alias": "hello", "two": "hello", "virus": EICAR, "spam": GTUBE,
        "submitted": "hello", "waiting": "hello", "receipt": "hello"}.items()}
    to = {"alias": ["sales@example.org"], "two": ["alice@example.org", "carol@example.net"]}
    for name in ("clean", "alias", "two", "virus", "spam"):
        machine.send(letters[name], to=to.get(name, ["alice@example.org"]))
    with machine.submission("alice@example.org") as client:
        for name in ("submitted", "waiting", "receipt"):
            letters[name].replace_header("From", "alice@example.org")
        for name, options in (("submitted", []), ("waiting", []), ("receipt", ["NOTIFY=SUCCESS"])):
            recipient = "x@nowhere.example.com" if name == "waiting" else "bob@example.org"
            client.sendmail("alice@example.org", [recipient], letters[name].as_bytes(),
                            rcpt_options=options)
    machine.run("sendmail", "-f", "root@mail.example.org", "alice@example.org",
                stdin="Subject: cron\nMessage-ID: <cron@example.com>\n\n" + EICAR + "\n")
    ids = {name: message["Message-ID"].strip("<>") for name, message in letters.items()}
    ids["cron"] = "cron@example.com"
    wait_done(machine, *ids.values())
    return ids


def text_of(message):
    return "\n".join(event["text"] for event in message["events"])


def ends_of(message):
    return {end["address"]: (end["state"], end["detail"]) for end in message["recipients"]}


@pytest.fixture(scope="module")
def sent(machine):
    return send_all(machine)


ENDS = ("delivered", "quarantined", "bounced", "deleted", "unseen", "unclear", "missing", "settled")


def account(machine):
    """What the service says; every message is somewhere in it, at every moment."""
    found = json.loads(machine.run("cat", "/run/postcask/account.json").stdout)
    assert found["accepted"] == found["waiting"] + sum(found[end] for end in ENDS)
    return found


def wait_account(machine, condition, timeout=40):
    end = end_of(timeout)
    while not condition(found := account(machine)):
        assert time.monotonic() < end, found
    return found


def status(machine):
    done = machine.run("postcask", "status", "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def queue_files(machine):
    queues = [f"/var/spool/postfix/{queue}" for queue in ("incoming", "active", "deferred", "hold")]
    return machine.run("find", *queues, "-type", "f").stdout.split()


def no_alarm(found):
    alarms = {key: found[key] for key in ("missing_ids", "unclear", "quarantine_gone_ids")}
    return not any(alarms.values())


def is_settled(machine):
    """Everything that is in the queue is in the account."""
    return lambda found: found["waiting"] == len(queue_files(machine))


def test_the_story_of_each_message(machine, sent):
    stories = {}
    for name, message_id in sent.items():
        found = trace(machine, message_id)
        assert len(found) == 1, name
        stories[name] = found[0]
    assert ends_of(stories["clean"]) == {"alice@example.org": ("delivered", "folder INBOX")}
    assert ends_of(stories["spam"]) == {"alice@example.org": ("delivered", "folder Spam")}
    assert ends_of(stories["alias"]) == {"alice@example.org": ("delivered", "folder INBOX"),
                                         "bob@example.org": ("delivered", "folder INBOX")}
    assert set(ends_of(stories["two"])) == {"alice@example.org", "carol@example.net"}
    for name in ("virus", "cron"):
        state, detail = ends_of(stories[name])["alice@example.org"]
        assert state == "quarantined" and "Eicar" in detail, name
    state, detail = ends_of(stories["waiting"])["x@nowhere.example.com"]
    assert state == "waiting" and "Name service error" in detail and "next try at" in detail
    assert "logged in as alice@example.org" in text_of(stories["submitted"])
    assert "TLSv1.3" in text_of(stories["submitted"])
    assert "without TLS" in text_of(stories["clean"])
    assert "score 100" in text_of(stories["spam"])
    assert "notice of sender delivery status" in text_of(stories["receipt"])
    assert "given by sendmail(1), user id 0" in text_of(stories["cron"])


def test_every_kind_of_key_finds_it(machine, sent):
    story = trace(machine, sent["virus"])[0]
    name = story["recipients"][0]["detail"].partition(":")[0]
    for key in (*story["ids"], name, name.removeprefix("virus-"), f"<{sent['virus']}>"):
        assert trace(machine, key) == [story], key
    through = trace(machine, sent["alias"])[0]
    assert len(through["ids"]) == 2     # before the filter and after it
    for key in through["ids"]:
        assert trace(machine, key) == [through]
    for address in ("SALES@example.org", "stranger@example.com"):
        assert sent["alias"] in [found["message_id"] for found in trace(machine, address)]
    since = trace(machine, "--since", "10 min ago")
    assert set(sent.values()) <= {found["message_id"] for found in since}
    text = machine.run("postcask", "trace", sent["alias"]).stdout
    assert "-> bob@example.org: delivered: folder INBOX" in text
    assert trace(machine, "4jYfJp13wgz7dd", found=False) == []
    assert trace(machine, "nobody@example.org", "--since", "1h", found=False) == []
    wrong = machine.run("postcask", "trace", "--since", "soon", "x", check=False)
    assert wrong.returncode == 2 and "10 min ago" in wrong.stderr
    assert machine.run("postcask", "trace", "", check=False).returncode == 2
    other = machine.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "postcask",
                        "trace", sent["alias"], check=False)
    assert other.returncode == 1 and "sudo" in other.stderr


def test_strangers_write_nothing_into_it(machine, sent):
    """Log lines in what a client may choose, and from accounts that are not the daemons'."""
    victim = trace(machine, sent["waiting"])[0]
    queue_id = victim["ids"][-1]
    before = account(machine)
    forged = letter("hello", **{"Message-ID": f"<x> {queue_id}: removed status=sent (250 ok)"})
    with machine.smtp() as client:
        client.ehlo(f"{queue_id}.removed")
        client.docmd(f"MAIL FROM:<\"{queue_id}: removed, status=sent (250\"@example.com>")
        client.rset()
        client.sendmail("x@example.com", ["alice@example.org"], forged.as_bytes())
    for identifier in ("postfix/qmgr", "postfix/postsuper", "postcask-account"):
        machine.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "logger", "-t",
                    identifier, f"{queue_id}: removed")
    wait_account(machine, lambda found: found["delivered"] > before["delivered"])
    assert trace(machine, queue_id) == [victim]
    assert account(machine)["waiting"] == before["waiting"]


def test_the_account_balances(machine, sent):
    found = wait_account(machine, is_settled(machine))
    assert no_alarm(found) and found["unseen"] == 0 and found["gap"] is None
    assert found["quarantined"] >= 3 and found["quarantine_files"] == 2     # one was the self-test's
    code, report = status(machine)
    assert code == 0 and report["mail"]["accepted"] >= found["accepted"]
    assert report["mail"]["queue"]["waiting"] == found["waiting"]
    assert report["mail"]["queue"]["reasons"][0]["for"] == "for the DNS"
    text = machine.run("postcask", "status").stdout
    assert re.search(r"^mail: \d+ accepted = \d+ delivered \+ \d+ waiting \+ \d+ quarantined \+ "
                     r"\d+ bounced$", text, re.M)


def test_killed_under_load_it_counts_each_message_once(machine, sent):
    before = wait_account(machine, is_settled(machine))

    def send(number):
        with machine.smtp(source=3 + number) as client:
            for _ in range(10):
                client.sendmail("x@example.com", ["alice@example.org"], letter("hi").as_bytes())

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, number) for number in range(4)]
        for one in sending:
            machine.run("systemctl", "kill", "-s", "KILL", "postcask-account")
            one.result()
    found = wait_account(machine, lambda found: found["delivered"] >= before["delivered"] + 40)
    assert found["accepted"] == before["accepted"] + 40 and no_alarm(found)
    assert found["delivered"] == before["delivered"] + 40


def test_what_waits_and_why(machine, sent):
    before = account(machine)
    machine.run("systemctl", "stop", "amavis")
    message_id = machine.send("waits").strip("<>")
    wait_done(machine, message_id)
    code, report = status(machine)
    assert [reason["for"] for reason in report["mail"]["queue"]["reasons"]
            if "amavis" in reason["for"]] == ["for the filter (amavis)"]
    assert report["mail"]["down"] == ["amavis: inactive"]
    text = machine.run("postcask", "status", check=False).stdout
    assert "1 for the filter (amavis): connect to 127.0.0.1[127.0.0.1]:10024" in text
    assert code == 2 and "degraded: amavis is not running; what needs it waits" in text
    machine.run("systemctl", "start", "amavis")
    machine.wait_message("alice@example.org", f"<{message_id}>")
    found = wait_account(machine, lambda found: found["delivered"] > before["delivered"])
    assert found["waiting"] == before["waiting"]


def waiting_id(machine):
    """A new message that waits for a name server; its queue id."""
    message = letter("hello", From="alice@example.org")
    with machine.submission("alice@example.org") as client:
        client.sendmail("alice@example.org", ["x@nowhere.example.com"], message.as_bytes())
    wait_done(machine, message["Message-ID"].strip("<>"))
    return trace(machine, message["Message-ID"])[0]["ids"][-1]


def test_a_person_who_deletes_is_no_alarm(machine, sent):
    before = account(machine)
    queue_id = waiting_id(machine)
    machine.run("postsuper", "-h", queue_id)
    follow(machine, lambda line: f"{queue_id}: placed on hold" in line)
    assert trace(machine, queue_id)[0]["state"] == "on hold"
    machine.run("postsuper", "-d", queue_id)
    found = wait_account(machine, lambda found: found["deleted"] > before["deleted"])
    assert no_alarm(found) and trace(machine, queue_id)[0]["state"] == "deleted"


def test_a_lost_message_is_an_alarm(machine, sent):
    queue_id = waiting_id(machine)
    path, = [path for path in queue_files(machine) if path.endswith("/" + queue_id)]
    machine.run("rm", path)
    wait_account(machine, lambda found: found["missing"])
    code, report = status(machine)
    assert code == 2 and report["state"] == "degraded"
    message = trace(machine, queue_id)[0]       # before the filter it had another id
    note, = [note for note in report["notes"] if "1 messages unaccounted for" in note]
    assert note.startswith("degraded:") and message["ids"][0] in note
    assert "1 MISSING" in machine.run("postcask", "status", check=False).stdout
    machine.run("postcask", "trace", "--settle", message["ids"][0])
    wait_account(machine, no_alarm)
    assert status(machine)[0] == 0


def test_a_release_and_a_deletion_are_no_alarm(machine, sent):
    message_id = machine.send(letter(EICAR)).strip("<>")
    wait_done(machine, message_id)
    held = trace(machine, message_id)[0]["recipients"][0]["detail"].partition(":")[0]
    before = wait_account(machine, lambda found: found["quarantine_files"] == 3)
    machine.run("postcask", "quarantine", "release", held)
    machine.wait_message("alice@example.org", f"<{message_id}>")
    other = trace(machine, sent["cron"])[0]["recipients"][0]["detail"].partition(":")[0]
    machine.run("postcask", "quarantine", "delete", other)
    found = wait_account(machine, lambda found: found["quarantine_files"] == 1 and
                         found["delivered"] > before["delivered"])
    released, = trace(machine, held)    # both its lives are one story
    assert {end["state"] for end in released["recipients"]} == {"released", "delivered"}
    assert trace(machine, sent["cron"])[0]["recipients"][0]["state"] == "deleted"
    assert no_alarm(found)


def test_a_lost_file_of_the_quarantine_is_an_alarm(machine, sent):
    name = trace(machine, sent["virus"])[0]["recipients"][0]["detail"].partition(":")[0]
    machine.run("rm", f"/var/lib/postcask/quarantine/{name}")
    found = wait_account(machine, lambda found: found["quarantine_gone"])
    gone = name.removeprefix("virus-")
    assert [alarm["id"] for alarm in found["quarantine_gone_ids"]] == [gone]
    code, report = status(machine)
    assert code == 2 and any(gone in note for note in report["notes"])
    machine.run("postcask", "trace", "--settle", gone)
    wait_account(machine, no_alarm)


def test_a_cut_off_machine_reconciles(machine, sent):
    before = wait_account(machine, no_alarm)
    machine.boot("halt")
    machine.start()
    found = wait_account(machine, is_settled(machine))
    assert no_alarm(found), found
    assert "without warning" in found["gap"]
    assert found["accepted"] >= before["accepted"] and found["deleted"] == before["deleted"]
    assert found["boot"]["accepted"] < found["accepted"]


def test_the_last_lines_before_a_cut_may_be_lost(machine, sent):
    """A message known from the lines since the account was saved, whose end no line told: as when
    it was delivered in the seconds that never came to the disk."""
    before = wait_account(machine, no_alarm)
    machine.run("systemctl", "kill", "--signal=STOP", "postcask-account")   # it saves no more
    machine.run("systemctl", "stop", "amavis")
    there = set(queue_files(machine))
    wait_done(machine, machine.send("its end is lost").strip("<>"))
    machine.run("journalctl", "--sync")
    gone, = set(queue_files(machine)) - there
    machine.boot("halt")
    (machine.tree / gone.lstrip("/")).unlink()
    machine.start()
    found = wait_account(machine, lambda found: found["unseen"] > before["unseen"])
    assert no_alarm(found), found


def test_a_journal_cut_short_is_no_alarm(machine, sent):
    before = account(machine)
    machine.run("systemctl", "stop", "postcask-account")
    code, report = status(machine)
    assert code == 2 and any("nobody keeps the account" in note for note in report["notes"])
    wait_done(machine, machine.send("while nobody looks").strip("<>"))
    waiting_id(machine)
    machine.run("journalctl", "--rotate")
    machine.run("journalctl", "--vacuum-size=1")
    machine.run("systemctl", "start", "postcask-account")
    found = wait_account(machine, lambda found: found["gap"] and "cut short" in found["gap"] and
                         found["waiting"] == len(queue_files(machine)))
    assert no_alarm(found), found
    assert found["waiting"] == before["waiting"] + 1
    assert status(machine)[0] == 0
