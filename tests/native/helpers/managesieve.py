# SPDX-License-Identifier: GPL-3.0-or-later
"""ManageSieve (RFC 5804), as a mail program speaks it."""

import base64
import contextlib
import re
import socket

from machine import PASSWORDS


class Sieve:
    """The little of RFC 5804 that the tests need."""

    def __init__(self, machine):
        self.machine = machine
        self.socket = socket.create_connection((machine.host, 4190), 20)
        self.stream = self.socket.makefile("rb")
        self.capabilities = self.answer()

    def answer(self):
        lines = []
        while True:
            line = self.stream.readline()
            assert line, lines
            lines.append(line)
            if line[:2] in (b"OK", b"NO") or line[:3] == b"BYE":
                if found := re.search(rb"\{(\d+)\}\r\n\Z", line):
                    lines[-1] += self.stream.read(int(found[1])) + self.stream.readline()
                return lines

    def command(self, data):
        self.socket.sendall(data + b"\r\n")
        return self.answer()

    def put(self, name, script):
        body = script.encode()
        said = self.command(b'PUTSCRIPT "%s" {%d+}\r\n' % (name.encode(), len(body)) + body)[-1]
        assert said.startswith(b"OK"), said

    def starttls(self):
        assert self.command(b"STARTTLS")[-1].startswith(b"OK")
        self.socket = self.machine.tls().wrap_socket(self.socket,
                                                     server_hostname="mail.example.org")
        self.stream = self.socket.makefile("rb")
        self.capabilities = self.answer()

    def login(self, user, password):
        secret = base64.b64encode(f"\0{user}\0{password}".encode())
        return self.command(b'AUTHENTICATE "PLAIN" "' + secret + b'"')[-1]

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def active(machine, user, script):
    """A session of the user's, whose one script is in force meanwhile."""
    sieve = Sieve(machine)
    sieve.starttls()
    assert sieve.login(user, PASSWORDS[user]).startswith(b"OK")
    try:
        sieve.put("test", script)
        assert sieve.command(b'SETACTIVE "test"')[-1].startswith(b"OK")
        yield sieve
    finally:
        sieve.command(b'SETACTIVE ""')
        sieve.close()
