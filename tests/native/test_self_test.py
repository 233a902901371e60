# SPDX-License-Identifier: GPL-3.0-or-later
"""A self-test that does not end proves nothing: no port may be open after it, and nobody may
be told that the machine is ready."""

import json
import socket
import time

import pytest

from machine import Machine, letter, user_data
from ports import PORTS

DROP_IN = "etc/systemd/system/postcask-verify.service.d/broken.conf"
BROKEN = {
    "ends without a report": "ExecStart=\nExecStart=/bin/false\n",
    "crashes": "ExecStart=\nExecStart=/bin/sh -c 'kill -SEGV $$$$'\n",
    "never ends": "ExecStart=\nExecStart=/bin/sleep 100\nTimeoutStartSec=1\n",
    "has no password": "LoadCredential=selftest:/run/postcask/no-such-file\n",
    "cannot start": "ExecStart=\nExecStart=/usr/lib/postcask/no-such-program\n",
}


def reachable(machine, port):
    try:
        with socket.create_connection((machine.host, port), 0.3):
            return True
    except OSError:
        return False


def break_verifier(machine, name):
    path = machine.tree / DROP_IN
    path.parent.mkdir(exist_ok=True)
    path.write_text("[Service]\n" + BROKEN[name])


def assert_failed_and_shut(machine):
    report = machine.report()
    assert report["state"] == "failed" and report["open"] == []
    assert "failed: the self-tests have no result" in report["notes"]
    assert report["firewall"] == {"state": "closed", "open": []}
    assert not any(reachable(machine, port) for port in PORTS.values())


@pytest.fixture(scope="module")
def own():
    with Machine("selftest", "10.96.0") as booted:
        yield booted


@pytest.mark.parametrize("name", BROKEN)
def test_a_self_test_without_result_closes_all(own, name):
    assert all(reachable(own, port) for port in PORTS.values())
    break_verifier(own, name)
    own.run("systemctl", "daemon-reload")
    try:
        done = own.run("postcask", "verify", "--json", check=False, timeout=120)
        assert done.returncode == 1
        assert json.loads(done.stdout)["state"] == "failed"
        assert_failed_and_shut(own)
        status = own.run("postcask", "status", check=False)
        assert status.returncode == 1 and "POSTCASK state=failed" in status.stdout
    finally:
        (own.tree / DROP_IN).unlink()
        own.run("systemctl", "daemon-reload")
        well = own.run("postcask", "verify", check=False, timeout=120)
    assert well.returncode == 0, well.stdout
    assert all(reachable(own, port) for port in PORTS.values())


OFTEN = """[Timer]
OnActiveSec=
OnActiveSec=1
OnUnitInactiveSec=1
AccuracySec=100ms
"""
AGAIN = """
report=/run/postcask/report.json
systemctl daemon-reload
systemctl restart postcask-again.timer
until systemctl show -P ExecCondition postcask-again.service | grep -q 'status=1'; do sleep 0.1; done
$make_not_ready
until grep -qs '^ "state": "ready"' $report; do sleep 0.1; done
"""
NOT_READY = {"failed": """sed -i 's/^ "state": "ready"/ "state": "failed"/' $report""",
             "no report": "rm $report"}


@pytest.mark.parametrize("state", NOT_READY)
def test_what_was_not_ready_is_tested_again(own, state):
    """Also after a time when there was nothing to test."""
    path = own.tree / "etc/systemd/system/postcask-again.timer.d/often.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text(OFTEN)
    try:
        own.run("timeout", "90", "sh", "-euc",
                AGAIN.replace("$make_not_ready", NOT_READY[state]), timeout=100)
    finally:
        path.unlink()
        own.run("systemctl", "daemon-reload")
        own.run("systemctl", "restart", "postcask-again.timer")


def test_the_last_report_stays_until_the_next_one(own):
    """Whoever asks meanwhile is not told that there is none."""
    own.run("timeout", "90", "sh", "-euc", """
        (postcask verify > /dev/null; echo $? > /run/verified) &
        until test -s /run/verified; do postcask status --json > /dev/null; done
        test "$(cat /run/verified)" = 0""", timeout=100)


def test_a_report_that_was_not_written_anew_is_none(own):
    unit = "postcask-report.service"
    own.run("systemctl", "mask", "--runtime", unit)
    try:
        done = own.run("postcask", "verify", check=False, timeout=120)
        assert done.returncode == 1 and "the self-tests did not run" in done.stderr, done.stderr
        status = own.run("postcask", "status", check=False)
        assert status.returncode == 1 and "there is no report" in status.stderr
    finally:
        own.run("systemctl", "unmask", "--runtime", unit)
        well = own.run("postcask", "verify", check=False, timeout=120)
    assert well.returncode == 0, well.stdout


@pytest.mark.parametrize("name", ["crashes", "has no password"])
def test_at_boot(name):
    machine = Machine("selftestboot", "10.97.0")
    break_verifier(machine, name)
    with machine:
        assert_failed_and_shut(machine)
        console = machine.run("cat", "/dev/console").stdout
        assert "\nPOSTCASK state=failed " in console
        assert "POSTCASK state=ready" not in console


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh a@b"


def test_the_state_is_the_last_word_on_the_console():
    """Whatever cloud-init is asked for besides: keys, commands that speak."""
    data = user_data() + f"ssh_authorized_keys:\n  - {KEY}\nruncmd:\n  - echo words of a command\n"
    with Machine("selftestend", "10.97.0", data=data) as machine:
        machine.run("cloud-init", "status", "--wait", check=False, timeout=60)
        lines = machine.run("cat", "/dev/console").stdout.splitlines()
        assert lines[-1].startswith("POSTCASK state=ready "), lines[-30:]
        log = machine.run("cat", "/var/log/cloud-init-output.log").stdout
        assert "words of a command" in log


def test_mail_goes_on_after_a_restart_of_postfix(own):
    """Without waiting: what the filter still holds of the old Postfix is not used."""
    own.wait_message("alice@example.org", own.send("before the restart"))
    for _ in range(3):
        own.run("systemctl", "restart", "postfix")
        own.wait_message("alice@example.org", own.send("after the restart"), timeout=15)


def test_renewed_certificates_are_served_without_a_hang(own):
    """Postfix asked in the moment of its reload may leave a client waiting (ten seconds and
    more, at every second renewal)."""
    for _ in range(5):
        started = time.monotonic()
        done = json.loads(own.run("postcask", "cert", "renew", "--json").stdout)
        assert done["reloaded"] and set(done["served"].values()) == {"current"}
        assert time.monotonic() - started < 10


def test_mail_that_waits_does_not_stand_before_the_self_test(machine):
    """As after an outage: the filter has been away, and a queue is before it."""
    machine.run("systemctl", "stop", "amavis.service")
    with machine.smtp() as client:
        for number in range(200):
            client.sendmail("s@example.com", "alice@example.org",
                            letter(f"{number} " + "word " * 3000).as_bytes())
    machine.run("systemctl", "start", "amavis.service")
    machine.run("postqueue", "-f")
    done = machine.run("postcask", "verify", check=False, timeout=300)
    assert "state=ready" in done.stdout, done.stdout
    assert machine.run("postqueue", "-j").stdout != "", "the queue was not long enough"
