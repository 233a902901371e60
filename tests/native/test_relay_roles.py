# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sends for the machine, and for whom it sends: a smarthost with every fault that it can have, and
networks that the settings trust."""

import json
import re
import subprocess
import time

import pytest

from bulk import Bulk
from dkim_check import signatures
from far import original
from machine import PASSWORDS, Machine, letter, shifted, user_data
from smarthost import Authority, Smarthost
from test_apply import apply
from test_filter import EICAR
from test_relay import inside, outside
import relay_forms
from waiting import end_of

ALICE, FRIEND = "alice@example.org", "friend@far.example"
HOST, USER, PASSWORD = "smtp.provider.example", "customer 17", "pass: w#rd, {$x} \"y\""
NET, PORT = "10.57.0", 2587
NETWORK = shifted("relay", NET)[1]
IP6 = f"fd00:{NETWORK.replace('.', ':')}::"
TRUSTED = f"{NETWORK}.4"


def settings(authority, host=HOST, port=PORT, more=""):
    pem = authority.pem.replace("\n", "\n      ")
    return user_data() + f"""    - address: far@example.org
      to: [{FRIEND}]
  role: smarthost
  smarthost:
    host: "{host}"
    port: {port}
    user: {USER}
    password: {json.dumps(PASSWORD)}
{more}    ca: |
      {pem}
  network:
    trusted: [{TRUSTED}, "{IP6}4"]
  extra:
    unbound: |
      local-data: "{HOST}. A {NETWORK}.1"
    postfix: |
      minimal_backoff_time = 1s
      maximal_backoff_time = 1s
"""


@pytest.fixture(scope="module")
def authority():
    return Authority("the provider's own authority")


@pytest.fixture(scope="module")
def machine(authority):
    with Machine("relay", NET, settings(authority)) as booted:
        yield booted


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("smarthost")


@pytest.fixture(scope="module")
def server(machine, authority, folder):
    with Smarthost(f"{machine.net}.1", PORT, authority.context(folder, HOST), (USER, PASSWORD)) as one:
        yield one


def submit(machine, to=FRIEND, **headers):
    message = letter("to somebody elsewhere", **{"From": ALICE, "To": to, **headers})
    with machine.submission(ALICE) as client:
        client.sendmail(ALICE, [to], message.as_bytes())
    return message["Message-ID"]


def waiting(machine):
    done = machine.run("postqueue", "-j")
    return [json.loads(line) for line in done.stdout.splitlines()]


def reason(machine, words, timeout=60):
    """Why a message waits, once one does for that."""
    end = end_of(timeout)
    while time.monotonic() < end:
        for message in waiting(machine):
            said = message["recipients"][0].get("delay_reason", "")
            if message["queue_name"] == "deferred" and words in said:
                return said
        time.sleep(0.1)                 # a queue tells nobody what is put off
    raise TimeoutError(waiting(machine))


def status(machine):
    return json.loads(machine.run("postcask", "status", "--json", check=False).stdout)


def test_all_that_leaves_goes_there_with_the_login(machine, server):
    mine = submit(machine)
    through = machine.send("passes through", sender="author@author.example", to="far@example.org")
    bounce = machine.send("a bounce", sender="", to="far@example.org")
    machine.run("sendmail", "-f", "root@localhost", FRIEND, stdin="Subject: of the machine\n\nx\n")
    for words in (mine, through, bounce, "of the machine"):
        one, = server.wait_words(words)
        assert one.recipients == [FRIEND] and one.tls and one.login, words
        if words == through:
            assert original(one.sender) == "author@author.example"
        if words == mine:
            assert one.sender == ALICE and signatures(one.data)
        if words == bounce:
            assert one.sender == ""
    assert {line[:4] for line in server.clear} == {"EHLO", "STAR"}


def test_the_password_is_nobodys_to_read(machine):
    place = "/var/lib/postcask/current/etc/postfix/smarthost_login"
    assert machine.run("stat", "-Lc", "%a %U", place).stdout.split() == ["600", "root"]
    found = machine.run("sh", "-c", "grep -rlF 'pass: w#rd' /run/postcask /etc /var/log 2>/dev/null || :").stdout
    assert set(found.split()) <= {"/etc/postfix/smarthost_login"}
    for text in (machine.run("journalctl", "-o", "cat", "--no-pager").stdout,
                 machine.run("ps", "axww").stdout, machine.run("postcask", "status").stdout):
        assert "pass: w#rd" not in text


def wrong_name(server, authority, folder):
    server.context = authority.context(folder, "other.provider.example")


def out_of_date(server, authority, folder):
    server.context = authority.context(folder, HOST, begin=-20, end=-10)


def another_authority(server, _, folder):
    server.context = Authority("somebody else").context(folder, HOST)


def no_tls(server, *_):
    server.offers_tls = False


def another_password(server, *_):
    server.account = [USER, "another"]


def wants_another_login(server, *_):
    server.says["MAIL", "all"] = "530 5.7.0 Authentication required"


def relays_not(server, *_):
    server.says["RCPT", "all"] = "554 5.7.1 <friend@far.example>: Relay access denied"


def greets_nobody(server, *_):
    server.says["EHLO", "all"] = server.says["HELO", "all"] = "550 5.7.1 your address is on a list"


# What the smarthost does, and what is said of it.
FAULTS = {
    wrong_name: ("certificate", "the name"),
    out_of_date: ("certificate", "the name"),
    another_authority: ("certificate", "the name"),
    no_tls: ("TLS", "TLS"),
    another_password: ("SASL authentication failed", "login"),
    wants_another_login: ("Authentication required", "login"),
    relays_not: ("Relay access denied", "login"),
    greets_nobody: ("refused to talk to me", "does not"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_of_the_smarthost_loses_nothing_and_is_said(machine, server, authority, folder, fault):
    context, account, clear = server.context, server.account, len(server.clear)
    try:
        fault(server, authority, folder)
        message_id = submit(machine)
        in_queue, in_status = FAULTS[fault]
        reason(machine, in_queue)
        found = status(machine)
        assert [note for note in found["notes"] if "smarthost" in note and in_status in note], found["notes"]
        assert found["state"] == "degraded"
        assert [one["for"] for one in found["mail"]["queue"]["reasons"]
                if one["for"].startswith("for the smarthost")]
        assert not server.with_words(message_id)
        assert not [line for line in server.clear[clear:] if line[:4] in ("AUTH", "MAIL", "RCPT", "DATA")]
    finally:
        server.context, server.account, server.offers_tls = context, account, True
        server.says.clear()
    machine.run("postqueue", "-f")
    one, = server.wait_words(message_id)
    assert one.login and one.tls


def test_one_that_is_down_for_a_while(machine, server, authority, folder):
    server.shutdown()
    server.server_close()
    message_id = submit(machine)
    reason(machine, "Connection refused")
    assert [note for note in status(machine)["notes"] if "smarthost" in note and "answer" in note]
    server.__init__(f"{machine.net}.1", PORT, server.context, server.account)
    server.__enter__()
    machine.run("postqueue", "-f")
    one, = server.wait_words(message_id)
    assert one.login


def test_nobody_else_relays_by_way_of_the_smarthost(machine, server):
    before = len(server.letters)
    assert relay_forms.taken(outside(machine, machine.host, f"{machine.net}.3")) == {}
    assert relay_forms.taken(outside(machine, f"{IP6}2", f"{IP6}1")) == {}
    for host in ("127.0.0.1", "::1", machine.host):
        assert relay_forms.taken(inside(machine, host)) == {}
    assert waiting(machine) == [] and len(server.letters) == before


def as_trusted(machine, sender, to=FRIEND, source=4, **headers):
    """A message of a printer, say; its Message-ID."""
    message = letter("from within", **{"From": sender, "To": to, **headers})
    with machine.smtp(source=source) as client:
        client.sendmail(sender, [to], message.as_bytes())
    return message["Message-ID"]


def test_trusted_networks_send_and_what_is_ours_is_signed(machine, server):
    ours, theirs = as_trusted(machine, ALICE), as_trusted(machine, "printer@inside.example")
    one, = server.wait_words(ours)
    assert one.sender == ALICE and [sign["d"] for sign in signatures(one.data)] == ["example.org"]
    two, = server.wait_words(theirs)
    assert original(two.sender) == "printer@inside.example" and not signatures(two.data)
    assert b"X-Postcask-Login" not in one.data + two.data
    for authors in ("boss@far.example", f"{ALICE}, boss@far.example"):
        other = as_trusted(machine, ALICE, **{"From": authors})
        three, = server.wait_words(other)
        assert not signatures(three.data), authors
    here = as_trusted(machine, "printer@inside.example", to="bob@example.org")
    assert b"X-Postcask-Login" not in machine.wait_message("bob@example.org", here)


def test_a_login_in_a_trusted_network_is_a_login(machine, server):
    message = letter("x", **{"From": "bob@example.org", "To": FRIEND})
    with machine.smtp(587, tls=True, source=4) as client:
        client.user, client.password = ALICE, PASSWORDS[ALICE]
        client.login_utf8()
        client.sendmail(ALICE, [FRIEND], message.as_bytes())
    end = end_of(60)
    while "its From is bob@example.org" not in machine.run("doveadm", "fetch", "-u", ALICE, "text", "all").stdout:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert not server.with_words(message["Message-ID"])


def test_what_a_trusted_network_may_not(machine, server):
    """Mail to nobody here, from nobody here; and by the users' ports nothing without a login."""
    with machine.smtp(source=4) as client:
        assert client.mail(ALICE)[0] == 250
        assert client.rcpt("nobody@example.org")[0] == 550
        assert client.rcpt(FRIEND)[0] == 250
        client.rset()
        client.mail("nobody@example.org")
        assert client.rcpt(FRIEND)[0] == 550
    with machine.smtp(587, tls=True, source=4) as client:
        client.mail(ALICE)
        assert client.rcpt(FRIEND)[0] == 554
    for source in (3, 5):
        with machine.smtp(source=source) as client:
            client.mail(ALICE)
            assert client.rcpt(FRIEND)[0] == 554


def test_trusted_networks_of_both_families(machine, server):
    """And nobody is the self-test, or somebody's login, for being trusted."""
    subprocess.run(["ip", "addr", "add", f"{IP6}4/64", "dev", f"nb-{machine.name}", "nodad"], check=True,
                   timeout=20)
    refused = ["from: forged self-test", "to: quoted at ours", "to: looks like a label"]
    allowed = ["to: plain", "to: route", "from: forged user", "from: no sender", "who as a login"]
    for host, source in ((machine.host, TRUSTED), (f"{IP6}2", f"{IP6}4")):
        found = relay_forms.answers(host, 25, machine.host, f"{IP6}2", source, allowed + refused)
        assert relay_forms.taken(found) == dict.fromkeys(allowed, 250)
    server.wait_words("Subject: relayed", count=2 * len(allowed))
    Bulk(machine).wait(60)


def test_a_virus_from_a_trusted_network_tells_no_stranger(machine, server):
    before = len(server.letters)
    for sender in ("printer@inside.example", ALICE):
        message = letter("x", **{"From": sender, "To": FRIEND})
        message.set_content(EICAR.decode())
        with machine.smtp(source=4) as client:
            client.sendmail(sender, [FRIEND], message.as_bytes())
    end = end_of(60)
    while (found := machine.run("postcask", "quarantine", "list", "--json").stdout.count("inside.example")) < 1:
        assert time.monotonic() < end, found
        time.sleep(0.2)
    while "VIRUS" not in (said := machine.run("doveadm", "fetch", "-u", ALICE, "hdr.subject", "all").stdout):
        assert time.monotonic() < end, said
        time.sleep(0.2)
    assert waiting(machine) == [] and len(server.letters) == before


def test_port_465_and_an_address(machine, server, authority, folder):
    """TLS from the first byte, and a certificate for the name that is given beside an address."""
    changed = settings(authority, f"{IP6}1", 465, f"    tls_name: {HOST}\n")
    with Smarthost(f"{IP6}1", 465, authority.context(folder, HOST), (USER, PASSWORD), True) as other:
        apply(machine, changed)
        message_id = submit(machine)
        one, = other.wait_words(message_id)
        assert one.tls and one.login and not other.clear


def age(machine, seconds):
    """What waits has come so long before; the name of a queue file stays."""
    for file in (machine.tree / "var/spool/postfix/deferred").glob("*/*"):
        bytes_ = file.read_bytes()
        found = re.search(rb"T.(\d{10}) \d+", bytes_)
        old = str(int(found[1]) - seconds).encode()
        with open(file, "r+b") as opened:
            opened.seek(found.start(1))
            opened.write(old)


def test_a_provider_that_blocks_port_25_is_noticed(machine):
    """There is no way from this machine to anywhere.  And it is back in its first role."""
    def notes():
        return [note for note in status(machine)["notes"] if "port 25" in note]

    apply(machine, user_data())
    for number in (77, 78, 79):
        submit(machine, f"friend@[192.0.2.{number}]")
        if number < 79:
            reason(machine, f"192.0.2.{number}]:25: Network is unreachable")
    reason(machine, "192.0.2.79]:25: Network is unreachable")
    assert notes() == []
    age(machine, 3700)
    said, = notes()
    assert "(3 were tried)" in said and "role: smarthost" in said
    machine.run("postsuper", "-d", "ALL")
    assert notes() == []
