# SPDX-License-Identifier: GPL-3.0-or-later
"""Port 25, as other mail servers see it."""

import json
import smtplib
import socket
import ssl
import subprocess

import pytest

from machine import PASSWORDS, last_line, letter


def refused(client, sender, recipient):
    """The code with which the server refuses the recipient."""
    assert client.mail(sender)[0] == 250
    code, _ = client.rcpt(recipient)
    client.rset()
    return code


def test_banner_names_the_host_and_no_version(machine):
    with socket.create_connection((machine.host, 25), 10) as connection:
        stream = connection.makefile("rb")
        banners = [stream.readline()]
        while banners[-1][3:4] == b"-":
            banners.append(stream.readline())
    for banner in banners:
        assert banner[4:].startswith(b"mail.example.org ESMTP")
        assert b"Postfix (" not in banner and b"Debian" not in banner
    assert banners[-1].startswith(b"220 ")


def test_ehlo_capabilities(machine):
    with machine.smtp() as client:
        for capability in ("starttls", "8bitmime", "pipelining", "enhancedstatuscodes", "size"):
            assert client.has_extn(capability), capability
        assert not client.has_extn("auth")
        assert not client.has_extn("vrfy")
        assert int(client.esmtp_features["size"]) >= 10 * 2**20


@pytest.mark.parametrize("tls", [False, True])
def test_nobody_logs_in_on_25(machine, tls):
    """services.smtp_auth is off: the right password is not even looked at."""
    import base64
    with machine.smtp(tls=tls) as client:
        assert not client.has_extn("auth")
        secret = base64.b64encode(f"\0alice@example.org\0{PASSWORDS['alice@example.org']}".encode())
        assert client.docmd("AUTH", "PLAIN " + secret.decode())[0] == 503
        assert refused(client, "alice@example.org", "friend@elsewhere.example") == 554


def greeted(machine, greeting):
    """What RCPT is answered after this greeting."""
    with machine.smtp() as client:
        client.send(b"EHLO " + greeting + b"\r\n")
        code, _ = client.getreply()
        return refused(client, "stranger@example.com", "alice@example.org") if code == 250 else code


@pytest.mark.parametrize("greeting", [
    b"mx.example.com", b"localhost", b"WIN-4711AB", b"under_score.example", b"_x", b"mx.example.com.",
    b"192.0.2.1", b"[192.0.2.1]", b"[IPv6:2001:db8::1]", b"2001:db8::1", b"xn--mller-kva.example",
    b"12a", b"a" * 63, b".".join([b"a" * 62] * 4), b"mail.example.org", b"no-such-name.invalid"])
def test_a_stranger_may_have_any_name(machine, greeting):
    """RFC 5321 section 4.1.4: no message is refused because a name cannot be verified."""
    assert greeted(machine, greeting) == 250


@pytest.mark.parametrize("greeting", [
    "müller.example".encode(), b"two words", b"(none)", b"a..b", b".a", b"-a.example", b"a-.example",
    b"12345", b"1.2.3", b"[999.1.1.1]", b"[192.0.2.1", b"a" * 64, b".".join([b"a" * 60] * 5), b"a@b",
    b"a/b", b"*", b""])
def test_what_cannot_be_a_name_is_refused(machine, greeting):
    assert greeted(machine, greeting) == 501


def test_starttls_with_the_machines_certificate(machine):
    with machine.smtp(tls=True) as client:
        assert client.sock.version() in ("TLSv1.2", "TLSv1.3")
        names = client.sock.getpeercert()["subjectAltName"]
        assert ("DNS", "mail.example.org") in names


def test_starttls_forgets_what_was_said_in_the_clear(machine):
    """RFC 3207 §4.2, and the command injection of CVE-2011-0411."""
    with socket.create_connection((machine.host, 25), 10) as connection:
        stream = connection.makefile("rb")
        last_line(stream)
        connection.sendall(b"EHLO a.example.com\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        connection.sendall(b"STARTTLS\r\nRSET\r\nQUIT\r\n")
        assert stream.readline().startswith(b"220")
        connection.settimeout(2)
        tls = machine.tls().wrap_socket(connection, server_hostname="mail.example.org")
        tls.sendall(b"NOOP\r\n")
        assert tls.recv(100).startswith(b"250 2.0.0 Ok")


@pytest.mark.parametrize("recipient", ["victim@example.com", "victim@[192.0.2.1]",
                                       "victim%example.com@example.org",
                                       "example.com!victim@example.org", "victim@example.com@",
                                       "\"victim@example.com\"@example.org",
                                       "@example.org:victim@example.com"])
def test_no_relay_for_strangers(machine, recipient):
    with machine.smtp() as client:
        assert 500 <= refused(client, "stranger@example.net", recipient) < 600


def test_no_relay_for_a_forged_local_sender(machine):
    with machine.smtp() as client:
        assert refused(client, "alice@example.org", "victim@example.com") in (550, 553, 554)


@pytest.mark.parametrize("recipient", ["nobody@example.org", "alice@example.net",
                                       "selftest@selftest.invalid", "postfix@mail.example.org",
                                       "vmail@example.org"])
def test_unknown_recipients_are_refused_at_once(machine, recipient):
    with machine.smtp() as client:
        assert 500 <= refused(client, "stranger@example.com", recipient) < 600


@pytest.mark.parametrize("recipient", [
    "alice@example.org", "ALICE@Example.ORG", "alice+list@example.org", "carol@example.net",
    "postmaster@example.org", "abuse@example.org", "postmaster@example.net", "sales@example.org",
    "abuse@example.net", "postmaster@mail.example.org", "root@mail.example.org", "postmaster"])
def test_known_recipients_are_accepted(machine, recipient):
    with machine.smtp() as client:
        assert refused(client, "stranger@example.com", recipient) == 250


def test_the_null_sender_is_accepted(machine):
    with machine.smtp() as client:
        assert refused(client, "<>", "alice@example.org") == 250


def give(client, sender, to=b"alice@example.org", mail=b"", rcpt=b""):
    """MAIL and RCPT with the very bytes; the last answer."""
    client.send(b"MAIL FROM:<" + sender + b">" + mail + b"\r\n")
    answer = client.getreply()
    if answer[0] == 250:
        client.send(b"RCPT TO:<" + to + b">" + rcpt + b"\r\n")
        answer = client.getreply()
    return answer


def all_arrive(machine, envelopes):
    sent = []
    with machine.smtp() as client:
        for envelope in envelopes:
            message = letter("from somebody odd")
            assert give(client, **envelope)[0] == 250, envelope
            assert client.data(message.as_bytes())[0] == 250, envelope
            sent.append(message["Message-ID"])
    for message_id in sent:
        machine.wait_message("alice@example.org", message_id)


@pytest.mark.parametrize("local", [b'"a\x1bb"', b'"a\x7fb"', b"alice+\xe9", b"\xc3", b"\xc0\xaf",
                                   b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\xc3\xa9\xff"])
def test_an_address_that_dovecot_cannot_read_is_refused(machine, local):
    """It was accepted, and bounced to whoever was named as its sender."""
    with machine.smtp() as client:
        assert give(client, local + b"@example.com")[0] == 553
        client.rset()
        assert give(client, b"a@example.com", to=local + b"@example.org")[0] == 553


def test_what_dovecot_cannot_read_after_all_waits(machine):
    """sendmail(1) takes any sender."""
    machine.run("sh", "-c", "printf 'Subject: x\\n\\nx\\n' |"
                " sendmail -f \"$(printf '\\351')@example.com\" alice@example.org")
    machine.wait_queued("Invalid command syntax")
    waiting = json.loads(machine.run("postqueue", "-j").stdout)
    machine.run("postsuper", "-d", waiting["queue_id"])


def test_odd_senders_are_delivered(machine):
    senders = [b'"a b"@example.com', b'"a,b"@example.com', b'"a\\"b"@example.com', b".a@example.com",
               b'"<>"@example.com', b"o'x%!#$&*/=?^`{|}~@example.com", "jürg@example.com".encode(),
               "\x80\u0800\ud7ff\uffff\U00010000\U0010ffff@example.com".encode(),
               b"a@[192.0.2.1]", b"x" * 100 + b"@example.com"]
    all_arrive(machine, [{"sender": sender} for sender in senders])


def test_odd_recipients_are_delivered(machine):
    recipients = [b'"alice"@example.org', b"alice@example.org.", b"@a.example,@b.example:alice@example.org",
                  b"ali\\ce@example.org", b'"alice+a b"@example.org', b"alice+a..b@example.org",
                  b"alice+@example.org", b"alice+/../x@example.org", b"alice+" + b"x" * 200 + b"@example.org",
                  b'"alice+<x>"@example.org', b'"alice+\\""@example.org', b"alice+$(id)@example.org",
                  "alice+\u00fc\U0010ffff@example.org".encode()]
    all_arrive(machine, [{"sender": b"a@example.com", "to": to} for to in recipients])


def test_odd_parameters_are_taken(machine):
    mail = [b" ENVID=a+2Bb", b" RET=HDRS ENVID=" + b"x" * 100, b" BODY=8BITMIME", b" AUTH=a+40b", b" SIZE=10"]
    rcpt = [b" NOTIFY=NEVER", b" NOTIFY=FAILURE,DELAY", b" ORCPT=rfc822;a+20b@c", b" ORCPT=x400;/c=d/",
            b" ORCPT=rfc822;" + b"x" * 480, b" ORCPT=rfc822;\xc3\xa9@b"]
    all_arrive(machine, [{"sender": b"a@example.com", "mail": one} for one in mail] +
               [{"sender": b"a@example.com", "rcpt": one} for one in rcpt])


@pytest.mark.parametrize("command", ["VRFY alice@example.org", "EXPN sales@example.org"])
def test_addresses_cannot_be_asked_for(machine, command):
    with machine.smtp() as client:
        code, answer = client.docmd(command)
        assert 500 <= code < 600 or code == 252
        assert b"bob" not in answer


def test_size_over_the_limit_is_refused_before_the_data(machine):
    with machine.smtp() as client:
        limit = int(client.esmtp_features["size"])
        code, _ = client.mail("stranger@example.com", [f"SIZE={limit + 1}"])
        assert code == 552


def test_bare_line_feeds_cannot_smuggle_a_message(machine):
    """CVE-2023-51764: end of data is CR LF . CR LF and nothing else."""
    with socket.create_connection((machine.host, 25), 20) as connection:
        stream = connection.makefile("rb")
        last_line(stream)
        for line in (b"EHLO a.example.com", b"MAIL FROM:<a@example.com>",
                     b"RCPT TO:<alice@example.org>", b"DATA"):
            connection.sendall(line + b"\r\n")
            answer = stream.readline()
            while answer[3:4] == b"-":
                answer = stream.readline()
        assert answer.startswith(b"354")
        connection.sendall(b"Subject: outer\r\n\r\nx\n.\r\nMAIL FROM:<b@example.com>\r\n"
                           b"RCPT TO:<alice@example.org>\r\nDATA\r\n\r\ninner\r\n.\r\n")
        answer = stream.readline()
        assert answer[:3] in (b"250", b"521", b"550")
        if answer.startswith(b"250"):       # one message, with the rest as its text
            connection.sendall(b"NOOP\r\n")
            assert stream.readline() == b"250 2.0.0 Ok\r\n"


def test_helo_is_required(machine):
    with socket.create_connection((machine.host, 25), 10) as connection:
        stream = connection.makefile("rb")
        last_line(stream)
        connection.sendall(b"MAIL FROM:<a@example.com>\r\n")
        assert stream.readline().startswith(b"503")


@pytest.mark.parametrize("version,good", [
    (ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
    (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)])
def test_tls_versions_on_25(machine, version, good):
    client = machine.smtp()
    try:
        client.starttls(context=machine.tls(version))
        assert good
    except (ssl.SSLError, ConnectionError, smtplib.SMTPServerDisconnected):
        assert not good
    finally:
        client.close()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_both_kinds_of_certificate_are_served(machine, kind, tmp_path):
    authority = tmp_path / "ca.pem"
    authority.write_text(machine.run("postcask", "cert", "ca").stdout)
    algorithms = {"ecdsa": "ECDSA+SHA256", "rsa": "RSA-PSS+SHA256"}
    done = subprocess.run(
        ["openssl", "s_client", "-connect", machine.host + ":25", "-starttls", "smtp",
         "-servername", "mail.example.org", "-verify_hostname", "mail.example.org",
         "-CAfile", authority, "-verify_return_error", "-sigalgs", algorithms[kind]],
        input="QUIT\n", capture_output=True, text=True, timeout=20)
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
    assert f"Peer signature type: {'ECDSA' if kind == 'ecdsa' else 'RSA-PSS'}" in done.stdout


def test_swaks_delivers(machine):
    done = subprocess.run(["swaks", "--server", machine.host, "--from", "s@example.com",
                           "--to", "alice@example.org", "--tls", "--timeout", "20"],
                          capture_output=True, text=True, timeout=40)
    assert done.returncode == 0, done.stdout


def test_a_message_arrives_byte_for_byte(machine):
    text = "Grüße\n.leading dot\n..two\n" + "x" * 900 + "\nend\n"
    message = letter(text)
    message.replace_header("Content-Transfer-Encoding", "8bit")
    message.set_payload(text.encode())
    data = message.as_bytes().replace(b"\n", b"\r\n")
    with machine.smtp() as client:
        client.sendmail("stranger@example.com", "alice@example.org", data, ["BODY=8BITMIME"])
    arrived = machine.wait_message("alice@example.org", message["Message-ID"])
    assert arrived.split(b"\r\n\r\n", 1)[1] == data.split(b"\r\n\r\n", 1)[1]
    assert arrived.startswith(b"Return-Path: <stranger@example.com>")


def test_an_alias_reaches_all_its_people(machine):
    message_id = machine.send("to sales", to="sales@example.org")
    for user in ("alice@example.org", "bob@example.org"):
        machine.wait_message(user, message_id)


def test_postmaster_of_every_domain_reaches_a_person(machine):
    message_id = machine.send("to the postmaster", to="postmaster@example.net")
    machine.wait_message("alice@example.org", message_id)


def test_a_subaddress_is_the_same_mailbox(machine):
    message_id = machine.send("plus", to="alice+shop@example.org")
    arrived = machine.wait_message("alice@example.org", message_id)
    assert b"alice+shop@example.org" in arrived


def test_every_user_can_log_in_whatever_the_password(machine):
    for user in PASSWORDS:
        machine.imap(user).logout()
