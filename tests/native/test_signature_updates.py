# SPDX-License-Identifier: GPL-3.0-or-later
"""New signatures while mail comes: each is loaded, clamd goes on, and none is missed."""

import threading

import pytest

from signature import AS_CLAMAV, found, remove, text, update
from test_filter import ALICE, wait_quarantined
from machine import letter

UNIT = "clamav-daemon.service"


@pytest.fixture
def clamd(machine):
    """The process, which is the same afterwards, and which nobody had to end."""
    def pid():
        return machine.run("systemctl", "show", "-P", "MainPID", UNIT).stdout.strip()
    before = pid()
    yield machine
    remove(machine)
    assert pid() == before
    assert "hangs" not in machine.journal("postcask-watch.service")


def flow(machine, stop, sent):
    while not stop.wait(0.2):
        sent.append(machine.send("while signatures are loaded"))


def reload(machine):
    machine.run("systemctl", "reload", UNIT, timeout=120)


def test_all_updates_are_loaded_while_mail_comes(clamd):
    stop, sent = threading.Event(), []
    sender = threading.Thread(target=flow, args=(clamd, stop, sent))
    sender.start()
    try:
        for number in range(6):
            mark = f"update {number}"
            assert not found(clamd, mark)
            update(clamd, mark)
            if number % 2:
                reload(clamd)
            else:                                   # as freshclam
                clamd.run(*AS_CLAMAV, "/usr/lib/postcask/postcask-signatures", timeout=120)
            assert found(clamd, mark)
            assert not found(clamd, f"update {number - 1}")
    finally:
        stop.set()
        sender.join(60)
    for message_id in sent:
        clamd.wait_message(ALICE, message_id)


def test_what_comes_during_a_load_is_in_the_next(clamd):
    """Several at once: none is told that its signatures are loaded before they are."""
    update(clamd, "the first")
    first = threading.Thread(target=reload, args=(clamd,))
    first.start()
    update(clamd, "the second")
    others = [threading.Thread(target=reload, args=(clamd,)) for _ in range(3)]
    for other in others:
        other.start()
    reload(clamd)
    assert found(clamd, "the second")
    for thread in [first, *others]:
        thread.join(120)


def test_a_signal_and_the_socket_do_not_make_it_hang(clamd):
    """Right after a scan, whose thread it waited for, half a minute."""
    update(clamd, "a signal")
    assert not found(clamd, "a signal")
    loaded = clamd.journal(UNIT).count("Database correctly reloaded")
    clamd.run("systemctl", "kill", "--signal=USR2", UNIT)
    # it answers when it has loaded, as it takes the signal first
    clamd.run("python3", "-c", "import socket\nwith socket.socket(socket.AF_UNIX) as client:\n"
              "    client.connect('/run/clamav/clamd.ctl')\n    client.sendall(b'nRELOAD\\n')\n"
              "    assert client.recv(99) == b'RELOADING\\n'")
    reload(clamd)
    assert found(clamd, "a signal")
    assert clamd.journal(UNIT).count("Database correctly reloaded") > loaded


def test_mail_is_scanned_by_what_was_loaded(clamd):
    update(clamd, "mail")
    reload(clamd)
    message = letter(text("mail"))
    with clamd.smtp() as client:
        client.sendmail("stranger@example.com", ALICE, message.as_bytes())
    assert wait_quarantined(clamd, message["Message-ID"])


def test_what_somebody_put_there_is_found(clamd):
    """And looked at no more when it is loaded."""
    def look():
        clamd.run("systemctl", "start", "postcask-signatures.service", timeout=120)
        return clamd.journal(UNIT).count("Database correctly reloaded")
    assert clamd.run("systemctl", "is-active", "postcask-signatures.timer").stdout == "active\n"
    look()
    before = look()
    update(clamd, "somebody")
    assert not found(clamd, "somebody")
    assert look() == before + 1
    assert found(clamd, "somebody")
    assert look() == before + 1


def test_root_may_ask_too(clamd):
    """The notes stay clamav's, who could not write them otherwise."""
    update(clamd, "root")
    clamd.run("/usr/lib/postcask/postcask-signatures", timeout=120)
    assert found(clamd, "root")
    assert clamd.run("find", "/run/postcask/signatures", "!", "-user", "clamav").stdout == ""


FRESHCLAM = "/var/lib/postcask/current/etc/clamav/freshclam.conf"
# Nothing official, and a file of the machine's own instead of a mirror's.
OWN = """
ExcludeDatabase main
ExcludeDatabase daily
ExcludeDatabase bytecode
DatabaseCustomURL file:///srv/update.ndb
"""


def test_freshclam_has_them_loaded(clamd):
    """By the same means in its unit as with a mirror."""
    before = clamd.run("cat", FRESHCLAM).stdout
    line = f"Test.fetched:0:*:{text('fetched').encode().hex()}\n"
    try:
        clamd.run("sh", "-c", "cat > /srv/update.ndb", stdin=line)
        clamd.run("sh", "-c", f"cat > {FRESHCLAM}", stdin=before + OWN)
        clamd.run("systemctl", "restart", "clamav-freshclam.service")
        said = clamd.run("timeout", "60", "sh", "-c", "journalctl -u clamav-freshclam -o cat -f "
                         "-n all | grep -m1 '^the signatures are loaded'", check=False).stdout
        assert said, clamd.journal("clamav-freshclam.service")
        assert found(clamd, "fetched")
    finally:
        clamd.run("sh", "-c", f"cat > {FRESHCLAM}", stdin=before)
        clamd.run("rm", "-f", "/srv/update.ndb")
        clamd.run("systemctl", "restart", "clamav-freshclam.service")
