# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that people share, and public ones: who may do what, as the manual says it, by real IMAP
sessions; and that nobody comes by anything else."""

import contextlib
import json
import re

import pytest

import machine as machines
from machine import TOP, Machine, letter, user_data
from managesieve import active
from waiting import wait_until

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
ODD = ["o'neil@example.org", "a+b@example.org", "a&b@example.org", "~t@example.org"]
NEWS, TEAM = "Ö & Co. (News)", "Team"
SETTINGS = f"""  mailboxes: {{sharing: true}}
  public:
    - name: "{NEWS}"
      rights:
        - {{who: everyone, may: read}}
        - {{who: example.net, may: post}}
        - {{who: {ALICE}, may: manage}}
    - name: {TEAM}
      rights: [{{who: "{ODD[0]}", may: edit}}, {{who: {BOB}, may: post}}]
"""


def data(settings=SETTINGS):
    """With odd names, and a quota for alice."""
    machines.PASSWORDS.update(dict.fromkeys(ODD, machines.PASSWORDS[BOB]))
    return (user_data() + settings).replace(
        f"    - address: {ALICE}\n", f"    - address: {ALICE}\n      quota_mib: 2\n")


@pytest.fixture(scope="module")
def box():
    before = dict(machines.PASSWORDS)
    try:
        with Machine("sharing", "10.121.0", data()) as booted:
            yield booted
    finally:
        machines.PASSWORDS.clear()
        machines.PASSWORDS.update(before)


class Session:
    """One person's IMAP session; what is refused is no exception here."""

    def __init__(self, box, user):
        self.imap = box.imap(user)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self.imap.logout()

    def __call__(self, *words):
        """Whether it was done, and all that was said."""
        self.imap.untagged_responses = {}
        try:
            status, said = self.imap._simple_command(*words)
        except self.imap.error as error:
            return False, str(error)
        return status == "OK", repr((said, self.imap.untagged_responses))

    def done(self, *words):
        return self(*words)[0]

    def select(self, folder):
        good = self.done("SELECT", quoted(folder))
        self.imap.state = "SELECTED" if good else "AUTH"
        return good

    def append(self, folder, text="x"):
        return self.imap.append(quoted(folder), None, None, letter(text).as_bytes())[0] == "OK"

    def flags(self, number):
        return self("FETCH", str(number), "(FLAGS)")[1]

    def count(self, folder):
        self("NOOP")            # a selected folder is told as it was
        good, said = self("STATUS", quoted(folder), "(MESSAGES)")
        return int(re.search(r"MESSAGES (\d+)", said)[1]) if good else None

    def names(self, pattern="*"):
        self("LIST", '""', quoted(pattern))
        return [re.sub(rb'^\(.*?\) "/" ', b"", line).strip(b'"').decode()
                for line in self.imap.untagged_responses.get("LIST", [])
                if line and b"\\Noselect" not in line]


def quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shared(owner, folder):
    return f"Shared/{owner}/{folder}"


def postcask(box, *words):
    return json.loads(box.run("postcask", "share", *words, "--json").stdout)


def make(box, folder, messages=3, user=ALICE):
    """A folder of alice's, with another in it."""
    with Session(box, user) as owner:
        assert owner.done("CREATE", quoted(folder)) and owner.done("CREATE", quoted(folder + "/kid"))
        for _ in range(messages):
            assert owner.append(folder)


# ---- The table of the manual ----

def manual():
    """{operation: {role: whether}}, in the manual's order."""
    page = (TOP / "src/command/postcask-share.8").read_text()
    rows = re.findall(r"^  (\w[\w ,]+?)  +(yes|no) +(yes|no) +(yes|no) +(yes|no)$", page, re.M)
    roles = re.search(r"^ +(read) +(post) +(edit) +(manage)$", page, re.M).groups()
    return {row[0]: dict(zip(roles, (word == "yes" for word in row[1:]))) for row in rows}


def op_list(bob, _, there, folder):
    return there in bob.names()


def op_select(bob, _, there, folder):
    return bob.select(there)


def op_read(bob, _, there, folder):
    bob.select(there)
    return "a test" in bob("FETCH", "1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]


def op_flag(bob, alice, there, folder):
    bob.select(there)
    bob("STORE", "1", "+FLAGS", "(\\Flagged)")
    alice.select(folder)
    return "Flagged" in alice.flags(1)


def op_seen(bob, alice, there, folder):
    bob.select(there)
    bob("STORE", "1", "+FLAGS", "(\\Seen)")
    alice.select(folder)
    assert "Seen" not in alice.flags(1)         # for oneself
    bob.select("INBOX")
    bob.select(there)
    return "Seen" in bob.flags(1)


def op_append(bob, alice, there, folder):
    before = alice.count(folder)
    return bob.append(there) and alice.count(folder) == before + 1


def op_copy_in(bob, alice, there, folder):
    before = alice.count(folder)
    bob.append("Drafts")
    bob.select("Drafts")
    return bob.done("COPY", "1", quoted(there)) and alice.count(folder) == before + 1


def op_copy_out(bob, _, there, folder):
    before = bob.count("Archive")
    bob.select(there)
    return bob.done("COPY", "1", "Archive") and bob.count("Archive") == before + 1


def op_expunge(bob, alice, there, folder):
    before = alice.count(folder)
    bob.select(there)
    bob("STORE", "1", "+FLAGS", "(\\Deleted)")
    bob("EXPUNGE")
    return alice.count(folder) == before - 1


def op_create(bob, alice, there, folder):
    return bob.done("CREATE", quoted(there + "/made")) and folder + "/made" in alice.names()


def op_rename(bob, alice, there, folder):
    bob("RENAME", quoted(there + "/kid"), quoted(there + "/renamed"))
    return folder + "/renamed" in alice.names() and folder + "/kid" not in alice.names()


def op_setacl(bob, alice, there, folder):
    bob("SETACL", quoted(there), CAROL, "lr")
    return CAROL in alice("GETACL", quoted(folder))[1]


OPERATIONS = {
    "list the folder": op_list, "select it": op_select, "read a message": op_read,
    "flag a message": op_flag, "mark it as read, for oneself": op_seen,
    "append a message": op_append, "copy a message into it": op_copy_in,
    "copy a message out of it": op_copy_out, "delete and expunge a message": op_expunge,
    "create a folder in it": op_create, "rename a folder in it": op_rename,
    "say who else shares it": op_setacl}


@pytest.mark.parametrize("role", ["read", "post", "edit", "manage"])
def test_a_role_may_do_what_the_manual_says(box, role):
    table = manual()
    assert list(table) == list(OPERATIONS)
    folder = f"for {role}"
    make(box, folder)
    given = postcask(box, "add", "--folder", folder, "--below", ALICE, BOB, role)
    assert {(one["folder"], one["who"], one["role"]) for one in given} == {
        (folder, BOB, role), (folder + "/kid", BOB, role)}
    with Session(box, BOB) as bob, Session(box, ALICE) as alice, Session(box, CAROL) as carol:
        found = {name: operation(bob, alice, shared(ALICE, folder), folder)
                 for name, operation in OPERATIONS.items() if name != "say who else shares it"}
        assert [name for name in carol.names() if name.startswith("Shared")] == []
        there = shared(ALICE, folder)
        assert "NONEXISTENT" in carol("SELECT", quoted(there))[1]
        assert "NONEXISTENT" in carol("STATUS", quoted(there), "(MESSAGES)")[1]
        assert "NONEXISTENT" in carol("MYRIGHTS", quoted(there))[1]
        assert not carol.done("CREATE", quoted(there + "/hers"))
        assert "TRYCREATE" in repr(carol.imap.append(quoted(there), None, None, b"x\r\n\r\nx"))
        found["say who else shares it"] = op_setacl(bob, alice, there, folder)
    assert found == {name: row[role] for name, row in table.items()}


# ---- What is taken away ----

def test_a_right_that_is_lost(box):
    """At once for who logs in, at the next command for who is there."""
    make(box, "lost")
    postcask(box, "add", "--folder", "lost", ALICE, BOB, "edit")
    there = shared(ALICE, "lost")
    with Session(box, BOB) as inside, Session(box, BOB) as beside:
        assert inside.select(there) and "a test" in inside("FETCH", "1", "(BODY.PEEK[HEADER])")[1]
        assert beside.count(there) == 3
        assert postcask(box, "remove", "--folder", "lost", ALICE, BOB) == []
        with Session(box, BOB) as late:
            assert late.count(there) is None and there not in late.names()
        assert beside.count(there) is None and there not in beside.names()
        good, said = inside("FETCH", "2", "(BODY.PEEK[TEXT])")
        assert not good and "not shared any more" in said


def slept(box):
    """How often somebody has been put to sleep."""
    found = re.search(r"^imap-hibernate +\d+ +\d+ +(\d+)",
                      box.run("doveadm", "process", "status").stdout, re.M)
    return int(found.group(1)) if found else 0


def test_who_sleeps_when_it_is_lost(box):
    """In IDLE, handed to the process for all who sleep: told of news, and not woken for more."""
    make(box, "asleep")
    postcask(box, "add", "--folder", "asleep", ALICE, BOB, "read")
    with Session(box, BOB) as bob, Session(box, ALICE) as alice:
        before = slept(box)
        assert bob.select(shared(ALICE, "asleep"))
        bob.imap.send(bob.imap._new_tag() + b" IDLE\r\n")
        assert bob.imap.readline().startswith(b"+")
        wait_until(lambda: slept(box) > before, "asleep", 20)
        assert alice.append("asleep") and bob.imap.readline() == b"* 4 EXISTS\r\n"
        # And again: who is awake in IDLE is told as ever.
        wait_until(lambda: slept(box) > before + 1, "asleep again", 20)
        assert alice.done("DELETEACL", "asleep", BOB) and alice.append("asleep")
        said = b""
        while line := bob.imap.readline():
            said += line
        assert b"5 EXISTS" not in said


def test_who_still_reads_stays(box):
    make(box, "kept")
    postcask(box, "add", "--folder", "kept", ALICE, BOB, "edit")
    with Session(box, BOB) as bob, Session(box, ALICE) as alice:
        assert bob.select(shared(ALICE, "kept"))
        assert alice.done("SETACL", "kept", BOB, "lr")
        bob("STORE", "1", "+FLAGS", "(\\Flagged)")
        assert "FLAGS" in bob.flags(1) and alice.select("kept") and "Flagged" not in alice.flags(1)


# ---- Whose it is ----

def used(box, user):
    said = box.run("doveadm", "-f", "json", "quota", "get", "-u", user).stdout
    return {one["type"]: int(one["value"]) for one in json.loads(said)}["STORAGE"]


def test_it_counts_for_the_owner(box):
    make(box, "quota", 1)
    postcask(box, "add", "--folder", "quota", ALICE, BOB, "post")
    before = used(box, ALICE), used(box, BOB)
    with Session(box, BOB) as bob:
        assert bob.append(shared(ALICE, "quota"), "y" * 300_000)
        assert used(box, ALICE) >= before[0] + 290 and used(box, BOB) == before[1]
        assert not bob.append(shared(ALICE, "quota"), "y" * 2_500_000)
        # Nor is what leaves one's own mailbox room in the other's.
        assert bob.append("Archive", "y" * 2_500_000) and bob.select("Archive")
        last = str(bob.count("Archive"))
        for command in ("COPY", "MOVE"):
            assert "OVERQUOTA" in bob(command, last, quoted(shared(ALICE, "quota")))[1]
        assert str(bob.count("Archive")) == last
    assert used(box, ALICE) < before[0] + 310


ACL = "/var/vmail/example.net/carol/Maildir/dovecot-acl"


@pytest.mark.parametrize("rights", [f"user={CAROL} l", "owner l\n-owner lrswipkxtea", "no rights at all"])
def test_mail_comes_in_whatever_rights_are_set(box, rights):
    """Also those that nobody can read."""
    box.run("setpriv", "--reuid=vmail", "--regid=vmail", "--clear-groups", "sh", "-c",
            'cat > "$0"', ACL, stdin=rights + "\n")
    try:
        message = letter("in spite of it")
        box.send(message, to=CAROL)
        wait_until(lambda: box.run("grep", "-rlsF", message["Message-ID"], ACL.rpartition("/")[0],
                                   check=False).stdout, "it is delivered", 40)
    finally:
        box.run("rm", ACL)


FILE = 'require ["fileinto"];\r\nif header :contains "subject" "file" {{ fileinto "{}"; }}\r\n'


def filed(box, user, folder):
    message = letter("x", subject="file it")
    with active(box, user, FILE.format(folder)):
        box.send(message, to=user)
        wait_until(lambda: message["Message-ID"] in box.run(
            "grep", "-rhsF", "Message-ID", "/var/vmail", check=False).stdout, "it came", 40)
    return box.run("grep", "-rlsF", message["Message-ID"], "/var/vmail").stdout


def test_a_rule_files_only_where_its_person_may(box):
    make(box, "rules")
    assert "/alice/" not in filed(box, BOB, shared(ALICE, "rules"))
    postcask(box, "add", "--folder", "rules", ALICE, BOB, "post")
    assert "/alice/Maildir/.rules/" in filed(box, BOB, shared(ALICE, "rules"))
    assert "/.public/Maildir/.Team/" in filed(box, BOB, f"Public/{TEAM}")
    assert "/.public/" not in filed(box, CAROL, f"Public/{TEAM}")


# ---- Names ----


def test_odd_names_share(box):
    with Session(box, BOB) as bob:
        for name in ODD:
            with Session(box, name) as owner:
                assert owner.done("CREATE", "mine") and owner.append("mine")
                assert owner.done("SETACL", "mine", BOB.upper(), "lrs")     # as it may be written
        assert len(bob.names("Shared/*@example.org/mine")) == len(ODD)
        for name in ODD:
            assert bob.count(shared(name.replace("&", "&-"), "mine")) == 1
            assert bob.count(shared(name.replace("&", "&-"), "Drafts")) is None
    listed = box.run("postcask", "share", "list", "O’NEIL@Example.org").stdout
    assert listed.split() == ["mine", BOB, "read"]


def test_a_name_leads_to_nobody_else(box):
    make(box, "names")
    postcask(box, "add", "--folder", "names", ALICE, BOB, "manage")
    with Session(box, BOB) as bob:
        assert bob.count(shared(ALICE, "names")) == 3 and bob.count("INBOX") is not None
        before = box.run("find", "/var/vmail", "/run/dovecot", "-type", "d").stdout.splitlines()
        for name in ("..", "../..", "...", "nobody@example.org", "..@example.org", "alice@..", "%h",
                     "%{home}", "~", "~root", "alice", "@", "*", "%", "a\\b", "../alice", "alice@example.org%",
                     "ALICE@example.org", "alice@EXAMPLE.ORG", "alice@example.org/..",
                     "alice@example.org/../bob", "x" * 300):
            for command in ("SELECT", "CREATE", "DELETE", "SUBSCRIBE"):
                assert not bob.done(command, quoted(f"Shared/{name}/names")), (command, name)
            assert bob.count(f"Shared/{name}") is None
            assert not bob.done("RENAME", quoted(shared(ALICE, "names/kid")),
                                quoted(f"Shared/{name}/names/kid2")), name
        # In a folder that he manages these are names as any other.
        for name in ("../INBOX", "../../../bob/Maildir/x", "../../alice"):
            bob.done("CREATE", quoted(shared(ALICE, "names/" + name)))
            bob.append(shared(ALICE, "names/" + name))
        assert bob.count(shared(ALICE, "names")) == 3
    after = box.run("find", "/var/vmail", "/run/dovecot", "-type", "d").stdout.splitlines()
    # What bob himself has read of others is below his own home.
    assert [path for path in after if path not in before and "/bob/shared/" not in path
            and "/alice/Maildir/.names." not in path
            and not path.startswith("/run/dovecot/srv.")] == []


BAD_PEOPLE = ["anyone", "authenticated", "#owner", "owner", "$example.org", "!example.org", "bob", "@",
              "bob@example.org/..", "bob@example.org/nobody@nowhere", "a@b@c", "", "-", "x" * 400 + "@b.c",
              ALICE, "-" + ALICE, "Alice@Example.org", "bob@example.org x"]


def test_with_whom_it_is_shared_is_one_person(box):
    make(box, "people", 0)
    with Session(box, ALICE) as alice:
        before = alice("GETACL", "people")[1]
        for person in BAD_PEOPLE:
            assert not alice.done("SETACL", "people", quoted(person), "lr"), person
        assert alice("GETACL", "people")[1].split("secs")[1:] == before.split("secs")[1:]
        for number in range(100):
            assert alice.done("SETACL", "people", f"p{number}@example.org", "l")
        assert not alice.done("SETACL", "people", BOB, "l")
        assert alice.done("SETACL", "people", "p7@example.org", "lr")
        assert alice.done("DELETEACL", "people", "p8@example.org") and alice.done("SETACL", "people", BOB, "l")
        assert alice.done("DELETE", "people/kid") and alice.done("DELETE", "people")
    make(box, "after", 0)
    postcask(box, "add", "--folder", "after", ALICE, BOB, "read")
    assert "p7@" not in box.run("cat", "/var/vmail/.sharing/map").stdout


def test_who_manages_does_not_shut_out_the_owner(box):
    make(box, "managed")
    postcask(box, "add", "--folder", "managed", ALICE, BOB, "manage")
    with Session(box, BOB) as bob, Session(box, ALICE) as alice:
        for rights in ("", "l", "-lrswipkxtea"):
            assert not bob.done("SETACL", quoted(shared(ALICE, "managed")), ALICE, quoted(rights))
            assert not bob.done("SETACL", quoted(shared(ALICE, "managed")), "-" + ALICE, "lrswipkxtea")
        assert alice.select("managed") and "a test" in alice("FETCH", "1", "(BODY[HEADER])")[1]


# ---- The command ----

def refused(box, *words):
    done = box.run("postcask", "share", *words, check=False)
    assert done.returncode == 1 and not done.stdout, done
    return done.stderr


def test_the_command(box):
    owner = ODD[1]                  # who has few folders
    make(box, "tool/deep", 1, owner)
    add = ("add", "--folder", "tool", "--below")
    assert len(postcask(box, *add, owner, CAROL, "read")) == 2      # tool is a name alone
    with Session(box, owner) as session:
        assert session.done("CREATE", "tool")
    assert len(postcask(box, *add, owner, CAROL, "read")) == 3
    assert {one["role"] for one in postcask(box, *add, owner.upper(), CAROL.upper(), "edit")} == {"edit"}
    with Session(box, owner) as session:
        assert session.done("SETACL", "tool", BOB, "lrk")
    listed = postcask(box, "list", "--folder", "tool", owner)
    assert [set(one.pop("rights").split()) for one in listed][0] == {"lookup", "read", "create"}
    assert listed == [{"owner": owner, "folder": "tool", "who": BOB, "role": ""},
                      {"owner": owner, "folder": "tool", "who": CAROL, "role": "edit"}]
    assert "tool/deep/kid" in box.run("postcask", "share", "list", owner).stdout
    assert CAROL not in {one["who"] for one in postcask(box, "remove", owner, CAROL)}
    postcask(box, "remove", owner, "gone@example.org")      # no error
    for words, said in [
            ((*add, owner, "nobody@example.org", "read"), "has no mailbox here"),
            ((*add, "nobody@example.org", BOB, "read"), "has no mailbox here"),
            ((*add, owner, BOB, "own"), "write read, post, edit or manage"),
            ((*add, owner, owner, "read"), "is the owner"),
            ((*add, owner, "anyone", "read"), "is no address"),
            ((*add, owner, "*@example.org", "read"), "is no address"),
            (("add", "--folder", "not there", owner, BOB, "read"), "there is no folder"),
            (("add", "--folder", f"Public/{TEAM}", owner, BOB, "read"), "there is no folder"),
            (("add", "--folder", "../bob", owner, BOB, "read"), "there is no folder")]:
        assert said in refused(box, *words), words
    assert "root" in box.run("setpriv", "--reuid=nobody", "--clear-groups", "postcask", "share", "list",
                             owner, check=False).stderr


def test_all_that_is_written_is_of_the_mailboxes_account(box):
    assert box.run("find", "/var/vmail", "-not", "-user", "vmail").stdout == ""
    assert box.run("find", "/var/vmail", "-mindepth", "1", "-type", "d", "-perm", "/077").stdout == ""
    said = box.run("setpriv", "--reuid=vmail", "--clear-groups", "doveadm", "auth", "lookup", BOB,
                   "-a", "/run/dovecot/auth-userdb", check=False)
    assert "$6$" not in said.stdout + said.stderr


# ---- Public folders ----

def public(folder, below=""):
    name = {NEWS: "&ANY- &- Co. (News)"}.get(folder, folder)
    return f"Public/{name}{below}"


def test_public_folders(box):
    news = public(NEWS)
    with Session(box, ALICE) as alice, Session(box, BOB) as bob, Session(box, CAROL) as carol:
        assert news in alice.names() and news in bob.names() and news in carol.names()
        assert public(TEAM) in bob.names() and public(TEAM) not in alice.names() + carol.names()
        assert carol.count(public(TEAM)) is None and not carol.append(public(TEAM))
        assert carol.append(news) and not bob.append(news)          # the domain may post
        assert bob.select(news) and bob.done("STORE", "1", "+FLAGS", "(\\Seen \\Flagged)")
        assert "Seen" in bob.flags(1) and "Flagged" not in bob.flags(1)
        assert alice.select(news) and "Seen" not in alice.flags(1)
        # Folders in it have the same rights.
        assert alice.done("CREATE", quoted(news + "/2026")) and not bob.done("CREATE", quoted(news + "/x"))
        assert bob.count(news + "/2026") == 0 and not bob.append(news + "/2026")
        assert carol.append(news + "/2026")
        # Who manages gives one person other rights, but does not change those of whom the
        # settings name, nor of everyone, nor remove the folder.
        assert not bob.done("SETACL", quoted(news), BOB, "lrswipte")
        assert alice.done("SETACL", quoted(news), BOB, "lrswipte") and bob.append(news)
        assert alice.done("DELETEACL", quoted(news), BOB) and not bob.append(news)
        alice("SETACL", quoted(news), ALICE, "l")
        assert alice.append(news) and not alice.done("SETACL", quoted(news), "anyone", quoted(""))
        assert alice.select("INBOX")            # Dovecot sends away who tries it from within
        assert not alice.done("DELETE", quoted(news)) and not alice.done("RENAME", quoted(news), "Mine")
        assert alice.done("DELETE", quoted(news + "/2026")) and bob.count(news) >= 2
        assert not alice.done("CREATE", "Public/Another")
    with Session(box, ODD[0]) as odd:
        assert odd.append(public(TEAM), "y" * 100_000) and odd.select(public(TEAM))
        before = odd.count(public(TEAM))
        assert used(box, ODD[0]) < 10           # nobody's quota
        odd("STORE", "1", "+FLAGS", "(\\Deleted)")
        odd("EXPUNGE")
        assert odd.count(public(TEAM)) == before - 1


def test_they_are_subscribed(box):
    with Session(box, BOB) as bob:
        bob("LSUB", '""', "*")
        assert public(TEAM) in repr(bob.imap.untagged_responses["LSUB"])
    with Session(box, ODD[3]) as odd:
        odd("LSUB", '""', "*")
        assert public(NEWS) in repr(odd.imap.untagged_responses["LSUB"])
        assert public(TEAM) not in repr(odd.imap.untagged_responses["LSUB"])


# ---- On and off ----

def test_off_is_off(machine):
    """On the machine of ten lines: no folder, no command, no plugin."""
    with Session(machine, ALICE) as alice:
        assert not [name for name in alice.names() if name.startswith(("Shared", "Public"))]
        assert not alice.done("MYRIGHTS", "INBOX")
        assert "ACL" not in alice("CAPABILITY")[1]
    assert "acl" not in machine.run("doveconf", "-n").stdout
    assert "no folders are shared" in refused(machine, "list", ALICE)


def apply(box, settings):
    box.run("postcask", "apply", "-", stdin=data(settings), timeout=120)


def test_it_is_turned_off_and_on_again(box):
    """Last: what is taken away in the settings goes for new sessions, and what was shared is kept."""
    make(box, "again")
    postcask(box, "add", "--folder", "again", ALICE, BOB, "read")
    apply(box, "")
    with Session(box, BOB) as bob:
        assert bob.count(shared(ALICE, "again")) is None and bob.count(public(NEWS)) is None
        assert not [name for name in bob.names() if name.startswith(("Shared", "Public"))]
    apply(box, SETTINGS.replace(f", {{who: {BOB}, may: post}}", ""))
    box.run("sh", "-c", "rm /var/vmail/.sharing/map")       # as if it were lost: rights are not
    with Session(box, BOB) as bob:
        assert bob.count(shared(ALICE, "again")) == 3 and bob.count(public(NEWS)) is not None
        assert bob.count(public(TEAM)) is None
    box.run("doveadm", "acl", "recalc", "-u", ALICE)
    with Session(box, BOB) as bob:
        assert shared(ALICE, "again") in bob.names()
