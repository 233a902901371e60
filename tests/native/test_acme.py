# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an ACME authority: the real pebble, which hands out accounts of its own and
refuses every fifth nonce, looks for the proofs from outside.

Of what takes long a run of all tests has one (sample.py).  POSTCASK_RENEWALS says how many renewals
clients live through, and POSTCASK_ROLLS how often the keys are rolled (make soak: 30 and 10)."""

import hashlib
import json
import os
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from acme import HMAC_KEY, Pebble
from machine import HOSTNAME, Machine, shifted, user_data
from sample import part
from waiting import end_of
from zones import Zones

KEYS = "/var/lib/postcask/keys"
PORTS = {25: "smtp", 465: None, 587: "smtp", 143: "imap", 993: None, 110: "pop3", 995: None,
         4190: "sieve"}
RSA = ["-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"]
RENEWALS = int(os.environ.get("POSTCASK_RENEWALS", "1"))
ROLLS = int(os.environ.get("POSTCASK_ROLLS", "1"))
TOKENS = "/run/postcask/acme/web/.well-known/acme-challenge"


class TrustingMachine(Machine):
    """Its clients believe the authority too."""

    root = ""

    def tls(self, version=None):
        context = super().tls(version)
        context.load_verify_locations(cadata=self.root)
        return context


class Place:
    """A machine, the zones that lead to it, and an authority."""

    def __init__(self):
        _, self.net = shifted("acme", "10.112.0")
        self.host, here = f"{self.net}.1", f"{self.net}.2"
        self.zones = Zones({"ns1": self.host})
        self.pebble = Pebble(self.host, reject=20)
        self.texts = {"example.org": f"mail A {here}\nautoconfig A {here}\nmta-sts A {here}\n"
                                     f"autodiscover A {self.net}.99\n",
                      "example.net": f"mail A {here}\n"}

    def data(self, challenge="http-01"):
        dns = self.zones.key.settings(self.host) if challenge == "dns-01" else "  dns:\n"
        return user_data() + self.zones.settings() + self.pebble.settings(challenge) + \
            dns + f"    addresses: [{self.net}.2]\n" \
            '  extra:\n    unbound: |\n      local-zone: "10.in-addr.arpa." nodefault\n'

    def __enter__(self):
        self.zones.__enter__()
        self.zones.set_all(self.texts)
        self.box = TrustingMachine("acme", "10.112.0", data=self.data())
        self.zones.lead(self.box)
        self.box.start(wait=False)
        self.start_pebble()         # before the timer of the job, which gives a boot its time
        self.box.wait_boot()
        return self

    def start_pebble(self):
        self.pebble.start()
        self.box.root = self.pebble.root()

    def __exit__(self, *_):
        self.pebble.stop()
        self.box.stop()
        self.zones.__exit__()

    def public(self):
        return json.loads(self.box.run("cat", f"{KEYS}/public.json").stdout)

    def orders(self):
        return json.loads(self.box.run("cat", f"{KEYS}/acme.json").stdout)["orders"]

    def renew(self):
        return self.box.run("postcask", "cert", "renew", "--json", check=False, timeout=300)

    def open_ports(self):
        state = json.loads(self.box.run("cat", "/run/postcask/firewall.json").stdout)
        return {port["port"] for port in state["open"]}

    def listens(self, port):
        return bool(self.box.run("ss", "-Hltn", f"sport = :{port}").stdout.strip())


@pytest.fixture(scope="module")
def place():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Place() as made:
        yield made


def shown(place, tmp_path, port, name, more=()):
    """The certificate that a stranger is shown, verified with the authority's root: its text."""
    root = tmp_path / "root.pem"
    root.write_text(place.pebble.root())
    starttls = ["-starttls", PORTS[port]] if PORTS[port] else []
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{place.box.host}:{port}", *starttls, *more,
         "-CAfile", root, "-no-CApath", "-verify_hostname", name, "-verify_return_error",
         "-servername", name], input="", capture_output=True, text=True, timeout=30)
    assert "Verify return code: 0 (ok)" in done.stdout, \
        f"{name} on {port}: {done.stdout[-500:]} {done.stderr[-1000:]}"
    return subprocess.run(["openssl", "x509", "-noout", "-serial", "-pubkey"], input=done.stdout,
                          capture_output=True, text=True, check=True).stdout


def serial(text):
    return re.search("serial=(.*)", text)[1]


def public_key(text):
    return text.split("\n", 1)[1]


def wait(condition, timeout=60):
    end = end_of(timeout)
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)                 # a port or a file of the machine tells nobody


def test_the_first_certificates_come_by_themselves(place, tmp_path):
    """Soon after the boot, by the timer: for every port, of both kinds."""
    wait(lambda: place.public()["public"])
    for port in PORTS:
        ecdsa, rsa = (shown(place, tmp_path, port, HOSTNAME, more) for more in ((), RSA))
        assert serial(ecdsa) != serial(rsa)
    public = place.public()
    assert public["method"] == "http-01" and public["account"].startswith("https://")
    assert [len(keys) for keys in public["tlsa"].values()] == [2, 2]
    assert set(public["names"]) == {HOSTNAME, "autoconfig.example.org", "mta-sts.example.org",
                                    "mail.example.net"}
    notes = json.loads(place.box.run("postcask", "status", "--json", check=False).stdout)["notes"]
    assert not [note for note in notes if "certificate" in note]


@pytest.mark.parametrize("name", ["autoconfig.example.org", "mta-sts.example.org",
                                  "mail.example.net"])
def test_a_domains_names_are_shown_their_own(place, tmp_path, name):
    found = {serial(shown(place, tmp_path, port, name)) for port in PORTS}
    assert len(found) == 1
    assert found != {serial(shown(place, tmp_path, 993, HOSTNAME))}


def test_a_name_that_leads_elsewhere_is_not_asked_for(place):
    assert "autodiscover.example.org" not in place.pebble.said()


def test_the_records_of_all_parts_are_right(place):
    """What is printed with a public certificate, keys and pages, in zones that have nothing else: nothing
    is found, and the policy is fetched from the web server by a stranger's trust."""
    place.box.run("tee", "-a", "/etc/ssl/certs/ca-certificates.crt", stdin=place.pebble.root())
    reverse = ".".join(reversed(place.net.split("."))) + ".in-addr.arpa"
    wait(lambda: 443 in place.open_ports())
    wait(lambda: place.box.run("test", "-e", "/var/lib/postcask/web/site/mta-sts.txt",
                               check=False).returncode == 0)
    printed = re.sub(r"^;.*\n", "", place.box.run("postcask", "dns", "--zone", "example.org").stdout,
                     flags=re.M)
    for word in ("_mta-sts", "mta-sts", "autoconfig", "autodiscover", "_25._tcp.mail", "pcr-"):
        assert re.search(rf"^{word}", printed, re.M), printed
    place.zones.set_all({**place.texts, "example.org": printed, reverse: f"2 PTR {HOSTNAME}.\n"})
    place.box.run("systemctl", "restart", "unbound")        # it remembers what there was not
    try:
        done = place.renew()        # for the names that lead here now
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(place.box.run("postcask", "dns", "check", "--json", "example.org",
                                         check=False).stdout)
        assert found["findings"] == []
    finally:
        place.zones.set_all(place.texts)
        place.box.run("systemctl", "restart", "unbound")


def test_what_the_authority_gave_is_nowhere_else(place):
    """The binding's key: in no log, in no file that others read."""
    assert HMAC_KEY not in place.box.run("journalctl", "--no-pager").stdout
    found = place.box.run("sh", "-c", "grep -rl -F -- \"$0\" /run /var/lib/postcask /tmp 2>/dev/null"
                          " | xargs -r stat -c '%a %n'", HMAC_KEY, check=False).stdout
    assert all(line.startswith(("600 ", "400 ", "440 ")) for line in found.splitlines()), found


def test_afterwards_port_80_is_closed(place):
    wait(lambda: not place.listens(80))
    assert 80 not in place.open_ports()
    with pytest.raises(OSError):
        socket.create_connection((place.box.host, 80), 1)


@pytest.mark.parametrize("number", range(RENEWALS))
def test_a_renewal_drops_nobody(place, tmp_path, number):
    """Sessions go on, the keys stay, and each port shows the new certificate."""
    before = shown(place, tmp_path, 25, HOSTNAME)
    sessions = [place.box.imap("alice@example.org", 993) for _ in range(3)]
    for session in sessions:
        session.select()
    sender = place.box.submission("alice@example.org")
    started = time.monotonic()
    done = place.renew()
    ended = time.monotonic()
    assert done.returncode == 0, done.stdout + done.stderr
    after = {port: shown(place, tmp_path, port, HOSTNAME) for port in PORTS}
    assert len({serial(text) for text in after.values()}) == 1
    assert serial(after[25]) != serial(before) and public_key(after[25]) == public_key(before)
    for session in sessions:
        assert session.noop()[0] == "OK"
        session.logout()
    assert sender.noop()[0] == 250
    sender.quit()
    print(f"renewal {number}: {ended - started:.1f} s")


def test_a_server_of_proofs_that_is_killed_leaves_nothing_open(place):
    box = place.box
    box.run("runuser", "-u", "postcask-acme", "--", "sh", "-c", f"echo proof > {TOKENS}/token")
    wait(lambda: place.listens(80) and 80 in place.open_ports())
    with socket.create_connection((box.host, 80), 5) as client:
        client.sendall(b"GET /.well-known/acme-challenge/token HTTP/1.0\r\n\r\n")
        assert b"proof" in client.makefile("rb").read()
    for path in (b"/", b"/.well-known/acme-challenge/", b"/../../../../etc/passwd"):
        with socket.create_connection((box.host, 80), 5) as client:
            client.sendall(b"GET %s HTTP/1.0\r\n\r\n" % path)
            assert client.makefile("rb").read(12).split()[1] in (b"403", b"404", b"400")
    box.run("rm", f"{TOKENS}/token")
    box.run("systemctl", "kill", "-s", "KILL", "postcask-challenge.service")
    wait(lambda: 80 not in place.open_ports() and not place.listens(80))


def test_a_run_that_is_killed_leaves_nothing_open(place):
    """In the midst of an order, with its proof on port 80."""
    box = place.box
    place.pebble.process.send_signal(signal.SIGSTOP)        # it listens, and says nothing
    try:
        job = box.run("systemd-run", "--no-block", "--unit=renew", "postcask", "cert", "renew")
        assert job.returncode == 0
        box.run("runuser", "-u", "postcask-acme", "--", "sh", "-c", f"echo x > {TOKENS}/token")
        wait(lambda: 80 in place.open_ports())
        wait(lambda: box.run("pgrep", "-x", "uacme", check=False).returncode == 0)
        box.run("systemctl", "kill", "-s", "KILL", "postcask-acme.service")
        wait(lambda: 80 not in place.open_ports() and not place.listens(80))
        wait(lambda: box.run("systemctl", "is-active", "renew", check=False).stdout.strip()
             not in ("active", "activating"))
    finally:
        place.pebble.process.send_signal(signal.SIGCONT)
    assert box.run("test", "-e", "/run/postcask/acme-orders.json", check=False).returncode == 1
    place.renew()


def a_dead_authority_changes_nothing_and_is_said(place, tmp_path):
    before = serial(shown(place, tmp_path, 993, HOSTNAME))
    place.pebble.stop()
    try:
        done = place.renew()
        assert done.returncode == 1
        assert "the authority cannot be reached" in json.loads(done.stdout)["acme"]["error"]
        said = place.box.run("runuser", "-u", "nobody", "--", "postcask", "cert").stdout
        assert "the authority cannot be reached" in said and "next attempt" in said
        notes = json.loads(place.box.run("postcask", "status", "--json", check=False).stdout)
        assert notes["state"] == "ready"        # there are weeks left
        assert [note for note in notes["notes"] if "could not be renewed" in note]
        asked = place.box.journal("postcask-acme").count("cannot be reached")
        place.box.run("systemctl", "start", "postcask-certificate")     # too early: not asked
        assert place.box.journal("postcask-acme").count("cannot be reached") == asked
    finally:
        place.start_pebble()
    place.renew()
    assert serial(shown(place, tmp_path, 993, HOSTNAME)) != before


class Watcher(threading.Thread):
    """Asks port 25 for its certificate again and again, as other servers do."""

    def __init__(self, place, shown_keys):
        super().__init__()
        self.place, self.shown_keys = place, shown_keys
        self.done, self.wrong, self.looks = threading.Event(), [], 0

    def look(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP(self.place.box.host, 25, timeout=20) as client:
            client.starttls(context=context)
            der = client.sock.getpeercert(binary_form=True)
        key = x509.load_der_x509_certificate(der).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(key).hexdigest()

    def run(self):
        while not self.done.is_set():
            before = set(self.shown_keys)
            key = self.look()
            self.looks += 1
            if key not in before & set(self.shown_keys):
                self.wrong.append(key)


def keys_are_rolled_when_the_dns_shows_the_next_ones(place, tmp_path):
    for _ in range(ROLLS):
        roll_once(place, tmp_path)


def roll_once(place, tmp_path):
    """Not before each server of the zone has their TLSA records for two times to live, so that at no
    moment port 25 has a key that the zone has not."""
    in_zone = []

    def publish(keys):
        in_zone[:] = keys
        place.zones.set("example.org", place.texts["example.org"] + "".join(
            f"_25._tcp.mail 60 TLSA 3 1 1 {key}\n" for key in keys))

    def roll():
        return place.box.run("postcask", "cert", "roll", check=False, timeout=300)

    tlsa = place.public()["tlsa"]
    publish(tlsa["current"])
    watcher = Watcher(place, in_zone)
    watcher.start()
    try:
        refused = roll()
        assert refused.returncode == 1
        assert "the next key is not in the DNS everywhere" in refused.stderr
        publish(tlsa["current"] + tlsa["next"])
        refused = roll()
        assert refused.returncode == 1 and "caches may be without them until" in refused.stderr
        state = json.loads(place.box.run("cat", f"{KEYS}/acme.json").stdout)
        for seen in state["next"].values():         # two minutes pass
            seen["since"] -= 121
        place.box.run("tee", f"{KEYS}/acme.json", stdin=json.dumps(state))
        before = shown(place, tmp_path, 25, HOSTNAME)
        rolled = roll()
        assert rolled.returncode == 0, rolled.stdout + rolled.stderr
        assert public_key(shown(place, tmp_path, 25, HOSTNAME)) != public_key(before)
    finally:
        watcher.done.set()
        watcher.join()
    assert not watcher.wrong and watcher.looks > 10
    now = place.public()["tlsa"]
    assert now["current"] == tlsa["next"] and not set(now["next"]) & set(tlsa["next"])


def dns_01_by_an_update_of_the_zone(place, tmp_path):
    """The host's proof lies where an alias leads."""
    place.zones.set("example.org", place.texts["example.org"] +
                    "_acme-challenge.mail CNAME proofs\n")
    place.box.run("systemctl", "restart", "unbound")        # it remembers that there was none
    before = serial(shown(place, tmp_path, 993, HOSTNAME))
    place.box.run("postcask", "apply", "-", stdin=place.data("dns-01"), timeout=120)
    started = place.box.run("date", "+%F %T").stdout.strip()
    done = place.renew()
    assert done.returncode == 0, done.stdout + done.stderr
    assert serial(shown(place, tmp_path, 993, HOSTNAME)) != before
    assert place.public()["method"] == "dns-01"
    assert place.zones.records(f"_acme-challenge.{HOSTNAME}", "TXT") == []
    assert "postcask-challenge" not in place.box.run(
        "journalctl", "--no-pager", "--since", started, "-u", "postcask-challenge").stdout
    assert 80 not in place.open_ports()


LONG = [a_dead_authority_changes_nothing_and_is_said,
        keys_are_rolled_when_the_dns_shows_the_next_ones, dns_01_by_an_update_of_the_zone]


@pytest.mark.parametrize("what", part(LONG, len(LONG)), ids=lambda what: what.__name__)
def test_in_turn(place, tmp_path, what):
    what(place, tmp_path)


def test_without_the_authority_the_machines_own_serves_with_the_same_keys(place):
    keys = place.public()["tlsa"]["current"]
    place.box.run("postcask", "apply", "-", stdin=user_data() + place.zones.settings(), timeout=120)
    public = place.public()
    assert not public["public"] and public["method"] is None
    assert public["tlsa"]["current"] == keys
    assert place.box.imap("alice@example.org").noop()[0] == "OK"
    assert place.box.run("systemctl", "is-active", "postcask-acme.timer",
                         check=False).stdout.strip() == "inactive"
