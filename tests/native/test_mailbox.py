# SPDX-License-Identifier: GPL-3.0-or-later
"""143, 993, 110, 995 and 4190: people reading."""

import imaplib
import poplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from machine import PASSWORDS, letter
from managesieve import Sieve

ALICE, BOB = "alice@example.org", "bob@example.org"


def test_imap_disables_login_in_the_clear(machine):
    client = machine.imap(port=143)
    assert "STARTTLS" in client.capabilities and "LOGINDISABLED" in client.capabilities
    assert not any(name.startswith("AUTH=") for name in client.capabilities)
    with pytest.raises(imaplib.IMAP4.error):
        client.login(ALICE, PASSWORDS[ALICE])
    client.logout()


def test_imap_after_starttls(machine):
    client = machine.imap(port=143)
    client.starttls_named(machine.tls())
    assert {"AUTH=PLAIN", "AUTH=LOGIN"} <= set(client.capabilities)
    assert client.login_plain(ALICE, PASSWORDS[ALICE])[0] == "OK"
    client.logout()


def test_imap_login_command_after_starttls(machine):
    client = machine.imap(port=143)
    client.starttls_named(machine.tls())
    assert client.login(ALICE, f'{PASSWORDS[ALICE]}')[0] == "OK"
    client.logout()


@pytest.mark.parametrize("user", sorted(PASSWORDS))
def test_imaps_login(machine, user):
    machine.imap(user).logout()


def test_imaps_wrong_password(machine):
    """All at once, for each waits for its answer."""
    def attempt(user, password):
        client = machine.imap()
        with pytest.raises(imaplib.IMAP4.error):
            client.login_plain(user, password)
        client.shutdown()

    wrong = [(ALICE, "wrong"), (ALICE, ""), ("nobody@example.org", "x"), (ALICE, PASSWORDS[BOB]),
             ("../../etc/passwd", "x")]
    with ThreadPoolExecutor(len(wrong)) as pool:
        list(pool.map(lambda one: attempt(*one), wrong))


def test_imap_folders_have_their_special_use(machine):
    client = machine.imap(ALICE)
    listed = b"\n".join(client.list()[1]).decode()
    for folder, use in (("Spam", "\\Junk"), ("Sent", "\\Sent"), ("Drafts", "\\Drafts"),
                        ("Archive", "\\Archive"), ("Trash", "\\Trash")):
        assert any(use in line and folder in line for line in listed.splitlines()), listed
    client.logout()


def test_imap_append_flag_and_expunge(machine):
    client = machine.imap(BOB)
    message = letter("a draft")
    assert client.append("Drafts", "\\Draft", None, message.as_bytes())[0] == "OK"
    client.select("Drafts")
    number = client.search(None, "HEADER", "Message-ID", message["Message-ID"])[1][0].split()[0]
    client.store(number, "+FLAGS", "\\Deleted")
    assert client.expunge()[1] == [number]
    client.logout()


def test_nobody_reads_anothers_mail(machine):
    message_id = machine.send("for alice alone")
    machine.wait_message(ALICE, message_id)
    client = machine.imap(BOB)
    client.select("INBOX", readonly=True)
    assert client.search(None, "HEADER", "Message-ID", message_id)[1] == [b""]
    for folder in ("../alice/Maildir", "/var/vmail/example.org/alice/Maildir", "~alice"):
        assert client.select(f'"{folder}"', readonly=True)[0] == "NO"
    client.logout()


@pytest.mark.parametrize("version,good", [
    (ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
    (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)])
@pytest.mark.parametrize("port", [993, 995])
def test_tls_versions(machine, port, version, good):
    with socket.create_connection((machine.host, port), 10) as connection:
        try:
            machine.tls(version).wrap_socket(connection, server_hostname="mail.example.org")
            assert good
        except (ssl.SSLError, ConnectionError):
            assert not good


def test_pop3_refuses_the_password_in_the_clear(machine):
    client = machine.pop3(port=110)
    assert "STLS" in client.capa() and "USER" not in client.capa()
    with pytest.raises(poplib.error_proto):
        client.user(ALICE)
        client.pass_(PASSWORDS[ALICE])
    client.close()


def test_pop3_after_stls(machine):
    client = machine.pop3(port=110)
    assert client._shortcmd("STLS").startswith(b"+OK")
    client.sock = machine.tls().wrap_socket(client.sock, server_hostname="mail.example.org")
    client.file = client.sock.makefile("rb")
    client.user(ALICE)
    assert client.pass_(PASSWORDS[ALICE]).startswith(b"+OK")
    client.quit()


def test_pop3s_fetches_and_deletes(machine):
    message_id = machine.send("for pop", to="carol@example.net")
    machine.wait_message("carol@example.net", message_id)
    client = machine.pop3("carol@example.net")
    count = client.stat()[0]
    assert count >= 1
    lines = client.retr(count)[1]
    assert any(message_id.encode() in line for line in lines)
    client.dele(count)
    client.quit()
    client = machine.pop3("carol@example.net")
    assert client.stat()[0] == count - 1
    client.quit()


def test_pop3s_wrong_password(machine):
    client = machine.pop3()
    client.user(ALICE)
    with pytest.raises(poplib.error_proto):
        client.pass_("wrong")
    client.close()


def test_the_self_test_account_cannot_log_in_from_outside(machine):
    secret = machine.run("cat", "/run/postcask/selftest.secret").stdout.strip()
    client = machine.imap()
    with pytest.raises(imaplib.IMAP4.error):
        client.login_plain("selftest@selftest.invalid", secret)
    client.shutdown()


def test_managesieve_needs_tls_before_the_password(machine):
    sieve = Sieve(machine)
    listed = b"".join(sieve.capabilities)
    assert b'"STARTTLS"' in listed and b'"SASL" ""' in listed
    assert sieve.login(ALICE, PASSWORDS[ALICE]).startswith(b"NO")
    sieve.close()


def test_managesieve_script_files_mail(machine):
    sieve = Sieve(machine)
    sieve.starttls()
    assert b'"SASL" "PLAIN' in b"".join(sieve.capabilities)
    assert sieve.login(BOB, PASSWORDS[BOB]).startswith(b"OK")
    sieve.put("mine", 'require ["fileinto","mailbox"];\r\nif header :is "subject" "to be filed" {\r\n'
                      'fileinto :create "Filed";\r\n}\r\n')
    assert sieve.command(b'SETACTIVE "mine"')[-1].startswith(b"OK")
    message = letter("x", subject="to be filed")
    with machine.smtp() as client:
        client.sendmail("stranger@example.com", BOB, message.as_bytes())
    machine.wait_message(BOB, message["Message-ID"], folder="Filed")
    assert sieve.command(b'SETACTIVE ""')[-1].startswith(b"OK")
    assert sieve.command(b'PUTSCRIPT "bad" {9+}\r\nnot sieve')[-1].startswith(b"NO")
    sieve.close()


def test_managesieve_wrong_password(machine):
    sieve = Sieve(machine)
    sieve.starttls()
    assert sieve.login(BOB, "wrong").startswith(b"NO")
    sieve.close()


def test_locks_of_another_host_are_not_waited_for(machine):
    """As a machine leaves them that lost its power and has another name since.  They are asked for
    when an index is made anew."""
    machine.run("sh", "-euc", """
        systemctl stop dovecot.service
        cd /var/vmail/example.org/alice/Maildir
        for name in dovecot-uidlist dovecot.index.log dovecot.list.index.log; do
            rm -f $name; echo 1:elsewhere > $name.lock; chown vmail: $name.lock
        done
        systemctl start dovecot.service""")
    machine.wait_message(ALICE, machine.send("after the locks"), timeout=30)


def test_locks_are_removed_with_the_rights_of_the_mailboxes_owner(machine):
    """A folder there that turns into a link while it is searched leads nowhere: what only root
    could remove stays."""
    machine.run("sh", "-euc", """
        cd /var/vmail; mkdir -m 755 roots; touch roots/a.lock
        runuser -u vmail -- touch example.org/b.lock
        systemctl restart dovecot.service
        test -e roots/a.lock; test ! -e example.org/b.lock; rm -r roots""")
