# SPDX-License-Identifier: GPL-3.0-or-later
"""A signature that was not there before, put where freshclam puts them, and whether clamd has
it: how a test knows what is loaded."""

FILE = "/var/lib/clamav/update.ndb"

AS_CLAMAV = ["setpriv", "--reuid=clamav", "--regid=clamav", "--clear-groups"]
# Written as clamav and moved into place, as freshclam does.
WRITE = f"cat > {FILE}.part && mv {FILE}.part {FILE}"

SCAN = """
import socket, struct, sys
data = sys.stdin.buffer.read()
with socket.socket(socket.AF_UNIX) as client:
    client.connect("/run/clamav/clamd.ctl")
    client.sendall(b"nINSTREAM\\n" + struct.pack("!I", len(data)) + data + b"\\0\\0\\0\\0")
    print(client.makefile().read())
"""


def text(mark):
    return f"what the signature of {mark} finds"


def update(machine, mark):
    """From the next load on clamd finds text(mark), and nothing of the update before."""
    line = f"Test.{mark.replace(' ', '-')}:0:*:{text(mark).encode().hex()}\n"
    machine.run(*AS_CLAMAV, "sh", "-c", WRITE, stdin=line)


def found(machine, mark):
    answer = machine.run("python3", "-c", SCAN, stdin=text(mark)).stdout
    assert "FOUND" in answer or answer.strip().endswith("OK"), answer
    return "FOUND" in answer


def remove(machine):
    machine.run("rm", "-f", FILE)
    machine.run("systemctl", "reload", "clamav-daemon.service", timeout=300)
