# SPDX-License-Identifier: GPL-3.0-or-later
"""postcask quarantine: what strangers' viruses become, and how a person gets one back."""

import email.message
import email.policy
import json
import os
import re
import secrets
import subprocess
import time

import pytest

from machine import BOOT, Machine, idle, letter, user_data
from test_filter import EICAR
from waiting import end_of

FOLDER = "/var/lib/postcask/quarantine"
ALICE, BOB = "alice@example.org", "bob@example.org"

# What is hard on the way through SMTP: 8-bit bytes, dots at the beginnings of lines, a From
# line, lines beyond 998 bytes, blanks at a line's end, no newline at the end.
HARD = (b"From the top\r\n.\r\n..\r\n...three\r\n.\tfour \t \r\n\r\n8bit \xe4\xf6\xfc \xff\xfe\r\n"
        + b"L" * 997 + b"\r\n" + b"M" * 998 + b"\r\n" + b"N" * 5000 + b"\r\n \r\n"
        + bytes(range(1, 10)) + bytes(range(14, 256)) + b"\r\n.")


@pytest.fixture(scope="module")
def machine():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    data = user_data() + ("  filter: {virus: {notify: both}, banned: {policy: quarantine}}\n"
                          "  quarantine: {retention_days: 30}\n  reports: {to: bob@example.org}\n")
    with Machine("quarantine", "10.65.0", data) as booted:
        yield booted


def raw(machine, *command, check=True):
    """A command inside, its output as bytes."""
    done = subprocess.run([BOOT, machine.name, "exec", *command], capture_output=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def quarantine(machine, *words, check=True):
    return machine.run("postcask", "quarantine", *words, check=check)


def listed(machine, *words):
    return json.loads(quarantine(machine, "list", "--json", *words).stdout)


def journal(machine):
    machine.run("journalctl", "--sync")
    return machine.run("journalctl", "-t", "postcask-quarantine", "-o", "cat").stdout.splitlines()


def virus(body=HARD, **headers):
    """A message with EICAR in it, and its Message-ID."""
    message_id = f"<{secrets.token_hex(12)}@example.com>"
    lines = {"From": "stranger@example.com", "To": "undisclosed-recipients:;",
             "Message-ID": message_id, "Subject": "a test", **headers}
    header = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return header.encode() + b"\r\n" + EICAR + b"\r\n" + body, message_id


def send(machine, data, to, sender="stranger@example.com"):
    with machine.smtp() as client:
        client.mail(sender, ["BODY=8BITMIME"])
        for recipient in to:
            assert client.rcpt(recipient)[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.send(re.sub(rb"(?m)^\.", b"..", data) + b"\r\n.\r\n")
        assert client.getreply()[0] == 250


def wait_listed(machine, count, *words, timeout=40):
    """Until so many are there, and Postfix has heard that they are: whole."""
    end = end_of(timeout)
    while True:
        active = machine.run("find", "/var/spool/postfix/active", "-type", "f").stdout
        found = listed(machine, *words)
        if len(found) >= count and not active:
            return found
        assert time.monotonic() < end, f"{len(found)} of {count} in quarantine"
        machine.run("sh", "-c", f"inotifywait -qq -t 1 -e close_write {FOLDER} || sleep 0.2",
                    check=False)


def below_trace(message):
    """What a mailbox holds, without the lines that the last way added on top: up to our own
    Received line of the release."""
    message = message.replace(b"\r\n", b"\n")
    top = re.match(rb"(?:(?!Received: from quarantine\.localhost)[^\n]*\n)*?"
                   rb"Received: from quarantine\.localhost [^\n]*\n(?:[ \t][^\n]*\n)+", message)
    assert top, message[:1000]
    assert set(re.findall(rb"(?m)^([\w-]+):", top[0])) <= {b"Return-Path", b"Delivered-To",
                                                          b"Received"}
    return message[top.end():]


@pytest.fixture(scope="module")
def held(machine):
    """One hard message to three addresses, in quarantine."""
    data, message_id = virus(Subject="=?utf-8?q?b=C3=BCro=1B[31m?= \u202egnp.exe",
                             **{"X-Amavis-Hold": "for ever", "X-Quarantine-ID": "<faked>",
                                "X-Envelope-To": "<mallory@example.com>"})
    send(machine, data, [ALICE, "sales@example.org", "bob+x@example.org"])
    entry = wait_listed(machine, 1)[0]
    return entry, message_id, data


def test_the_list_says_what_and_why(machine, held):
    entry, _, data = held
    assert entry["kind"] == "virus" and entry["state"] == "held"
    assert "Eicar" in entry["reason"] and "\n" not in entry["reason"]
    assert entry["sender"] == "stranger@example.com"
    assert entry["recipients"] == [ALICE, "bob+x@example.org", "sales@example.org"]
    assert entry["subject"] == "büro?[31m ?gnp.exe"
    assert entry["size"] >= len(data.replace(b"\r\n", b"\n"))
    assert entry["file"] == f"virus-{entry['id']}"
    text = quarantine(machine, "list").stdout
    assert entry["id"] in text and "büro?[31m" in text and "Eicar" in text
    assert "\x1b" not in text and "\u202e" not in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert listed(machine, "--kind", "banned") == [] == listed(machine, "--to", "carol@")
    assert listed(machine, "--since", "1h", "--to", "sales@", "--from", "stranger") == [entry]
    assert listed(machine, "--since", "2099-01-01") == []
    assert quarantine(machine, "list", "--since", "monday", check=False).returncode == 2
    wrong = quarantine(machine, "list", "--kind", "viruses", check=False)
    assert wrong.returncode == 2 and "encrypted" in wrong.stderr


def test_the_report_counts_it(machine, held):
    status = json.loads(machine.run("postcask", "status", "--json", check=False).stdout)
    size = (machine.tree / FOLDER.lstrip("/") / held[0]["file"]).stat().st_size
    assert status["quarantine"] == {"messages": 1, "bytes": size, "oldest": held[0]["date"],
                                    "new": 1, "released": 0}
    text = machine.run("postcask", "status", check=False).stdout
    assert "quarantine: 1 message, " in text and "1 in no digest yet" in text


def test_a_quarantine_that_fills_the_disk_is_said(machine):
    """Nothing in it is deleted by itself, and when the disk is full no mail is taken."""
    size = int(machine.run("stat", "-f", "-c", "%b", "/var").stdout) * 4096
    machine.run("truncate", "-s", str(size // 3), f"{FOLDER}/virus-Large0000000")
    done = machine.run("postcask", "status", check=False)
    machine.run("rm", f"{FOLDER}/virus-Large0000000")
    assert done.returncode == 2 and "degraded: the quarantine takes " in done.stdout
    assert machine.run("postcask", "status", check=False).returncode == 0


def test_show(machine, held):
    entry = held[0]
    shown = quarantine(machine, "show", entry["id"][:6]).stdout
    assert all(word in shown for word in (entry["id"], "stranger@example.com", *entry["recipients"]))
    assert json.loads(quarantine(machine, "show", entry["id"], "--json").stdout) == entry
    header = quarantine(machine, "show", entry["id"], "--headers").stdout
    assert header.startswith("Received: from client.example.com") and "X-Amavis-Hold" in header
    assert "EICAR" not in header and "\x1b" not in header
    for wrong in ("no-such-id", "../keys/ca.key", "/etc/passwd", "virus-", ""):
        done = quarantine(machine, "show", wrong, check=False)
        assert done.returncode == 1 and "nothing of that id" in done.stderr
    done = machine.run("setpriv", "--reuid=vmail", "--clear-groups", "postcask", "quarantine",
                       "list", check=False)
    assert done.returncode == 1 and "root" in done.stderr


def test_a_release_is_byte_for_byte_and_once(machine, held):
    entry, message_id, data = held
    stored = raw(machine, "postcask", "quarantine", "show", entry["id"], "--raw")
    # what amavis keeps is what came, below Postfix's own line
    assert stored.endswith(data.replace(b"\r\n", b"\n") + b"\n")
    copied = quarantine(machine, "release", entry["id"], "--to", "carol@example.net")
    assert "1 recipient" in copied.stdout
    assert listed(machine)[0]["state"] == "held"
    done = quarantine(machine, "release", entry["id"][:8]).stdout
    assert "a virus was found" in done
    queue_id = re.search(r"queue as (\w+)", done)[1]
    for user, folder in ((ALICE, "INBOX"), (BOB, "INBOX"), ("carol@example.net", "INBOX")):
        arrived = machine.wait_message(user, message_id, folder)
        assert below_trace(arrived) == stored, user
    assert listed(machine)[0] == {**entry, "state": "released"}
    again = quarantine(machine, "release", entry["id"], check=False)
    assert again.returncode == 1 and "--again" in again.stderr
    done = json.loads(quarantine(machine, "release", entry["id"], "--again",
                                 "--json").stdout)
    assert done[0]["done"] is True
    lines = journal(machine)
    assert f"release id={entry['id']} queue={queue_id} recipients=3" in lines
    assert any(line.startswith(f"copy id={entry['id']} queue=") for line in lines)
    assert len([line for line in lines if line.startswith(f"release id={entry['id']} ")]) == 2
    assert "hold" not in machine.run("postqueue", "-p").stdout


def test_a_large_message_and_an_unknown_recipient(machine):
    data, message_id = virus(body=b"".join(b".%75d\r\n" % i for i in range(10 * 2**20 // 78)))
    send(machine, data, [ALICE], sender="")
    entry = wait_listed(machine, 1, "--since", "10m", "--from", "<>")[-1]
    assert entry["sender"] == "" and entry["size"] > 10 * 2**20 * 0.97
    done = quarantine(machine, "release", entry["id"], "--to",
                      "nobody@example.org", check=False)
    assert done.returncode == 1 and "nobody@example.org" in done.stderr and "550" in done.stderr
    quarantine(machine, "release", entry["id"])
    stored = raw(machine, "postcask", "quarantine", "show", entry["id"], "--raw")
    assert below_trace(machine.wait_message(ALICE, message_id)) == stored
    assert stored.endswith(data.replace(b"\r\n", b"\n") + b"\n")


def test_what_is_no_virus_needs_no_confirmation(machine):
    message = letter("see attachment")
    message.add_attachment(b"echo hello", "application", "octet-stream", filename="a.bat")
    send(machine, message.as_bytes(policy=email.policy.SMTP).rstrip(), [ALICE],
         sender="banned@example.com")
    entry = wait_listed(machine, 1, "--kind", "banned")[0]
    assert "a.bat" in entry["reason"] and entry["recipients"] == [ALICE]
    quarantine(machine, "release", entry["id"])
    stored = raw(machine, "postcask", "quarantine", "show", entry["id"], "--raw")
    assert below_trace(machine.wait_message(ALICE, message["Message-ID"])) == stored


def digests(machine, user, count, timeout=40):
    """The digests in a mailbox, once there are as many."""
    end = end_of(timeout)
    client = machine.imap(user)
    try:
        while True:
            client.select("INBOX", readonly=True)
            found = client.search(None, "SUBJECT", '"Quarantine of"')[1][0].split()
            if len(found) >= count:
                return [email.message_from_bytes(client.fetch(number, "(BODY.PEEK[])")[1][0][1],
                                                 policy=email.policy.default) for number in found]
            assert time.monotonic() < end, f"{len(found)} of {count} digests"
            idle(client, 5)
    finally:
        client.logout()


def put_file(machine, kind, message):
    """What the filter would have written, as it lists it."""
    name = secrets.token_hex(6)
    (machine.tree / FOLDER.lstrip("/") / f"{kind}-{name}").write_bytes(
        f"X-Envelope-From: <s@example.com>\nX-Envelope-To: <{ALICE}>\n"
        f"X-Quarantine-ID: <{name}>\nX-Amavis-Alert: UNCHECKED\nReceived: from a by b\n"
        f" (amavis, port 10024) with ESMTP id {name}; now\n".encode() + message)
    entry, = [entry for entry in listed(machine) if entry["id"] == name]
    return entry


@pytest.mark.parametrize("sender", [
    f"bounces+{'a' * 50}={'b' * 40}@{'c' * 60}.example.com", f"\"{'a b ' * 15}\"@example.com"])
def test_every_sender_can_be_listed_and_released(machine, sender):
    data, message_id = virus(body=b"see above")
    send(machine, data, [ALICE], sender)
    entry, = wait_listed(machine, 1, "--from", sender[:6])
    assert entry["sender"] == sender
    quarantine(machine, "release", entry["id"])
    machine.wait_message(ALICE, message_id)
    quarantine(machine, "delete", entry["id"])


@pytest.mark.parametrize("kind,warning", [
    ("limits", "not scanned whole"), ("encrypted", "encrypted in it was not scanned"),
    ("broken", "may not have been scanned"), ("banned", None)])
def test_a_release_says_what_was_not_scanned(machine, kind, warning):
    message = letter("see attachment")
    entry = put_file(machine, kind, message.as_bytes())
    done = quarantine(machine, "release", entry["id"]).stdout
    machine.wait_message(ALICE, message["Message-ID"])
    assert warning in done if warning else "scanned" not in done
    quarantine(machine, "delete", entry["id"])


DAILY = "postcask-quarantine.service"


def test_the_digest_is_told_once_to_each(machine):
    send(machine, virus()[0], [ALICE], sender="other@example.com")
    entry = wait_listed(machine, 1, "--from", "other@")[0]
    assert machine.run("systemctl", "is-active", "postcask-quarantine.timer").stdout == "active\n"
    machine.run("systemctl", "start", DAILY)
    for user, words in ((BOB, ["postcask quarantine show ID", "to       " + ALICE]),
                        (ALICE, ["write to " + ALICE])):
        told = digests(machine, user, 1)
        assert len(told) == 1 and told[0]["Auto-Submitted"] == "auto-generated"
        assert told[0]["Return-Path"] == "<>" and told[0]["X-Virus-Scanned"]
        text = told[0].get_content()
        assert all(word in text for word in [entry["id"], "Eicar", "other@example.com", *words])
        assert "after 30 days" in text
        # what was released before is no news
        assert text.count("virus  ") == 1
    assert machine.run("/usr/lib/postcask/postcask-quarantine", "--digest").stdout == ""


def test_retention_counts_the_days_that_it_saw(machine):
    diary = machine.tree / "var/lib/postcask/diary/quarantine"
    before = listed(machine)
    machine.run("touch", "-d", "2020-01-01", f"{FOLDER}/{before[-1]['file']}")
    machine.run("systemctl", "start", DAILY)
    assert len(listed(machine)) == len(before)      # seen today, whatever the file says
    machine.run("touch", "-d", before[-1]["date"], f"{FOLDER}/{before[-1]['file']}")
    goes = before[0]
    lines = [re.sub(r"(?<= )\d+(?= )", lambda seen: str(int(seen[0]) - 31 * 86400), line)
             if goes["id"] in line else line for line in diary.read_text().splitlines(True)]
    diary.write_text("".join(lines))
    machine.run("systemctl", "start", DAILY)
    assert listed(machine) == before[1:]
    assert f"expire id={goes['id']}" in journal(machine)
    assert goes["id"] not in diary.read_text()
    diary.write_text("damaged")                     # begun anew, and nothing is deleted
    machine.run("systemctl", "start", DAILY)
    assert listed(machine) == before[1:]
    assert len(diary.read_text().splitlines()) == 2 + len(before) - 1


def test_only_delete_removes_and_only_by_the_whole_id(machine):
    entries = listed(machine)
    first, last = entries[0]["id"], entries[-1]["id"]
    refused = quarantine(machine, "delete", first[:6], check=False)
    assert refused.returncode == 1 and "whole" in refused.stderr
    assert quarantine(machine, "delete", check=False).returncode == 2
    assert quarantine(machine, "delete", first, "--all-older-than", "1", check=False).returncode == 2
    assert quarantine(machine, "delete", "--all-older-than", "0", check=False).returncode == 2
    assert quarantine(machine, "delete", "--all-older-than", "1").stdout == "0 deleted\n"
    assert listed(machine) == entries
    machine.run("touch", "-d", "2 days ago", f"{FOLDER}/virus-{last}")
    assert quarantine(machine, "delete", "--all-older-than", "1").stdout == "1 deleted\n"
    quarantine(machine, "delete", *(entry["id"] for entry in entries[:-1]))
    assert listed(machine) == []
    assert quarantine(machine, "list").stdout == "nothing in quarantine\n"
    assert {f"delete id={entry['id']} by=root" for entry in entries} <= set(journal(machine))


def test_a_release_without_postfix_loses_nothing(machine):
    send(machine, virus()[0], [ALICE], sender="last@example.com")
    entry = wait_listed(machine, 1, "--from", "last@")[0]
    machine.run("systemctl", "stop", "postfix.service")
    done = quarantine(machine, "release", entry["id"], check=False)
    machine.run("systemctl", "start", "postfix.service")
    assert done.returncode == 1 and entry["id"] in done.stderr
    assert listed(machine) == [entry]
    quarantine(machine, "delete", entry["id"])


GARBAGE = {"virus-EMPTYEMPTY01": b"", "virus-ONELINEONE02": b"\x1b]0;owned\x07no header",
           "virus-BINARYBIN003": bytes(range(256)) * 4096,
           "virus-COLONSCOLO04": b"a:" * 2**20, "virus-OTHERSIDID05":
           b"X-Envelope-From: <a@b>\nX-Envelope-To: <c@d>\nX-Quarantine-ID: <AAAAAAAAAAAA>\n"
           b"Received: from x\n (amavis, port 10024) id AAAAAAAAAAAA; now\n\nbody\n",
           "a\x1b[31mb c\n": b"x", "core": b"x" * 100, "-virus-": b"x"}


def test_garbage_is_listed_as_damaged_and_not_followed(machine):
    folder = machine.tree / FOLDER.lstrip("/")
    for name, content in GARBAGE.items():
        (folder / name).write_bytes(content)
    (folder / "virus-LINKLINKLI06").symlink_to("/etc/shadow")
    (folder / "virus-FOLDERFOLD07").mkdir()
    os.mkfifo(folder / "virus-FIFOFIFOFI08")
    os.link(folder / "core", folder / "virus-HARDLINKED09")
    found = listed(machine)
    assert len(found) == len(GARBAGE) + 4 and all(entry["damage"] for entry in found)
    text = quarantine(machine, "list").stdout
    assert text.count("damaged") == len(found) and "\x1b" not in text and "\x07" not in text
    for entry in found:
        done = quarantine(machine, "release", "--", entry["file"], check=False)
        assert done.returncode in (1, 2) and "root:" not in done.stdout + done.stderr
    assert quarantine(machine, "show", "LINKLINK", "--raw", check=False).returncode == 1
    quarantine(machine, "delete", "LINKLINKLI06", "FIFOFIFOFI08", "HARDLINKED09")
    assert (machine.tree / "etc/shadow").exists()
    quarantine(machine, "delete", "--", *GARBAGE)
    assert quarantine(machine, "delete", "FOLDERFOLD07", check=False).returncode == 1
    (folder / "virus-FOLDERFOLD07").rmdir()


MANY = """
template = (
    "Return-Path: <s@example.com>\\nDelivered-To: virus-quarantine\\n"
    "X-Envelope-From: <s@example.com>\\nX-Envelope-To: <alice@example.org>\\n"
    "X-Quarantine-ID: <%s>\\nX-Amavis-Alert: INFECTED, message contains virus:\\n Eicar\\n"
    "Received: from a by b (amavis, port 10024)\\n with ESMTP id %s; now\\n"
    "Subject: %d\\n\\nbody\\n")
for i in range(100_000):
    name = f"Many{i:08d}"
    with open(f"/var/lib/postcask/quarantine/virus-{name}", "w") as file:
        file.write(template % (name, name, i))
"""


def test_a_hundred_thousand_files(machine):
    machine.run("mount", "-t", "tmpfs", "none", FOLDER)     # in memory, so that they are soon made
    try:
        machine.run("python3", "-", stdin=MANY)
        # with 64 MiB of memory for all of it
        done = machine.run("prlimit", f"--data={64 * 2**20}", "postcask", "quarantine", "list",
                           "--json")
        found = json.loads(done.stdout)
        assert len(found) == 100_000
        assert {entry["subject"] for entry in found} == {str(i) for i in range(100_000)}
        done = quarantine(machine, "delete", "Many00000000")
        assert done.stdout == "Many00000000: deleted\n"
    finally:
        machine.run("umount", FOLDER)


def test_the_account_misses_none_of_them(machine):
    """Each release, copy, removal and end of its time was understood."""
    mail = json.loads(machine.run("postcask", "status", "--json", check=False).stdout)["mail"]
    assert mail["missing"] == 0 and mail["quarantine_gone"] == 0
    assert mail["quarantined"] >= 4
