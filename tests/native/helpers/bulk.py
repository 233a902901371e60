# SPDX-License-Identifier: GPL-3.0-or-later
"""Many messages at once to one machine: each has a sender of its own, by which it is found
again, because what is malformed has no reliable Message-ID."""

import re
import secrets
import smtplib
import time

from waiting import end_of

SENDER = re.compile(rb"^(?:X-Envelope-From|Return-Path): <([^>]*)>", re.MULTILINE)
ALERT = re.compile(rb"^X-Amavis-Alert: (.*(?:\n[ \t].*)*)", re.MULTILINE)


def headers(path):
    with open(path, "rb") as file:
        return file.read(1 << 18).partition(b"\n\n")[0] + b"\n"


def alerts(path):
    return [" ".join(one.decode("latin-1").split()) for one in ALERT.findall(headers(path))]


class Bulk:
    def __init__(self, machine, address="alice@example.org", port=25, login=None):
        self.machine, self.address, self.port, self.login = machine, address, port, login
        self.tag, self.groups, self.letters, self.places = secrets.token_hex(4), {}, [], None

    def add(self, group, messages):
        """`messages`: bytes by name."""
        senders = self.groups.setdefault(group, {})
        for name, data in messages.items():
            senders[name] = self.sender()
            self.letters.append((senders[name], data))

    def sender(self):
        user, domain = ("", "example.com") if not self.login else \
            self.login.replace("@", "+@").split("@")
        return f"{user}{self.tag}-{len(self.letters)}@{domain}"

    def submit(self):
        """Sends all; the answers to those that were refused, by sender."""
        refused, client = {}, None
        for sender, data in self.letters:
            client = client or self.connect()
            try:
                client.sendmail(sender, self.address, data)
            except smtplib.SMTPResponseException as error:
                refused[sender] = (error.smtp_code, error.smtp_error)
            except smtplib.SMTPServerDisconnected:
                client = None
                raise
        client.quit()
        return refused

    def connect(self):
        return self.machine.submission(self.login) if self.login else self.machine.smtp(self.port)

    def wait(self, timeout):
        """Until the queue is empty: every message has come to its end."""
        end = end_of(timeout)
        while left := self.machine.run("postqueue", "-j").stdout:
            if time.monotonic() > end:
                raise TimeoutError("still in the queue: " + left[:2000])
            time.sleep(0.3)             # a queue that becomes empty tells nobody
        self.places = self.find()

    def find(self):
        address = self.address if isinstance(self.address, str) else self.address[0]
        user, domain = address.split("@")
        tree = self.machine.tree
        mail, where = tree / "var/vmail" / domain / user / "Maildir", {}
        for place, folder in [("inbox", mail / "new"), ("inbox", mail / "cur"),
                              ("spam", mail / ".Spam/new"), ("spam", mail / ".Spam/cur"),
                              ("quarantine", tree / "var/lib/postcask/quarantine")]:
            for path in sorted(folder.glob("*")):
                match = path.is_file() and SENDER.search(headers(path))
                if match:
                    where.setdefault(match[1].decode("latin-1"), []).append((place, path))
        return where

    def where(self, group):
        """By name: the places and files of each message of the group."""
        return {name: self.places.get(sender, []) for name, sender in self.groups[group].items()}
