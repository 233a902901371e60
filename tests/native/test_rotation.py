# SPDX-License-Identifier: GPL-3.0-or-later
"""Going over to the next DKIM keys while mail flows, with name servers of which one hears of each
change late: what arrives can be verified there, then and five days later."""

import base64
import json
import os
import re
import threading

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dkim_check import by_python, crlf, ours
from far import Server
from machine import Machine, letter, shifted, user_data
from sample import part
from test_filter import EICAR, GTUBE
from zones import Zones

ALICE, FAR = "alice@example.org", "friend@far.example"
SINK, NET = 2525, "10.57.0"
DOMAINS = ("example.org", "example.net")
# POSTCASK_ROTATION_MAIL=2000 for the figure.
MESSAGES = int(os.environ.get("POSTCASK_ROTATION_MAIL", "16"))
LATE_SECONDS = float(os.environ.get("POSTCASK_ROTATION_LATE", "0.5"))


# Every third run of all tests.
pytestmark = pytest.mark.skipif("rotation" not in part(["strangers", "rotation", "opendkim"], 3),
                                reason="another run's turn")
WAITING = 40
SENDERS = 1 + MESSAGES // 250


def quoted(text):
    return " ".join(f'"{text[at:at + 250]}"' for at in range(0, len(text), 250))


class Names:
    """The zones of a person who publishes what the machine says."""

    def __init__(self, zones, machine):
        self.zones, self.machine, self.late = zones, machine, []

    def listed(self):
        return json.loads(self.machine.run("postcask", "dkim", "list", "--json").stdout)

    def text(self, domain):
        return "".join(f"{key['selector']}._domainkey TXT {quoted(key['record'])}\n"
                       for key in self.listed() if key["domain"] == domain)

    def publish(self):
        """At once on one server, late on the other."""
        texts = {domain: self.text(domain) for domain in DOMAINS}
        for domain, text in texts.items():
            self.zones.set(domain, text, only="ns1")
        timer = threading.Timer(LATE_SECONDS, self.publish_late, [texts])
        timer.start()
        self.late.append(timer)

    def publish_late(self, texts):
        for domain, text in texts.items():
            self.zones.set(domain, text, only="ns2")

    def wait(self):
        for timer in self.late:
            timer.join()

    def answer(self, name, timeout=5):
        """As the late server has it, for python3-dkim."""
        found = self.zones.records(name.decode().rstrip("."), "TXT", self.zones.servers["ns2"])
        return "".join(re.findall(r'"([^"]*)"', found[0])).encode() if found else None

    def table(self):
        return {f"{key['selector']}._domainkey.{key['domain']}".lower(): self.answer(
            f"{key['selector']}._domainkey.{key['domain']}".encode()).decode()
            for key in self.listed() if key["algorithm"] == "rsa"}


@pytest.fixture(scope="module")
def names():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    net = shifted("rotation", NET)[1]
    data = user_data() + f"""  limits: {{user_recipients_per_hour: 0, user_recipients_per_day: 0}}
  filter:
    dkim_whitelist: [news@shop.example, bank.example]
  resolver:
    forward: [{net}.1]
  extra:
    postfix: |
      relayhost = [{net}.1]:{SINK}
"""
    machine = Machine("rotation", NET, data)
    try:
        with Zones({"ns1": f"{net}.1", "ns2": f"{net}.3"}) as zones:
            for domain in (*DOMAINS, "shop.example", "bank.example"):
                zones.set(domain, "")
            zones.lead(machine)
            yield Names(zones, machine.start())
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def far(names):
    with Server(f"{names.machine.net}.1", SINK) as server:
        yield server


def rotate(names, *words):
    return names.machine.run("postcask", "dkim", "rotate", *words, check=False)


def selectors(names, state, domain="example.org", algorithm="rsa"):
    return [key["selector"] for key in names.listed()
            if (key["domain"], key["state"], key["algorithm"]) == (domain, state, algorithm)]


def test_nothing_changes_before_it_is_seen(names):
    before = names.listed()
    done = rotate(names)
    assert done.returncode == 1 and done.stdout == ""
    for domain in DOMAINS:
        assert f"{domain}: the next key is not seen everywhere, so nothing was changed" in done.stderr
        next_one, = selectors(names, "next", domain)
        assert f"publish at {next_one}._domainkey.{domain} the TXT record \"v=DKIM1; k=rsa; p=MII" \
            in done.stderr
    assert names.listed() == before
    names.zones.set("example.org", names.text("example.org"), only="ns1")
    done = rotate(names, "example.org")
    assert done.returncode == 1 and "ns2" in done.stderr and names.listed() == before


def test_a_domain_that_is_none_of_ours(names):
    done = rotate(names, "bank.example")
    assert done.returncode == 1 and "bank.example is not one of the domains" in done.stderr
    assert names.machine.run("postcask", "dkim", "spin", check=False).returncode == 2


def send(names, far, sent, changed):
    """One after the other, not faster than they leave, and one more after the last change."""
    client = names.machine.submission(ALICE)
    last = False
    while not last:
        last = changed.is_set() and len(sent) >= MESSAGES
        if len(sent) - len(far.letters) > WAITING:
            threading.Event().wait(0.05)
            last = False
            continue
        message = letter("the notes", From=ALICE, To=FAR)
        client.sendmail(ALICE, FAR, message.as_bytes())
        sent.append(message["Message-ID"])
        if len(sent) % 40 == 0:
            client.quit()
            client = names.machine.submission(ALICE)
    client.quit()


def wait_share(far, share):
    while len(far.letters) < MESSAGES * share:
        threading.Event().wait(0.05)


def change(names, far):
    """Three times, each as soon as it is let."""
    refused = 0
    for number in range(3):
        wait_share(far, (number + 0.5) / 4)
        names.publish()
        while (done := rotate(names)).returncode != 0:
            refused += 1
            assert "not seen everywhere" in done.stderr
        assert done.stdout.count("signs with the next key from now on") == len(DOMAINS)
    names.publish()
    return refused


def test_mail_through_three_changes(names, far):
    names.publish()
    names.wait()
    sent, stop, bad, checked = [], threading.Event(), [], []
    changed = threading.Event()

    def check():
        """What has arrived, by what the late server says now."""
        while not stop.is_set() or len(checked) < len(sent):
            for raw in [one.data for one in far.letters[len(checked):]]:
                checked.append(raw)
                if not dkim.verify(crlf(raw), dnsfunc=names.answer):
                    bad.append(raw)
            threading.Event().wait(0.05)

    senders = [threading.Thread(target=send, args=(names, far, sent, changed)) for _ in range(SENDERS)]
    checker = threading.Thread(target=check)
    for thread in (*senders, checker):
        thread.start()
    try:
        refused = change(names, far)
    finally:
        changed.set()
        for sender in senders:
            sender.join(3000)
        stop.set()
        checker.join(900)
    names.wait()
    used = {one["s"] for raw in checked for one in ours(raw)}
    assert refused >= 3 and not bad and len(checked) == len(sent) >= MESSAGES
    assert len(used) == 4, used
    table = names.table()
    assert all(by_python(raw, table) == [True] for raw in checked)
    print(f"{len(sent)} messages over 3 changes, {refused} refused tries, keys {sorted(used)}")
    later(names, 5)
    table = names.table()
    assert all(by_python(raw, table) == [True] for raw in checked)


def later(names, days):
    """As the files are after so many days, and what is done then."""
    for path in (names.machine.tree / "var/lib/postcask/keys/dkim").glob("*/keys"):
        path.write_text(re.sub(r"(?m)^(\w+ \w+ \S+) (\d+)", lambda found: (
            f"{found[1]} {int(found[2]) - days * 86400}"), path.read_text()))
    names.machine.run("systemctl", "start", "postcask-signing.service")
    names.publish()
    names.wait()


def test_old_keys_are_taken_back_after_a_fortnight(names):
    assert len(selectors(names, "previous")) == 3
    later(names, 9)
    assert not selectors(names, "previous") and len(selectors(names, "revoked")) == 3
    for key in names.listed():
        assert (key["record"].endswith("p=")) == (key["state"] == "revoked")
    private = names.machine.run("ls", "/var/lib/postcask/keys/dkim/example.org").stdout
    assert not [one for one in selectors(names, "revoked") if f"{one}.pem" in private]


def test_private_keys_are_root_s_and_the_signers_alone(names):
    done = names.machine.run("find", "/var/lib/postcask/keys/dkim", "-name", "*.pem", "-printf",
                             "%U %g %m\n").stdout
    assert set(done.splitlines()) == {"0 postcask-dkim 640"}
    for account, group in (("clamav", "clamav"), ("vmail", "vmail"), ("postfix", "postfix"),
                           ("postcask-probe", "postcask-probe")):
        assert names.machine.run("runuser", "-u", account, "--", "sh", "-c",
                                 "cat /var/lib/postcask/keys/dkim/*/*.pem", check=False).returncode


@pytest.fixture(scope="module")
def foreign_key(names):
    """Of two other domains, in the DNS."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = base64.b64encode(made.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
    record = f"a._domainkey TXT {quoted('v=DKIM1; k=rsa; p=' + public)}\n"
    names.zones.set_all({"shop.example": record, "bank.example": record})
    return made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())


def signed(key, sender, text, domain=None):
    message = letter(text, From=sender, To=ALICE)
    raw = crlf(message.as_bytes())
    return message["Message-ID"], dkim.sign(
        raw, b"a", (domain or sender.split("@")[1]).encode(), key,
        canonicalize=(b"relaxed", b"simple"), include_headers=[b"from", b"subject"]) + raw


def test_whom_the_spam_filter_trusts(names, foreign_key):
    """For spam alone, while his own domain's signature is valid."""
    cases = {
        "an address": (signed(foreign_key, "news@shop.example", GTUBE), "INBOX"),
        "its neighbour": (signed(foreign_key, "other@shop.example", GTUBE), "Spam"),
        "a domain": (signed(foreign_key, "anybody@bank.example", GTUBE), "INBOX"),
        "signed by another": (signed(foreign_key, "anybody@bank.example", GTUBE, "shop.example"),
                              "Spam"),
    }
    message_id, raw = signed(foreign_key, "news@shop.example", GTUBE)
    cases["changed since"] = ((message_id, raw + b"more\r\n"), "Spam")
    for (_, raw), _ in cases.values():
        names.machine.send(raw, sender="bounces@shop.example")
    for name, ((message_id, _), folder) in cases.items():
        assert names.machine.wait_message(ALICE, message_id, folder), name
    message_id, raw = signed(foreign_key, "news@shop.example", EICAR.decode())
    names.machine.send(raw, sender="bounces@shop.example")
    names.machine.run("sh", "-c", "for i in $(seq 300); do grep -rqs "
                      f"'{message_id}' /var/lib/postcask/quarantine && exit 0; sleep 0.2; done; exit 1",
                      timeout=90)
