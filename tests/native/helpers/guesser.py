# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins with any password, from any of the host's addresses, that need not wait for the answer."""

import base64
import contextlib
import json
import socket

from machine import HOSTNAME

PORTS = {"imap": 993, "pop3": 995, "smtp": 465, "sieve": 4190}


class Guesser:
    """One connection of a mail program, in TLS and just before its login."""

    def __init__(self, machine, protocol, source, context, host=None):
        self.protocol, self.context = protocol, context
        self.socket = socket.create_connection(
            (host or machine.host, PORTS[protocol]), 20, source_address=(source, 0))
        if protocol != "sieve":
            self.encrypt()
        {"imap": lambda: self.read("* OK"), "pop3": lambda: self.read("+OK"),
         "smtp": self.greet_smtp, "sieve": self.greet_sieve}[protocol]()

    def encrypt(self):
        self.socket = self.context.wrap_socket(self.socket, server_hostname=HOSTNAME)
        self.lines = self.socket.makefile("rb")

    def greet_smtp(self):
        self.read("220")
        self.say("EHLO client.example.com")
        self.read("250 ")

    def greet_sieve(self):
        self.lines = self.socket.makefile("rb")
        self.read("OK")
        self.say("STARTTLS")
        self.read("OK")
        self.encrypt()
        self.read("OK")

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")

    def read(self, begin=""):
        while line := self.lines.readline().decode():
            if line.startswith(begin):
                return line.strip()
        raise EOFError(begin)

    def login(self, user, password):
        """Only says it."""
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.say({"imap": f"a AUTHENTICATE PLAIN {secret}", "pop3": f"AUTH PLAIN {secret}",
                  "smtp": f"AUTH PLAIN {secret}",
                  "sieve": f'AUTHENTICATE "PLAIN" "{secret}"'}[self.protocol])

    def answer(self):
        return self.read("a " if self.protocol == "imap" else "")

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()


def guess(machine, protocol, source, passwords, context, user="alice@example.org", host=None):
    """One password a connection, all at once, and nobody waits for an answer; the connections."""
    guessers = [Guesser(machine, protocol, source, context, host) for _ in passwords]
    for guesser, password in zip(guessers, passwords):
        guesser.login(user, password)
    return guessers


def why(machine, address):
    return json.loads(machine.run("postcask", "ban", "why", address, "--json").stdout)


def reaches(machine, source, port, timeout=1, host=None):
    try:
        socket.create_connection((host or machine.host, port), timeout, (source, 0)).close()
        return True
    except (TimeoutError, socket.timeout):
        return False
