"""An account of every message: what `postcask trace` tells, and that nothing is ever missing
without an alarm, on one machine whose journal, service and queue are treated badly."""

import json
import os
import subprocess
import threading

import pytest

from machine import BOOT, Machine, letter

EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")


@pytest.fixture(scope="module")
def machine():
    with Machine("account", "10.63.0") as booted:
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
    assert "score 999" in text_of(stories["spam"])
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
    other = machine.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "postcask",
                        "trace", sent["alias"], check=False)
    assert other.returncode == 1 and "sudo" in other.stderr


def test_strangers_write_nothing_into_it(machine, sent):
    """Log lines in what a client may choose, and from accounts that are not the daemons'."""
    victim = trace(machine, sent["waiting"])[0]
    queue_id = victim["ids"][-1]
    forged = letter("hello", **{"Message-ID": f"<x> {queue_id}: removed status=sent (250 ok)"})
    with machine.smtp() as client:
        client.ehlo(f"{queue_id}.removed")
        client.docmd(f"MAIL FROM:<\"{queue_id}: removed, status=sent (250\"@example.com>")
        client.rset()
        client.sendmail("x@example.com", ["alice@example.org"], forged.as_bytes())
    for identifier in ("postfix/qmgr", "postfix/postsuper", "postcask-account"):
        machine.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "logger", "-t",
                    identifier, f"{queue_id}: removed")
    assert trace(machine, queue_id) == [victim]
