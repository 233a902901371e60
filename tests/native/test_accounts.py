# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and aliases by command: in force at once on every port, beside those of the settings, and
whole whatever becomes of the service that keeps them."""

import contextlib
import csv
import imaplib
import io
import json
import os
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import test_limits
from guesser import PORTS
from machine import PASSWORDS, Machine, user_data
from test_app_passwords import add_addresses, logins
from waiting import wait_until

UNIT = "postcask-directory.service"
WRITERS = int(os.environ.get("POSTCASK_WRITERS", "3"))
SECONDS = float(os.environ.get("POSTCASK_WRITERS_SECONDS", "12"))
KILL_SECONDS = max(SECONDS / 21, 3)
DORA, WORD = "dora@example.org", "three plain words"
PASSED = "passed@example.org"
BOB, BOBS = "bob@example.org", PASSWORDS["bob@example.org"]
PEOPLE = {DORA: WORD, "a+b@example.org": BOBS, "o'neil@example.org": BOBS}
HASH = "$6$c4bbcb1fbec99d65$FbgBjkKmQlAt2E2vqcbMmgApBY7DlcEnJRiTOf3/bSjEaTIQ3DKpypcVdH5jInyMjj48RG/" \
       "bFL49E5v2DbRES/"
BCRYPT = "$2y$10$7C1Ks2Nq0hYb9vWm4LxTeO82AL5OYifoMhw6vMs4wMQV2gwbvdCou"       # of WORD


ALIASES = """  aliases:
    - {address: x+y@example.org, to: [bob@example.org]}
    - {address: all@example.org, to: [alice@example.org, bob@example.org], who: [domain]}
    - {address: round@example.org, to: [all@example.org]}
"""


def data():
    """A user and an alias with a + of their own, and an apostrophe."""
    head, rest = user_data().split("  aliases:\n")
    row = head[head.index("    - address: bob@example.org"):head.index("    - address: carol")]
    more = "".join(row.replace("bob@example.org", name) for name in ("a+b@example.org", "o'neil@example.org"))
    head = head.replace("example.net]", "example.net, example.info]\n  domain_aliases: [{domain: example.info, of: example.org}]", 1)
    return head + more + ALIASES + rest


@pytest.fixture(scope="module")
def box():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("accounts", "10.119.0", data()) as machine:
        machine.data = data()
        add_addresses(machine)
        PASSWORDS.update(PEOPLE)
        yield machine
        for name in PEOPLE:
            del PASSWORDS[name]


def command(box, *words, stdin=None, good=True):
    done = box.run("postcask", *words, stdin=stdin, check=False)
    assert (done.returncode == 0) == good, done
    return done.stdout if good else done.stderr


def exported(box, *words):
    rows = csv.DictReader(io.StringIO(command(box, "user", "export", *words)))
    return {row["address"]: row for row in rows}


def rcpt(box, address, source=1):
    with box.smtp(source=source) as client:
        client.mail("stranger@example.com")
        return client.rcpt(address)[0]


def test_a_user_is_there_at_once_and_gone_at_once(box):
    assert rcpt(box, DORA) == 550
    command(box, "user", "add", DORA, "--name", "Dora Example", "--quota", "1GB", stdin=WORD + "\n")
    assert rcpt(box, DORA) == 250 and rcpt(box, "Dora+label@example.org") == 250
    assert logins(box, DORA, WORD) == set(PORTS)
    box.wait_message(DORA, box.send("to dora", to=DORA))
    shown = json.loads(command(box, "user", "show", DORA, "--json"))
    assert (shown["name"], shown["quota_mib"], shown["origin"]) == ("Dora Example", 1024, "command")
    assert "quota_storage_size\t1G" in box.run("doveadm", "user", DORA).stdout.replace("1024M", "1G")
    command(box, "user", "passwd", DORA, stdin="another one\n")
    assert logins(box, DORA, "another one") == set(PORTS) and not logins(box, DORA, WORD)
    PASSWORDS[DORA] = "another one"
    client = box.imap(DORA)
    command(box, "user", "disable", DORA)
    with pytest.raises(client.abort):
        client.noop(), client.noop()
    assert not logins(box, DORA, "another one") and rcpt(box, DORA) == 250
    command(box, "user", "enable", DORA)
    assert logins(box, DORA, "another one") == set(PORTS)
    command(box, "user", "remove", DORA)
    assert rcpt(box, DORA) == 550 and not logins(box, DORA, "another one")
    assert (box.tree / "var/vmail/example.org/dora/Maildir").is_dir()
    assert f"{DORA}  removed" in command(box, "user", "list")
    assert [one["verb"] for one in json.loads(command(box, "audit", DORA, "--json"))] == [
        "user-remove", "user-set", "user-set", "user-set", "user-add"]


def test_a_removed_users_mail_is_there_when_he_comes_back(box):
    command(box, "user", "add", DORA, "--hashed", stdin=HASH + "\n")
    PASSWORDS[DORA] = PASSWORDS["alice@example.org"]
    with box.imap(DORA) as client:
        assert client.select("INBOX")[1] == [b"1"]
    assert "removed" not in command(box, "user", "list")


def test_an_alias_leads_at_once_and_may_be_sent_as(box):
    command(box, "alias", "add", "team@example.org", DORA, "alice+work@example.org")
    message_id = box.send("to the team", to="team@example.org")
    box.wait_message(DORA, message_id)
    box.wait_message("alice@example.org", message_id)
    client = box.submission("alice@example.org", 465)
    assert test_limits.submit(client, "team@example.org", ["bob@example.org"])[0] == 250
    client.rset()
    assert client.mail("x+y@example.org")[0] == 250
    assert client.rcpt("bob@example.org")[0] == 553     # it is bob's
    command(box, "alias", "set", "team@example.org", "bob@example.org")
    client.rset()
    client.mail("team@example.org")
    assert client.rcpt("bob@example.org")[0] == 553
    command(box, "alias", "remove", "team@example.org")
    assert rcpt(box, "team@example.org") == 550


def answer(client, sender, *recipients):
    """Of the last of them, in a transaction of its own."""
    client.rset()
    assert client.mail(sender)[0] == 250
    for recipient in recipients:
        said = client.rcpt(recipient)
    return said


def test_who_may_write_is_asked_at_rcpt(box):
    """Of a login, and of nobody else: what a stranger calls himself proves nothing."""
    command(box, "alias", "add", "board@example.org", DORA, "--who", "members,bob@example.org")
    command(box, "alias", "add", "x+z@example.org", DORA, "--who", "members")
    with box.smtp() as stranger:
        for to in ("all@example.org", "All+label@example.org", "board@example.org", "x+z+label@example.org"):
            for sender in ("far@example.com", "alice@example.org", DORA):
                code, text = answer(stranger, sender, to)
                assert code == 550 and b"5.7.1" in text and b"not everybody may write" in text, (to, sender, text)
        # One that is refused costs the others nothing; and a bounce comes home.
        assert answer(stranger, "far@example.com", "all@example.org", "bob@example.org")[0] == 250
        assert answer(stranger, "<>", "all@example.org")[0] == 250
        assert answer(stranger, "far@example.com", "round@example.org")[0] == 250   # the outermost decides
    for login, allowed in (("alice@example.org", {"all"}), (BOB, {"all", "board"}), (DORA, {"all", "board", "x+z"}),
                           ("a+b@example.org", {"all"})):
        for port in (465, 587):
            client = box.submission(login, port)
            for name in ("all", "board", "x+z"):
                code = answer(client, login, f"{name}@example.org")[0]
                assert code == (250 if name in allowed else 550), (login, port, name)
    assert test_limits.submit(box.submission(DORA, 465), DORA, ["board@example.org"])[0] == 250


def test_who_may_write_is_shown_and_changed(box):
    listed = command(box, "alias", "list")
    assert "anyone may write to it, and so reaches all@example.org, which is not for anyone" in listed
    assert "    for mail of domain\n" in listed
    assert json.loads(command(box, "alias", "show", "board@example.org", "--json"))["who"] == ["bob@example.org", "members"]
    command(box, "alias", "set", "board@example.org", "--who", "anyone")
    assert rcpt(box, "board@example.org") == 250
    command(box, "alias", "set", "board@example.org", "--who", "domain")
    assert rcpt(box, "board@example.org") == 550
    assert "x+z@example.org,dora@example.org,members\n" in command(box, "alias", "export")
    for who, said in (("friends", "friends"), ("far@example.com", "none of this machine's"), ("", "says nobody"),
                      ("anyone,members", "say it alone"), ("' OR 1=1 --", "")):
        assert said in command(box, "alias", "set", "board@example.org", "--who", who, good=False)
    assert rcpt(box, "board@example.org") == 550


def test_without_the_judge_a_closed_alias_waits_and_others_do_not(box):
    box.run("systemctl", "stop", "postcask-policy.service")
    try:
        with box.smtp() as stranger:
            assert answer(stranger, "far@example.com", "all@example.org")[0] == 450
            assert answer(stranger, "far@example.com", "bob@example.org")[0] == 250
    finally:
        box.run("systemctl", "start", "postcask-policy.service")
    assert rcpt(box, "all@example.org") == 550


def test_another_name_is_the_same_domain(box):
    """Known exactly at RCPT, delivered to the one mailbox, and sent as."""
    for name in (DORA, "Dora+label@example.org", "a+b+c@example.org", "x+y@example.org", "postmaster@example.org"):
        assert rcpt(box, name.replace("example.org", "example.info")) == 250, name
    assert rcpt(box, "all@example.info") == 550
    for name in ("nobody", "nobody+x", "a", "a+c", "' OR '1'='1"):
        assert rcpt(box, f"{name}@example.info") in (450, 501, 550, 553), name
    for to in ("dora@example.info", "dora+label@example.info"):
        box.wait_message(DORA, box.send("by another name", to=to))
    with box.submission(BOB, 465) as client:
        assert answer(client, "bob@example.info", "far@example.com")[0] == 250
        assert answer(client, "all@example.info", "far@example.com")[0] == 250     # it leads to him
        assert answer(client, "dora@example.info", "far@example.com")[0] == 553
        assert answer(client, BOB, "all@example.info")[0] == 250
    assert "another name of example.org" in command(box, "domain", "list")
    assert "write eve@example.org" in command(box, "user", "add", "eve@example.info", stdin=WORD + "\n", good=False)


def count(box, address, message_id):
    with box.imap(address) as client:
        client.select("INBOX")
        return len(client.search(None, "HEADER", "Message-ID", f'"{message_id}"')[1][0].split())


def test_a_forward_reaches_each_once(box):
    """The copy that stays goes to the mailbox, with its label; and he may not send as who forwards."""
    command(box, "user", "set", DORA, "--forward", f"{BOB},bob+fwd@example.org,a+b@example.org", "--keep", "yes",
            "--language", "de-at")
    shown = json.loads(command(box, "user", "show", DORA, "--json"))
    assert shown["forward"][0] == BOB and shown["forward_keep"] and shown["language"] == "de-AT"
    assert f"forwards to {BOB}" in command(box, "user", "show", DORA)
    command(box, "alias", "add", "both@example.org", DORA, BOB)
    for to in (DORA, "dora+label@example.org", "both@example.org"):
        message_id = box.send(f"forward {to}", to=to)
        for whose in (DORA, BOB, "a+b@example.org"):
            box.wait_message(whose, message_id)
        assert [count(box, whose, message_id) for whose in (DORA, BOB, "a+b@example.org")] == [1, 2, 1], to
    assert answer(box.submission(BOB, 465), DORA, "far@example.com")[0] == 553
    command(box, "user", "set", DORA, "--keep", "no")
    message_id = box.send("not kept", to="dora+label@example.org")
    box.wait_message(BOB, message_id)
    assert count(box, DORA, message_id) == 0
    assert "lead back" in command(box, "user", "set", DORA, "--forward", "both@example.org", good=False)
    row = exported(box)[DORA]
    assert (row["forward"], row["keep"], row["language"]) == \
        ("bob@example.org bob+fwd@example.org a+b@example.org", "no", "de-AT")
    command(box, "user", "set", DORA, "--forward", "none", "--language", "none")
    box.wait_message(DORA, box.send("at home", to=DORA))


def test_a_catch_all_gets_what_is_for_nobody(box):
    assert rcpt(box, "whoever@example.org") == 550
    assert "is neither a user nor an alias" in command(
        box, "domain", "set", "example.org", "--catch-all", "nobody@example.org", good=False)
    command(box, "domain", "set", "example.org", "--catch-all", BOB)
    try:
        assert rcpt(box, "whoever@example.org") == rcpt(box, "whoever+label@example.org") == 250
        assert rcpt(box, "whoever@mail.example.org") == 550 and rcpt(box, "whoever@example.net") == 550
        assert rcpt(box, "all@example.org") == 550      # an alias is somebody
        message_id = box.send("for whoever", to="whoever@example.org")
        box.wait_message(BOB, message_id)
        message_id = box.send("labelled, caught by nobody", to="dora+x@example.org")
        box.wait_message(DORA, message_id)
        assert count(box, BOB, message_id) == 0
        assert f"all else to {BOB}" in command(box, "domain", "show", "example.org")
    finally:
        command(box, "domain", "set", "example.org", "--catch-all", "none")
    assert rcpt(box, "whoever@example.org") == 550


@pytest.mark.parametrize("words,said", [
    (("user", "add", "alice@example.org"), "is a user already"),
    (("user", "add", "sales@example.org"), "is an alias already"),
    (("user", "add", "eve@mail.example.org"), "its domain is none"),
    (("user", "add", "eve@elsewhere.example"), "its domain is none"),
    (("user", "add", "../../etc@example.org"), ""),
    (("user", "add", "e' OR '1'='1@example.org"), ""),
    (("user", "add", "eve@example.org", "--quota", "10 GB "), '"10 GB " is no quota'),
    (("user", "add", "eve@example.org", "--quota", "-1"), '"-1" is no quota'),
    (("user", "add", "eve@example.org", "--quota", "17000TB"), "too large"),
    (("user", "add", "eve@example.org", "--messages", "many"), "no number"),
    (("user", "set", "alice@example.org", "--quota", "1GB"), "is of the machine's settings"),
    (("user", "remove", "alice@example.org"), "is of the machine's settings"),
    (("user", "passwd", "nobody@example.org"), "is no user here"),
    (("alias", "add", "bob@example.org", "alice@example.org"), "is a user already"),
    (("alias", "add", "loop@example.org", "loop+x@example.org"), "lead back to itself"),
    (("alias", "add", "odd@example.org", "no address"), "no address"),
    (("alias", "set", "sales@example.org", "alice@example.org"), "is of the machine's settings"),
])
def test_what_is_wrong_is_said_and_changes_nothing(box, words, said):
    before = box.run("postcask", "user", "list", "--json").stdout, \
        box.run("postcask", "alias", "list", "--json").stdout
    assert said in command(box, *words, stdin=WORD + "\n", good=False)
    assert before == (box.run("postcask", "user", "list", "--json").stdout,
                      box.run("postcask", "alias", "list", "--json").stdout)


def test_tables_are_taken_whole_or_not(box):
    good = f'address,name,quota,password_hash\r\nfay@example.org,"Fay ""F"" Example",2GB,{HASH}\r\n'
    for line, said in ((f"alice@example.org,,,{HASH}", ":3: alice@example.org is a user already"),
                       ("gus@example.org,,,x", ":3: "), ("gus@example.org", ":3: it has 1 fields"),
                       (f'gus@example.org,"open,,{HASH}', "a quotation mark is open"),
                       (f"gus@example.org,,10 GB ,{HASH}", ':3: "10 GB " is no quota')):
        told = command(box, "user", "import", "-", stdin=f"{good}{line}\r\n", good=False)
        assert "nothing was imported" in told and said in told, told
    assert rcpt(box, "fay@example.org") == 550
    assert "1 user would be imported" in command(box, "user", "import", "-", "--dry-run", stdin=good)
    assert rcpt(box, "fay@example.org") == 550
    assert "1 user imported" in command(box, "user", "import", "-", stdin=good)
    assert {name: value for name, value in exported(box, "--hashes")["fay@example.org"].items() if value} == {
        "address": "fay@example.org", "name": 'Fay "F" Example', "quota": "2048MB", "messages": "0",
        "format": "maildir", "password_hash": HASH}
    assert HASH not in command(box, "user", "export")
    aliases = "address,to\nf1@example.org,fay@example.org bob@example.org\nf2@example.org,f1@example.org\n"
    assert "2 aliases imported" in command(box, "alias", "import", "-", stdin=aliases)
    assert "f1@example.org,fay@example.org bob@example.org,\n" in command(box, "alias", "export")
    box.wait_message("bob@example.org", box.send("by two", to="f2@example.org"))


def mailcow(*people):
    """As mysqldump writes it, with a forward, a catch-all and two aliases that lead to each other."""
    rows = ",".join(f"('{address}','{{BLF-CRYPT}}{hash}','I\\'m {address[:3]}',1073741824,'{{}}','',1)"
                    for address, hash in people)
    return f"""-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE `alias` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `address` varchar(255) NOT NULL,
  `goto` text NOT NULL,
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `alias` VALUES (1,'ivy@example.org','ivy@example.org',1),
(2,'crew@example.org','ivy@example.org,bob@example.org',1),(3,'@example.org','ivy@example.org',1),
(4,'jan@example.org','jan@example.org,far@example.com',1),(5,'i1@example.org','i2@example.org',1),
(6,'i2@example.org','i1@example.org',1);
CREATE TABLE `domain` (`domain` varchar(255) NOT NULL, `active` tinyint(1) NOT NULL);
INSERT INTO `domain` VALUES ('example.org',1);
CREATE TABLE `mailbox` (
  `username` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `quota` bigint(20) NOT NULL DEFAULT 102400,
  `attributes` longtext CHECK (json_valid(`attributes`)),
  `kind` varchar(100) NOT NULL,
  `active` tinyint(1) NOT NULL
);
INSERT INTO `mailbox` VALUES {rows};
"""


def test_people_of_another_server_join(box):
    """Read of a dump without a database; what is put in is in force, and a second time changes nothing."""
    def takeover(*words, good=True):
        return command(box, "user", "takeover", "mailcow", "/root/dump.sql", *words, good=good)

    ivy, jan = "ivy@example.org", "jan@example.org"
    dump = mailcow((ivy, BCRYPT), (jan, "$1$370f7643$bXOW.w4J7DKaGwUcRtqi51"),
                   ("kim@other.example", HASH), (BOB, HASH))
    path = box.tree / "root/dump.sql"
    path.write_text(dump[:-20])
    assert "is all of it there?" in takeover(good=False)
    path.write_text(dump)
    path.chmod(0o600)
    assert "2 people and 1 alias would be put in" in takeover("--dry-run")
    assert rcpt(box, ivy) == rcpt(box, "crew@example.org") == 550
    assert "0 people and 0 aliases" in takeover("--domain", "elsewhere.example")
    told = takeover()
    assert "2 people and 1 alias were put in" in told and BCRYPT[7:] not in told
    for line in (f"    {jan}: the password_hash is an MD5 hash", "    @example.org: a catch-all address",
                 f"    {jan} -> far@example.com: mail of a mailbox", "    i1@example.org: it leads back",
                 f"    {BOB}: name, quota, password: not as there", "    - other.example  # 1 of its"):
        assert line in told, told
    assert logins(box, ivy, WORD) == set(PORTS) and not logins(box, jan, WORD)
    shown = json.loads(command(box, "user", "show", ivy, "--json"))
    assert (shown["name"], shown["quota_mib"], shown["origin"]) == ("I'm ivy", 1024, "command")
    message_id = box.send("to the crew", to="crew@example.org")
    box.wait_message(BOB, message_id)
    assert rcpt(box, jan) == 250 and rcpt(box, "kim@other.example") // 100 == 5
    report = json.loads(takeover("--json"))
    assert (report["people"], report["aliases"], report["same"]) == ([], [], 3)
    command(box, "user", "passwd", jan, stdin=WORD + "\n")
    assert logins(box, jan, WORD) == set(PORTS)
    assert json.loads(takeover("--json"))["same"] == 3      # his own password is none of that server's
    assert BCRYPT[7:] not in box.run("journalctl").stdout
    assert "takeover-people" in command(box, "audit")


def test_settings_and_commands_do_not_touch_each_other(box):
    """And a change that is taken back takes its people back."""
    def apply(text):
        done = box.run("postcask", "apply", "/dev/stdin", stdin=text, check=False)
        return done.returncode

    hal = "    - address: hal@example.org\n      password_hash: '" + HASH + "'\n      name: Hal\n"
    more = box.data.replace("  aliases:\n", hal + "  aliases:\n    - {address: fay2@example.org, to: [hal@example.org]}\n", 1)
    assert apply(more) == 0
    assert rcpt(box, "hal@example.org") == rcpt(box, "fay2@example.org") == 250
    assert rcpt(box, DORA) == rcpt(box, "f2@example.org") == 250
    assert apply(more.replace("hal@", DORA.split("@")[0] + "@")) in (0, 2)      # who is there already
    status = box.run("postcask", "status", check=False).stdout
    assert f"{DORA} was made by a command and is in the settings too" in status
    assert rcpt(box, "hal@example.org") == 550
    assert json.loads(command(box, "user", "show", DORA, "--json"))["origin"] == "command"
    assert apply(box.data) == 0
    assert rcpt(box, "hal@example.org") == 550 and rcpt(box, DORA) == 250
    assert "made by a command" not in box.run("postcask", "status", check=False).stdout


ODD = ["' OR '1'='1", "x' UNION SELECT 'alice@example.org' --", "%", "_____", "alice@example.org' --", "\\", "*",
       "%s", "%u@%d", "$(id)", "${mydomain}", "alice'", '"alice" or 1=1', "x+' OR 1=1 --", "a+b' --", "a+%"]


def test_no_name_is_a_query(box):
    for name in ODD:
        with box.smtp() as client:
            for address in (f"{name}@example.org", f'"{name}"@example.org'):
                client.rset()
                client.mail("stranger@example.com")
                assert client.rcpt(f"<{address}>")[0] // 100 in (4, 5), address
        sender = box.submission("bob@example.org", 465)
        assert sender.mail(f'<"{name}"@example.org>')[0] != 250 \
            or sender.rcpt("far@example.com")[0] >= 500, name
    assert not logins(box, "alice@example.org' --", "x")
    assert box.run("postcask", "user", "list", "--json").returncode == 0


def test_labels_belong_to_whom_they_name(box):
    """a+b@ is a user, x+y@ an alias: labels below them are theirs."""
    assert rcpt(box, "a+b+c@example.org") == rcpt(box, "x+y+z@example.org") == 250
    assert rcpt(box, "a@example.org") == rcpt(box, "a+c@example.org") == rcpt(box, "x+z@example.org") == 550
    box.wait_message("a+b@example.org", box.send("labelled", to="a+b+c@example.org"))


class Crowd:
    """Writers who add aliases and people and change passwords, each change checked when it is said to
    be done; strangers who ask for recipients; people who log in; and the service is killed."""

    def __init__(self, box):
        self.box, self.end = box, time.monotonic() + SECONDS
        self.wrong, self.done, self.asked, self.logins, self.kills = [], [], 0, 0, 0

    def write(self, number):
        while time.monotonic() < self.end:
            name = f"w{number}-{len(self.done)}@example.org"
            words = [("alias", "add", name, BOB), ("user", "add", name), ("user", "passwd", PASSED)][number % 3]
            if self.box.run("postcask", *words, stdin="four plain words here\n", check=False).returncode:
                continue        # killed meanwhile
            self.done.append((words[0], name) if words[1] == "add" else ())
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if words[1] == "add" and rcpt(self.box, name, 5 + number % 5) // 100 == 5:
                    self.wrong.append(name)

    def ask(self, source):
        while time.monotonic() < self.end:
            with contextlib.suppress(smtplib.SMTPException):    # so many sessions have a limit
                with self.box.smtp(source=source) as client:
                    client.mail("stranger@example.com")
                    for address in [BOB] * 20 + ["nobody@example.org"] * 2:     # more are answered slowly
                        code = client.rcpt(address)[0] // 100
                        self.asked += 1
                        if code == (2 if address != BOB else 5):
                            self.wrong.append((address, code))

    def log_in(self):
        while time.monotonic() < self.end:
            begun = time.monotonic()
            try:
                self.box.imap(BOB).logout()
                self.logins += 1
            except imaplib.IMAP4.error as error:
                if "UNAVAILABLE" not in str(error):
                    self.wrong.append(str(error))
            time.sleep(max(0, begun + 0.1 - time.monotonic()))   # ten a second

    def kill(self):
        while time.monotonic() < self.end - KILL_SECONDS:
            time.sleep(KILL_SECONDS)
            self.box.run("systemctl", "kill", "-s", "KILL", UNIT)
            self.kills += 1

    def run(self):
        work = [(self.write, number) for number in range(WRITERS)] + [(self.ask, 3), (self.ask, 4)]
        with ThreadPoolExecutor(len(work) + 2) as pool:
            begun = [pool.submit(*one) for one in work + [(self.log_in,), (self.kill,)]]
            for one in begun:
                one.result()


def test_who_writes_and_who_asks_do_not_meet(box):
    """Every answer is right while the service is killed, and every change that was said to be done is
    there."""
    since = box.run("date", "+@%s").stdout.strip()
    command(box, "user", "add", PASSED, stdin="four plain words here\n")
    crowd = Crowd(box)
    crowd.run()
    print(f"{len(crowd.done)} changes, {crowd.asked} recipients, {crowd.logins} logins, {crowd.kills} kills")
    assert not crowd.wrong
    assert len(crowd.done) > 5 and crowd.asked > 50 and crowd.logins > 10 and crowd.kills > 2
    wait_until(lambda: box.run("postcask", "alias", "list", check=False).returncode == 0, "the service", 20)
    listed = {kind: {row["address"] for row in csv.DictReader(io.StringIO(command(box, kind, "export")))}
              for kind in ("user", "alias")}
    assert not [one for one in crowd.done if one and one[1] not in listed[one[0]]]
    log = box.run("journalctl", "--no-pager", "-q", "--since", since, "--grep",
                  "database is locked|unable to open database|proxymap.*(fatal|panic)|malformed", check=False).stdout
    assert not log


def test_a_damaged_file_is_made_again_from_its_copy(box):
    folder = box.tree / "var/lib/postcask/accounts"
    copy = folder / "accounts.db.copy"
    before = copy.stat().st_mtime_ns if copy.exists() else 0
    command(box, "alias", "add", "last@example.org", "bob@example.org")
    wait_until(lambda: copy.exists() and copy.stat().st_mtime_ns > before, "the copy", 60)
    box.run("systemctl", "stop", UNIT)
    for path in folder.glob("accounts.db*"):
        if ".copy" not in path.name:
            path.write_bytes(b"no database at all" * 500)
    box.run("systemctl", "start", UNIT)
    wait_until(lambda: rcpt(box, "last@example.org") == 250, "the copy is asked", 30)
    assert rcpt(box, DORA) == 250 and rcpt(box, "nobody@example.org") == 550
    assert "their file was damaged" in box.run("postcask", "status", check=False).stdout
    box.run("systemctl", "restart", UNIT)
    assert "their file was damaged" not in box.run("postcask", "status", check=False).stdout


def test_what_is_there_survives_a_boot(box):
    listed = command(box, "user", "list"), command(box, "alias", "list")
    box.boot("halt")
    box.start()
    assert (command(box, "user", "list"), command(box, "alias", "list")) == listed
    assert rcpt(box, DORA) == 250 and rcpt(box, "nobody@example.org") == 550
