# SPDX-License-Identifier: GPL-3.0-or-later
"""How the machine sends to others: DANE, else MTA-STS, else what is offered.  Real name servers, mail
servers that take anything, so that each thing that should not have gone is seen, and real https."""

import contextlib
import email
import gzip
import json
import os
import re
import socket
import sqlite3
import time

import pytest

from machine import Machine, shifted, user_data
from outward_world import World, http, policy
from sample import part
from waiting import end_of, wait_until

NAME, NET = "outward", "10.113.0"
SIGNED, PLAIN, BROKEN = "dane.example", "sts.example", "broken.example"

# What becomes of mail to LABEL.ZONE: over TLS, in the clear, or it waits.
SENT, CLEAR, WAITS = "TLS", "clear", "waits"


def dane(world):
    """Cases in a signed zone: name -> what must become of it."""
    def domain(label, *servers):
        world.add(SIGNED, *(f"{label} MX {10 * (i + 1)} {one}"
                            for i, one in enumerate(servers)))

    def tlsa(host, record):
        world.add(SIGNED, f"_25._tcp.{host} TLSA {record}")

    key = world.server(SIGNED, "mx.ok", "self-signed")
    tlsa("mx.ok", f"3 1 1 {key}")
    domain("ok", "mx.ok")
    world.add(SIGNED, f'_smtp._tls.ok TXT "v=TLSRPTv1; rua=mailto:tls@ok.{SIGNED}"')
    world.server(SIGNED, "mx.wrong")
    tlsa("mx.wrong", f"3 1 1 {'ab' * 32}")
    domain("wrong", "mx.wrong")
    key = world.server(SIGNED, "mx.bare", bare=True)
    tlsa("mx.bare", f"3 1 1 {key}")
    domain("bare", "mx.bare")
    world.server(SIGNED, "mx.unusable", "self-signed")
    tlsa("mx.unusable", f"1 1 1 {'ab' * 32}")
    domain("unusable", "mx.unusable")
    # No MX record: the domain is its own server.
    key = world.server(SIGNED, "alone", "self-signed")
    tlsa("alone", f"3 1 1 {key}")
    # Both: a policy that would refuse what DANE proves, and one that would let pass what it does not.
    world.publish(SIGNED, "both", policy("elsewhere.example"))
    domain("both", "mx.ok")
    world.publish(SIGNED, "override", policy("mx.override." + SIGNED))
    world.server(SIGNED, "mx.override")
    tlsa("mx.override", f"3 1 1 {'ab' * 32}")
    domain("override", "mx.override")
    # Two servers, of which DANE proves the second one only.
    world.server(SIGNED, "mx.open", "self-signed")
    world.publish(SIGNED, "some", policy("mx.ok." + SIGNED, "mx.open." + SIGNED))
    domain("some", "mx.open", "mx.ok")
    # A server whose own zone cannot be believed.
    world.publish(SIGNED, "lost", policy("mx.lost." + BROKEN))
    world.server(BROKEN, "mx.lost")
    world.add(SIGNED, f"lost MX 10 mx.lost.{BROKEN}.")
    # Signed, no TLSA: what a policy says counts.
    world.server(SIGNED, "mx.signed", "self-signed")
    world.publish(SIGNED, "signed", policy("mx.signed." + SIGNED))
    domain("signed", "mx.signed")
    return {"ok": SENT, "wrong": WAITS, "bare": WAITS, "unusable": SENT, "alone": SENT, "both": SENT,
            "override": WAITS, "some": SENT, "lost": WAITS, "signed": WAITS}


# In a zone without signatures: kind of the server's certificate, its policy's server ("" is its
# own name), and what must become of it.
ENFORCED = {
    "good": ("good", "", SENT), "othermx": ("good", "elsewhere.example", WAITS),
    "name": ("wrong name", "", WAITS), "expired": ("expired", "", WAITS),
    "selfsigned": ("self-signed", "", WAITS), "stripped": ("bare", "", WAITS),
    "wild": ("good", "*.wild." + PLAIN, SENT), "deepwild": ("good", "*." + PLAIN, WAITS),
}


def enforced(world):
    for label, (kind, host, _) in ENFORCED.items():
        world.server(PLAIN, f"mx.{label}", "good" if kind == "bare" else kind, bare=kind == "bare")
        world.add(PLAIN, f"{label} MX 10 mx.{label}")
        world.publish(PLAIN, label, policy(host or f"mx.{label}.{PLAIN}"))
    world.add(PLAIN, f'_smtp._tls.name TXT "v=TLSRPTv1;rua=mailto:tls@name.{PLAIN}"')
    return {label: expected for label, (_, _, expected) in ENFORCED.items()}


def without_policy(world):
    """No policy is to be had: TLS with whatever certificate, as without MTA-STS."""
    def domain(label, answer, **options):
        world.server(PLAIN, f"mx.{label}", "self-signed")
        world.add(PLAIN, f"{label} MX 10 mx.{label}")
        world.publish(PLAIN, label, answer, **options)
        return f"mx.{label}.{PLAIN}"

    good = policy("elsewhere.example")
    domain("dead", good, host=6)
    domain("silent", None)
    domain("redirect", http("", "301 Moved", more="Location: https://mta-sts.good.sts.example/.well-known/mta-sts.txt\r\n"))
    domain("html", good.replace(b"text/plain", b"text/html"))
    domain("large", http(good.split(b"\r\n\r\n", 1)[1].decode() + "x: y\n" * 14000))
    domain("certificate", good, kind="self-signed")
    domain("expiredweb", good, kind="expired")
    domain("testing", policy("elsewhere.example", mode="testing"))
    domain("none", policy(mode="none"))
    domain("noversion", http("mode: enforce\nmx: elsewhere.example\nmax_age: 86400\n"))
    domain("tworecords", good)
    world.add(PLAIN, '_mta-sts.tworecords TXT "v=STSv1; id=2;"')
    domain("norecord", good, record="v=STSv2; id=1;")
    domain("missing", http("no", "404 Not Found"))
    # An unsigned zone's TLSA records say nothing.
    world.server(PLAIN, "mx.tlsa", "self-signed")
    world.add(PLAIN, "tlsa MX 10 mx.tlsa", f"_25._tcp.mx.tlsa TLSA 3 1 1 {'ab' * 32}")
    world.server(PLAIN, "mx.plain", bare=True)
    world.add(PLAIN, "plain MX 10 mx.plain")
    return {**dict.fromkeys(("dead", "silent", "redirect", "html", "large", "certificate", "expiredweb",
                             "testing", "none", "noversion", "tworecords", "norecord", "missing",
                             "tlsa"), SENT), "plain": CLEAR}


@pytest.fixture(scope="module")
def place():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    net = shifted(NAME, NET)[1]
    world = World(net)
    machine = Machine(NAME, NET, user_data() + world.settings() + "  reports:\n    tls: send\n")
    world.lead(machine)
    expected = {f"{label}.{SIGNED}": what for label, what in dane(world).items()}
    expected |= {f"{label}.{PLAIN}": what for label, what in enforced(world).items()}
    expected |= {f"{label}.{PLAIN}": what for label, what in without_policy(world).items()}
    with machine, world:
        world.load(SIGNED, signed=True)
        world.load(PLAIN)
        world.load(BROKEN, signed=True, chain="wrong")
        forget_dns(machine)
        yield machine, world, expected


def forget_dns(machine):
    """What was asked while nobody answered, or before a zone was another one."""
    for words in (["flush_infra", "all"], ["flush_zone", "."]):
        machine.run("unbound-control", *words)


def send(machine, domains, words):
    machine.run("sendmail", "-i", "-f", "alice@example.org", "--", *(f"bob@{one}" for one in domains),
                stdin=f"Subject: {words}\n\n{words}\n")


def waiting(machine):
    """Recipient -> why it waits, by the queue."""
    said = {}
    for line in machine.run("postqueue", "-j").stdout.splitlines():
        for one in json.loads(line)["recipients"]:
            if "delay_reason" in one:
                said[one["address"]] = one["delay_reason"]
    return said


def outcomes(machine, world, domains, words, timeout=60):
    """What became of each, once something has of all."""
    end = end_of(timeout)
    while True:
        waits, found = waiting(machine), {}
        for domain in domains:
            letter = world.letter_of(f"bob@{domain}", words)
            if letter:
                found[domain] = SENT if letter.tls else CLEAR
            elif f"bob@{domain}" in waits:
                found[domain] = WAITS
        if len(found) == len(domains) or time.monotonic() > end:
            return found, waits
        time.sleep(0.3)             # a queue tells nobody what is put off


def compared(machine, world, expected):
    """Domain -> what became of it, what should have, and why it waits; those where these differ."""
    found, waits = outcomes(machine, world, expected, "the matrix")
    return {domain: (found.get(domain), what, waits.get(f"bob@{domain}"))
            for domain, what in expected.items() if found.get(domain) != what}


def empty_queue(machine):
    machine.run("postsuper", "-d", "ALL")


def test_each_domain_is_reached_as_it_asks_for(place):
    machine, world, expected = place
    send(machine, expected, "the matrix")
    wrong = compared(machine, world, expected)
    end = end_of(60)
    # A name server that was slow once: such a message is tried again.
    while any("try again" in (why or "") for _, _, why in wrong.values()) and time.monotonic() < end:
        machine.run("postqueue", "-f")
        time.sleep(1)               # a queue tells nobody what is put off
        wrong = compared(machine, world, expected)
    # And a policy that came later than Postfix waits for it, for the next message.
    late = [domain for domain, (found, what, _) in wrong.items() if (found, what) == (SENT, WAITS)]
    for domain in late:
        wait_until(lambda asked=domain: Asker(machine).ask(asked).startswith("OK secure "), domain, 60)
        del wrong[domain]
    if late:
        send(machine, late, "the second")
        assert outcomes(machine, world, late, "the second")[0] == dict.fromkeys(late, WAITS)
    assert not wrong and len(late) < 6, (late, wrong, machine.journal("postcask-tls.service"))
    assert len(expected) >= 25
    # DANE and MTA-STS have proved what went by them: not only encrypted.
    log = machine.run("journalctl", "--no-pager", "-o", "cat", "-t", "postfix/smtp").stdout
    for host in (f"mx.ok.{SIGNED}", f"alone.{SIGNED}", f"mx.good.{PLAIN}", f"mx.wild.{PLAIN}"):
        assert f"Verified TLS connection established to {host}" in log
    assert world.letter_of(f"bob@some.{SIGNED}").asked == f"mx.ok.{SIGNED}"
    assert f"both.{SIGNED}" not in {one.removeprefix("mta-sts.") for one in world.web.fetched}
    empty_queue(machine)


@contextlib.contextmanager
def counted(machine):
    """What was counted of sessions."""
    database = sqlite3.connect(machine.tree / "var/lib/postcask/tls/sessions.sqlite", timeout=20)
    with contextlib.closing(database), database:
        yield database


def report_in(letter):
    mail = email.message_from_bytes(letter.data)
    return mail, json.loads(gzip.decompress(mail.get_payload()[1].get_payload(decode=True)))


def test_domains_that_ask_are_told_on_the_next_day(place):
    machine, world, _ = place
    machine.run("systemctl", "start", "postcask-tls-report.service")
    assert world.letter_of(f"tls@ok.{SIGNED}") is None          # the day is not over
    for day in range(14):
        with counted(machine) as database:
            database.execute("UPDATE policy SET day = day - 1")
        machine.run("systemctl", "start", "postcask-tls-report.service")
        if day == 0:
            good = world.wait_letter(f"tls@ok.{SIGNED}")
            # It arrives where TLS is what fails.
            bad = world.wait_letter(f"tls@name.{PLAIN}")
    mail, report = report_in(good)
    assert mail.get_content_type() == "multipart/report" and mail["TLS-Required"] == "no"
    assert mail["From"] == "noreply-smtp-tls-reporting@example.org"
    assert "d=example.org" in re.sub(r"\s", "", mail["DKIM-Signature"])
    assert mail["TLS-Report-Domain"] == f"ok.{SIGNED}"
    assert report["organization-name"] == "mail.example.org"
    [entry] = report["policies"]
    assert entry["policy"]["policy-type"] == "tlsa"
    assert entry["summary"] == {"total-successful-session-count": 1, "total-failure-session-count": 0}
    [entry] = report_in(bad)[1]["policies"]
    assert entry["policy"]["policy-type"] == "sts" and \
        entry["policy"]["mx-host"] == [f"mx.name.{PLAIN}"]
    assert entry["failure-details"][0]["result-type"] == "certificate-host-mismatch"
    # Reports are in none, though their domains ask for some: it ends.
    assert len([one for one in world.letters if one.recipient.startswith("tls@")]) == 2
    with counted(machine) as database:
        assert database.execute("SELECT count(*) FROM policy").fetchone() == (0,)


def question(domain):
    payload = f"policy {domain}"
    return f"{len(payload)}:{payload},".encode()


class Asker:
    """Postfix's side of the socket."""

    def __init__(self, machine):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(machine.tree / "var/spool/postfix/tls/policy"))
        self.file = self.socket.makefile("rb")

    def ask(self, domain):
        self.socket.sendall(question(domain))
        size = int(b"".join(iter(lambda: self.file.read(1), b":")))
        return self.file.read(size + 1)[:-1].decode()


def test_a_policy_that_is_known_holds(place):
    """Its record is gone, its server is silent, the service has started again: mail goes by it still.
    Another id brings another policy, and none of it any more."""
    machine, world, _ = place
    labels = ("good", "wild")
    assert all(Asker(machine).ask(f"{label}.{PLAIN}").startswith("OK secure ") for label in labels)
    # Somebody has put his own server in the place of theirs.
    for label in labels:
        world.mail.contexts[f"mx.{label}.{PLAIN}"] = \
            world.authority.context(f"mx.{label}.{PLAIN}", "self-signed")[0]
    world.replace(PLAIN, '_mta-sts.good TXT "v=STSv1; id=1;"', "")
    world.replace(PLAIN, '_mta-sts.wild TXT "v=STSv1; id=1;"', '_mta-sts.wild TXT "v=STSv1; id=2;"')
    world.replace(PLAIN, f"mta-sts.wild A {world.net}.5", f"mta-sts.wild A {world.net}.6")
    world.load(PLAIN)
    forget_dns(machine)
    machine.run("systemctl", "restart", "postcask-tls.service")
    domains = [f"{label}.{PLAIN}" for label in labels]
    machine.run("systemctl", "restart", "postfix.service")      # which remembers, too
    send(machine, domains, "known")
    assert outcomes(machine, world, domains, "known")[0] == dict.fromkeys(domains, WAITS)
    # The domain itself lets go.
    world.replace(PLAIN, "_mta-sts.wild TXT \"v=STSv1; id=2;\"", "_mta-sts.wild TXT \"v=STSv1; id=3;\"")
    world.replace(PLAIN, f"mta-sts.wild A {world.net}.6", f"mta-sts.wild A {world.net}.5")
    world.web.policies[f"wild.{PLAIN}"] = policy(mode="none")
    world.load(PLAIN)
    forget_dns(machine)
    machine.run("systemctl", "restart", "postcask-tls.service")
    assert Asker(machine).ask(f"wild.{PLAIN}") == "NOTFOUND "
    empty_queue(machine)


def test_no_mail_waits_for_a_service_that_ends_or_hangs(place):
    machine, world, _ = place
    for number, strike in enumerate(part(("KILL", "KILL", "STOP"), 2)):
        machine.run("systemctl", "kill", f"--signal={strike}", "postcask-tls.service")
        began, words = time.monotonic(), f"struck {number} {strike}"
        send(machine, [f"ok.{SIGNED}"], words)
        assert world.wait_letter(f"bob@ok.{SIGNED}", words, 60).tls
        print(f"{strike}: {time.monotonic() - began:.1f} s")


def test_what_is_known_is_said_at_once(place):
    machine, _, _ = place
    asker, times = Asker(machine), []
    asker.ask(f"deepwild.{PLAIN}")
    for _ in range(2000):
        began = time.perf_counter()
        assert asker.ask(f"deepwild.{PLAIN}").startswith("OK secure match=.sts.example ")
        times.append(time.perf_counter() - began)
    print(f"p50 {sorted(times)[1000] * 1e6:.0f} us, p99 {sorted(times)[1980] * 1e6:.0f} us")
    assert sorted(times)[1000] < 0.001      # what is above it is the host's other work
    # What is no domain of the world's has none, and is not looked up.
    for name in ("[10.0.0.1]:25", "[mx.example]", "mx.example:587", ".example", "localhost", "10.0.0.1",
                 "a" * 300, "ping"):
        assert asker.ask(name) == "NOTFOUND "
    # Who does not speak it is let go, and nobody else notices.
    other = Asker(machine)
    other.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert other.file.read() == b""
    assert asker.ask("ping") == "NOTFOUND "


def test_it_has_little(place):
    machine, _, _ = place
    status = machine.run("sh", "-ec", "pid=$(systemctl show -P MainPID postcask-tls.service); "
                         "cat /proc/$pid/status /proc/$pid/smaps_rollup").stdout
    fields = dict(re.findall(r"^(\w+):\s+(\S+)", status, re.M))
    assert fields["Uid"] == "461" and fields["CapEff"] == "0" * 16
    print(f"Rss {fields['Rss']} KiB, Pss {fields['Pss']} KiB")
    assert int(fields["Pss"]) < 8 * 1024
    assert machine.run("stat", "-c", "%U %a", "/var/lib/postcask/tls").stdout == "postcask-tls 700\n"


def test_the_status_says_how_domains_are_proved(place):
    machine, _, expected = place
    asker = Asker(machine)
    for domain in expected:
        asker.ask(domain)
    end = end_of(30)
    while "outgoing TLS: of " not in (said := machine.run("postcask", "status", check=False).stdout):
        assert time.monotonic() < end, said
        time.sleep(0.5)         # it is written every ten seconds
    assert re.search(r"^outgoing TLS: of \d+ domains that mail went to, \d+ proved by DANE, \d+ by "
                     r"MTA-STS$", said, re.M), said


def test_off_is_nothing(place):
    """In the settings' own words; no process, no socket, and Postfix asks nobody."""
    machine, _, _ = place
    data = (machine.tree / "var/lib/cloud/seed/nocloud/user-data").read_text()
    machine.run("tee", "/root/off.yaml", stdin=data.replace("tls: send", "tls: ignore") +
                "  tls:\n    policies: ignore\n")
    machine.run("postcask", "apply", "/root/off.yaml", timeout=120)
    assert machine.run("systemctl", "is-active", "postcask-tls.service", "postcask-tls.socket",
                       check=False).stdout == "inactive\ninactive\n"
    assert "socketmap" not in machine.run("cat", "/etc/postfix/master.cf").stdout
