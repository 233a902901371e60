# SPDX-License-Identifier: GPL-3.0-or-later
"""Who somebody is: one login in all forms of its address, and whose sender each may be."""

import base64
import imaplib
import re
import socket
import unicodedata

import pytest

import machine as machine_module
from machine import Machine, crypt_hash, letter

PASSWORD = "anchor-42-cask"
LETTERS = ["info@müller.example", "me@почта.рф", "me@ελλάς-σεισμός.example", "a@straße.bücher.example",
           "me@i̇stanbul.example", "me@한국.example"]
PEOPLE = ["alice@example.org", "bob@example.org", "carol@example.org", "o'brien@example.org",
          "a+b@example.org", "r&d@example.org", "x=y~z@example.org", "'q'+d'@example.org",
          "full+one@example.org", "full@example.org"]
ALIASES = {
    "a@example.org": ["bob@example.org"], "carol+shop@example.org": ["bob@example.org"],
    "team@example.org": ["sales@example.org"], "sales@example.org": ["alice@example.org"],
    "d1@example.org": ["d2@example.org", "d3@example.org"], "d2@example.org": ["d4@example.org"],
    "d3@example.org": ["d4@example.org", "x@elsewhere.example"],
    "d4@example.org": ["carol+list@example.org"], "out@example.org": ["x@elsewhere.example"],
    "vertrieb@MÜLLER.example": ["INFO@mu\u0308ller.EXAMPLE"],
    **{f"c{i}@example.org": [f"c{i + 1}@example.org"] for i in range(999)},
    "c999@example.org": ["alice@example.org"],
}


def a_label(address):
    """RFC 5891, not Python's own idna, which would make ss of ß."""
    local, domain = address.split("@")
    labels = [label if label.isascii() else
              "xn--" + unicodedata.normalize("NFC", label).encode("punycode").decode()
              for label in domain.split(".")]
    return f"{local}@{'.'.join(labels)}"


def data():
    hashed = crypt_hash(PASSWORD)
    small = "quota_mib: 2, "
    domains = ["example.org"] + [address.split("@")[1].upper() if "ß" not in address and
                                 "ς" not in address and "i̇" not in address else
                                 address.split("@")[1] for address in LETTERS]
    users = "".join(f'    - {{address: "{address}", '
                    f"{small if address == 'full@example.org' else ''}password_hash: '{hashed}'}}\n"
                    for address in PEOPLE + LETTERS)
    aliases = "".join(f'    - {{address: "{address}", to: [{", ".join(to)}]}}\n'
                      for address, to in ALIASES.items())
    return (f"#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [{', '.join(domains)}]\n"
            f"  users:\n{users}  aliases:\n{aliases}"
            '  extra: {postfix: "smtpd_client_auth_rate_limit = 0\\n"}\n')


@pytest.fixture(scope="module")
def box():
    machine_module.PASSWORDS.update({address: PASSWORD for address in map(a_label, LETTERS)})
    machine_module.PASSWORDS.update({address: PASSWORD for address in PEOPLE[2:]})
    known = {address: machine_module.PASSWORDS[address] for address in PEOPLE[:2]}
    machine_module.PASSWORDS.update({address: PASSWORD for address in PEOPLE[:2]})
    with Machine("identity", "10.75.0", data=data()) as booted:
        yield booted
    machine_module.PASSWORDS.update(known)
    for address in PEOPLE[2:] + [a_label(address) for address in LETTERS]:
        del machine_module.PASSWORDS[address]


def say(client, line):
    client.sock.sendall(line.encode() + b"\r\n")
    return client.getreply()[0]


def submission(box, user, port=587, authzid=""):
    client = box.smtp(port, tls=port == 587)
    secret = base64.b64encode(f"{authzid}\0{user}\0{PASSWORD}".encode()).decode()
    return client, client.docmd("AUTH", "PLAIN " + secret)[0]


def may_send(box, user, sender):
    client, answer = submission(box, user)
    with client:
        assert answer == 235
        answer = say(client, f"MAIL FROM:<{sender}>")
        if answer == 250:
            answer = say(client, "RCPT TO:<alice@example.org>")
    assert answer == 250 or 500 <= answer < 600
    return answer == 250


def imap_answer(box, user, password=PASSWORD, authzid=""):
    client = box.imap()
    try:
        client.authenticate("PLAIN", lambda _: f"{authzid}\0{user}\0{password}".encode())
        return client.list()[0] == "OK"
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()


def pop3_answer(box, user):
    client = box.pop3()
    client.sock.sendall(b"USER " + user.encode() + b"\r\n")
    client._getresp()
    client.sock.sendall(b"PASS " + PASSWORD.encode() + b"\r\n")
    line = client.file.readline()
    client.close()
    return line.startswith(b"+OK")


def sieve_answer(box, user):
    with socket.create_connection((box.host, 4190), 20) as connection:
        def answer(stream):
            while not (line := stream.readline()).startswith((b"OK", b"NO", b"BYE")):
                assert line
            return line.startswith(b"OK")
        stream = connection.makefile("rb")
        answer(stream)
        connection.sendall(b"STARTTLS\r\n")
        answer(stream)
        with box.tls().wrap_socket(connection, server_hostname="mail.example.org") as secured:
            stream = secured.makefile("rb")
            answer(stream)
            secret = base64.b64encode(f"\0{user}\0{PASSWORD}".encode())
            secured.sendall(b'AUTHENTICATE "PLAIN" "' + secret + b'"\r\n')
            return answer(stream)


def capitals(text):
    """One letter for one: ß has a capital, and so has the small i with a dot."""
    text = unicodedata.normalize("NFC", text).replace("i̇", "İ")
    return "".join("ẞ" if c == "ß" else c.upper() for c in text)


def forms(address):
    odd = "".join(capitals(c) if i % 2 else c for i, c in enumerate(address))
    return sorted({address, capitals(address), odd, a_label(address), a_label(address).upper(),
                   unicodedata.normalize("NFD", address),
                   unicodedata.normalize("NFD", capitals(address)),
                   "@".join(part.replace(".", "。") if i else part
                            for i, part in enumerate(address.split("@")))})


@pytest.mark.parametrize("address", LETTERS)
def test_every_form_of_a_domain_is_one_login_and_one_sender(box, address):
    plain = a_label(address)
    for form in forms(address):
        assert imap_answer(box, form), form
        with box.smtp() as client:
            assert say(client, f"MAIL FROM:<{form}>") == 250, form
            assert say(client, f"RCPT TO:<{form}>") == 250, form
    form = capitals(address)
    assert pop3_answer(box, form) and sieve_answer(box, form)
    assert may_send(box, form, plain) and may_send(box, plain, form)
    client, answer = submission(box, form, 465)
    client.close()
    assert answer == 235
    assert not may_send(box, "bob@example.org", address)


def test_other_logins_in_letters_are_refused(box):
    address = LETTERS[0]
    assert not imap_answer(box, address, "wrong")
    assert not imap_answer(box, address.replace(".", "x"))


def test_whoever_acts_for_himself_may_write_it_otherwise(box):
    """RFC 4616: who is logged in, and as whom; in letters as it is in capitals."""
    letters, plain = LETTERS[0], a_label(LETTERS[0])
    for authcid, authzid in ((letters, letters), (letters, plain), (letters.upper(), plain),
                             (plain, plain), ("ALICE@example.org", "alice@example.org")):
        assert imap_answer(box, authcid, authzid=authzid), (authcid, authzid)
    assert not imap_answer(box, letters, authzid="alice@example.org")


def test_mail_by_letters_reaches_user_and_alias(box):
    for to in ("INFO@MÜLLER.example", "Vertrieb@mu\u0308ller.example", "vertrieb+x@müller.example"):
        message = letter("hello")
        with box.smtp() as client:
            assert say(client, "MAIL FROM:<stranger@example.com> SIZE=1000") == 250
            assert say(client, f"RCPT TO:<{to}>") == 250
            client.data(message.as_bytes())
        box.wait_message(a_label(LETTERS[0]), message["Message-ID"])
    assert may_send(box, LETTERS[0], "VERTRIEB@Müller.example")


def test_a_command_is_only_translated_in_our_domains(box):
    with box.smtp() as client:
        assert say(client, "MAIL FROM:<stranger@example.com>") == 250
        for to in ("info@möller.example", "info@xmüller.example", "info@müller.example.com",
                   "info@müller.example@elsewhere.example", "info@müllerxexample"):
            assert say(client, f"RCPT TO:<{to}>") >= 500, to
        assert say(client, "RCPT TO:<info@müller.example> SIZE=1") >= 500
        assert say(client, "RCPT TO:<nobody@müller.example>") == 550


@pytest.mark.parametrize("user", PEOPLE[3:8])
def test_a_local_part_of_any_letters(box, user):
    local, domain = user.split("@")
    assert imap_answer(box, user.upper()) and pop3_answer(box, user) and sieve_answer(box, user)
    assert may_send(box, user, user.upper())
    assert may_send(box, user, f"{local}+label@{domain}")
    assert not may_send(box, "alice@example.org", user)
    for to in (user, f"{local.upper()}+label@{domain}"):
        box.wait_message(user, box.send("hello", to=to))
    home = box.tree / "var/vmail" / domain / local
    assert (home / "Maildir").is_dir()


def test_an_apostrophe_as_telephones_write_it(box):
    assert imap_answer(box, "O’Brien@example.org")
    assert not imap_answer(box, "o\\'brien@example.org")


def test_an_address_with_a_plus_comes_before_a_label(box):
    for to, user in (("a+b@example.org", "a+b"), ("a+b+c@example.org", "a+b"),
                     ("a+c@example.org", "bob"), ("a@example.org", "bob"),
                     ("carol+shop@example.org", "bob"), ("carol+shop+x@example.org", "bob"),
                     ("carol+shops@example.org", "carol")):
        box.wait_message(f"{user}@example.org", box.send("hello", to=to))


SENDERS = [
    ("a+b", "a+b", True), ("a+b", "A+B+x", True), ("a+b", "a", False), ("a+b", "a+c", False),
    ("bob", "a", True), ("bob", "a+c", True), ("bob", "a+b", False), ("bob", "a+b+x", False),
    ("bob", "carol+shop", True), ("bob", "carol+shop+x", True), ("carol", "carol+shop", False),
    ("carol", "carol+x", True), ("alice", "team", True), ("alice", "Team+x", True),
    ("bob", "team", False), ("carol", "d1", True), ("carol", "d2+x", True), ("carol", "d3", True),
    ("alice", "d1", False), ("carol", "out", False), ("alice", "c0", True), ("bob", "c0", False),
    ("alice", "postmaster", True), ("bob", "postmaster", False), ("bob", "nobody", False),
]


@pytest.mark.parametrize("user, sender, may", SENDERS)
def test_a_login_owns_what_leads_to_it(box, user, sender, may):
    assert may_send(box, f"{user}@example.org", f"{sender}@example.org") == may


def test_a_login_owns_aliases_of_the_hostname(box):
    for sender in ("root@mail.example.org", "abuse@mail.example.org", ""):
        assert may_send(box, "alice@example.org", sender), sender
    assert not may_send(box, "bob@example.org", "root@mail.example.org")


def test_a_thousand_aliases_in_a_row_deliver(box):
    box.wait_message("alice@example.org", box.send("hello", to="c0@example.org"))


def test_a_plus_has_its_own_quota(box):
    """full@ is full, and full+one@ is somebody else; Postfix asks for each before it takes mail."""
    line = b"x" * 76 + b"\r\n"
    with box.imap("full@example.org") as client:
        for _ in range(3):
            client.append("INBOX", None, None, b"Subject: full\r\n\r\n" + line * (600 * 1024 // 78))
    large = box.send(("y" * 70 + "\n") * 15000, to="full@example.org")
    box.wait_message("full@example.org", large, timeout=90)
    with box.smtp() as client:
        assert client.mail("stranger@example.com", ["size=1048576"])[0] == 250
        assert client.rcpt("full+two@example.org")[0] == 452
        assert client.rcpt("full+one@example.org")[0] == 250
        assert client.rcpt("full+one+label@example.org")[0] == 250


@pytest.mark.parametrize("user", ["o'brien@example.org", "a+b@example.org"])
def test_moving_to_spam_teaches_for_that_user(box, user):
    message = letter("unwanted")
    with box.imap(user) as client:
        client.append("INBOX", None, None, message.as_bytes())
        client.select("INBOX")
        number, = client.search(None, "HEADER", "Message-ID", message["Message-ID"])[1][0].split()
        imaplib.Commands.setdefault("MOVE", ("SELECTED",))
        assert client._simple_command("MOVE", number.decode(), "Spam")[0] == "OK"
    box.run("systemctl", "start", "postcask-learn.service", timeout=120)
    assert re.search(rf"^learned from {re.escape(user)}: 1$", box.journal("postcask-learn"), re.M)


def test_training_is_found_for_an_address_with_a_plus(box):
    code = ("use lib '/usr/share/postcask/perl'; use Postcask::Trained; "
            "print Postcask::Trained::sole_user($_) // '-', qq(\\n) for @ARGV")
    answers = {"A+B@example.org": "a+b@example.org", "a+b+c@example.org": "a+b@example.org",
               "a+x@example.org": "bob@example.org", "o'brien+x@example.org": "o'brien@example.org",
               "carol+shop@example.org": "bob@example.org", "team+x@example.org": "alice@example.org",
               "carol+x@example.org": "carol@example.org"}
    said = box.run("perl", "-e", code, *answers).stdout.split()
    assert dict(zip(answers, said)) == answers
