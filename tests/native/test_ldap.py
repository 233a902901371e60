# SPDX-License-Identifier: GPL-3.0-or-later
"""People of a directory server: who is there is here, whoever is in its way."""

import base64
import itertools
import json
import os
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from guesser import Guesser
from machine import PASSWORDS, Machine, letter, shifted, user_data
from tree import ADMIN, BASE, SECRET, Authority, Tree
from waiting import wait_until

DORA, EMIL, FRIDA = "dora@example.org", "emil@example.org", "frida@example.net"
ALICE = "alice@example.org"             # of the settings, and somebody of the directory claims it
WORD = "dörte's \"word\""
TWO = "two@example.org"                 # of two people there
MANY = [f"p{number}@example.org" for number in range(12)]
PEOPLE = f"ou=people,{BASE}"
NET, SOURCES = "10.124.0", itertools.cycle(range(3, 10))


def b64(text):
    return base64.b64encode(text.encode()).decode()


def person(uid, mail, password=WORD, extra="", cn=None):
    return (f"dn:: {b64(f'uid={uid},{PEOPLE}')}\nobjectClass: inetOrgPerson\n"
            f"objectClass: inetLocalMailRecipient\ncn:: {b64(cn or uid)}\nsn: x\nuid:: {b64(uid)}\n"
            + "".join(f"mail:: {b64(one)}\n" for one in mail)
            + f"userPassword:: {b64(password)}\n{extra}\n")


def first_tree():
    return (f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example\n\n"
            f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n"
            + person("dora", [DORA], extra="mailLocalAddress: d.chef@example.org\n", cn="Döra Chef")
            + person("emil\\, jr\\2a", [EMIL, "e@example.org"])
            + person("frida", [FRIDA])
            + person("alice2", [ALICE])
            + person("a-first", [TWO], "first")
            + person("b-second", [TWO], "second", "mailLocalAddress: dora@example.org\n")
            + person("far", ["far@elsewhere.example"])
            + "".join(person(mail.partition("@")[0], [mail]) for mail in MANY)
            + f"dn: cn=team,{BASE}\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn: team\n"
            f"mail: team@example.org\nmember: uid=dora,{PEOPLE}\nmember: uid=frida,{PEOPLE}\n"
            f"member: uid=nobody,{PEOPLE}\n")


def data(tree, ca):
    text = user_data() + textwrap.indent(textwrap.dedent(f"""\
        authentication:
          backend: ldap
          ldap:
            uri: ["ldap://{tree.address}:9", "{tree.uri}"]
            base: "{BASE}"
            bind_dn: "{ADMIN}"
            bind_password: '{SECRET}'
            interval_seconds: 5
            rules_attribute: description
            cache_minutes: 1
            ca: |
        """), "  ")
    return text + textwrap.indent(ca, " " * 8)


@pytest.fixture(scope="module")
def world():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    authority = Authority("test")
    net = shifted("ldap", NET)[1]
    tree = Tree(f"{net}.1", 3890, authority)
    tree.put(first_tree(), offline=True)
    box = Machine("ldap", NET, data(tree, authority.pem))
    try:
        box.authority = authority
        box.start(wait=False)
        tree.start()
        box.wait_boot()
        wait_until(lambda: mirror(box).get("people"), "the first picture", 60)
        yield box, tree
    finally:
        box.stop()
        tree.remove()


def mirror(box):
    done = box.run("cat", "/run/postcask/directory/report.json", check=False)
    return json.loads(done.stdout).get("mirror", {}) if done.returncode == 0 else {}


def users(box):
    return {one["address"]: one for one in
            json.loads(box.run("postcask", "user", "list", "--json").stdout)["users"]}


def aliases(box):
    return {one["address"]: one["to"] for one in
            json.loads(box.run("postcask", "alias", "list", "--json").stdout)["aliases"]}


def look(box):
    """Has the directory read now, and not when it is due."""
    box.run("systemctl", "reload", "postcask-mirror")


def login(box, user, password, protocol="imap"):
    """From one address after the other: Dovecot lets who was wrong wait."""
    guesser = Guesser(box, protocol, f"{box.prefix}{next(SOURCES)}", box.tls())
    try:
        guesser.login(user, password)
        said = guesser.answer()
        return said.startswith(("a OK", "235", "+OK")) or said
    finally:
        guesser.close()


def lets_in(box, user, password):
    """A process that asks the server may just begin anew."""
    try:
        return login(box, user, password) is True
    except (EOFError, OSError):
        return False


def begun_anew(box):
    """When those that ask the directory server last began anew."""
    return int(box.run("systemctl", "show", "-P", "ExecMainExitTimestampMonotonic",
                       "postcask-mirror-back.service").stdout)


def all_of(*calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def rcpt(box, *addresses):
    """From one address after the other: who names many that are not here is put off."""
    with box.smtp(source=next(SOURCES)) as client:
        client.mail("stranger@example.com")
        return [client.rcpt(address)[0] for address in addresses]


def refusal(box):
    with box.smtp(source=next(SOURCES)) as client:
        client.mail("stranger@example.com")
        code, said = client.rcpt("nobody@example.org")
        return f"{code} {said.decode()}"


def test_people_aliases_and_groups_are_here(world):
    box, _ = world
    found = users(box)
    assert {address for address, one in found.items() if one["origin"] == "ldap"} == {
        DORA, EMIL, FRIDA, TWO, *MANY}
    assert found[DORA]["name"] == "Döra Chef"
    assert found[ALICE]["origin"] == "settings"
    assert {key: value for key, value in aliases(box).items() if "@elsewhere" not in key
            and key.split("@")[0] in ("d.chef", "e", "team")} == {
        "d.chef@example.org": [DORA], "e@example.org": [EMIL],
        "team@example.org": [DORA, FRIDA]}
    said = mirror(box)
    assert said["people"] == 16 and said["doubles"][0] == ALICE, said
    assert said["doubles"][1].startswith(f"{TWO} (uid=b-second,") and len(said["doubles"]) == 2
    assert said["left_out"] == 3                # those two and who is far
    wait_until(lambda: TWO in " ".join(box.report()["notes"]), "said", 15)
    assert rcpt(box, DORA, "d.chef+x@example.org", "team@example.org", "nobody@example.org") == [
        250, 250, 250, 550]
    message = box.send("to the team", to="team@example.org")
    PASSWORDS[DORA] = PASSWORDS[FRIDA] = WORD
    box.wait_message(DORA, message)
    box.wait_message(FRIDA, message)
    assert f"{DORA}  Döra Chef, of the directory" in box.run("postcask", "user", "list").stdout
    assert "16 users, 3 aliases, 3 left out" in box.run("postcask", "directory").stdout
    assert "Directory server: 16 users" in box.run("postcask", "status", check=False).stdout
    refused = box.run("postcask", "user", "passwd", DORA, check=False, stdin="x" * 10 + "\n")
    assert refused.returncode == 1 and "change it there" in refused.stderr


def test_who_is_let_in(world):
    box, _ = world
    good = all_of(lambda: login(box, DORA, WORD), lambda: login(box, EMIL, WORD),
                  lambda: login(box, "Dora@EXAMPLE.org", WORD, "smtp"),
                  lambda: login(box, DORA, WORD, "pop3"),
                  lambda: login(box, ALICE, PASSWORDS[ALICE]),
                  lambda: login(box, TWO, "first"))
    assert good == [True] * 6, good
    wrong = all_of(*[lambda one=one: login(box, *one) for one in [
        (DORA, "wrong"), (DORA, ""), (DORA, "!"), (DORA, "*"), (ALICE, WORD), ("*", WORD), (TWO, "second"),
        ("*@example.org", WORD), ("dora@example.org)(uid=*", WORD), ("dor*@example.org", WORD),
        ("far@elsewhere.example", WORD), ("d.chef@example.org", WORD), ("admin", SECRET),
        ("dora", WORD), (DORA, "' OR '1'='1")]])
    assert True not in wrong, wrong
    device = json.loads(box.run("postcask", "user", "app", "add", DORA, "phone", "--json").stdout)
    assert login(box, DORA, device["password"]) is True
    assert box.run("doveconf", "-c", "/etc/dovecot/dovecot.conf", "-n").stdout.count("passdb ") >= 4
    assert box.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat",
                   "/etc/dovecot/directory.conf", check=False).returncode != 0


HOSTILE = ["' OR '1'='1@example.org", "a@example.org\nalias x@example.org", "\"|/bin/sh\"@example.org",
           "%{user}@example.org", "../../etc@example.org", "x)(uid=*@example.org", "a b@example.org",
           "@example.org", "*@example.org", "a@b@example.org", "<script>@example.org",
           "/bin/sh@example.org", ":include:/etc/passwd@example.org", "x'; DROP TABLE account;--@example.org"]


def test_what_changes_there_changes_here_and_is_text(world):
    box, tree = world
    before = set(users(box)) | set(aliases(box))
    evil = "evil@example.org"
    tree.put(person("gerd", ["gerd@example.org"], cn="Gerd\n") +
             f"dn: uid=frida,{PEOPLE}\nchangetype: modify\nreplace: userPassword\nuserPassword: new\n"
             "-\nadd: mail\nmail: fr@example.net\n")
    tree.drop(f"uid=p0,{PEOPLE}")
    tree.put("".join(person(f"h{number}", [mail], extra=f"mailLocalAddress:: {b64(mail)}\n")
                     for number, mail in enumerate(HOSTILE))
             + person("zz' OR 1=1 --", [evil], cn="'); DROP TABLE account; -- ${x} %{user} \x1b[31m",
                      extra="".join(f"mailLocalAddress:: {b64(mail)}\n" for mail in HOSTILE[:6])))
    wait_until(lambda: evil in users(box), "the harmless one is here, when it is due", 15)
    now = set(users(box)) | set(aliases(box))
    assert now - before == {evil, "gerd@example.org", "fr@example.net"}
    assert before - now == {MANY[0]} and aliases(box)["fr@example.net"] == [FRIDA]
    assert users(box)[evil]["name"] == users(box)["gerd@example.org"]["name"] == ""
    assert login(box, evil, WORD) is True        # his DN is odd, and is a DN
    assert login(box, FRIDA, "new") is True
    PASSWORDS[FRIDA] = "new"
    assert rcpt(box, evil, "gerd@example.org", MANY[0], "fr@example.net") == [250, 250, 550, 250]


RULES = 'require "fileinto";\nif header :contains "subject" "invoice" { fileinto "Archive"; stop; }\n'
HIS_RULES = "/var/lib/postcask/rules/example.org/dora.sieve"


def give_rules(box, tree, *scripts):
    change = f"replace: description\n{''.join(f'description:: {b64(one)}' for one in scripts)}\n"
    tree.put(f"dn: uid=dora,{PEOPLE}\nchangetype: modify\n{change}")
    look(box)


def folder_of(box, subject):
    message, found = box.send(letter("what it is", subject), to=DORA), {}

    def arrived():
        with box.imap(DORA) as client:
            for folder in ("INBOX", "Archive"):
                client.select(folder, readonly=True)
                if client.search(None, "HEADER", "Message-ID", message)[1][0]:
                    found[folder] = True
        return found
    wait_until(arrived, "arrived", 40)
    [folder] = found
    return folder


def refused_rules(box):
    said = json.loads(box.run("postcask", "directory", "--json").stdout)["rules_refused"]
    return {one["address"]: one["why"] for one in said}


def test_delivery_rules_of_the_directory(world):
    """What it has is in force; what Sieve does not take, or what only the machine may do, is not."""
    box, tree = world
    PASSWORDS[DORA] = WORD
    assert box.run("test", "-e", HIS_RULES, check=False).returncode == 1
    give_rules(box, tree, RULES)
    wait_until(lambda: box.run("cat", HIS_RULES, check=False).stdout == RULES, "a file", 30)
    assert folder_of(box, "your invoice") == "Archive"
    assert folder_of(box, "hello") == "INBOX"
    for bad, why in ((RULES + "if (\n", "error"),
                     ('require "vnd.dovecot.execute";\nexecute "answer";\n', "vnd.dovecot.execute"),
                     ('require "vnd.dovecot.pipe";\npipe "learn";\n', "vnd.dovecot.pipe"),
                     ('require "include";\ninclude :personal "mine";\n', "include")):
        give_rules(box, tree, bad)
        wait_until(lambda: why in refused_rules(box).get(DORA, ""), f"refused: {why}", 30)
        assert box.run("cat", HIS_RULES).stdout == RULES
    assert f"delivery rules of {DORA}: " in box.run("postcask", "directory").stdout
    assert folder_of(box, "another invoice") == "Archive"
    assert box.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat", HIS_RULES,
                   check=False).returncode != 0
    give_rules(box, tree)
    wait_until(lambda: box.run("test", "-e", HIS_RULES, check=False).returncode == 1, "gone", 30)
    assert folder_of(box, "the last invoice") == "INBOX" and refused_rules(box) == {}


def filter_of(box, address):
    return json.loads(box.run("postcask", "user", "filter", address, "--json").stdout)


def test_what_the_filter_does_for_somebody(world):
    box, tree = world
    before = filter_of(box, FRIDA)
    tree.put(f"dn: uid=frida,{PEOPLE}\nchangetype: modify\nadd: objectClass\nobjectClass: amavisAccount\n-\n"
             "add: amavisSpamTag2Level\namavisSpamTag2Level: 3.5\n-\n"
             "add: amavisWhitelistSender\namavisWhitelistSender: news.example.com\n"
             "amavisWhitelistSender: no address\n-\n"
             "add: amavisBlacklistSender\namavisBlacklistSender: pest@far.example\n")
    look(box)
    wait_until(lambda: filter_of(box, FRIDA) != before, "it is here", 30)
    now = filter_of(box, FRIDA)
    assert now["mark"] == "3.5" and now["allow"] == ["@news.example.com"], now
    assert now["block"] == ["pest@far.example"] and now["origin"] == "ldap", now
    pest = letter("nothing good", From="pest@far.example")
    with box.smtp() as client:
        client.sendmail("pest@far.example", [FRIDA, DORA], pest.as_bytes())
    box.wait_message(FRIDA, pest["Message-ID"], "Spam")
    box.wait_message(DORA, pest["Message-ID"])
    tree.put(f"dn: uid=frida,{PEOPLE}\nchangetype: modify\ndelete: amavisSpamTag2Level\n-\n"
             "delete: amavisWhitelistSender\n-\ndelete: amavisBlacklistSender\n")
    look(box)
    wait_until(lambda: filter_of(box, FRIDA) == before, "as for everybody", 30)


def test_half_a_tree_is_refused(world):
    box, tree = world
    tree.drop(*[f"uid={mail.partition('@')[0]},{PEOPLE}" for mail in MANY[1:8]])
    look(box)
    wait_until(lambda: "would be gone" in mirror(box).get("fault", ""), "refused", 15)
    assert set(MANY[1:]) <= set(users(box))
    assert rcpt(box, *MANY[1:4], "nobody@example.org") == [250, 250, 250, 550]
    wait_until(lambda: "would be gone" in " ".join(box.report()["notes"]), "said", 15)
    assert "postcask directory accept" in box.run("postcask", "status", check=False).stdout
    box.run("postcask", "directory", "accept")
    look(box)
    wait_until(lambda: MANY[1] not in users(box), "accepted", 15)
    assert MANY[9] in users(box) and "fault" not in mirror(box)
    assert "was refused" in box.run("postcask", "directory", "accept", check=False).stderr


def test_down_and_not_who_it_says(world):
    """Another certificate first, and then nobody: of either nothing is believed."""
    box, tree = world
    assert all_of(lambda: login(box, DORA, WORD), lambda: login(box, "gerd@example.org", WORD)) == [
        True, True]
    tree.stop()
    tree.certify(Authority("another"))
    tree.start()
    look(box)
    wait_until(lambda: "no TLS" in mirror(box).get("fault", ""), "not believed", 20)
    # She was let in before, and he was not: nothing was told there.
    assert all_of(lambda: login(box, FRIDA, "new"), lambda: lets_in(box, MANY[9], WORD)) == [
        True, False]
    tree.stop()
    assert all_of(lambda: login(box, "gerd@example.org", WORD),
                  lambda: login(box, ALICE, PASSWORDS[ALICE]),
                  lambda: login(box, "gerd@example.org", "wrong") is not True) == [True] * 3
    message = box.send("while it is down", to="d.chef@example.org")
    box.wait_message(DORA, message)
    assert rcpt(box, DORA, EMIL, "nobody@example.org") == [250, 250, 550]


def test_settings_are_applied_while_it_is_down(world):
    """What is known of passwords stays: nothing of Dovecot's own has changed."""
    box, tree = world
    box.run("sh", "-c", "cat > /root/more.yaml",
            stdin=data(tree, box.authority.pem).replace(
                "  aliases:\n",
                "  aliases:\n    - address: new@example.org\n      to: [alice@example.org]\n", 1))
    said = box.run("postcask", "apply", "/root/more.yaml", timeout=120, check=False).stdout
    assert "reloaded: postcask-directory.service\n" in said, said
    assert rcpt(box, "new@example.org", DORA) == [250, 250]
    assert login(box, DORA, WORD) is True


def test_down_for_longer_than_an_hour(world):
    """Whoever is unknown may be somebody."""
    box, tree = world
    box.run("systemctl", "stop", "postcask-directory")
    state = "/var/lib/postcask/directory/mirror.json"
    kept = json.loads(box.run("cat", state).stdout)
    box.run("sh", "-c", f"cat > {state}", stdin=json.dumps({**kept, "good": kept["good"] - 7200}))
    box.run("systemctl", "start", "postcask-directory")
    wait_until(lambda: refusal(box).startswith("450 4.3.0"), "put off", 20)
    assert rcpt(box, DORA, "d.chef+x@example.org") == [250, 250]
    asked = {name: box.run("postmap", "-q", name, "sqlite:/usr/share/postcask/postfix/stale.cf",
                           check=False).stdout[:3]
             for name in ("nobody@example.org", "x@mail.example.org", "x@elsewhere.example", DORA)}
    assert asked == {"nobody@example.org": "450", "x@mail.example.org": "",
                     "x@elsewhere.example": "", DORA: ""}
    wait_until(lambda: "last read 2 hours ago" in " ".join(box.report()["notes"]), "said", 15)
    look(box)
    wait_until(lambda: "fault" in mirror(box), "down for the new one too", 20)


def test_it_is_back(world):
    """Who asks it begins anew, for a handshake that failed stays; what is known of passwords does
    too, until it is away again."""
    box, tree = world
    tree.certify(box.authority)
    begun = begun_anew(box)
    tree.start()
    look(box)
    wait_until(lambda: refusal(box).startswith("550"), "read again", 20)
    wait_until(lambda: begun_anew(box) > begun, "begun anew", 20)
    wait_until(lambda: lets_in(box, MANY[9], WORD), "let in", 20)
    tree.stop()
    assert login(box, DORA, WORD) is True
    tree.start()


def test_a_server_that_hangs_keeps_nobody_out(world):
    box, tree = world
    tree.hang()
    try:
        assert login(box, ALICE, PASSWORDS[ALICE]) is True
        assert rcpt(box, DORA, "d.chef@example.org") == [250, 250]
        assert refusal(box).startswith("550")
        box.wait_message(ALICE, box.send("while it hangs"))
    finally:
        tree.go_on()


def test_without_it_they_go_and_their_mail_stays(world):
    box, _ = world
    plain = user_data()
    box.run("sh", "-c", "cat > /root/plain.yaml", stdin=plain)
    box.run("postcask", "apply", "/root/plain.yaml", timeout=120, check=False)
    assert not [one for one in users(box).values() if one["origin"] == "ldap"]
    assert box.run("systemctl", "is-active", "postcask-mirror", check=False).stdout.strip() != "active"
    assert box.run("test", "-d", "/var/vmail/example.org/dora/Maildir").returncode == 0
