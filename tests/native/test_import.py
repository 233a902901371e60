# SPDX-License-Identifier: GPL-3.0-or-later
"""postcask import: what lies elsewhere comes here, once, with its flags and dates, whatever the other
side does meanwhile.  The old server is a second Dovecot in the machine, with another separator."""

import base64
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import threading
import time

import pytest

import pst
from machine import BOOT, Machine, crypt_hash, user_data
from waiting import end_of

PASSWORD = "a new password"
OLD_PASSWORD = "an old, \"secret\" one"
PEOPLE = ["maildir", "server", "killed", "bad", "mbox", "first", "second", "full", "gmail", "into",
          "token", "pst"]
OLD = "/srv/old"

OLD_SERVER = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = /run/old
log_path = /srv/old.log
protocols = imap
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 450
mail_home = /srv/old/%{user}
mail_driver = maildir
mail_path = ~/Maildir
ssl = yes
auth_allow_cleartext = yes
ssl_server_cert_file = /var/lib/postcask/keys/server-ecdsa.pem
ssl_server_key_file = /var/lib/postcask/keys/server-ecdsa.pem
service imap-login {
  inet_listener imap {
    port = 1143
  }
  inet_listener imaps {
    port = 1993
    ssl = yes
  }
}
namespace inbox {
  inbox = yes
  prefix = INBOX.
  separator = .
  mailbox Versandt {
    special_use = "\\\\Sent"
  }
  mailbox "[Gmail].All Mail" {
    special_use = "\\\\All"
  }
}
passdb static {
  password = "PASSWORD"
}
userdb static {
}
"""


def data():
    people = "".join(f"    - address: {name}@example.org\n      password_hash: "
                     f"'{crypt_hash(PASSWORD)}'\n" for name in PEOPLE)
    people = people.replace("full@example.org\n", "full@example.org\n      quota_mib: 1\n")
    return user_data().replace("  aliases:\n", people + "  aliases:\n", 1)


@pytest.fixture(scope="module")
def own():
    with Machine("import", "10.95.0", data=data()) as booted:
        booted.run("sh", "-c", "postcask cert ca > /run/ca.pem; mkdir -p /run/old /srv/old;"
                               "chown vmail: /srv/old")
        (booted.tree / "srv/old.conf").write_text(
            OLD_SERVER.replace("PASSWORD", OLD_PASSWORD.replace('"', '\\"')))
        booted.run("systemd-run", "--unit=old", "dovecot", "-F", "-c", "/srv/old.conf")
        booted.run("sh", "-c", "for i in $(seq 100); do ss -Hltn sport = 1993 | grep -q . && exit;"
                               "sleep 0.1; done; exit 1")
        yield booted


# ---- What lies there ----

def message(number, size=200):
    return (f"From: a{number}@example.net\nTo: b@example.org\nSubject: =?utf-8?q?n=C3=A4?= {number}\n"
            f"Message-ID: <{number}@old.example>\nDate: Thu, 1 Jan 2015 00:00:00 +0000\n\n"
            + "A line of the message.\n" * (size // 23)).encode()


def put(machine, folder, number, text, flags="", at=None):
    """A message in a Maildir; what it looks like over IMAP."""
    place = machine.tree / folder.lstrip("/") / "cur"
    place.mkdir(parents=True, exist_ok=True)
    at = at or 1420070400 + number
    path = place / f"{at}.M{number}P1.old:2,{flags}"
    path.write_bytes(text)
    os.utime(path, (at, at))
    names = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "D": "\\Draft", "T": "\\Deleted"}
    return (hashlib.sha256(text.replace(b"\n", b"\r\n")).hexdigest(),
            tuple(sorted(names[flag] for flag in flags)), at)


def filled(machine, root, folders):
    """Each folder with so many messages, of every sort; what must come of each."""
    made, number = {}, 0
    for folder, count in folders.items():
        made[folder] = []
        for _ in range(count):
            number += 1
            flags = ["", "S", "RS", "FS", "D", "T"][number % 6]
            made[folder].append(put(machine, f"{root}/{folder}", number,
                                    message(number, 100 * (number % 40)), flags))
    machine.run("chown", "-R", "vmail:vmail", root)
    return made


def seen(machine, name, folder):
    """What a folder has, as the person sees it."""
    with machine.imap() as client:
        client.login(f"{name}@example.org", PASSWORD)
        kind, count = client.select(f'"{folder}"', readonly=True)
        assert kind == "OK", count
        if count == [b"0"]:
            return []
        rows, said = [], client.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]
        for head, body in (part for part in said if isinstance(part, tuple)):
            flags = re.search(rb"FLAGS \((.*?)\)", head)[1].decode().split()
            date = re.search(rb'INTERNALDATE "(.*?)"', head)[1].decode()
            rows.append((hashlib.sha256(body).hexdigest(),
                         tuple(sorted(set(flags) - {"\\Recent"})),
                         int(time.mktime(time.strptime(date[:20].strip(), "%d-%b-%Y %H:%M:%S"))
                             - time.timezone)))
        return rows


def run(machine, *words, password=None, timeout=60):
    return machine.run("postcask", "import", *words, check=False, timeout=timeout,
                       stdin=password + "\n" if password else None)


def report(machine, *words, status=0, **options):
    done = run(machine, *words, "--json", **options)
    assert done.returncode == status, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def server(login, *words, port=1993):
    return ["imap", "--host", "mail.example.org", "--port", str(port), "--login", login,
            *(["--ca", "/run/ca.pem"] if port == 1993 or "starttls" in words else []), *words]


def copied(told):
    return sum(row["copied"] for row in told["folders"])


# ---- What comes ----

def test_a_maildir_comes_as_it_is_and_once(own):
    made = filled(own, "/srv/tree", {".": 20, ".Sent Items": 3, ".Work.2020": 4, ".Entw&APw-rfe": 2,
                                     ".Zürich.Süd": 1})
    twin = put(own, "/srv/tree/.", 500, b"Subject: no number\n\nthe same twice\n", "S", at=1420000000)
    put(own, "/srv/tree/.", 501, b"Subject: no number\n\nthe same twice\n", "S", at=1420000000)
    odd = put(own, "/srv/tree/.", 502, b"no header at all, and no end of line", "")
    (own.tree / "srv/tree/cur/1.link:2,S").symlink_to("/etc/passwd")
    (own.tree / "srv/tree/subscriptions").write_text("V\t2\n\nWork\t2020\n")
    own.run("chown", "-R", "vmail:vmail", "/srv/tree")
    words = ["maildir", "--user", "maildir@example.org", "/srv/tree"]

    told = report(own, *words, "--dry-run")
    assert sum(row["missing"] for row in told["folders"]) == 33 and copied(told) == 0
    for expected in (33, 0, 0):
        told = report(own, *words)
        assert told["equal"] and copied(told) == expected
    wanted = {"INBOX": made["."] + [twin, twin, odd], "Sent": made[".Sent Items"],
              "Work/2020": made[".Work.2020"], "Drafts": made[".Entw&APw-rfe"],
              "Z&APw-rich/S&APw-d": made[".Zürich.Süd"]}
    for folder, rows in wanted.items():
        assert sorted(seen(own, "maildir", folder)) == sorted(rows), folder
    with own.imap() as client:
        client.login("maildir@example.org", PASSWORD)
        assert b"Work/2020" in b" ".join(client.lsub()[1])
        assert b"rich" not in b" ".join(client.lsub()[1])


def test_an_old_server_comes_with_all_its_folders(own):
    made = filled(own, f"{OLD}/s/Maildir", {".": 30, ".Versandt": 5, ".Sent": 2, ".a.b.c": 3,
                                            ".Papierkorb": 1, ".Leer": 0})
    words = [*server("s"), "--user", "server@example.org"]

    for expected, more in ((41, ["--security", "tls"]), (0, []), (0, [])):
        told = report(own, *words, *more, password=OLD_PASSWORD)
        assert told["equal"] and copied(told) == expected
    told = report(own, *server("s", "--security", "starttls", port=1143),
                  "--user", "server@example.org", password=OLD_PASSWORD)
    assert told["equal"] and copied(told) == 0
    for folder, name in {".": "INBOX", ".a.b.c": "a/b/c", ".Papierkorb": "Trash"}.items():
        assert sorted(seen(own, "server", name)) == sorted(made[folder])
    # the one that says that it is that, and the one that has its name by chance
    assert sorted(seen(own, "server", "Sent")) == sorted(made[".Versandt"] + made[".Sent"])
    # what came later, and what is new here, stay apart
    put(own, f"{OLD}/s/Maildir/.", 900, message(900), "S")
    own.run("chown", "-R", "vmail:vmail", OLD)
    own.send("new here", to="server@example.org")
    told = report(own, *words, password=OLD_PASSWORD)
    assert told["equal"] and copied(told) == 1


def test_all_of_it_in_a_folder(own):
    filled(own, f"{OLD}/i/Maildir", {".": 2, ".Versandt": 1, ".x": 1})
    told = report(own, *server("i"), "--user", "into@example.org", "--into", "Früher/2020",
                  password=OLD_PASSWORD)
    assert {row["here"] for row in told["folders"]} >= {
        "Früher/2020", "Früher/2020/Versandt", "Früher/2020/x"}
    assert len(seen(own, "into", "Fr&APw-her/2020")) == 2 and not seen(own, "into", "INBOX")


def arrived(machine, name):
    return len(list((machine.tree / f"var/vmail/example.org/{name}/Maildir/cur").glob("*"))) \
        + len(list((machine.tree / f"var/vmail/example.org/{name}/Maildir/new").glob("*")))


def test_killed_in_the_middle_and_repeated(own):
    made = filled(own, f"{OLD}/k/Maildir", {".": 400, ".z": 100})
    words = [*server("k"), "--user", "killed@example.org"]
    own.send("meanwhile", to="killed@example.org")
    for least in (40, 200):
        work = subprocess.Popen([BOOT, own.name, "exec", "postcask", "import", *words],
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, text=True)
        work.stdin.write(OLD_PASSWORD + "\n")
        work.stdin.flush()
        end = end_of(30)
        while arrived(own, "killed") < least:
            assert time.monotonic() < end and work.poll() is None
            time.sleep(0.01)
        root = own.run("pgrep", "-u", "root", "-o", "-f", "^postcask import").stdout.strip()
        own.run("kill", "-KILL", root)
        work.wait(30)
        own.run("sh", "-c", "while pgrep -f '^/usr/lib/dovecot/imap -k' >/dev/null; do sleep 0.05; done")
    told = report(own, *words, password=OLD_PASSWORD)
    assert told["equal"] and 0 < copied(told) < 470
    assert copied(report(own, *words, password=OLD_PASSWORD)) == 0
    rows = seen(own, "killed", "INBOX")
    assert len(rows) == 401 and not set(made["."]) - set(rows)
    assert sorted(seen(own, "killed", "z")) == sorted(made[".z"])


def test_mboxes_come_with_what_programs_note_in_them(own):
    place = own.tree / "srv/mboxes"
    (place / "Work.sbd").mkdir(parents=True)
    begin = b"From - Thu Jan 01 00:00:00 2015\n"
    (place / "Inbox").write_bytes(
        begin + b"X-Mozilla-Status: 0005\nMessage-ID: <1>\nSubject: one\n\n>From here\n\n"
        + begin + b"Status: RO\nMessage-ID: <2>\nSubject: two\n\nx\n")
    (place / "Work.sbd" / "2020").write_bytes(begin + b"Subject: three\n\ny\n")
    (place / "Inbox.msf").write_bytes(b"no mbox")
    (place / "stolen").symlink_to("/var/vmail")
    own.run("chmod", "-R", "a+rX", "/srv/mboxes")
    for expected in (3, 0, 0):
        told = report(own, "mbox", "--user", "mbox@example.org", "/srv/mboxes")
        assert told["equal"] and copied(told) == expected
    one = hashlib.sha256(b"Message-ID: <1>\r\nSubject: one\r\n\r\nFrom here\r\n").hexdigest()
    rows = seen(own, "mbox", "INBOX")
    assert (one, ("\\Flagged", "\\Seen"), 1420070400) in rows and len(rows) == 2
    assert len(seen(own, "mbox", "Work/2020")) == 1
    told = report(own, "mbox", "--user", "mbox@example.org", "--into", "One",
                  "/srv/mboxes/Work.sbd/2020")
    assert told["equal"] and [row["here"] for row in told["folders"]] == ["One"]


def make_pst(path):
    """Two mails, in a folder each, one with something attached; a contact; names that are odd."""
    made = pst.Pst()
    made.folder(0x8042, 0x8022, "Inbox")
    made.folder(0x8062, 0x8022, "Grüße/../x")
    made.item(0x200004, 0x8042, {
        (0x1A, pst.TEXT): "IPM.Note", (0x37, pst.TEXT): "Überraschung", (0xC1F, pst.TEXT): "a@far.example",
        (0xE06, pst.TIME): 1000000000, (0xE07, pst.LONG): 1, (0x1000, pst.TEXT): "Grüße"},
        [{(0x3701, pst.BYTES): bytes(range(256)), (0x3705, pst.LONG): 1, (0x3707, pst.TEXT): "a.bin"}])
    made.item(0x200024, 0x8062, {
        (0x1A, pst.TEXT): "IPM.Note", (0xE07, pst.LONG): 0, (0x1000, pst.TEXT): "words",
        (0x7D, pst.TEXT): "Subject: kept\r\nMessage-ID: <1@x>\r\n\r\n"})
    made.item(0x200044, 0x8042, {(0x1A, pst.TEXT): "IPM.Contact", (0x3001, pst.TEXT): "Bob"})
    made.save(path)


def test_a_file_of_outlooks_comes_once(own):
    make_pst(own.tree / "srv/old.pst")
    own.run("chmod", "a+r", "/srv/old.pst")
    for expected in (2, 0, 0):
        told = report(own, "pst", "--user", "pst@example.org", "/srv/old.pst")
        assert told["equal"] and copied(told) == expected, told
    assert "1 left out that are no mail" in json.dumps(told), told
    [(_, flags, date)] = seen(own, "pst", "INBOX")
    assert flags == ("\\Seen",) and date == 1000000000
    assert len([row for row in told["folders"] if row["messages"] == 1]) == 2


def test_what_is_damaged_of_a_file_of_outlooks_is_said(own):
    make_pst(own.tree / "srv/whole.pst")
    whole = (own.tree / "srv/whole.pst").read_bytes()
    for name, text in (("no", b"no PST at all"), ("cut", whole[:0x4600])):
        (own.tree / f"srv/{name}.pst").write_bytes(text)
    own.run("sh", "-c", "chmod a+r /srv/*.pst")
    for name, said in (("no", "is no PST"), ("cut", "damaged")):
        done = own.run("postcask", "import", "pst", "--user", "pst@example.org", f"/srv/{name}.pst", check=False)
        assert done.returncode != 0 and said in done.stdout + done.stderr, done
    assert not own.run("sh", "-c", "ls /var/vmail | grep -v '^example\\|^selftest' || true").stdout


def test_labels_come_once(own):
    put(own, f"{OLD}/g/Maildir/.", 1, message(1))
    for folder in (".label", ".other", ".[Gmail].All Mail"):
        put(own, f"{OLD}/g/Maildir/{folder}", 1, message(1))
    put(own, f"{OLD}/g/Maildir/.other", 2, message(2))
    put(own, f"{OLD}/g/Maildir/.[Gmail].All Mail", 2, message(2))
    put(own, f"{OLD}/g/Maildir/.[Gmail].All Mail", 3, message(3))
    own.run("chown", "-R", "vmail:vmail", OLD)
    for expected in (3, 0):
        told = report(own, *server("g", "--gmail"), "--user", "gmail@example.org",
                      password=OLD_PASSWORD)
        assert told["equal"] and copied(told) == expected
    assert len(seen(own, "gmail", "INBOX")) == len(seen(own, "gmail", "other")) == 1
    assert len(seen(own, "gmail", "Archive")) == 1 and not seen(own, "gmail", "label")


def test_many_people_from_a_list(own):
    for name in ("first", "second"):
        filled(own, f"{OLD}/{name}/Maildir", {".": 10})
    path = own.tree / "root/list.csv"
    quoted = OLD_PASSWORD.replace('"', '""')
    lines = [f'{name}@example.org,mail.example.org,{name},"{quoted}"' for name in ("first", "second")]
    words = ["imap", "--list", "/root/list.csv", "--port", "1993", "--ca", "/run/ca.pem"]

    path.write_text("\n".join([*lines, "third@example.org,mail.example.org,x\n"]))
    done = run(own, *words)
    assert done.returncode == 1 and "others may read it" in done.stderr
    path.chmod(0o600)
    done = run(own, *words)
    assert done.returncode == 1 and "list.csv:3: write four fields" in done.stderr
    path.write_text("\n".join([*lines, "third@example.org,mail.example.org,x,y\n"]))
    done = run(own, *words)
    assert done.returncode == 1 and "third@example.org has no mailbox here" in done.stderr
    assert not arrived(own, "first")
    path.write_text("\n".join(lines))
    told = report(own, *words)
    assert [one["equal"] for one in told] == [True, True]
    assert arrived(own, "first") == arrived(own, "second") == 10


def test_a_full_mailbox_is_said_and_nothing_is_lost(own):
    made = filled(own, f"{OLD}/f/Maildir", {".": 1})
    for number in range(100, 108):
        made["."].append(put(own, f"{OLD}/f/Maildir/.", number, message(number, 200000)))
    own.run("chown", "-R", "vmail:vmail", OLD)
    told = report(own, *server("f"), "--user", "full@example.org", password=OLD_PASSWORD, status=1)
    assert "full: raise the user's quota" in told["error"] and not told["equal"]
    row = next(row for row in told["folders"] if row["here"] == "INBOX")
    assert 0 < row["copied"] < 9 and row["missing"] == 9 - row["copied"]


# ---- What another side does ----

class Odd:
    """A server on the host that answers each command by a function, and says so to nobody."""

    def __init__(self, machine, answer, greeting=b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n"):
        self.answer, self.greeting = answer, greeting
        self.listener = socket.create_server((f"{machine.prefix}1", 0))
        self.port, self.host = self.listener.getsockname()[1], f"{machine.prefix}1"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                threading.Thread(target=self.talk, args=[connection], daemon=True).start()

    def talk(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            connection.sendall(self.greeting)
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                said = self.answer(tag, command)
                if said is None:
                    return
                connection.sendall(said)

    def words(self, *more):
        return ["imap", "--host", self.host, "--port", str(self.port), "--login", "x",
                "--security", "none", "--timeout", "2", *more]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def usual(tag, command):
    """A server with one message, which tells the truth."""
    if command.startswith("AUTHENTICATE"):
        return b"+ \r\n"
    if command.startswith("LIST"):
        return b'* LIST () "/" INBOX\r\n' + f"{tag} OK x\r\n".encode()
    if command.startswith("EXAMINE"):
        return b"* 1 EXISTS\r\n" + f"{tag} OK x\r\n".encode()
    if command.startswith("FETCH"):
        return b"* 1 FETCH (UID 1 RFC822.SIZE 14 BODY[HEADER.FIELDS (X)] {14}\r\n" \
            b"Subject: x\r\n\r\n)\r\n" + f"{tag} OK x\r\n".encode()
    if command.startswith("UID FETCH"):
        return b"* 1 FETCH (UID 1 FLAGS () BODY[] {14}\r\nSubject: x\r\n\r\n)\r\n" \
            + f"{tag} OK x\r\n".encode()
    if " " not in command and not command:      # the answer to +
        return b"A1 OK x\r\n"
    return f"{tag} OK x\r\n".encode()


def but(**others):
    def answer(tag, command):
        if tag and not command:
            return b"A1 OK x\r\n"
        for word, said in others.items():
            if command.startswith(word.replace("_", " ")):
                return said(tag) if callable(said) else said
        return usual(tag, command)
    return answer


SIDES = {
    "nothing after the login": (but(LIST=b""), "TIMEOUT"),
    "nothing in the middle of a message": (
        but(UID_FETCH=b"* 1 FETCH (UID 1 FLAGS () BODY[] {14}\r\nSubj"), "TIMEOUT"),
    "closed in the middle": (but(UID_FETCH=lambda tag: None), "closed the connection"),
    "an endless line": (but(LIST=b"* LIST () \"/\" " + b"x" * 200000), "a line of more than 65536"),
    "endless responses": (but(LIST=b"* OK x\r\n" * 20000), "more than 10000 responses"),
    "a huge literal": (but(FETCH=b"* 1 FETCH (UID 1 BODY[X] {999999999}\r\n"), "announced 999999999"),
    "fewer than it says": (but(EXAMINE=lambda tag: f"* 7 EXISTS\r\n{tag} OK x\r\n".encode()),
                           "says 7 messages and shows 1"),
    "the message does not come": (but(UID_FETCH=lambda tag: f"{tag} OK x\r\n".encode()), "missing"),
    "no IMAP": (but(LIST=b"HTTP/1.1 200 OK\r\n"), "is no IMAP response"),
    "names that are none": (
        but(LIST=lambda tag: b'* LIST () "/" "../../etc"\r\n* LIST () "/" "a//b"\r\n'
            b'* LIST () "/" {4}\r\n\xff\xfe\xfd\xfc\r\n' + f"{tag} OK x\r\n".encode()),
        "its name can be none here"),
}


@pytest.mark.parametrize("what", SIDES)
def test_a_server_that_is_odd_ends_with_a_sentence(own, what):
    answer, sentence = SIDES[what]
    with Odd(own, answer) as odd:
        began = time.monotonic()
        told = report(own, *odd.words("--user", "bad@example.org"), password="x", status=1)
        assert time.monotonic() - began < 8
    assert not told["equal"]
    if sentence == "missing":
        assert told["folders"][0]["missing"] == 1
    else:
        wanted = "no answer|time" if sentence == "TIMEOUT" else re.escape(sentence)
        assert re.search(wanted, json.dumps(told)), told


def test_a_server_that_lies_about_sizes_is_read_again_and_brings_nothing_twice(own):
    lie = but(FETCH=lambda tag: b"* 1 FETCH (UID 1 RFC822.SIZE 99 BODY[X] {14}\r\nSubject: x\r\n\r\n)"
              b"\r\n" + f"{tag} OK x\r\n".encode())
    with Odd(own, lie) as odd:
        told = [report(own, *odd.words("--user", "token@example.org"), password="x")
                for _ in range(3)]
    assert [copied(one) for one in told] == [1, 0, 0] and all(one["equal"] for one in told)


def test_a_token_in_the_place_of_a_password(own):
    good = base64.b64encode(b"user=x\x01auth=Bearer a.token\x01\x01").decode()
    said = []

    def answer(tag, command):
        if command.startswith("AUTHENTICATE"):
            said.append(command)
            return b"+ \r\n"
        if not command:
            if not tag:
                return b"A1 NO [AUTHENTICATIONFAILED] expired\r\n"
            said.append(tag)
            return b"A1 OK x\r\n" if tag == good else b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n"
        return usual(tag, command)
    with Odd(own, answer) as odd:
        words = odd.words("--user", "token@example.org", "--xoauth2")
        assert report(own, *words, password="a.token")["equal"]
        told = report(own, *words, password="an.old.token", status=1)
    assert "expired" in told["error"] and said[:2] == ["AUTHENTICATE XOAUTH2", good]


def test_who_cannot_be_let_in(own):
    words = [*server("s"), "--user", "bad@example.org"]
    assert "AUTHENTICATIONFAILED" in report(own, *words, password="wrong", status=1)["error"]
    other = [word for word in words if word not in ("--ca", "/run/ca.pem")]
    assert "certificate is not good" in report(own, *other, password="x", status=1)["error"]
    other = ["localhost" if word == "mail.example.org" else word for word in words]
    assert "certificate is not good" in report(own, *other, password="x", status=1)["error"]
    other = [word for word in other if word not in ("--ca", "/run/ca.pem")]
    assert copied(report(own, *other, "--any-certificate", "--into", "s", password=OLD_PASSWORD))
    assert "has no mailbox here" in report(
        own, *server("s"), "--user", "who@example.org", password="x", status=1)["error"]
    done = run(own, "maildir", "--user", "bad@example.org", "/root")
    assert done.returncode == 1 and "cannot be opened by the account vmail" in done.stderr


def test_a_password_is_nowhere_to_be_read(own):
    secret = "never-to-be-seen-81726"
    with Odd(own, but(LIST=b"")) as odd:
        words = odd.words("--user", "bad@example.org")
        work = subprocess.Popen([BOOT, own.name, "exec", "postcask", "import", *words, "--timeout", "5"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        work.stdin.write(secret + "\n")
        work.stdin.flush()
        own.run("sh", "-c", "for i in $(seq 100); do pgrep -u vmail postcask && exit; sleep 0.05; done;"
                            "exit 1")
        found = own.run("sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |"
                                    "grep -ac [n]ever-to-be-seen; grep -rl [n]ever-to-be-seen /run /tmp /var/log"
                                    " /var/vmail 2>/dev/null; pgrep -u root -fc '^postcask import'",
                        check=False).stdout.split()
        busy = run(own, *words, password="x")
        assert "is under way already" in busy.stderr
        assert secret not in work.communicate(timeout=30)[0]
    assert found == ["0", "1"], found       # what talks to strangers is not root's
    assert secret not in own.run("journalctl", "--no-pager", "-b").stdout


def test_dovecot_is_none_the_wiser(own):
    own.run("systemctl", "stop", "old.service")
    journal = own.run("journalctl", "--no-pager", "-o", "cat", "-t", "postcask-import", "-t", "dovecot").stdout
    assert not re.search(r"Panic|Fatal|Error|Warning", journal), journal
