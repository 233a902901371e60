# SPDX-License-Identifier: GPL-3.0-or-later
"""Folder names: each comes back as it was written, and folders of an older image stay."""

import base64
import re

import pytest

from machine import letter
from managesieve import active
from test_mailbox import BOB

MAILDIR = "/var/vmail/example.org/bob/Maildir"
# What people bring along from other servers, and what is something else on the disk.
NAMES = ["example.com", "Dr. Jones", ".hidden", "...", "trailing.", "a.b/c.d", "~home", "~", "~bob/x",
         "cur", "new", "tmp", "dovecot.index", "dovecot-uidlist", "Q&A", "50%", "50%20off", "a%2eb",
         "a^2eb", "a\\b", 'say "x"', "star*", "#news", "[Gmail]/All Mail", " leading", "trailing ",
         "日本語.メール", "Übersicht/März", "INBOX.old", "x" * 200, "(a) {5}", "\u007f2e", "😀.😀"]


def utf7(name):
    """Modified UTF-7 (RFC 3501 section 5.1.3)."""
    def encode(run):
        word = base64.b64encode(run.group(0).encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return "&" + word.decode() + "-"
    return re.sub(r"[^\x20-\x7e]+", encode, name.replace("&", "&-"))


def quoted(name):
    return '"' + utf7(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(client, command="list"):
    """Every folder as the server writes it."""
    names = set()
    for line in getattr(client, command)()[1]:
        text = line[1] if isinstance(line, tuple) else re.sub(rb'^\(.*?\) "/" ', b"", line or b"")
        if not isinstance(line, tuple) and text.startswith(b'"'):
            text = re.sub(rb"\\(.)", rb"\1", text[1:-1])
        names.add(text.decode())
    return names


@pytest.fixture
def bob(machine):
    client = machine.imap(BOB)
    yield client
    client.select("INBOX", readonly=True)
    for name in sorted(listed(client) - {"INBOX", "Archive", "Drafts", "Sent", "Spam", "Trash"}, reverse=True):
        client.delete('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"')
    client.logout()


def holds(machine, name, count):
    """In a session that has not seen it made."""
    client = machine.imap(BOB)
    try:
        kind, text = client.select(quoted(name), readonly=True)
        return (kind, text) == ("OK", [b"%d" % count])
    finally:
        client.logout()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_as_it_was_written(machine, bob, name):
    assert bob.create(quoted(name))[0] == "OK"
    assert bob.subscribe(quoted(name))[0] == "OK"
    assert utf7(name) in listed(bob) and utf7(name) in listed(bob, "lsub")
    assert bob.append(quoted(name), None, None, letter("x").as_bytes())[0] == "OK"
    assert holds(machine, name, 1)
    renamed = "renamed. " + name.split("/")[0][:150]
    assert bob.rename(quoted(name), quoted(renamed))[0] == "OK"
    assert utf7(renamed) in listed(bob) and utf7(name) not in listed(bob)
    assert holds(machine, renamed, 1)


def test_names_that_lie_near_each_other_are_different_folders(machine, bob):
    names = ["Dr/Smith", "Dr.Smith", "Dr%2eSmith", "Dr\u007f2eSmith", "Dr%2fSmith", "Dr", ".Dr"]
    for count, name in enumerate(names):     # Dr itself is there because of Dr/Smith
        assert name == "Dr" or bob.create(quoted(name))[0] == "OK", name
        for _ in range(count):
            bob.append(quoted(name), None, None, letter("x").as_bytes())
    for count, name in enumerate(names):
        assert name == "Dr" or holds(machine, name, count), name


def test_a_name_that_the_disk_has_no_room_for_is_refused(bob):
    """A folder with all folders above it is one name on the disk."""
    for name in ("x" * 300, "/".join(["x" * 100] * 3), "ä" * 200, "." * 100):
        kind, text = bob.create(quoted(name))
        assert kind == "NO" and b"SERVERBUG" not in text[0] and b"nternal error" not in text[0]
        assert utf7(name) not in listed(bob)
    assert bob.create(quoted("." * 80))[0] == "OK"


def test_folders_of_an_older_image_are_found_under_their_names(machine, bob):
    """Made on the disk as it made them; each holds a message, and is subscribed."""
    old = ["50%20off", "a%2eb", "a^2eb", "a~7e", "100%", "Q&-A", "&ANw-bersicht.M&AOQ-rz", "x\\2ey",
           "deep.er.folder", "dovecot.old", "cur", "=2e", "+2e", "_2e"]
    script = "cd $1; shift; umask 77; for name do mkdir -p \".$name/cur\" \".$name/new\" " \
             "\".$name/tmp\"; printf 'Subject: old\\n\\nx\\n' > \".$name/cur/1.M1.host:2,S\"; " \
             "touch \".$name/maildirfolder\"; done; chown -R vmail:vmail ."
    machine.run("sh", "-euc", script, "sh", MAILDIR, *old)
    names = [name.replace(".", "/") for name in old]
    assert set(names) <= listed(bob)
    for name in names:
        assert bob.select('"' + name.replace("\\", "\\\\") + '"')[1] == [b"1"], name
        assert bob.append('"' + name.replace("\\", "\\\\") + '"', None, None,
                          letter("x").as_bytes())[0] == "OK"


def test_sieve_files_into_a_name_with_dots(machine, bob):
    names = ["lists/example.com", "~Dr. Jörg", "50%2e"]
    script = 'require ["fileinto","mailbox"];\r\n' + "".join(
        f'if header :is "subject" "file {number}" {{ fileinto :create "{name}"; }}\r\n'
        for number, name in enumerate(names))
    with active(machine, BOB, script):
        for number, name in enumerate(names):
            message = letter("x", subject=f"file {number}")
            machine.send(message, to=BOB)
            machine.wait_message(BOB, message["Message-ID"], folder=utf7(name))
            assert utf7(name) in listed(bob)


def test_nobody_leaves_the_mailbox_by_a_name(machine, bob):
    def outside():
        return machine.run("find", "/var/vmail", "-type", "d", "-not", "-path", MAILDIR + "/*",
                           "-not", "-path", "*/Maildir/*").stdout
    before = outside()
    for name in ("..", "../alice/Maildir", ".", "./x", "/etc", "../../../etc", "a/../../b"):
        bob.create(quoted(name))
        bob.append(quoted(name), None, None, letter("x").as_bytes())
    assert outside() == before
