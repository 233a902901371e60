# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports 587 and 465: people sending."""

import base64
import select
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from machine import PASSWORDS, letter

ALICE, BOB = "alice@example.org", "bob@example.org"
PORTS = (587, 465)


def test_587_offers_no_authentication_in_the_clear(machine):
    with machine.smtp(587) as client:
        assert client.has_extn("starttls") and not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] >= 500
        assert client.mail("alice@example.org")[0] == 530


def test_465_does_not_speak_in_the_clear(machine):
    with socket.create_connection((machine.host, 465), 10) as connection:
        connection.sendall(b"EHLO a.example.com\r\n")
        try:
            answer = connection.recv(100)
        except ConnectionResetError:
            answer = b""
    assert not answer.startswith(b"220") and not answer.startswith(b"250")


@pytest.mark.parametrize("port", PORTS)
def test_mechanisms_are_plain_and_login(machine, port):
    with machine.smtp(port, tls=port == 587) as client:
        assert sorted(client.esmtp_features["auth"].split()) == ["LOGIN", "PLAIN"]


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("user", sorted(PASSWORDS))
def test_plain_with_the_right_password(machine, port, user):
    machine.submission(user, port).quit()


@pytest.mark.parametrize("port", PORTS)
def test_login_mechanism(machine, port):
    with machine.smtp(port, tls=port == 587) as client:
        assert client.docmd("AUTH", "LOGIN")[0] == 334
        assert client.docmd(base64.b64encode(ALICE.encode()).decode())[0] == 334
        secret = base64.b64encode(PASSWORDS[ALICE].encode()).decode()
        assert client.docmd(secret)[0] == 235


WRONG = [(ALICE, "wrong"), (ALICE, ""), (ALICE, PASSWORDS[BOB]), ("nobody@example.org", "x"),
         ("alice", PASSWORDS[ALICE]), ("", ""), ("*", "*")]


def auth_plain(user, password):
    return "AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def test_wrong_passwords_are_refused(machine):
    """All at once, for each waits for its answer."""
    def answer(port, user, password):
        with machine.smtp(port, tls=port == 587) as client:
            return client.docmd(auth_plain(user, password))[0]

    tries = [(port, *case) for port in PORTS for case in WRONG]
    with ThreadPoolExecutor(len(tries)) as pool:
        answers = list(pool.map(lambda one: answer(*one), tries))
    assert set(answers) <= {501, 535}, list(zip(tries, answers))


@pytest.mark.parametrize("port", PORTS)
def test_who_guesses_waits_and_nobody_else(machine, port):
    """Behind one address a device has an old password, and somebody another: Dovecot's own
    penalty was for the address, and Postfix gave up before it was over (454)."""
    guessers = [machine.smtp(port, tls=port == 587) for _ in range(10)]
    for number, client in enumerate(guessers):
        client.putcmd(auth_plain(ALICE, f"guess {number}"))
    for user in sorted(PASSWORDS) * 3:
        machine.submission(user, port).quit()           # 235
    sockets = [client.sock for client in guessers]
    assert not any(one.pending() for one in sockets) and not select.select(sockets, [], [], 0)[0]
    assert {client.getreply()[0] for client in guessers} == {535}
    machine.submission(ALICE, port).quit()              # nor does anybody wait afterwards
    for client in guessers:
        client.close()


@pytest.mark.parametrize("port", PORTS)
def test_right_logins_are_never_too_many(machine, port):
    """Of one address, in a minute and at once: an office, or a program with many invoices.
    Dovecot and Postfix leave the loopback free: this is none."""
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: machine.submission(ALICE, port), range(80)))
    assert {client.noop()[0] for client in clients} == {250}
    for client in clients:
        client.close()


@pytest.mark.parametrize("port", PORTS)
def test_nothing_without_authentication(machine, port):
    with machine.smtp(port, tls=port == 587) as client:
        client.mail(ALICE)
        assert 500 <= client.rcpt(ALICE)[0] < 600


@pytest.mark.parametrize("port", PORTS)
def test_the_sender_is_the_login(machine, port):
    client = machine.submission(ALICE, port)
    for forged in (BOB, "stranger@example.com"):
        code = client.mail(forged)[0]
        code = client.rcpt(ALICE)[0] if code == 250 else code
        assert 500 <= code < 600, forged
        client.rset()
    assert client.mail(ALICE)[0] == 250 and client.rcpt(BOB)[0] == 250
    client.quit()


@pytest.mark.parametrize("port", PORTS)
def test_a_submitted_message_arrives(machine, port):
    message = letter("from alice to bob", From=ALICE, To=BOB)
    with machine.submission(ALICE, port) as client:
        client.sendmail(ALICE, BOB, message.as_bytes())
    arrived = machine.wait_message(BOB, message["Message-ID"])
    assert b"from alice to bob" in arrived
    assert b"Authenticated sender" not in arrived or b"alice" in arrived


# What stands behind EHLO is the computer's name, or what a device's maker thought of.
GREETINGS = [
    "MÜLLER-PC".encode(), "Дмитрий-ПК".encode("cp1251"), "会议室".encode(), b"Ricoh MP C307 2nd floor",
    b"DESKTOP_OFFICE", b"DESKTOP-4711AB", b"192.168.1.21", b"[192.168.1.21]", b"::1", b"[IPv6:::1]",
    b"[999.1.1.1]", b"[]", b"scanner.office.example.", b"localhost.localdomain", b"(none)", b"-", b".",
    b"a..b", b"12345", b"-pc-", b"", b" ", b"\t", b"x" * 300, b"x." * 400 + b"x", b"x" * 1990,
    b"\x00pc", b"a\x01\x1b[2J\x7f", b"a\tb", b"<script>", b"a;b)(c\"\\", b"user@host", b"*", b"\xff\xfe",
    b"pc by mail.example.org (Postfix); id 1", b"%s%n${x}$(id)", b"selftest.invalid", b"mail.example.org",
]


@pytest.mark.parametrize("port", PORTS)
def test_a_login_may_greet_as_it_likes(machine, port):
    sent = []
    for greeting in GREETINGS[PORTS.index(port)::len(PORTS)]:
        client = machine.smtp(port, tls=port == 587)
        client.send(b"EHLO " + greeting + b"\r\n")
        answer = client.getreply()
        assert answer[0] == 250 and b"AUTH PLAIN" in answer[1], (greeting, answer)
        client.user, client.password = ALICE, PASSWORDS[ALICE]
        client.login_utf8()
        message = letter("greeted", From=ALICE, To=BOB)
        client.sendmail(ALICE, BOB, message.as_bytes())
        client.quit()
        sent.append(message["Message-ID"])
    for message_id in sent:
        arrived = machine.wait_message(BOB, message_id)
        assert arrived.count(b"Message-ID:") == 1 and b"\ngreeted" in arrived
    assert "error in XFORWARD" not in machine.journal("postfix.service")


def test_mail_for_the_world_is_accepted_from_people_and_waits(machine):
    """No name server answers here, so it must stay in the queue, not bounce."""
    with machine.submission(ALICE) as client:
        client.sendmail(ALICE, "friend@example.com", letter("out", From=ALICE).as_bytes())
    assert machine.run("sh", "-c", "for i in $(seq 100); do postqueue -p | grep -q friend@example.com"
                       " && exit 0; sleep 0.2; done; exit 1").returncode == 0


@pytest.fixture
def no_login_server(machine):
    """Dovecot is down, and no process of Postfix has known it."""
    machine.run("systemctl", "stop", "dovecot.service")
    try:
        machine.run("systemctl", "restart", "postfix.service")
        yield
    finally:
        machine.run("systemctl", "start", "dovecot.service")


@pytest.mark.usefixtures("no_login_server")
@pytest.mark.parametrize("tls", [False, True])
def test_the_world_sends_while_nobody_can_log_in(machine, tls):
    for _ in range(3):
        message = letter("sent while Dovecot is down")
        with machine.smtp(25, tls=tls) as client:
            assert not client.sendmail("stranger@example.com", ALICE, message.as_bytes())


@pytest.mark.usefixtures("no_login_server")
@pytest.mark.parametrize("port", PORTS)
def test_without_a_login_server_the_client_is_dropped_and_keeps_its_message(machine, port):
    """All that Postfix can do; what it must not say is that the password is wrong."""
    with pytest.raises(smtplib.SMTPServerDisconnected):
        with machine.smtp(port, tls=port == 587) as client:
            client.ehlo("client.example.com")


@pytest.mark.parametrize("port", PORTS)
def test_logins_are_back_with_the_login_server(machine, port):
    with machine.smtp(port, tls=port != 465) as client:
        assert sorted(client.esmtp_features["auth"].split()) == ["LOGIN", "PLAIN"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused_on_465(machine, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with socket.create_connection((machine.host, 465), 10) as connection:
            machine.tls(version).wrap_socket(connection, server_hostname="mail.example.org")


def test_the_self_test_account_cannot_log_in_from_outside(machine):
    secret = machine.run("cat", "/run/postcask/selftest.secret").stdout.strip()
    with machine.smtp(587, tls=True) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("selftest@selftest.invalid", secret)
