# SPDX-License-Identifier: GPL-3.0-or-later
"""ClamAV's signatures: a mirror of one's own that answers, lies, says nothing or is gone, and
databases built into the image."""

import hashlib
import http.server
import io
import socket
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from machine import TOP, Machine, letter, shifted, user_data
from test_filter import ALICE, EICAR, wait_quarantined

NET = "10.86.0"
HELD = 30           # seconds that no answer is given at most, if the test should fail


def forged_database():
    """A daily database, newer than all others and whole, but signed by nobody."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        member = tarfile.TarInfo("daily.ndb")
        archive.addfile(member, io.BytesIO(b""))
    header = ("ClamAV-VDB:23 Nov 2026 10-00 +0000:99999:1:90:" +
              hashlib.md5(body.getvalue()).hexdigest() + ":" + "A" * 86 + ":forger:1795428000")
    return header.ljust(512).encode() + body.getvalue()


FORGED = forged_database()


class Mirror(http.server.ThreadingHTTPServer):
    """Holds every answer back until `answer` is set, then gives a forged database."""

    def __init__(self, address):
        self.asked, self.lock, self.answer = [], threading.Condition(), threading.Event()
        super().__init__((address, 0), Answer, bind_and_activate=False)
        self.socket.setsockopt(socket.IPPROTO_IP, 15, 1)    # IP_FREEBIND: before the machine
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_asked(self, count):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.asked) >= count, 60), self.asked
            return list(self.asked)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with self.server.lock:
            self.server.asked.append(self.path)
            self.server.lock.notify_all()
        self.server.answer.wait(HELD)
        try:
            if not self.path.startswith("/daily.cvd"):
                self.send_error(404)            # as a copy of the official mirror has it
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(FORGED)))
            self.end_headers()
            self.wfile.write(FORGED)
        except OSError:
            pass                                # it was not waited for

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def mirrored():
    address = shifted("signatures", NET)[1] + ".1"
    with Mirror(address) as mirror:
        data = user_data() + (f"  signatures:\n"
                              f"    mirror: http://{address}:{mirror.server_address[1]}\n")
        with Machine("signatures", NET, data) as machine:
            yield machine, mirror
        mirror.answer.set()
        mirror.shutdown()


def databases(machine):
    """Of a link, which leads into the machine's /usr, where it leads."""
    folder = machine.tree / "var/lib/clamav"
    return {path.name: str(path.readlink()) if path.is_symlink()
            else hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.glob("*.*db")}


def works_as_before(machine):
    """Mail is delivered, a virus is found, and the report says what the signatures are."""
    message = letter("a virus")
    message.add_attachment(EICAR, "application", "octet-stream", filename="eicar.com")
    with machine.smtp() as client:
        client.sendmail("stranger@example.com", ALICE, message.as_bytes())
    assert wait_quarantined(machine, message["Message-ID"])
    machine.wait_message(ALICE, machine.send("no virus"))
    report = machine.report()
    assert report["failed"] == 0 and report["facts"]["signatures"]["official"] is False
    assert any(note.startswith("virus signatures: only") for note in report["notes"])
    assert list(databases(machine)) == ["postcask.ndb"]


def test_a_mirror_that_says_nothing_holds_nothing_up(mirrored):
    machine, mirror = mirrored
    first = mirror.wait_asked(1)[0]
    assert first.split("/")[-1].split("?")[0] in ("daily.cvd", "daily.cld")
    assert not mirror.answer.is_set()           # freshclam still waits
    works_as_before(machine)


def test_a_forged_database_replaces_nothing(mirrored):
    machine, mirror = mirrored
    before = databases(machine)
    asked = len(mirror.asked)
    mirror.answer.set()
    machine.run("systemctl", "restart", "clamav-freshclam.service")
    mirror.wait_asked(asked + 1)
    said = machine.run("timeout", "60", "sh", "-c", "journalctl -u clamav-freshclam -o cat -f "
                       "-n all | grep -m1 '^ERROR: Verification:'").stdout
    assert "integrity" in said and "/daily.cvd" in mirror.asked
    assert databases(machine) == before
    machine.run("postcask", "verify", check=False, timeout=120)
    works_as_before(machine)


def test_a_mirror_that_is_gone_is_asked_again_and_nothing_waits(mirrored):
    machine, mirror = mirrored
    mirror.socket.close()
    machine.run("systemctl", "restart", "clamav-freshclam.service")
    works_as_before(machine)
    assert machine.run("systemctl", "is-failed", "clamav-freshclam.service",
                       check=False).stdout.strip() != "failed"


def test_signatures_that_never_come_are_no_note_under_ready(mirrored):
    """A machine that cannot fetch any said `ready` for ever, and passed every virus as scanned."""
    machine, _ = mirrored
    assert machine.report()["state"] == "ready"         # a new one has a day for it
    machine.run("touch", "-h", "-d", "2 days ago", "/var/lib/clamav/postcask.ndb")
    done = machine.run("postcask", "verify", check=False, timeout=120)
    report = machine.report()
    assert done.returncode == 2 and report["state"] == "degraded" and report["failed"] == 0
    assert any(note.startswith("degraded: virus signatures (only the machine's own")
               and "for 2 days" in note for note in report["notes"])
    assert machine.run("postcask", "status", check=False).returncode == 2
    machine.run("touch", "-h", "/var/lib/clamav/postcask.ndb")
    machine.run("postcask", "verify", timeout=120)
    assert machine.report()["state"] == "ready"


def build(folder, signatures):
    return subprocess.run(
        [TOP / "build/bin/postcask-image", "build", "--quiet", "--format=raw",
         f"--output={folder}/image.qcow2", f"--layer={folder}/layer",
         f"--signatures={signatures}"], cwd=TOP, capture_output=True, text=True, timeout=300)


def test_databases_are_built_in_as_freshclam_would_leave_them(tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    (given / "notes.txt").write_text("no database")
    refused = build(tmp_path, given)
    assert refused.returncode == 1 and f"{given} holds no .cvd or .cld" in refused.stderr
    (given / "daily.cvd").write_bytes(FORGED)
    (given / "daily.cvd").chmod(0o600)
    assert build(tmp_path, given).returncode == 0
    layers = [Path(root) for root in (tmp_path / "layer/roots").read_text().strip().split(":")]
    built = next(layer for layer in layers if (layer / "var/lib/clamav").is_dir())
    account = next(line.split(":") for layer in layers if (layer / "etc/passwd").is_file()
                   for line in (layer / "etc/passwd").read_text().splitlines()
                   if line.startswith("clamav:"))
    there = built / "var/lib/clamav/daily.cvd"
    assert there.read_bytes() == FORGED
    assert not (built / "var/lib/clamav/notes.txt").exists()
    for path in (there, there.parent):
        status = path.stat()
        assert [status.st_uid, status.st_gid] == [int(account[2]), int(account[3])]
    assert there.stat().st_mode & 0o777 == 0o644
