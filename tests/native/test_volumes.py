# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of mail on volumes of their own, as cloud-init mounts them: new and empty ones, ones
that are away, and ones that come back.  A bind mount stands for the disk: to everything but
the kernel's block layer it is a mount like another."""

import json
import time

import pytest

from machine import PASSWORDS, Machine, user_data
from waiting import end_of

OURS = ["/var/vmail", "/var/spool/postfix", "/var/lib/postfix", "/var/lib/postcask",
        "/var/lib/postcask/quarantine", "/var/lib/amavis", "/var/lib/clamav"]
# What cloud-init writes where the user-data gives no options of its own.
LATE = "bind,nofail,x-systemd.after=cloud-init-network.service,_netdev"


def source(path):
    return "/srv/" + path.strip("/").replace("/", "-")


def on_volumes(paths, options=LATE):
    mounts = "".join(f'  - [{source(path)}, {path}, none, "{options}", "0", "0"]\n'
                     for path in paths)
    made = "".join(f"  - [mkdir, -p, {source(path)}/lost+found]\n" for path in paths)
    return user_data().replace("mail:\n", f"mounts:\n{mounts}bootcmd:\n{made}mail:\n")


def take_away(machine, *paths):
    """fstab names a disk from now on that is not there."""
    for path in paths:
        machine.run("sed", "-i", rf"\,\s{path}\s,c LABEL=away {path} ext4 "
                    "nofail,x-systemd.device-timeout=1s 0 2", "/etc/fstab")


def below(machine, path):
    """What lies in the folder that is mounted over."""
    return machine.run("sh", "-c", "mount --bind /var /mnt && cd /mnt && "
                       f"find ./{path.removeprefix('/var/')} ! -type d; cd /; umount /mnt").stdout


def mount(machine, path):
    machine.run("mount", "--bind", source(path), path)


def wait_state(machine, state, timeout=60):
    end = end_of(timeout)
    while True:
        report = machine.run("cat", "/run/postcask/report.json", check=False).stdout
        if report and json.loads(report)["state"] == state:
            return json.loads(report)
        assert time.monotonic() < end, report
        time.sleep(0.3)             # the report is a file


def assert_said(report, path):
    [note] = [note for note in report["notes"] if f"at {path}," in note]
    assert note.startswith("degraded: ") and f"mount {path}" in note, note


def assert_unwritable(machine, path):
    assert machine.run("touch", f"{path}/below", check=False).returncode != 0


def works(machine):
    sent = machine.send("hello")
    machine.wait_message("alice@example.org", sent)
    return sent


@pytest.fixture(scope="class")
def all_on_volumes():
    with Machine("volumes", "10.94.0", data=on_volumes(OURS)) as machine:
        yield machine


class TestAllOnVolumes:
    def test_new_and_empty_ones_are_ready_at_the_first_boot(self, all_on_volumes):
        machine = all_on_volumes
        assert machine.report()["state"] == "ready", machine.report()
        works(machine)
        shown = machine.run("stat", "-c", "%n %U %G %a", *OURS).stdout.splitlines()
        assert shown == ["/var/vmail vmail vmail 750", "/var/spool/postfix root root 755",
                         "/var/lib/postfix postfix postfix 755",
                         "/var/lib/postcask root root 711",
                         "/var/lib/postcask/quarantine amavis amavis 711",
                         "/var/lib/amavis amavis amavis 750", "/var/lib/clamav clamav clamav 755"]
        # cloud-init could not mount one in the other, before that had its folders.
        failed = machine.run("systemctl", "--failed", "--no-legend", "--plain").stdout
        assert not [line for line in failed.splitlines() if not line.startswith("cloud-init-")]
        for path in OURS:
            assert machine.run("findmnt", "-n", path).stdout

    def test_and_at_the_second(self, all_on_volumes):
        machine = all_on_volumes
        sent = works(machine)
        machine.boot("halt")
        machine.start()
        assert machine.report()["state"] == "ready", machine.report()
        machine.wait_message("alice@example.org", sent)
        works(machine)
        assert not below(machine, "/var/vmail") and not below(machine, "/var/spool/postfix")

    def test_without_settings_and_queue_nothing_is_begun_elsewhere(self, all_on_volumes):
        """Not a first boot once more, with other keys and an empty queue."""
        machine = all_on_volumes
        authority = machine.run("postcask", "cert", "ca").stdout
        take_away(machine, "/var/lib/postcask", "/var/spool/postfix")
        machine.boot("halt")
        machine.start()
        report = machine.report()
        assert report["state"] == "failed" and not report["firewall"]["open"]
        assert_said(report, "/var/lib/postcask")
        assert_said(report, "/var/spool/postfix")
        assert machine.run("sendmail", "alice@example.org", stdin="\n", check=False).returncode
        for path in ("/var/lib/postcask", "/var/spool/postfix"):
            assert_unwritable(machine, path)
            assert not below(machine, path)
        mount(machine, "/var/lib/postcask")
        mount(machine, "/var/lib/postcask/quarantine")
        mount(machine, "/var/spool/postfix")
        wait_state(machine, "ready", 120)
        assert machine.run("postcask", "cert", "ca").stdout == authority
        works(machine)


class TestMailboxes:
    """A machine of years, whose mailboxes move to a volume, which then fails."""

    def test_mail_in_the_folder_below_is_not_hidden(self):
        with Machine("moved", "10.95.0") as machine:
            old = works(machine)
            machine.run("mkdir", "-p", source("/var/vmail"))
            with open(machine.tree / "etc/fstab", "a", encoding="ascii") as fstab:
                fstab.write(f"{source('/var/vmail')} /var/vmail none bind,nofail 0 0\n")
            machine.boot("halt")
            machine.start()
            report = machine.report()
            [note] = [note for note in report["notes"] if "hides" in note]
            assert report["state"] != "ready" and "empty mailbox" in note
            self.assert_unavailable(machine)
            waiting = machine.send("while it is not decided") \
                if "smtp" in report["firewall"]["open"] else None

            [moved] = [word for word in note.split("`") if word.startswith("mount --bind")]
            machine.run("sh", "-c", moved)
            machine.run("systemctl", "start", "postcask-volumes")
            wait_state(machine, "ready")
            machine.wait_message("alice@example.org", old)
            if waiting:
                machine.wait_message("alice@example.org", waiting)
            self.away_and_back(machine, old)

    def assert_unavailable(self, machine):
        """No empty mailbox: no mailbox at all, for now."""
        script = f"a login alice@example.org \"{PASSWORDS['alice@example.org']}\"\\n" \
                 "b select INBOX\\nc logout\\n"
        done = machine.run("sh", "-c", f"(sleep 1; printf '{script}'; sleep 3) | "
                           "openssl s_client -quiet -connect 127.0.0.1:993 2>&1", check=False)
        assert "b OK" not in done.stdout and " NO [" in done.stdout, done.stdout

    def away_and_back(self, machine, old):
        machine.run("umount", "-l", "/var/vmail")
        report = wait_state(machine, "failed")
        assert_said(report, "/var/vmail")
        assert_unwritable(machine, "/var/vmail")
        self.assert_unavailable(machine)
        machine.run("sendmail", "alice@example.org", stdin="Subject: away\n\naway\n")
        machine.wait_queued("alice@example.org")
        take_away(machine, "/var/vmail")
        machine.boot("halt")
        machine.start()
        assert_said(machine.report(), "/var/vmail")
        self.assert_unavailable(machine)
        assert_unwritable(machine, "/var/vmail")
        assert "alice@example.org" in machine.run("postqueue", "-p").stdout

        mount(machine, "/var/vmail")
        wait_state(machine, "ready")
        machine.wait_message("alice@example.org", old)
        end = end_of(60)
        while "empty" not in machine.run("postqueue", "-p").stdout:
            assert time.monotonic() < end
            time.sleep(0.3)             # a queue tells nobody that it is empty
        assert not below(machine, "/var/vmail")
        # It is gone for good, and its line with it: the folder is used again.
        machine.run("sed", "-i", "/vmail/d", "/etc/fstab")
        machine.boot("halt")
        machine.start()
        assert machine.report()["state"] == "ready", machine.report()
        works(machine)
