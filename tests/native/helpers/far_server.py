# SPDX-License-Identifier: GPL-3.0-or-later
"""Another server, to which a machine sends all that leaves: what arrived there."""

import socketserver
import threading
import time


class Session(socketserver.StreamRequestHandler):
    """It says nothing of 8BITMIME, refuses whom it does not know, and keeps the rest."""

    def answer(self, text):
        self.wfile.write(text + b"\r\n")

    def handle(self):
        self.answer(b"220 far.example")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"MAIL":
                sender = line.partition(b"<")[2].partition(b">")[0].decode()
            if verb == b"DATA":
                self.answer(b"354 go on")
                self.server.add(sender, self.message())
            if verb == b"QUIT":
                return self.answer(b"221 bye")
            self.answer(b"550 5.1.1 nobody" if verb == b"RCPT" and b"unknown@" in line
                        else b"250 far.example")

    def message(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line[:1] == b"." else line)
        return b"".join(lines)


class FarServer(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 100

    def __init__(self, address, port):
        super().__init__((address, port), Session)
        self.changed, self.arrived = threading.Condition(), []

    def add(self, sender, data):
        with self.changed:
            self.arrived.append((sender, data))
            self.changed.notify_all()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def with_mark(self, mark):
        """(sender, message) of all that have these words in them."""
        mark = mark.encode() if isinstance(mark, str) else mark
        with self.changed:
            return [one for one in self.arrived if mark in one[1]]

    def wait(self, mark, timeout=60):
        """The first with these words."""
        end = time.monotonic() + timeout
        while not (found := self.with_mark(mark)):
            assert time.monotonic() < end, f"{mark} did not arrive"
            with self.changed:
                self.changed.wait(0.2)      # one may have come in between
        return found[0]
