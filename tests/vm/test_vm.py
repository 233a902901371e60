# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a whole machine has: boot loaders, cloud-init from a disk, the firewall from outside,
a growing disk, a clock that steps."""

import imaplib
import json
import re
import ssl

import pytest

from mail_load import MailLoad
from vm import PORTS, USER_DATA, in_soak_only

MAIL_PORTS = sorted(set(PORTS) - {"ssh"})
SPEAKS_FIRST = sorted(set(MAIL_PORTS) - {"submissions", "imaps", "pop3s"})


def state(machine):
    match = machine.wait_line()
    return match.group(1)


def test_bios_boot_is_ready(bios):
    assert state(bios) == "ready", bios.console[-6000:]
    assert int(bios.wait_line().group(3)) >= 25 and bios.wait_line().group(4) == "0"


def test_the_report_is_the_consoles_last_word(bios):
    """Whoever stands before the console reads the state in its last line."""
    state(bios)
    assert bios.ssh("systemctl is-system-running --wait", timeout=300).strip() == "running"
    bios.ssh("echo this is the end | sudo tee /dev/ttyS0")
    bios.wait_line("this is the end", 30)
    said = bios.console.split("POSTCASK state=")[1].splitlines()[1:]
    assert [line for line in said if line] == ["this is the end"]


def test_a_virtual_machine_boots_the_cloud_kernel(bios):
    assert bios.ssh("uname -r").strip().endswith("-cloud-amd64")


def test_the_kernels_protections_are_on(bios):
    """Those of Debian (linux-sysctl-defaults) and ours; what nothing here shows natively."""
    wanted = {"kernel.yama.ptrace_scope": "2", "kernel.kptr_restrict": "2",
              "kernel.dmesg_restrict": "1", "kernel.unprivileged_userns_clone": "0",
              "kernel.io_uring_disabled": "2", "kernel.panic": "10", "fs.protected_fifos": "2",
              "fs.protected_regular": "2", "fs.protected_hardlinks": "1",
              "net.ipv4.conf.all.accept_redirects": "0", "net.ipv4.conf.all.send_redirects": "0",
              "net.ipv4.conf.all.accept_source_route": "0",
              "net.ipv6.conf.all.accept_redirects": "0"}
    network = bios.ssh("ls /sys/class/net | grep -v lo").split()[0]
    for name in ("accept_redirects", "send_redirects", "accept_source_route"):
        wanted[f"net.ipv4.conf.{network}.{name}"] = "0"
    wanted[f"net.ipv4.conf.{network}.rp_filter"] = "2"
    said = bios.ssh("sudo sysctl -n " + " ".join(wanted)).split()
    assert dict(zip(wanted, said)) == wanted
    assert bios.ssh("systemctl --failed --no-legend --plain").strip() == ""


def test_uefi_boot_is_ready(uefi):
    assert state(uefi) == "ready", uefi.console[-6000:]
    assert uefi.ssh("test -d /sys/firmware/efi && echo efi").strip() == "efi"


def test_no_mail_port_answers_before_it_is_proved(bios):
    """A stranger knocked during the whole boot; by the machine's own clock, nobody let him in
    before the self-tests had ended."""
    assert bios.knocks > 5, "the test hardly knocked"
    proved = int(bios.ssh("systemctl show -p ExecMainExitTimestampMonotonic --value "
                          "postcask-verify.service"))
    entries = bios.ssh("sudo journalctl --no-pager -b -o json -u 'postfix*' -u dovecot "
                       "--output-fields=MESSAGE | grep -F '10.0.2.2'", check=False).splitlines()
    let_in = [int(json.loads(entry)["__MONOTONIC_TIMESTAMP"]) for entry in entries]
    assert proved > 0 and let_in and min(let_in) > proved


def test_every_mail_port_answers_after_the_proof(bios):
    for name in SPEAKS_FIRST:
        assert bios.banner(name, timeout=20), name
    for name in ("submissions", "imaps", "pop3s"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(bios.connect(name, 20)) as connection:
            assert connection.recv(100), name


def test_the_console_shows_the_certificate_authority(bios):
    assert "-----BEGIN CERTIFICATE-----" in bios.console
    shown = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", bios.console,
                      re.S).group(0)
    assert shown.split() == bios.ssh("postcask cert ca").split()


def test_var_grew_to_the_end_of_the_disk(bios):
    size = int(bios.ssh("df --output=size -BM /var | tail -1").strip().rstrip("M"))
    root = int(bios.ssh("df --output=size -BM / | tail -1").strip().rstrip("M"))
    assert size + root > 18 * 1024
    assert bios.ssh("findmnt -no SOURCE /var") != bios.ssh("findmnt -no SOURCE /")


def test_a_disk_that_is_found_late_is_waited_for(bios):
    """systemd gives it up after 90 seconds, which a busy host takes, and the machine with it."""
    settings = bios.ssh("cat /run/systemd/generator/*.device.d/50-device-timeout.conf")
    assert "JobRunningTimeoutSec=15min" in settings


def test_cloud_init_is_done_and_nothing_failed(bios):
    assert "status: done" in bios.ssh("cloud-init status --wait", check=False)
    assert bios.ssh("systemctl --failed --no-legend --plain").strip() == ""


def test_no_unit_waits_for_itself(bios):
    """systemd breaks a cycle by leaving out a job, which another boot may do otherwise."""
    found = bios.ssh("sudo journalctl -b --no-pager _PID=1 | grep -c 'Reached target'; "
                     "sudo journalctl -b --no-pager _PID=1 | grep 'ordering cycle'", check=False)
    assert int(found) > 3, found


def test_two_machines_share_no_key(bios, uefi):
    listed = "sudo sh -c 'sha256sum /var/lib/postcask/keys/* /etc/ssh/ssh_host_*key " \
             "/etc/machine-id /var/lib/systemd/random-seed'"
    one, two = ({line.split()[0] for line in machine.ssh(listed, check=False).splitlines()}
                for machine in (bios, uefi))
    assert len(one) >= 6 and not one & two


@in_soak_only
def test_an_edited_seed_disk_is_the_same_instance(bios):
    """A seed disk made anew from an edited file for the same server."""
    instance = bios.ssh("cat /var/lib/cloud/data/instance-id")
    bios.power_off()
    bios.seed(USER_DATA.read_text() + "  services:\n    pop3: false\n")
    bios.boot()
    assert state(bios) == "ready"
    assert "pop3" not in bios.report()["open"] and "imap" in bios.report()["open"]
    assert bios.ssh("cat /var/lib/cloud/data/instance-id") == instance
    assert bios.ssh("systemctl --failed --no-legend --plain").strip() == ""


def logged_in(machine):
    """Alice's session.  One that is under way when the clock steps may be lost: a mail program
    asks again, and what was said in the meantime is shown."""
    password = re.search(r'password is "([^"]+)"', USER_DATA.read_text()).group(1)
    for last in (False, True):
        client = imaplib.IMAP4("127.0.0.1", machine.ports["imap"], timeout=60)
        try:
            client.starttls(ssl._create_unverified_context())
            client.login("alice@example.org", password)
            return client
        except (imaplib.IMAP4.error, OSError):
            print(machine.ssh("sudo journalctl -b --no-pager -u dovecot | tail -40", check=False))
            if last:
                raise


@pytest.mark.parametrize("step", ["-10 minutes", "+400 days"])
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
