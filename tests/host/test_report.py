# SPDX-License-Identifier: GPL-3.0-or-later
"""The report when it cannot be written where people and programs look for it."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
REPORT = TOP / "build" / "bin" / "postcask-report"
AGAIN = TOP / "overlays/usr/lib/postcask/again-wanted"


def results(folder):
    """What a boot leaves on which all went well."""
    (folder / "verify").mkdir()
    for name, value in {
            "verify/report.json": {"state": "ready", "open": ["smtp"], "passed": 2, "failed": 0},
            "firstboot.json": {"state": "applied", "errors": [], "generation": 1},
            "firewall.json": {"state": "open", "open": [{"name": "smtp", "port": 25}]},
            "verify-settings.json": {"hostname": "mail.example.org"}}.items():
        (folder / name).write_text(json.dumps(value))


def run(folder, *options):
    return subprocess.run([REPORT, "--run", folder, "--no-console", *options],
                          capture_output=True, text=True, timeout=30)


def test_ready_is_said_and_written(tmp_path):
    results(tmp_path)
    done = run(tmp_path)
    assert done.returncode == 0 and "\nPOSTCASK state=ready " in done.stdout
    assert json.loads((tmp_path / "report.json").read_text())["state"] == "ready"


def test_a_report_that_cannot_be_written_is_not_ready(tmp_path):
    results(tmp_path)
    (tmp_path / "report.json").mkdir()
    done = run(tmp_path)
    assert done.returncode == 1 and "report.json" in done.stderr
    assert "\nPOSTCASK state=failed " in done.stdout
    assert "this report could not be written" in done.stdout


def test_a_firewall_that_left_no_result_is_not_ready(tmp_path):
    results(tmp_path)
    (tmp_path / "firewall.json").unlink()
    done = run(tmp_path)
    assert done.returncode == 1 and "\nPOSTCASK state=failed " in done.stdout
    assert json.loads((tmp_path / "report.json").read_text())["state"] == "failed"


@pytest.mark.parametrize("authority,shown", [
    ("made", True), ("renewed", True), ("replaced", True), ("kept", False), ("given", False),
    (None, False)])
def test_the_authority_is_shown_when_clients_have_to_learn_it(tmp_path, authority, shown):
    results(tmp_path)
    firstboot = {"state": "applied", "errors": [], "generation": 1, "authority": authority}
    (tmp_path / "firstboot.json").write_text(json.dumps(firstboot))
    (tmp_path / "ca.pem").write_text("THE CERTIFICATE\n")
    said = run(tmp_path, "--authority", tmp_path / "ca.pem").stdout
    assert ("clients have to trust" in said and "THE CERTIFICATE" in said) == shown


def test_the_probes_speak_for_nobody_else(tmp_path):
    """They run unprivileged: what they say of the settings and the firewall is not believed."""
    results(tmp_path)
    verify = json.loads((tmp_path / "verify/report.json").read_text())
    for part in ("firstboot", "firewall"):
        verify[part] = json.loads((tmp_path / f"{part}.json").read_text())
        (tmp_path / f"{part}.json").unlink()
    (tmp_path / "verify/report.json").write_text(json.dumps(verify))
    assert run(tmp_path).returncode == 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert "firstboot" not in report and "firewall" not in report


@pytest.mark.parametrize("notes,state", [
    ([], "ready"), (["virus signatures: only the machine's own"], "ready"),
    (["degraded: virus signatures (age 9 days)"], "degraded")])
def test_a_note_that_says_degraded_is_no_note_under_ready(tmp_path, notes, state):
    results(tmp_path)
    verify = json.loads((tmp_path / "verify/report.json").read_text())
    (tmp_path / "verify/report.json").write_text(json.dumps({**verify, "notes": notes}))
    done = run(tmp_path)
    assert done.returncode == {"ready": 0, "degraded": 2}[state]
    assert f"\nPOSTCASK state={state} " in done.stdout


FIREWALL = {"state": "degraded", "failed": 0, "notes": ["degraded: the firewall keeps it closed"]}


@pytest.mark.parametrize("report,minutes,wanted", [
    (None, 0, True),
    ({"state": "failed", "failed": 0}, 0, True),
    ({"state": "degraded", "failed": 1}, 0, True),
    (FIREWALL, 0, True),
    ({"state": "degraded", "failed": 0, "notes": ["degraded: old"]}, 50, False),
    ({"state": "degraded", "failed": 0, "notes": ["degraded: old"]}, 70, True),
    ({"state": "ready", "failed": 0}, 70, False),
    ({"state": "ready", "failed": 0}, 25 * 60, True)])
def test_when_a_machine_tests_itself_again(tmp_path, report, minutes, wanted):
    """A ready one was never looked at again, however old its signatures became."""
    path, settings = tmp_path / "report.json", tmp_path / "settings.json"
    settings.write_text("{}")
    if report is not None:
        path.write_text(json.dumps(report, indent=1))
        then = time.time() - minutes * 60
        os.utime(path, (then, then))
    assert (subprocess.run([AGAIN, path, settings], timeout=30).returncode == 0) == wanted
    settings.unlink()
    assert subprocess.run([AGAIN, path, settings], timeout=30).returncode == 1
