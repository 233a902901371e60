# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins by tokens of an identity provider: which let in, which do not, and what becomes of them when
the provider is away or changes its keys.  The provider is this file's own, the rest is the machine's."""

import base64
import itertools
import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from guesser import PORTS, Guesser
from issuer import Issuer, Key, by_secret, signed, url64
from machine import HOSTNAME, PASSWORDS, Machine, shifted, user_data
from waiting import wait_until

ALICE, BOB = "alice@example.org", "bob@example.org"
UNIT, NET = "postcask-tokens.service", "10.120.0"
FROM, NEXT = range(10, 200), itertools.count()
HURRY = 60                      # the issuer is asked every five seconds, a dropped key goes after 15
QUICK = "  extra:\n    dovecot: |\n      auth_failure_delay = 1s\n"     # many are refused here
GOOD = {"imap": "a OK", "pop3": "+OK", "smtp": "235", "sieve": "OK"}


@pytest.fixture(scope="module")
def issuer():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    yield Issuer(f"{shifted('tokens', NET)[1]}.1")


@pytest.fixture(scope="module")
def box(issuer):
    machine = Machine("tokens", NET, user_data() + issuer.settings() + QUICK)
    folder = machine.tree / f"etc/systemd/system/{UNIT}.d"
    folder.mkdir(parents=True)
    (folder / "hurry.conf").write_text(
        f"[Service]\nExecStart=\nExecStart=/usr/lib/postcask/postcask-tokens --hurry {HURRY}\n")
    try:
        machine.start(wait=False)
        batch = "".join(f"addr add {machine.net}.{last}/32 dev nb-{machine.name}\n" for last in FROM)
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True, timeout=20)
        with issuer:
            machine.wait_boot()
            wait_until(lambda: known(machine).get("keys"), "the first keys", 30)
            yield machine
    finally:
        machine.stop()


def known(box):
    done = box.run("cat", "/run/postcask/tokens/report.json", check=False)
    return json.loads(done.stdout or "{}")


def source(box):
    """Who is refused from one address waits longer each time."""
    return f"{box.net}.{FROM[next(NEXT) % len(FROM)]}"


class Client(Guesser):
    """One that has a token."""

    def show(self, user, token, mechanism):
        end = f"\x01auth=Bearer {token}\x01\x01"
        said = f"user={user}{end}" if mechanism == "XOAUTH2" else f"n,a={user},\x01host=x{end}"
        said = base64.b64encode(said.encode()).decode()
        self.say({"imap": f"a AUTHENTICATE {mechanism} {said}", "pop3": f"AUTH {mechanism} {said}",
                  "smtp": f"AUTH {mechanism} {said}",
                  "sieve": f'AUTHENTICATE "{mechanism}" "{said}"'}[self.protocol])

    def outcome(self):
        """True, or what the server says in the end; what it says before that is in `challenge`."""
        try:
            said, self.challenge = self.read(), ""
        except (EOFError, OSError):
            return "hung up"
        if said.startswith(("+ ", "334 ")) or said[:1] in ('"', "{"):
            self.challenge = said
            if said.startswith("{"):
                self.challenge = self.read()
            self.say('"AQ=="' if self.protocol == "sieve" else "AQ==")
            said = self.read("a " if self.protocol == "imap" else "")
        return said.startswith(GOOD[self.protocol]) or said


def login(box, user, token, protocol="imap", mechanism="XOAUTH2"):
    client = Client(box, protocol, source(box), box.tls())
    try:
        client.show(user, token, mechanism)
        return client.outcome()
    finally:
        client.close()


def logins(box, *tries):
    """A refusal takes its seconds, so all at once."""
    with ThreadPoolExecutor(48) as pool:
        return list(pool.map(lambda one: login(box, *one), tries))


def password_logins(box, user):
    said = []
    for protocol in PORTS:
        guesser = Guesser(box, protocol, source(box), box.tls())
        guesser.login(user, PASSWORDS[user])
        said.append(guesser.answer().startswith(GOOD[protocol]))
        guesser.close()
    return said


def test_a_token_lets_in(box, issuer):
    """Both ways, on every protocol."""
    tries = [(ALICE, issuer.token(email=ALICE), protocol, mechanism)
             for protocol in PORTS for mechanism in ("XOAUTH2", "OAUTHBEARER")]
    assert logins(box, *tries) == [True] * 8


def good_tokens(issuer):
    rsa, ecdsa = issuer.keys[:2]
    rsa_pss = Key("one", "PS384")
    rsa_pss.private = rsa.private
    return {
        "ES256": issuer.token(ecdsa, email=ALICE), "PS384": issuer.token(rsa_pss, email=ALICE),
        "no azp": issuer.token(azp=None, email=ALICE),
        "azp is aud": issuer.token(azp="mail", aud="mail", email=ALICE),
        "capitals": issuer.token(email="Alice@Example.ORG"),
    }


def test_good_ones(box, issuer):
    tokens = good_tokens(issuer)
    said = logins(box, *((ALICE, token) for token in tokens.values()),
                  ("ALICE@example.org", issuer.token(email=ALICE)))
    assert dict(zip([*tokens, "login in capitals"], said)) == dict.fromkeys(
        [*tokens, "login in capitals"], True)


def bad_tokens(issuer):
    """What is wrong, and the token; the login is alice's."""
    now, key, other = int(time.time()), issuer.keys[0], Key("one")
    head, claims = {"alg": "none", "kid": "one"}, issuer.claims(email=ALICE)

    def made(*arguments, **more):
        return issuer.token(*arguments, **{"email": ALICE, **more})
    head_body = made().rsplit(".", 1)[0]
    confused = by_secret(key.public_pem())
    return {
        "another's key": made(other), "bob's": made(email=BOB), "expired": made(exp=now - 10),
        "not yet": made(nbf=now + 600), "of the future": made(iat=now + 600),
        "no end": made(exp=None), "other issuer": made(iss="https://id.example.net"),
        "no issuer": made(iss=None), "issuer with a slash": made(iss=issuer.url + "/"),
        "other audience": made(aud="account"), "no audience": made(aud=None),
        "other client": made(azp="somebody"), "path as client": made(azp="../mail"),
        "no name": made(email=None), "empty name": made(email=""), "empty list": made(email=[]),
        "two names": made(email=[ALICE, BOB]), "not verified": made(email_verified=False),
        "verified unsaid": made(email_verified=None),
        "verified as text": made(email_verified="True"),
        "no signature": head_body + ".", "half a signature": made()[:-40],
        "alg none": signed(head, claims, lambda _: b""),
        "alg None": signed({**head, "alg": "None"}, claims, lambda _: b""),
        "HS256 by the key's text": made(head={"alg": "HS256"}, sign=confused),
        "HS256 by nothing": made(head={"alg": "HS256"}, sign=by_secret(b"")),
        "ES256 of RSA": made(head={"alg": "ES256"}), "RS512 signed as RS256": made(
            head={"alg": "RS512"}),
        "unknown key": made(head={"kid": "three"}), "no key": made(head={"kid": None}),
        "path as key": made(head={"kid": "../RS256/one"}),
        "path elsewhere": made(head={"kid": "../../../../../../etc/passwd"}),
        "empty key": made(head={"kid": ""}), "path as alg": made(head={"alg": "RS256/../RS256"}),
        "no JSON": f"{url64(b'[')}.{url64(b'{')}.", "no token": "x", "dots": "...", "three": "a.b.c",
        "ends early": f"{made().split('.')[0]}..{made().split('.')[2]}",
    }


def test_bad_ones(box, issuer):
    tokens = bad_tokens(issuer)
    said = dict(zip(tokens, logins(box, *((ALICE, token, ["imap", "smtp"][i % 2])
                                          for i, token in enumerate(tokens.values())))))
    assert [what for what, one in said.items() if one is True] == []
    assert login(box, ALICE, issuer.token(email=ALICE)) is True


STRANGERS = ["zed@example.org", "sales@example.org", "alice@example.com", "@example.org", "alice",
             "root", "probe@selftest.invalid"]


def test_a_token_makes_no_user(box, issuer):
    """The provider knows more people than have a mailbox here, and so does the self-test."""
    probe = box.run("cut", "-d:", "-f1", "/run/postcask/selftest.passwd").stdout.split()
    names = [*STRANGERS, *probe]
    tries = [(name, issuer.token(email=name), protocol)
             for name in names for protocol in ("imap", "smtp")]
    said = logins(box, *tries)
    assert True not in said, dict(zip([one[::2] for one in tries], said))


def test_refused_is_said_as_the_mechanisms_have_it(box, issuer):
    """So that a program fetches a new one, and knows where (RFC 7628 §3.2.2)."""
    client = Client(box, "imap", source(box), box.tls())
    client.show(ALICE, issuer.token(email=ALICE, exp=int(time.time()) - 10), "OAUTHBEARER")
    assert client.outcome().startswith("a NO")
    said = json.loads(base64.b64decode(client.challenge.split()[1]))
    assert said["status"] == "invalid_token"
    assert said["openid-configuration"] == issuer.url + "/.well-known/openid-configuration"


def test_passwords_are_as_before(box, issuer):
    assert password_logins(box, ALICE) == password_logins(box, BOB) == [True] * 4
    box.run("postcask", "user", "main", BOB, "off")
    try:
        tries = [(BOB, issuer.token(email=BOB), protocol) for protocol in PORTS]
        assert logins(box, *tries) == [True] * 4
    finally:
        box.run("postcask", "user", "main", BOB, "on")


def test_only_in_tls(box):
    with box.smtp(587) as client:
        assert not client.has_extn("auth")
        client.starttls(context=box.tls())
        client.ehlo("client.example.com")
        assert {"XOAUTH2", "OAUTHBEARER", "PLAIN"} <= set(client.esmtp_features["auth"].split())
    with box.imap(port=143) as client:
        assert not [one for one in client.capabilities if one.startswith("AUTH=")]
        said = client._simple_command("AUTHENTICATE", "XOAUTH2", "eA==")
        assert said[0] == "NO" and b"PRIVACYREQUIRED" in said[1][0], said
        client.starttls_named(box.tls())
        assert {"AUTH=XOAUTH2", "AUTH=OAUTHBEARER"} <= set(client.capabilities)


def curl(box, issuer, url, *words):
    ca = issuer.folder / "machine.pem"
    ca.write_text(box.run("postcask", "cert", "ca").stdout)
    port = url.split(":")[-1].split("/")[0]
    return subprocess.run(
        ["curl", "-sS", "--cacert", ca, "--connect-to", f"{HOSTNAME}:{port}:{box.host}:{port}",
         "--interface", source(box), "--oauth2-bearer", issuer.token(email=ALICE), "-u", ALICE, url,
         *words], capture_output=True, text=True, timeout=30)


def test_curl_does_it_as_well(box, issuer):
    letter = issuer.folder / "letter"
    letter.write_text(f"From: {ALICE}\r\nTo: {ALICE}\r\nSubject: by a token\r\n\r\ntext\r\n")
    for mechanism in ("XOAUTH2", "OAUTHBEARER"):
        done = curl(box, issuer, f"smtps://{HOSTNAME}:465/client.example.com", "--login-options",
                    f"AUTH={mechanism}", "--mail-from", ALICE, "--mail-rcpt", ALICE, "-T", letter)
        assert done.returncode == 0, done
        done = curl(box, issuer, f"imaps://{HOSTNAME}:993/INBOX;MAILINDEX=*", "--login-options",
                    f"AUTH={mechanism}", "-X", "NOOP")
        assert done.returncode == 0, done
    wait_until(lambda: box.imap(ALICE).select("INBOX")[1][0] >= b"2", "both letters", 60)


def test_long_tokens(box, issuer):
    """Of somebody who is in many groups."""
    token = issuer.token(email=ALICE, groups=["x" * 40] * 80, realm={"roles": ["a"] * 20})
    assert 4000 < len(token) < 6000
    tries = [(ALICE, token, protocol, mechanism) for protocol in PORTS
             for mechanism in ("XOAUTH2", "OAUTHBEARER")]
    assert logins(box, *tries) == [True] * 8
    long = Client(box, "smtp", source(box), box.tls())
    long.show(ALICE, "x" * 9000, "XOAUTH2")
    assert long.outcome() is not True
    long.close()
    assert login(box, ALICE, token, "smtp") is True


WRONG = {"failing": "answers 503", "half": "no JSON object", "garbage": "no JSON object",
         "html": "no JSON object", "huge": "more than 256 KiB", "empty": "no key that could be used",
         "elsewhere": "of another issuer", "redirect": "answers 302"}


def test_what_the_issuer_says_wrong_changes_nothing(box, issuer):
    try:
        for issuer.mode, words in WRONG.items():
            wait_until(lambda: words in known(box).get("why", ""), words)
        assert "the issuer gives no answer" in box.run("postcask", "status", check=False).stdout
        assert login(box, ALICE, issuer.token(email=ALICE)) is True
    finally:
        issuer.mode = "good"
    wait_until(lambda: "why" not in known(box), "it answers again")
    assert "the issuer gives no answer" not in box.run("postcask", "status", check=False).stdout


def test_the_issuer_is_away(box, issuer):
    """There and silent; over a restart of all that knows its keys."""
    issuer.mode = "slow"
    try:
        wait_until(lambda: "timed out" in known(box).get("why", "").lower(), "it is silent", 40)
        box.run("systemctl", "restart", UNIT, "dovecot.service")
        assert login(box, ALICE, issuer.token(email=ALICE)) is True
        assert password_logins(box, ALICE) == [True] * 4
    finally:
        issuer.mode = "good"
    wait_until(lambda: "why" not in known(box), "it answers again", 40)


def test_keys_change(box, issuer):
    """A new one counts at its first use; the old one until it has been gone for a while."""
    old, new = issuer.keys[0], Key("three")
    issuer.control = "max-age=3000"                 # so that nobody asks for another reason
    asked = issuer.asked
    wait_until(lambda: issuer.asked >= asked + 2, "the last question", 30)
    time.sleep(0.3)                                 # it is not asked again at once for anybody
    issuer.keys[0] = new
    begin = time.monotonic()
    assert login(box, ALICE, issuer.token(new, email=ALICE)) is True
    assert time.monotonic() - begin < 3
    issuer.control = "no-cache"
    assert login(box, ALICE, issuer.token(old, email=ALICE)) is True
    login(box, ALICE, issuer.token(Key("four"), email=ALICE))       # has it asked again
    wait_until(lambda: known(box)["keys"] == 2, "the old one's end", 60)
    assert True not in logins(box, *((ALICE, issuer.token(old, email=ALICE), protocol)
                                     for protocol in PORTS))
    assert login(box, ALICE, issuer.token(new, email=ALICE)) is True


def test_strangers_do_not_have_the_issuer_asked_often(box, issuer):
    asked, begin = issuer.asked, time.monotonic()
    tries = [(ALICE, issuer.token(issuer.keys[0], {"kid": f"k{i}"}, email=ALICE)) for i in range(40)]
    assert True not in logins(box, *tries)
    assert issuer.asked - asked <= 4 + 2 * (time.monotonic() - begin) * HURRY / 10 < 80


def test_keys_that_are_not_taken(box, issuer):
    weak, secret = Key("weak", bits=1024), Key("secret")
    issuer.more = [
        weak.jwk(), {"kty": "oct", "kid": "shared", "k": url64(b"0" * 32), "alg": "HS256"},
        secret.jwk(d="AQAB"), Key("crypt").jwk(use="enc"), Key("next", "PS256").jwk(alg="PS256")]
    try:
        assert login(box, ALICE, issuer.token(Key("next", "PS256"), email=ALICE)) is not True
        wait_until(lambda: known(box).get("passed_over") == 4, "the new set")
        tries = [(ALICE, issuer.token(weak, email=ALICE)), (ALICE, issuer.token(secret, email=ALICE)),
                 (ALICE, issuer.token(head={"kid": "shared", "alg": "HS256"}, email=ALICE,
                                      sign=by_secret(b"0" * 32)))]
        assert True not in logins(box, *tries)
    finally:
        issuer.more = []


def test_it_is_killed_and_comes_back(box, issuer):
    """Over and over, with its keys; passwords do not notice."""
    for _ in range(2):
        box.run("systemctl", "kill", "-s", "KILL", UNIT)
        assert password_logins(box, ALICE) == [True] * 4
        wait_until(lambda: login(box, ALICE, issuer.token(email=ALICE)) is True, "there again", 30)
    box.run("systemctl", "stop", UNIT)
    try:
        assert login(box, ALICE, issuer.token(email=ALICE)) is not True
        assert password_logins(box, ALICE) == [True] * 4
    finally:
        box.run("systemctl", "start", UNIT)


def test_who_reads_what(box):
    assert box.run("stat", "-c", "%a %U", "/var/lib/postcask/tokens").stdout.split() == \
        ["700", "postcask-tokens"]
    assert box.run("ps", "-o", "user:30=", "-C", "postcask-tokens").stdout.split() == \
        ["postcask-tokens"]
    assert "Tokens: " in box.run("postcask", "status", check=False).stdout


def test_no_token_is_in_the_log(box, issuer):
    token = issuer.token(email=ALICE)
    assert login(box, ALICE, token) is True and login(box, BOB, token) is not True
    log = box.run("journalctl", "--no-pager", "-o", "cat").stdout
    assert token.split(".")[1] not in log and token.split(".")[2] not in log
