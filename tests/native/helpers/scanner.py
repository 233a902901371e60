# SPDX-License-Identifier: GPL-3.0-or-later
"""A clamd that does something else at a word in what it scans."""

import contextlib

STUB = '''
import os, socket, socketserver, struct, sys

def word_in(folder, word):
    for path, _, names in os.walk(folder):
        if any(word in open(os.path.join(path, name), "rb").read() for name in names):
            return True

class Scan(socketserver.BaseRequestHandler):
    def handle(self):
        question = self.request.recv(4096)
        name, _, what = question.decode("latin-1").strip().strip("\\0").partition(" ")
        if DEAF:
            return
        if name.endswith("PING"):
            return self.request.sendall(b"PONG\\n")
        if name.endswith("INSTREAM"):
            return self.request.sendall(b"stream: OK\\0")
        if word_in(what, b"ends-the-scanner"):
            os._exit(1)
        if word_in(what, b"holds-the-scanner"):
            return self.request.recv(1)
        self.request.sendall(f"{what}: OK\\n".encode())

class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    def server_bind(self):
        self.socket = socket.socket(fileno=3)       # systemd's
    def server_activate(self):
        pass

Server("", Scan).serve_forever()
'''


@contextlib.contextmanager
def stub_of_clamd(machine, deaf=False):
    """In its place, started again by systemd like it; deaf: it answers nobody."""
    change = machine.tree / "etc/systemd/system/clamav-daemon.service.d"
    change.mkdir(parents=True, exist_ok=True)
    (machine.tree / "usr/local/bin/stub.py").write_text(f"DEAF = {deaf}\n" + STUB)
    (change / "stub.conf").write_text(
        "[Service]\nType=simple\nNotifyAccess=none\nRestartSec=100ms\n"
        "ExecStart=\nExecStart=/usr/bin/python3 /usr/local/bin/stub.py\n")
    restart(machine)
    try:
        yield
    finally:
        (change / "stub.conf").unlink()
        restart(machine)


def restart(machine):
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "clamav-daemon.service")
