# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's security fixes, from an archive that stands in for Debian's: what is installed, what it
must leave alone, what is proved afterwards and what is said."""

import json
import re
import time

import pytest

from archive import DEBS, NEWER, Archive
from machine import Machine, user_data

# What listens to strangers, and what upgrades often: with their own scripts, as Debian ships them.
REAL = ["postfix", "postfix-pcre", "postfix-sqlite", "postfix-lmdb", "dovecot-core",
        "dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd", "dovecot-sieve", "dovecot-managesieved",
        "dovecot-sqlite", "dovecot-flatcurve", "dovecot-ldap",
        "clamav-daemon", "clamav-base", "clamav-freshclam", "libclamav12", "unbound",
        "libssl3t64", "openssl", "cloud-init", "openssh-server", "openssh-client",
        "openssh-sftp-server", "apt", "libapt-pkg7.0", "unattended-upgrades"]
HELD = ["amavisd-new", "spamassassin"]
ENDED = ("inactive", "failed")
DAY = 24 * 60 * 60
STATE = "var/lib/postcask/updates/state.json"

# As a kernel's script has it said.
KERNEL = ("DPKG_MAINTSCRIPT_PACKAGE=linux-image-test DPKG_MAINTSCRIPT_NAME=postinst "
          "/etc/kernel/postinst.d/unattended-upgrades")
UNINVITED = "usr/lib/systemd/system/uninvited.service"
STARTED = ("deb-systemd-helper enable uninvited.service; systemctl daemon-reload\n"
           "deb-systemd-invoke start uninvited.service")

pytestmark = pytest.mark.skipif(not DEBS.is_dir(), reason="the builder's packages are not here")


class Box:
    """The machine and the archive it updates from."""

    def __init__(self, machine, archive):
        self.machine, self.archive, self.run = machine, archive, machine.run

    def update(self):
        """The daily job, to its end.  systemd itself may be started anew meanwhile, and then
        nobody who waits for it is told."""
        before = self.shown("postcask-update.service", "InvocationID")
        self.run("systemctl", "start", "--no-block", "postcask-update.service")
        end = time.monotonic() + 400
        while (self.shown("postcask-update.service", "InvocationID") in (before, "")
               or self.shown("postcask-update.service", "ActiveState") not in ENDED):
            assert time.monotonic() < end, self.machine.journal("postcask-update.service")
            time.sleep(0.3)
        assert self.shown("postcask-update.service", "Result") == "success", \
            self.machine.journal("postcask-update.service")

    def shown(self, unit, name):
        return self.run("systemctl", "show", "-P", name, unit, check=False).stdout.strip()

    def status(self):
        return json.loads(self.run("postcask", "status", "--json", check=False).stdout)

    def notes(self):
        return [note for note in self.status()["notes"]
                if note.startswith("degraded") and "virus signatures" not in note]

    def version(self, package):
        return self.run("dpkg-query", "-W", "-f", "${Version}", package).stdout

    def units(self):
        return self.run("systemctl", "list-unit-files", "--state=enabled", "--no-legend",
                        "--plain").stdout.splitlines()

    def left(self):
        """What dpkg and ucf put beside files that they did not replace."""
        return self.run("find", "/etc", "-name", "*.dpkg-*", "-o", "-name", "*.ucf-*").stdout

    def change_state(self, change):
        path = self.machine.tree / STATE
        state = json.loads(path.read_text())
        change(state)
        path.write_text(json.dumps(state))


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    machine = Machine("update", "10.98.0")
    try:
        with Archive(tmp_path_factory.mktemp("archive"), machine.net + ".1") as archive:
            for name in REAL + HELD:
                archive.renew(name)
            archive.renew("nomarch", postinst=KERNEL)
            archive.renew("tnef", postinst=STARTED, files=[
                (UNINVITED, "[Service]\nExecStart=/bin/sleep infinity\n"
                            "[Install]\nWantedBy=multi-user.target\n")])
            archive.publish()
            machine.seed(user_data() + '  updates:\n    reboot: "03:30"\n' + archive.user_data(),
                         "i-native-1")
            machine.start()
            yield Box(machine, archive)
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def updated(box):
    """After the first run, with mail on its way meanwhile."""
    box.before = {"units": box.units(), "left": box.left(),
                  "links": box.run("find", "/etc", "-lname", "/var/lib/postcask/*").stdout}
    box.update()
    return box


def test_nothing_is_looked_for_before_the_boot_is_over(box):
    listed = box.run("systemctl", "show", "postcask-update.timer", "-p", "ActiveState",
                     "-p", "LastTriggerUSec", "-p", "RandomizedDelayUSec").stdout
    assert "ActiveState=active" in listed and "LastTriggerUSec=\n" in listed
    assert not (box.machine.tree / STATE).exists()
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        assert box.run("systemctl", "is-active", timer, check=False).stdout == "inactive\n"
    assert box.run("systemctl", "is-active", "unattended-upgrades.service",
                   check=False).stdout == "inactive\n"


def test_the_user_datas_own_archive_and_key_are_taken(box):
    sources = (box.machine.tree / "etc/apt/sources.list.d/debian.sources").read_text()
    assert sources.count(f"URIs: http://{box.archive.address}:") == sources.count("URIs") == 2
    assert "/usr/share/keyrings" not in sources     # signed by its own key alone


def test_security_fixes_are_installed_and_proved(updated):
    for package in REAL:
        assert updated.version(package).endswith(NEWER), package
    report = updated.status()
    assert report["failed"] == 0 and updated.notes() == []
    assert {row["name"] for row in report["updates"]["installed"]} >= set(REAL)
    assert int(updated.shown("postcask-verify.service", "ExecMainStartTimestampMonotonic")) > \
        int(updated.shown("postcask-update.service", "ExecMainStartTimestampMonotonic"))
    assert not (updated.machine.tree / "var/lib/postcask/updates/running").exists()
    assert not list((updated.machine.tree / "var/cache/apt/archives").glob("*.deb"))


def test_what_uses_a_replaced_library_was_started_again(updated):
    stale = updated.run("sh", "-c", "for one in /proc/[0-9]*; do "
                        "grep -q 'r-xp.*/usr/.*(deleted)' $one/maps && cat $one/cgroup; done",
                        check=False).stdout
    assert stale == ""
    said = updated.machine.journal("postcask-update.service")
    assert "a file that was replaced: amavis.service" in said    # none of its own packages


def test_the_configuration_is_the_same_and_nothing_else_was_started(updated):
    assert updated.run("find", "/etc", "-lname",
                       "/var/lib/postcask/*").stdout == updated.before["links"]
    assert updated.status()["drift"] == []
    assert updated.units() == updated.before["units"]
    assert (updated.machine.tree / UNINVITED).exists()
    assert updated.run("systemctl", "is-active", "uninvited.service",
                       check=False).stdout == "inactive\n"
    assert updated.left() == updated.before["left"]
    schema = updated.run("cloud-init", "schema", "--system", check=False)
    assert schema.returncode == 0, schema.stdout + schema.stderr     # ours is still there


def test_documentation_stays_out(updated):
    assert updated.run("find", "/usr/share/man", "/usr/share/locale", "-name", "*postfix*", "-o",
                       "-name", "*.mo").stdout == ""


def test_packages_with_replaced_functions_wait_and_are_named(updated):
    waiting = {row["name"]: row["held"] for row in updated.status()["updates"]["waiting"]}
    assert waiting == {name: True for name in HELD}
    shown = updated.run("postcask", "status", check=False).stdout
    assert "for a new image: amavisd-new, spamassassin\n" in shown


REPLACED = "/usr/share/postcask/perl/replaced"


def test_every_package_with_replaced_functions_is_held(updated):
    listed = updated.run("cat", REPLACED).stdout
    held = updated.run("apt-config", "dump", "--format", "%v%n",
                       "Unattended-Upgrade::Package-Blacklist").stdout.split()
    found = set()
    for paths, package in re.findall(r"^Original: (.*)\nPackage: (\S+) ", listed, re.M):
        for path in paths.split():
            found.add((path, package))
            assert package + "$" in held, package
    owners = updated.run("dpkg", "-S", *sorted({path for path, _ in found})).stdout
    assert {(path, owner) for owner, path in re.findall(r"^(\S+): (.*)$", owners, re.M)} == found


def test_a_replaced_function_that_is_another_is_said(updated):
    """Somebody has put a package of his own in the place of one that was held back."""
    path = updated.machine.tree / "usr/share/perl5/MIME/Parser.pm"
    before = path.read_text()
    path.write_text(before.replace("sub extract_uuencode {", "sub extract_uuencode { # new"))
    updated.update()
    [note] = updated.notes()
    assert note.startswith("degraded: the mail filter is not of one piece with its packages: "
                           "MIME::Parser::extract_uuencode, which Unpack.pm replaces, is another: "
                           "expected in libmime-tools-perl ")
    path.write_text(before)
    updated.update()
    assert updated.notes() == []


def test_a_restart_that_is_needed_is_said_and_comes_at_its_time(updated):
    updates = updated.status()["updates"]
    assert updates["reboot_since"] and updates["reboot_at"] == "03:30"
    assert "the machine waits for a restart, which comes at 03:30" in updated.run(
        "postcask", "status", check=False).stdout
    assert "03:30:00" in updated.run("systemctl", "show", "-P", "TimersCalendar",
                                     "postcask-reboot.timer").stdout
    updated.change_state(lambda state: state.update(reboot_at="04:44"))
    updated.run("systemctl", "start", "postcask-reboot.service")    # another time was armed
    assert "not wanted any more" in updated.machine.journal("postcask-reboot.service")


def test_fixes_that_wait_longer_than_a_week_are_degraded(updated):
    def age(state):
        for row in state["waiting"]:
            row["since"] -= 8 * DAY
    updated.change_state(age)
    [note] = updated.notes()
    assert note == ("degraded: security fixes wait, the longest for 8 days "
                    "(amavisd-new, spamassassin)")
    updated.update()        # the next run has the last report say it
    report = updated.machine.report()
    assert note in report["notes"] and report["state"] == "degraded"


def test_a_fix_that_breaks_mail_is_said(updated):
    updated.archive.renew("cabextract",
                          postinst="chmod 000 /usr/lib/dovecot/pop3-login; pkill -x pop3-login")
    updated.archive.publish()
    # another archive that is gone keeps no fix from being installed; of another address,
    # because apt gives a whole host up that did not answer
    broken = updated.machine.tree / "etc/apt/sources.list.d/gone.list"
    broken.write_text(f"deb http://{updated.machine.net}.9:9/ trixie main\n")
    updated.update()
    broken.unlink()
    assert updated.version("cabextract").endswith(NEWER)
    assert "not reached" in updated.run("postcask", "status", check=False).stdout
    blamed = [note for note in updated.notes() if "self-tests passed before" in note]
    assert len(blamed) == 1 and blamed[0].endswith("(cabextract)")
    assert updated.machine.report()["state"] in ("degraded", "failed")
    updated.run("chmod", "755", "/usr/lib/dovecot/pop3-login")
    updated.run("postcask", "verify", check=False, timeout=200)
    assert not [note for note in updated.notes() if "self-tests" in note]


def test_an_installation_that_was_cut_off_is_finished(updated):
    """As after a power cut when one package of two was unpacked and none configured."""
    for name in ("lhasa", "liblhasa0"):
        updated.archive.renew(name)
    updated.archive.publish()
    updated.run("apt-get", "update")
    (updated.machine.tree / "root/lhasa.deb").write_bytes(
        (updated.archive.pool / "lhasa.deb").read_bytes())
    updated.run("dpkg", "--unpack", "/root/lhasa.deb")
    assert updated.run("dpkg", "--audit").stdout != ""
    updated.run("touch", "/var/lib/postcask/updates/running")
    updated.run("systemctl", "start", "postcask-update-resume.service")
    end = time.monotonic() + 200
    while (updated.machine.tree / "var/lib/postcask/updates/running").exists():
        assert time.monotonic() < end, updated.machine.journal("postcask-update-resume.service")
        time.sleep(0.2)
    assert updated.run("dpkg", "--audit").stdout == ""
    assert updated.version("liblhasa0").endswith(NEWER)


def test_an_archive_out_of_reach_is_said(updated):
    updated.archive.close()
    updated.update()
    assert "not reached" in updated.run("postcask", "status", check=False).stdout
    updated.change_state(lambda state: state.update(reached=state["reached"] - 9 * DAY))
    assert any("nobody has looked for security fixes for 9 days" in note
               for note in updated.notes())


def test_what_is_off_has_no_timer(updated):
    """The last one: the settings of the machine change."""
    data = updated.machine.tree / "root" / "off.yaml"
    data.write_text(user_data() + "  updates:\n    automatic: false\n")
    updated.run("postcask", "apply", "/root/off.yaml", check=False, timeout=300)
    assert updated.run("systemctl", "is-active", "postcask-update.timer",
                       check=False).stdout == "inactive\n"
    assert updated.status()["updates"] == {"automatic": False, "notes": []}
    assert updated.notes() == []
