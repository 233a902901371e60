"""Ports 587 and 465: people sending."""

import base64
import smtplib
import socket
import ssl

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


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("case", range(len(WRONG)))
def test_wrong_passwords_are_refused(machine, port, case):
    """Each from a client of its own: Dovecot answers one that guesses ever later."""
    user, password = WRONG[case]
    with machine.smtp(port, tls=port == 587, source=3 + case) as client:
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        assert client.docmd("AUTH", "PLAIN " + secret)[0] in (501, 535)


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
def test_the_world_sends_while_nobody_can_log_in(machine):
    for _ in range(3):      # a process that ended inside TLS shuts nobody out for long
        with pytest.raises(smtplib.SMTPServerDisconnected):
            machine.smtp(25, tls=True)
        message = letter("sent while Dovecot is down")
        with machine.smtp(25) as client:
            assert not client.sendmail("stranger@example.com", ALICE, message.as_bytes())


@pytest.mark.usefixtures("no_login_server")
@pytest.mark.parametrize("port", PORTS)
def test_without_a_login_server_the_client_is_dropped_and_keeps_its_message(machine, port):
    """All that Postfix can do; what it must not say is that the password is wrong."""
    with pytest.raises(smtplib.SMTPServerDisconnected):
        with machine.smtp(port, tls=port == 587) as client:
            client.ehlo("client.example.com")


@pytest.mark.parametrize("port", (25, *PORTS))
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
