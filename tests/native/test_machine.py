# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine as its administrator sees it."""

import json
import re
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from machine import HOSTNAME, Machine, roots, user_data
from ports import INNER, PORTS


def reachable(host, port, timeout=1.5):
    try:
        socket.create_connection((host, port), timeout).close()
        return True
    except OSError:
        return False


def test_the_boot_ends_ready(machine):
    report = machine.report()
    assert report["state"] == "ready", json.dumps(report, indent=1)
    assert report["failed"] == 0 and report["passed"] >= 25
    assert sorted(report["open"]) == sorted(PORTS)


def test_no_unit_waits_for_itself(machine):
    """systemd breaks a cycle by leaving out a job, which another boot may do otherwise."""
    done = machine.run("systemd-analyze", "verify", "--man=no", "default.target", check=False)
    assert "ordering cycle" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


def test_the_filter_is_loaded_once(machine):
    """While cloud-init is at work; rules that only the settings bring would make it begin anew, and
    the machine be ready seconds later."""
    assert (machine.tree / "var/lib/postcask/current/etc/spamassassin/postcask.cf").read_text() == ""
    assert "redefined" not in machine.journal("amavis")


def test_the_last_line_of_the_boot(machine):
    line = machine.run("sh", "-c", "journalctl -o cat --no-pager | grep '^POSTCASK state=' | tail -1")
    assert re.fullmatch(r"POSTCASK state=ready seconds=\d+(\.\d+)? passed=\d+ failed=0 "
                        r"version=\d+\.\d+\.\d+", line.stdout.strip()), line.stdout


def test_missing_official_signatures_are_said(machine):
    assert "virus signatures" in json.dumps(machine.report()["notes"])


def test_status_agrees_with_the_report(machine):
    status = json.loads(machine.run("postcask", "status", "--json", check=False).stdout)
    assert status["state"] == machine.report()["state"]
    assert "ready" in machine.run("postcask", "status", check=False).stdout


def test_verify_repeats_the_probes(machine):
    before = machine.report()
    machine.run("postcask", "verify", timeout=180)
    after = machine.report()
    assert after["state"] == "ready" and after["passed"] >= before["passed"]


def test_the_probes_leave_the_mailbox_empty(machine):
    machine.run("postcask", "verify", timeout=180)
    listed = machine.run("sh", "-c", "find /var/vmail/selftest.invalid -type f -path '*/cur/*' "
                         "-o -type f -path '*/new/*' | head").stdout
    assert listed == ""
    assert machine.run("sh", "-c", "find /var/lib/postcask/quarantine/selftest -type f").stdout == ""


@pytest.mark.parametrize("name", sorted(PORTS))
def test_mail_ports_are_open(machine, name):
    assert reachable(machine.host, PORTS[name])


@pytest.mark.parametrize("port", [*INNER.values(), 3310, 783, 8953, 24])
def test_inner_ports_are_closed(machine, port):
    assert not reachable(machine.host, port)


def test_ipv6_is_served_and_filtered_alike(machine):
    address = "fd00:" + machine.net.replace(".", ":") + "::2"
    assert reachable(address, 25) and reachable(address, 993)
    assert not reachable(address, INNER["FILTERED"])


def test_nothing_listens_beyond_the_ports(machine):
    """What the firewall hides should not be there either."""
    listed = machine.run("ss", "-Hltn").stdout.split("\n")
    outside = {int(line.split()[3].rsplit(":", 1)[1]) for line in listed if line and
               not re.match(r"(127\.|\[::1\]|127\.0\.0\.53)", line.split()[3])}
    assert outside <= set(PORTS.values()) | {22}, outside


def test_secrets_are_private(machine):
    listed = machine.run("find", "/var/lib/postcask/keys", "-type", "f", "-printf",
                         "%m %u:%g %P\\n").stdout.splitlines()
    for line in listed:
        mode, owner, name = line.split()
        if name in ("ca.pem", "chain.pem", "public.json", "dkim/public.json"):
            assert (mode, owner) == ("644", "root:root"), line
        elif name.startswith("dkim/") and name != "dkim/lock":
            assert (mode, owner) == ("640", "root:postcask-dkim"), line
        else:
            assert (mode, owner) == ("600", "root:root"), line
    assert len(listed) > 15
    assert machine.run("stat", "-c", "%a", "/var/lib/postcask/current/settings.json"
                       ).stdout.strip() == "600"
    kept = "/etc/postcask/accounts", "/var/lib/postcask/directory/secrets.db"
    assert machine.run("stat", "-c", "%a %G", "-L", *kept).stdout.splitlines() == [
        "640 postcask-directory", "640 dovecot"]
    assert machine.run("stat", "-c", "%a %U:%G", "/var/lib/postcask/accounts",
                       "/var/lib/postcask/directory").stdout.splitlines() == [
        "2750 postcask-directory:postcask-accounts", "750 postcask-directory:dovecot"]


def test_no_password_hash_in_the_journal_or_the_report(machine):
    found = machine.run("sh", "-c", "journalctl --no-pager | grep -F '$6$' | head -3; "
                        "grep -rF '$6$' /run/postcask | head -3; true").stdout
    assert found == ""


def test_cert_ca_is_the_issuer(machine):
    shown = json.loads(machine.run("postcask", "cert", "show", "--json").stdout)
    assert HOSTNAME in json.dumps(shown)
    assert machine.run("postcask", "cert", "ca").stdout.startswith("-----BEGIN CERTIFICATE")


def test_no_daemon_complains_of_its_configuration(machine):
    noise = machine.run("sh", "-c", "journalctl --no-pager -o cat -u 'postfix*' -u dovecot -u unbound "
                        "-u clamav-daemon -u amavis -p warning | "
                        "grep -v ' FWD from <' | "     # of a message that another test held up
                        "grep -iE 'deprecat|obsolete|unused parameter|unknown setting|syntax|"
                        "not owned|world.writable|error reading' | head").stdout
    assert noise == ""


def test_cloud_init_is_content_with_the_mail_key(machine):
    done = machine.run("cloud-init", "status", "--long", check=False)
    assert "status: done" in done.stdout, done.stdout
    assert "Invalid" not in done.stdout, done.stdout
    assert machine.run("cloud-init", "schema", "--system", check=False).returncode == 0


# Whose work is the machine itself: see the 10-sandbox.conf of each.
NOT_IN_THE_SANDBOX = {"postcask-update.service", "postcask-update-resume.service",
                      "postcask-volumes.service"}


def settings_of(text):
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


def test_every_unit_of_ours_is_sandboxed(machine):
    """All that systemd knows of, and the daemons that have a link to the same sandbox: each is in
    it, but for what a file of its own says otherwise."""
    floor = settings_of(machine.run(
        "cat", "/usr/lib/systemd/system/postcask-.service.d/10-sandbox.conf").stdout)
    listed = machine.run("sh", "-c", "systemctl list-unit-files --plain --no-legend "
                         "'postcask-*.service' | cut -d' ' -f1; systemctl list-dependencies --plain "
                         "postcask-mail.target | grep -o '[^ ]*\\.service$'").stdout.split()
    bare = set()
    for unit in (name.replace("@.", "@1.") for name in listed):
        shown = settings_of(machine.run("systemctl", "show", unit).stdout)
        if "/postcask-.service.d/10-sandbox.conf" not in shown["DropInPaths"] and \
                f"/{unit}.d/10-sandbox.conf" not in shown["DropInPaths"]:
            assert not unit.startswith("postcask-"), (unit, shown["DropInPaths"])
            continue
        said = settings_of(machine.run("systemctl", "cat", unit).stdout)
        if said.get("ProtectSystem") is None:
            bare.add(unit)
            continue
        for key, value in floor.items():
            if value in ("yes", "strict"):
                assert shown[key] == said[key], (unit, key, shown[key])
        assert shown["SystemCallArchitectures"] == "native", unit
        assert shown["SystemCallFilter"] and " mount " not in shown["SystemCallFilter"], unit
        assert "AF_UNIX" in shown["RestrictAddressFamilies"].split(), unit
        assert "AF_PACKET" not in shown["RestrictAddressFamilies"], unit
        assert "cap_sys_admin" not in shown.get("CapabilityBoundingSet", "").split(), unit
        assert shown["TimeoutStartUSec"] != "infinity", unit
    assert bare == NOT_IN_THE_SANDBOX and len(listed) >= 25
    shown = machine.run("systemctl", "show", "postcask-verify", "-p", "User").stdout
    assert shown.strip() == "User=postcask-probe"


def test_the_manual_can_be_read(machine):
    """Every page that a unit names, in an image without man(1)."""
    named = set(machine.run("sh", "-c", "grep -rhoE 'man:postcask[^ ]*' /usr/lib/systemd/system | "
                            "cut -d: -f2").stdout.split())
    assert len(named) > 10
    for page in named | {"postcask-settings(5)", "postcask(7)"}:
        shown = machine.run("postcask", "help", page).stdout
        assert shown.startswith(page.upper()), (page, shown[:80])


def test_no_unit_failed(machine):
    assert machine.run("systemctl", "--failed", "--no-legend", "--plain").stdout.strip() == ""


class TestLaterBoots:
    """A machine of its own: booted again, with other user-data."""

    def test_the_second_boot_changes_nothing(self):
        machine = Machine.later("again", "10.82.0")

        def state():
            folder = machine.tree / "var/lib/postcask"
            files = [path for name in ("generations", "keys") for path in (folder / name).rglob("*")
                     if path.is_file() and path.name != "lock"]
            return {path: path.read_bytes() for path in files} | \
                {"current": (folder / "current").readlink()}
        before = state()
        assert len(before) > 20
        with machine:
            assert state() == before
            assert machine.report()["state"] == "ready"
            first = json.loads(machine.run("cat", "/run/postcask/firstboot.json").stdout)
            assert first["state"] == "unchanged"

    def test_a_wrong_change_leaves_the_working_machine_working(self):
        machine = Machine.later("change", "10.85.0")
        machine.seed(user_data().replace("domains: [", "domains: [not a domain, "), "i-native-1")
        with machine:
            report = machine.report()
            assert report["state"] == "degraded"
            assert sorted(report["open"]) == sorted(PORTS)
            assert "not a domain" in json.dumps(report)

    def test_a_changed_user_data_makes_a_new_generation(self):
        machine = Machine.later("newer", "10.86.0")
        machine.seed(user_data() + "  services:\n    pop3: false\n    pop3s: false\n", "i-native-1")
        with machine:
            report = machine.report()
            assert report["state"] == "ready", report
            assert "pop3" not in report["open"] and "imap" in report["open"]
            assert not reachable(machine.host, 110, 0.5)
            assert machine.run("readlink", "/var/lib/postcask/current").stdout.strip() \
                == "generations/2"
            machine.wait_message("alice@example.org", machine.message_id)   # mail was not touched

    def test_a_seed_that_is_taken_away_changes_nothing(self):
        machine = Machine.later("seed", "10.88.0")
        shutil.rmtree(machine.tree / "var/lib/cloud/seed")
        with machine:
            report = machine.report()
            assert report["state"] == "ready" and sorted(report["open"]) == sorted(PORTS), report
            assert "those in force stay" in json.dumps(report["notes"])

    def test_a_file_changed_by_hand_is_found_and_written_anew(self):
        machine = Machine.later("drift", "10.88.0")
        with open(machine.tree / "var/lib/postcask/current/etc/postfix/main.cf", "a") as file:
            file.write("mynetworks = 0.0.0.0/0\n")
        with machine:
            report = machine.report()
            assert "/etc/postfix/main.cf was changed by hand" in json.dumps(report["notes"])
            assert "0.0.0.0/0" not in machine.run("postconf", "mynetworks").stdout
            assert "0.0.0.0/0" in machine.run(       # and what was written is not lost
                "cat", "/var/lib/postcask/generations/1/etc/postfix/main.cf").stdout

    def test_a_given_certificate_is_served_and_its_key_stays_secret(self, tmp_path):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "key.pem",
                        "-out", tmp_path / "cert.pem", "-subj", "/", "-days", "90",
                        "-addext", "subjectAltName=DNS:mail.example.org"],
                       check=True, capture_output=True, timeout=30)
        data = user_data() + "  tls:\n"
        for name in ("certificate", "key"):
            pem = (tmp_path / (name[:4].rstrip("i") + ".pem")).read_text()
            data += f"    {name}: |\n" + "".join(f"      {line}\n" for line in pem.splitlines())
        secret = (tmp_path / "key.pem").read_text().splitlines()[1]
        with Machine("given", "10.89.0", data=data) as machine:
            report = machine.report()
            assert report["state"] == "ready" and sorted(report["open"]) == sorted([*PORTS, "web"]), report
            assert report["firstboot"]["authority"] == "given"      # and there is none to import
            assert "clients have to trust" not in machine.journal("postcask-report")
            context = ssl.create_default_context(cadata=(tmp_path / "cert.pem").read_text())
            with socket.create_connection((machine.host, 993), 10) as connection:
                context.wrap_socket(connection, server_hostname=HOSTNAME)
            machine.run("postcask", "verify", timeout=180)
            found = machine.run("sh", "-c", "journalctl --no-pager | grep -cF '" + secret + "'",
                                check=False).stdout.strip()
            assert found == "0"
            readable = machine.run(
                "sh", "-c", "find /run /var /etc -xdev -type f -perm /o+r -size -1M "
                "-exec grep -lF '" + secret + "' {} +", check=False).stdout
            assert readable == ""

    def test_a_checker_that_refuses_keeps_the_old_generation(self):
        machine = Machine.later("refusing", "10.88.0")
        template = machine.tree / "usr/share/postcask/templates/etc/dovecot/dovecot.conf"
        template.write_text(template.read_text() + "no_such_setting = yes\n")
        machine.seed(user_data() + "  services:\n    pop3: false\n", "i-native-1")
        with machine:
            report = machine.report()
            assert report["state"] == "degraded" and "pop3" in report["open"], report
            assert "dovecot" in json.dumps(report["firstboot"]["errors"])
            assert machine.run("readlink", "/var/lib/postcask/current").stdout.strip() \
                == "generations/1"
            assert machine.run("ls", "-A", "/var/lib/postcask/generations").stdout.split() == ["1"]

    def test_two_machines_share_no_secret(self, machine):
        """The other one had its first boot as the ground of these here."""
        def secrets(box):
            files = [path for name in ("var/lib/postcask/keys", "etc/ssh")
                     for path in (box.tree / name).rglob("*")
                     if path.is_file() and ("key" in path.name or path.suffix == ".pem"
                                            or path.name == "forwarding")]
            return {path.read_bytes() for path in [*files, box.tree / "etc/machine-id"]}
        other = Machine.later("other", "10.87.0")
        try:
            one, two = secrets(machine), secrets(other)
        finally:
            other.stop()
        assert len(one) >= 7 and len(two) >= 7 and not one & two


def test_packages_come_from_debians_own_archives(machine):
    """cloud-init writes what the image has; test_update.py has it write something else."""
    path = "etc/apt/sources.list.d/debian.sources"
    layers = [Path(root) / path for root in roots().split(":")]
    [image] = [layer for layer in layers if layer.is_file()][:1]
    assert (machine.tree / path).read_text() == image.read_text()
    machine.run("test", "-e", "/var/lib/cloud/instance/sem/config_apt_configure")
