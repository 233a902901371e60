# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords of devices: who is let in, for what and until when, and that nobody is kept out when the
program that keeps them is gone."""

import base64
import hmac
import itertools
import json
import os
import smtplib
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from guesser import PORTS, Guesser
from machine import HOSTNAME, PASSWORDS, Machine, user_data
from waiting import wait_until

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
ODD = "o'neil@example.org"
UNIT = "postcask-directory.service"
FROM, NEXT = range(10, 200), itertools.count()
GOOD = {"imap": "a OK", "pop3": "+OK", "smtp": "235", "sieve": "OK"}


def data():
    """One with an apostrophe beside the others."""
    head, rest = user_data().split("  aliases:")
    row = head.index("    - address: bob@example.org")
    end = head.index("    - address: carol@example.net")
    return head + head[row:end].replace(BOB, ODD) + "  aliases:" + rest


@pytest.fixture(scope="module")
def box():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("apps", "10.118.0", data()) as machine:
        add_addresses(machine)
        yield machine


# Who is refused from one address waits longer each time.
def add_addresses(machine):
    batch = "".join(f"addr add {machine.net}.{last}/32 dev nb-{machine.name}\n" for last in FROM)
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True, timeout=20)


def source(machine):
    return f"{machine.net}.{FROM[next(NEXT) % len(FROM)]}"


def add(box, *words):
    return json.loads(box.run("postcask", "user", "app", "add", *words, "--json").stdout)["password"]


def revoke(box, user, name):
    return box.run("postcask", "user", "app", "revoke", user, name)


def login(box, protocol, user, password):
    """True, or what a server says instead."""
    guesser = Guesser(box, protocol, source(box), box.tls())
    try:
        guesser.login(user, password)
        said = guesser.answer()
        return said.startswith(GOOD[protocol]) or said
    finally:
        guesser.close()


def logins(box, user, password):
    """The protocols that let him in; a refusal takes its two seconds, so all at once."""
    with ThreadPoolExecutor(4) as pool:
        said = pool.map(lambda one: login(box, one, user, password), PORTS)
    return {protocol for protocol, one in zip(PORTS, said) if one is True}


def refused(box, *words):
    done = box.run("postcask", *words, check=False)
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


def test_a_device_has_a_password_of_its_own(box):
    phone, mac = add(box, ALICE, "Phone"), add(box, ALICE, "Mac, im Büro", "--protocols", "imap,smtp")
    assert phone != mac and len(phone.replace("-", "")) == 28
    with ThreadPoolExecutor() as pool:
        said = pool.map(lambda who: logins(box, *who), [
            (ALICE, phone), (ALICE, mac), (ALICE, PASSWORDS[ALICE]), (BOB, phone)])
    assert list(said) == [set(PORTS), {"imap", "smtp"}, set(PORTS), set()]
    listed = json.loads(box.run("postcask", "user", "app", "list", ALICE, "--json").stdout)["apps"]
    assert {one["label"]: one["protocols"].split() for one in listed} == {
        "Phone": ["imap", "pop3", "smtp", "sieve"], "Mac, im Büro": ["imap", "smtp"]}
    assert '"Mac, im Büro"' in box.run("postcask", "user", "app", "list").stdout
    revoke(box, ALICE, "Phone")                 # and nothing is restarted
    assert not logins(box, ALICE, phone)
    assert login(box, "imap", ALICE, mac) is True
    assert "no app password for \"Phone\"" in refused(box, "user", "app", "revoke", ALICE, "Phone")
    revoke(box, ALICE, "Mac, im Büro")


def test_however_the_login_is_written(box):
    password = add(box, ODD, "tablet")
    assert login(box, "imap", "O'Neil@EXAMPLE.org", password) is True
    box.run("postcask", "user", "main", ODD, "off")
    assert login(box, "imap", ODD, PASSWORDS[BOB]) is not True
    assert login(box, "imap", ODD, password) is True
    box.run("postcask", "user", "main", ODD, "on")
    wait_until(lambda: login(box, "imap", ODD, PASSWORDS[BOB]) is True, "let in again", 60)


def test_it_ends(box):
    password = add(box, ALICE, "guest", "--until", f"@{int(time.time()) + 12}")
    assert login(box, "imap", ALICE, password) is True
    wait_until(lambda: login(box, "imap", ALICE, password) is not True, "it has expired", 60)
    assert "it has expired" in box.run("postcask", "user", "app", "list", ALICE).stdout
    assert "expired already" in refused(box, "user", "app", "add", ALICE, "late", "--until", "yesterday")
    add(box, ALICE, "guest")                    # what has expired makes room
    revoke(box, ALICE, "guest")


def test_the_main_password_lets_nobody_in(box):
    password = add(box, BOB, "laptop")
    box.run("postcask", "user", "main", BOB, "off")
    wait_until(lambda: not logins(box, BOB, PASSWORDS[BOB]), "refused", 60)
    assert logins(box, BOB, password) == set(PORTS)
    assert "lets nobody in" in box.run("postcask", "user", "app", "list", BOB).stdout
    box.run("systemctl", "stop", UNIT)          # also while the program is not there
    try:
        assert not logins(box, BOB, PASSWORDS[BOB])
        assert logins(box, ALICE, PASSWORDS[ALICE]) == set(PORTS)
    finally:
        box.run("systemctl", "start", UNIT)
    box.run("postcask", "user", "main", BOB, "on")
    wait_until(lambda: logins(box, BOB, PASSWORDS[BOB]) == set(PORTS), "let in again", 60)
    revoke(box, BOB, "laptop")


def code_of(key, step):
    """RFC 6238, once more: what a telephone makes of the key."""
    digest = hmac.digest(base64.b32decode(key), (int(time.time()) // 30 + step).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{int.from_bytes(digest[at:at + 4], 'big') % 2**31 % 10**6:06}"


def factor(box, verb, *words, code=None):
    done = box.run("postcask", "user", "factor", verb, BOB, *words, "--json", stdin=code)
    return json.loads(done.stdout)


def by_starttls(box, user, password):
    """Port 587: whether he is let in."""
    with smtplib.SMTP(box.host, 587, timeout=30, source_address=(source(box), 0)) as client:
        client._host = HOSTNAME                 # whom the certificate is for
        client.starttls(context=box.tls())
        try:
            return client.login(user, password)[0] == 235
        except smtplib.SMTPAuthenticationError:
            return False


ASK = """use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new('/run/postcask/directory/control') or die $!;
print $s <STDIN>; $s->flush; print <$s>;"""


def ask_directory(box, **question):
    return json.loads(box.run("perl", "-e", ASK, stdin=json.dumps(question) + "\n").stdout)


def test_a_second_factor_leaves_app_passwords_alone(box):
    """From its confirmation on: on every port, and for who is in."""
    key = factor(box, "add")
    assert key["uri"].startswith("otpauth://totp/") and key["secret"] in key["uri"]
    refusal = box.run("postcask", "user", "factor", "confirm", BOB, stdin=code_of(key["secret"], 0),
                      check=False)
    assert "has no app password" in refusal.stderr
    tablet = add(box, BOB, "tablet")
    inside = Guesser(box, "imap", source(box), box.tls())
    inside.login(BOB, PASSWORDS[BOB])           # not confirmed, so nothing has changed
    assert inside.answer().startswith("a OK")
    begin = time.monotonic()
    codes = factor(box, "confirm", code=code_of(key["secret"], -1))["codes"]
    assert inside.lines.read() is not None and time.monotonic() - begin < 5     # logged out
    assert len(set(codes)) == 10
    with ThreadPoolExecutor() as pool:
        refused_ones = pool.submit(logins, box, BOB, PASSWORDS[BOB])
        refused_one = pool.submit(by_starttls, box, BOB, PASSWORDS[BOB])
        assert logins(box, BOB, tablet) == set(PORTS) and by_starttls(box, BOB, tablet)
        assert not refused_ones.result() and not refused_one.result()
    assert "app_password_needed: Password mismatch" in box.journal("dovecot")
    assert PASSWORDS[BOB] not in box.journal("dovecot")
    assert login(box, "imap", ALICE, PASSWORDS[ALICE]) is True      # nobody else's

    shown = json.loads(box.run("postcask", "user", "list", "--json").stdout)["users"]
    assert [one["address"] for one in shown if one["factor"]] == [BOB]
    assert "has a second factor" in box.run("postcask", "user", "show", BOB).stdout
    assert "10 recovery codes are left" in box.run("postcask", "user", "factor", "show", BOB).stdout
    assert key["secret"] not in box.run("journalctl", "--no-pager").stdout
    found = box.run("grep", "-rlsF", key["secret"], "/etc", "/var/lib", "/var/log", "/run", check=False)
    assert found.stdout == ""
    assert box.run("setpriv", "--reuid=dovecot", "--regid=dovecot", "--clear-groups", "cat",
                   "/var/lib/postcask/directory/factor.key", check=False).returncode == 1

    box.run("systemctl", "restart", UNIT)       # what was used is remembered
    said = [ask_directory(box, do="factor-check", who=BOB, address=BOB, code=code)["good"]
            for code in (code_of(key["secret"], 0), code_of(key["secret"], 0), codes[0], codes[0])]
    assert said == [True, False, True, False]
    box.run("postcask", "user", "factor", "remove", BOB)
    wait_until(lambda: login(box, "imap", BOB, PASSWORDS[BOB]) is True, "let in again", 30)
    verbs = [one["verb"] for one in json.loads(box.run("postcask", "audit", BOB, "--json").stdout)]
    assert verbs[:4] == ["factor-remove", "factor-recovery", "factor-confirm", "app-add"]
    revoke(box, BOB, "tablet")


def test_the_last_use_is_known_within_a_minute(box):
    """By which protocol and from where; the main password's is not taken for one."""
    begin = int(time.time())
    printer, radio, _ = (add(box, ALICE, name) for name in ("printer", "radio", "spare"))
    assert login(box, "smtp", ALICE, printer) is True and login(box, "imap", ALICE, radio) is True
    assert login(box, "imap", ALICE, PASSWORDS[ALICE]) is True

    def used():
        apps = json.loads(box.run("postcask", "user", "app", "list", ALICE, "--json").stdout)["apps"]
        return {one["label"]: (one["used"], one["used_by"], one["used_from"]) for one in apps}

    wait_until(lambda: used()["printer"][0] and used()["radio"][0], "their use", 60)
    assert used()["spare"] == (None, "", "")
    assert {used()[name][1:] for name in ("printer", "radio")} == {
        ("smtp", f"{box.net}.0/24"), ("imap", f"{box.net}.0/24")}
    assert begin <= used()["printer"][0] <= time.time()
    assert f"by smtp from {box.net}.0/24" in box.run("postcask", "user", "app", "list", ALICE).stdout
    for name in ("printer", "radio", "spare"):
        revoke(box, ALICE, name)


WRONG = [(ALICE, "' OR '1'='1"), (ALICE, "x' UNION SELECT 'alice@example.org', NULL, 'Y' --"),
         ("' OR 1=1 --@example.org", "x"), (ALICE, "%{user}"), (ALICE, ""), (ALICE, "\\' OR 1=1 --")]


def test_nobody_writes_sql(box):
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda who: login(box, "imap", *who), WRONG))
    assert True not in said, said


@pytest.mark.parametrize("words,said", [
    (("app", "add", "nobody@example.org", "Phone"), "is no user"),
    (("app", "add", "sales@example.org", "Phone"), "is no user"),
    (("app", "add", ALICE, " Phone"), "no blank at its ends"),
    (("app", "add", ALICE, "a\nb"), "no control characters"),
    (("app", "add", ALICE, "x" * 101), "1 to 100 bytes"),
    (("app", "add", ALICE, "Phone", "--protocols", "imap,imaps"), "some of imap pop3 smtp sieve"),
    (("app", "add", ALICE, "Phone", "--protocols", ""), "some of imap pop3 smtp sieve"),
    (("app", "add", "alice", "Phone"), "is no address"),
    (("main", "nobody@example.org", "off"), "is no user")])
def test_what_is_wrong_is_said_and_changes_nothing(box, words, said):
    before = box.run("postcask", "audit", "--json").stdout
    assert said in refused(box, "user", *words)
    assert box.run("postcask", "audit", "--json").stdout == before


def test_it_is_killed_and_nobody_notices(box):
    password = add(box, ALICE, "Phone")
    for _ in range(5):
        box.run("systemctl", "kill", "-s", "KILL", UNIT)
        assert login(box, "imap", ALICE, PASSWORDS[ALICE]) is True
        assert login(box, "imap", ALICE, password) is True      # the file is read without it
    wait_until(lambda: box.run("postcask", "audit", check=False).returncode == 0, "there again")
    revoke(box, ALICE, "Phone")


def test_many_log_in_at_once(box):
    """Each is looked up by a process of Dovecot's, and with too few of those right passwords failed."""
    box.run("systemctl", "restart", "dovecot")
    with ThreadPoolExecutor(24) as pool:
        said = list(pool.map(lambda _: login(box, "imap", ALICE, PASSWORDS[ALICE]), range(48)))
    assert said == [True] * 48, said
    assert "process_limit" not in box.journal("dovecot")


def test_who_changed_what_is_known(box):
    box.run("env", "SUDO_USER=frances", "postcask", "user", "app", "add", CAROL, "watch")
    changes = json.loads(box.run("postcask", "audit", CAROL, "--json").stdout)
    assert [(one["who"], one["verb"], one["detail"]) for one in changes] == [
        ("frances", "app-add", "watch")]
    assert abs(changes[0]["time"] - time.time()) < 60
    assert "frances  app-add  carol@example.net  watch" in box.run("postcask", "audit").stdout
    revoke(box, CAROL, "watch")


def test_it_is_nowhere(box):
    """Not the password, nor its hash where others could read it."""
    password = add(box, CAROL, "camera")
    assert login(box, "smtp", CAROL, password) is True
    assert password not in box.run("journalctl", "--no-pager").stdout
    found = box.run("grep", "-rlsF", password, "/etc", "/var/lib", "/var/log", "/run", check=False)
    assert found.stdout == ""
    assert box.run("stat", "-c", "%a %U %G", "/var/lib/postcask/directory").stdout.split() == \
        ["750", "postcask-directory", "dovecot"]
    for account in ("nobody", "postfix", "vmail", "amavis"):
        done = box.run("setpriv", f"--reuid={account}", "--clear-groups", "cat",
                       "/var/lib/postcask/directory/secrets.db", check=False)
        assert done.returncode == 1
    assert "use sudo" in box.run("setpriv", "--reuid=nobody", "--clear-groups", "postcask", "audit",
                                 check=False).stderr
    revoke(box, CAROL, "camera")


def test_a_damaged_file_keeps_nobody_out(box):
    """It is made again from its copy, and who has the old one open opens the new one."""
    folder = box.tree / "var/lib/postcask/directory"
    copy = folder / "secrets.db.copy"
    before = copy.stat().st_mtime_ns if copy.exists() else 0
    password = add(box, ALICE, "Phone")
    wait_until(lambda: copy.exists() and copy.stat().st_mtime_ns > before, "the copy", 60)
    box.run("systemctl", "stop", UNIT)
    for path in folder.glob("secrets.db*"):
        if ".copy" not in path.name:
            path.write_bytes(b"no database at all" * 500)   # Dovecot may have it open, and its log
    box.run("systemctl", "start", UNIT)
    assert (folder / "secrets.db.damaged").exists()
    wait_until(lambda: login(box, "imap", ALICE, PASSWORDS[ALICE]) is True, "let in", 30)
    assert login(box, "imap", ALICE, password) is True
    assert "is what its last copy was" in box.journal(UNIT)
    status = box.run("postcask", "status", check=False).stdout
    assert "their file was damaged" in status and "postcask audit" in status
    revoke(box, ALICE, "Phone")