# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was booted by UEFI, and may have been cut off before (test_power_cuts.py), when its
clock steps."""

import imaplib
import json
import ssl

import pytest

from mail_load import MailLoad
from sample import part
from vm import PASSWORD

# A run of all tests has these, or the power cut (test_power_cuts.py).
STEPS = part([(), ("-10 minutes", "+400 days")], 2)[-1]


def test_uefi_boot_is_ready(uefi):
    assert uefi.wait_line()[1] == "ready", uefi.console[-6000:]
    assert uefi.ssh("test -d /sys/firmware/efi && echo efi").strip() == "efi"


def test_two_machines_share_no_key(bios, uefi):
    assert len(bios.secrets) >= 6 and not bios.secrets & uefi.secrets


def logged_in(machine):
    """Alice's session.  One that is under way when the clock steps may be lost: a mail program
    asks again, and what was said in the meantime is shown."""
    for last in (False, True):
        client = imaplib.IMAP4("127.0.0.1", machine.ports["imap"], timeout=60)
        try:
            client.starttls(ssl._create_unverified_context())
            client.login("alice@example.org", PASSWORD)
            return client
        except (imaplib.IMAP4.error, OSError):
            print(machine.ssh("sudo journalctl -b --no-pager -u dovecot | tail -40", check=False))
            if last:
                raise


if STEPS:
    @pytest.mark.parametrize("step", STEPS)
    def test_a_stepped_clock_stops_no_mail(uefi, step):
        """What is under way, and what comes afterwards, is filtered, delivered, accounted for and can
        be read; the last tests of this machine."""
        with MailLoad(uefi, clients=2, pause=3) as load:
            load.wait_acknowledged(4)
            uefi.ssh(f"sudo date -s '{step}'")
            load.wait_acknowledged(8)
            load.ended.set()
        assert {place for _, place, _ in load.settled()} <= {"mailbox", "quarantine"}
        with logged_in(uefi) as client:
            client.select("INBOX", readonly=True)
            for name in set(load.acknowledged) - load.viruses:
                assert client.search(None, "HEADER", "X-Load", name)[1] != [b""]
        account = json.loads(uefi.ssh("sudo cat /run/postcask/account/account.json"))
        assert account["missing"] == 0 and account["unfollowed"] == 0, account

    def test_a_clock_set_forward_renews_the_certificates(uefi):
        """The step before this test has let the first one expire, which was good for 395 days."""
        good = "openssl s_client -connect 127.0.0.1:993 < /dev/null 2> /dev/null | " \
               "openssl x509 -checkend 86400"
        uefi.ssh(f"timeout 120 sh -c 'until {good}; do sleep 1; done'", timeout=150)
