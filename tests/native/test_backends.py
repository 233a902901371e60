# SPDX-License-Identifier: GPL-3.0-or-later
"""The same questions to people of a database as to those of a directory server (test_ldap.py) and to
those of the settings: who is here, who is let in, and what is lost when it is away."""

import itertools
import os
import textwrap

import pytest

from database import PROGRAMS, WORD, Database
from machine import PASSWORDS, Machine, crypt_hash, letter, shifted, user_data
from test_ldap import HOSTILE, aliases, all_of, login, mirror, rcpt, users
from tree import Authority
from waiting import PATIENCE, wait_until

ALICE = "alice@example.org"             # of the settings, and somebody of the database claims it
DORA, EMIL, FRIDA = "dora@example.org", "emil@example.org", "frida@example.net"
MANY = [f"p{number}@example.org" for number in range(12)]
NET = "10.128.0"
RULES = 'require "fileinto";\nif header :contains "subject" "invoice" { fileinto "Archive"; stop; }\n'
NEW = itertools.count()


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def account(address, password="", **other):
    values = {"address": quoted(address), "hash": quoted(crypt_hash(password)) if password else "NULL", **other}
    return f"INSERT INTO mail.account ({', '.join(values)}) VALUES ({', '.join(values.values())});\n"


def data(database, ca):
    text = user_data() + textwrap.indent(textwrap.dedent(f"""\
        authentication:
          backend: postgresql
          postgresql:
            servers: ["{database.address}:9", "{database.address}:{database.port}"]
            password: '{WORD.replace("'", "''")}'
            interval_seconds: 3600
            ca: |
        """), "  ")
    return text + textwrap.indent(ca, " " * 8)


@pytest.fixture(scope="module")
def world():
    if os.geteuid() != 0 or not PROGRAMS:
        pytest.skip("needs root for namespaces")
    authority = Authority("test")
    net = shifted("pg", NET)[1]
    database = Database(f"{net}.1", 5433, authority)
    box = Machine("pg", NET, data(database, authority.pem))
    try:
        box.authority = authority
        box.start(wait=False)
        database.start().make()
        database.sql(account(DORA, "dora's", name="'Döra Chef'", quota_messages="1000") + account(EMIL)
                     + account(FRIDA, "frida's") + account(ALICE, "another")
                     + account("far@elsewhere.example", "far") + "".join(map(account, MANY))
                     + "INSERT INTO mail.alias VALUES ('team@example.org', 'dora@example.org'),"
                       " ('team@example.org', 'frida@example.net'), ('d.chef@example.org', 'dora@example.org'),"
                       " ('loop@example.org', 'pool@example.org'), ('pool@example.org', 'loop@example.org'),"
                       f" ('{ALICE}', 'dora@example.org')")
        box.wait_boot()
        wait_until(lambda: mirror(box).get("people"), "the first picture", 60)
        PASSWORDS[DORA], PASSWORDS[FRIDA] = "dora's", "frida's"
        yield box, database
    finally:
        box.stop()
        database.remove()


def test_people_and_aliases_are_here(world):
    box, _ = world
    found = users(box)
    assert {address for address, one in found.items() if one["origin"] == "postgresql"} == {
        DORA, EMIL, FRIDA, *MANY}
    assert found[DORA]["name"] == "Döra Chef" and found[DORA]["quota_messages"] == 1000
    assert found[ALICE]["origin"] == "settings"
    assert aliases(box)["team@example.org"] == [DORA, FRIDA]
    assert mirror(box)["left_out"] == 3 and set(mirror(box)["doubles"]) == {ALICE}
    assert rcpt(box, DORA, "d.chef+x@example.org", "team@example.org", "nobody@example.org") == [
        250, 250, 250, 550]
    message = box.send("to the team", to="team@example.org")
    box.wait_message(DORA, message)
    box.wait_message(FRIDA, message)
    [line] = [line for line in box.run("postcask", "user", "list").stdout.splitlines() if line.startswith(DORA)]
    assert "Döra Chef" in line and line.endswith(", of the database"), line
    assert "Database server: 15 users" in box.run("postcask", "status", check=False).stdout
    refused = box.run("postcask", "user", "passwd", DORA, check=False, stdin="x" * 10 + "\n")
    assert refused.returncode == 1 and "is of the database; change it there" in refused.stderr
    wait_until(lambda: "loop@example.org" in " ".join(box.report()["notes"]), "the loop is said", 30)


def test_who_is_let_in(world):
    box, database = world
    assert [login(box, DORA, "dora's"), login(box, "Dora@EXAMPLE.org", "dora's", "smtp"),
            login(box, DORA, "dora's", "pop3"), login(box, ALICE, PASSWORDS[ALICE])] == [True] * 4
    wrong = all_of(*[lambda one=one: login(box, *one) for one in [
        (DORA, "wrong"), (DORA, ""), (EMIL, ""), (EMIL, "!"), (ALICE, "another"), ("far@elsewhere.example", "far"),
        (DORA, "' OR '1'='1"), (DORA, crypt_hash("dora's"))]])
    assert True not in wrong, wrong
    secret = box.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat",
                     "/etc/postcask/mirror", check=False)
    assert secret.returncode != 0
    assert WORD not in box.run("sh", "-c", "cat /proc/*/cmdline /proc/*/environ 2>/dev/null; journalctl",
                               check=False).stdout


def test_a_change_is_in_force_within_a_second(world):
    """By itself it would look in an hour."""
    box, database = world
    for change, right in ((f"hash = {quoted(crypt_hash('new'))}", True), ("enabled = false", False),
                          ("enabled = true", True), ("hash = NULL", False),
                          (f"hash = {quoted(crypt_hash('new'))}", True)):
        database.sql(f"UPDATE mail.account SET {change} WHERE address = '{EMIL}'")
        took = wait_until(lambda: (login(box, EMIL, "new") is True) == right, change, 20)
        print(f"{change[:20]}: {took:.2f} s")
    address = f"new{next(NEW)}@example.org"
    database.sql(account(address))
    wait_until(lambda: rcpt(box, address) == [250], "is here", 20)
    database.sql(f"DELETE FROM mail.account WHERE address = '{address}'")
    wait_until(lambda: rcpt(box, address) == [550], "is gone", 20)


def test_forward_and_rules(world):
    box, database = world
    database.sql(f"INSERT INTO mail.forward VALUES ('{EMIL}', '{FRIDA}');"
                 f"UPDATE mail.account SET rules = {quoted(RULES)} WHERE address = '{FRIDA}'")
    rules = "/var/lib/postcask/rules/example.net/frida.sieve"
    wait_until(lambda: box.run("cat", rules, check=False).stdout == RULES, "the rules are here", 30)
    PASSWORDS[EMIL] = "new"
    message = box.send(letter("it", "your invoice"), to=EMIL)
    box.wait_message(EMIL, message)
    box.wait_message(FRIDA, message, "Archive")


def test_hostile_rows_are_text(world):
    box, database = world
    before = set(users(box)) | set(aliases(box))
    evil = f"evil{next(NEW)}@example.org"
    rows = "".join(f"INSERT INTO mail.alias VALUES ({quoted(mail.lower())}, '{DORA}') ON CONFLICT DO NOTHING;"
                   for mail in HOSTILE if mail.count("@") and not mail.startswith("@"))
    database.sql(rows + account(evil, "evil", name=quoted("'); DROP TABLE account; -- ${x} %{user} \x1b[31m")))
    wait_until(lambda: evil in users(box), "the harmless one is here", 20)
    assert (set(users(box)) | set(aliases(box))) - before == {evil} and users(box)[evil]["name"] == ""
    assert login(box, evil, "evil") is True


def test_half_of_it_is_refused(world):
    box, database = world
    database.sql(f"DELETE FROM mail.account WHERE address LIKE 'p%' AND address <> '{MANY[0]}'")
    wait_until(lambda: "would be gone" in mirror(box).get("fault", ""), "refused", 20)
    assert rcpt(box, *MANY[1:4], "nobody@example.org") == [250, 250, 250, 550]
    box.run("postcask", "directory", "accept")
    box.run("systemctl", "reload", "postcask-mirror")
    wait_until(lambda: MANY[1] not in users(box), "accepted", 20)


def test_away(world):
    """Whoever is known is let in and gets his mail, by every password that was right."""
    box, database = world
    database.stop()
    box.run("systemctl", "reload", "postcask-mirror")
    wait_until(lambda: mirror(box).get("fault"), "said", PATIENCE * 10)
    assert [login(box, DORA, "dora's"), login(box, FRIDA, "frida's"), login(box, EMIL, "new")] == [True] * 3
    box.wait_message(DORA, box.send("while it is away", to="d.chef@example.org"))
    assert rcpt(box, DORA, EMIL, "nobody@example.org") == [250, 250, 550]
    database.start()
    database.sql(account("back@example.org"))
    wait_until(lambda: rcpt(box, "back@example.org") == [250], "it is found back", 40)


def test_who_goes_while_mail_for_him_waits(world):
    """It goes back to its sender, with a reason, and what he has is kept."""
    box, database = world
    address = f"new{next(NEW)}@example.org"
    database.sql(account(address))
    wait_until(lambda: rcpt(box, address) == [250], "is here", 20)
    box.run("systemctl", "stop", "amavis")
    try:
        box.send("it waits", to=address, sender=ALICE)
        database.sql(f"DELETE FROM mail.account WHERE address = '{address}'")
        wait_until(lambda: address not in users(box), "is gone", 20)
    finally:
        box.run("systemctl", "start", "amavis")
    box.run("postqueue", "-f")

    def told():
        with box.imap(ALICE) as client:
            client.select("INBOX", readonly=True)
            return client.search(None, "SUBJECT", "Undelivered", "TEXT", address)[1][0]
    wait_until(told, "the sender is told", 60)


def test_accounts_move_to_the_database(world):
    """As the manual says: what the command prints is put in, and compared record by record."""
    box, database = world
    gina, hugo = "gina@example.org", "hugo@example.org"
    for address in (gina, hugo):
        box.run("postcask", "user", "add", address, "--name", "O'Hara \\ \"x\"", "--quota", "50MB",
                stdin="a word of theirs\n")
    box.run("postcask", "user", "set", gina, "--forward", f"{FRIDA} x@far.example", check=False)
    box.run("postcask", "alias", "add", "both@example.org", gina, hugo)
    database.sql(f"DELETE FROM mail.account WHERE address = '{ALICE}'; DELETE FROM mail.alias WHERE address = '{ALICE}'")
    database.sql(box.run("postcask", "accounts", "sql").stdout)
    database.sql(f"UPDATE mail.account SET quota_mib = 60 WHERE address = '{hugo}'")
    assert users(box)[gina]["origin"] == users(box)[hugo]["origin"] == "command"
    box.run("postcask", "accounts", "move", "server")
    box.run("systemctl", "reload", "postcask-mirror")
    wait_until(lambda: "moved" in mirror(box), "compared", 30)
    assert users(box)[gina]["origin"] == "postgresql" and users(box)[hugo]["origin"] == "command"
    assert mirror(box)["moved"] == 2 and f"{hugo}: the quota" in mirror(box)["differs"], mirror(box)
    assert f"something differs: {hugo}: the quota" in box.run("postcask", "directory").stdout
    assert login(box, gina, "a word of theirs") is True
    database.sql(f"UPDATE mail.account SET hash = {quoted(crypt_hash('another'))} WHERE address = '{gina}'")
    wait_until(lambda: login(box, gina, "another") is True, "it is the database's", 20)


def test_all_of_it_moves_to_the_machine(world):
    box, database = world
    said = box.run("postcask", "accounts", "move", "machine").stdout
    assert "users are of this machine" in said and "no password is known" in said, said
    box.run("sh", "-c", "cat > /root/plain.yaml", stdin=user_data())
    box.run("postcask", "apply", "/root/plain.yaml", timeout=120, check=False)
    database.stop()
    assert box.run("systemctl", "is-active", "postcask-mirror", check=False).stdout.strip() != "active"
    assert users(box)[DORA]["origin"] == "command" and login(box, DORA, "dora's") is True
    box.wait_message(DORA, box.send("to the machine's own", to="d.chef@example.org"))
