# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers who send to a virtual machine until it dies, and where their mail is afterwards."""

import hashlib
import json
import secrets
import smtplib
import threading
import time

# Composed here, so that no scanner takes this file for one.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARK = "X-Load"

# Run inside as root: prints, for each message of the load, where it lies and the hash of its body.
# What moves on while this looks is found further along the way; the queue is looked at first.
LOOK = f"""
import glob, hashlib, json, os, subprocess
def content(data):
    # Of a queue file: records of a type, a length in groups of seven bits, and that many bytes.
    # postcat would be a program for each message, which in an emulated machine takes minutes.
    text, at, inside = [], 0, False
    while at < len(data):
        kind, size, shift, more = data[at:at + 1], 0, 0, True
        while more:
            at += 1
            size |= (data[at] & 127) << shift
            shift, more = shift + 7, data[at] > 127
        value, at = data[at + 1:at + 1 + size], at + 1 + size
        if kind == b"p" and int(value):
            at = int(value)             # what was edited goes on elsewhere
        elif kind in b"MX":
            inside = kind == b"M"
        elif inside and kind in b"NL":
            text.append(value + b"\\n" * (kind == b"N"))
    return b"".join(text)
def said(text, place):
    head, _, body = text.replace(b"\\r\\n", b"\\n").partition(b"\\n\\n")
    for line in head.split(b"\\n"):
        if line.startswith(b"{MARK}: "):
            name = line.split()[1].decode()
            found.append([name, place, hashlib.sha256(body).hexdigest()])
found = []
queued = subprocess.run(["postqueue", "-j"], capture_output=True, timeout=60).stdout
# Without recipients it is delivered, and only not yet taken away.
waiting = set(message["queue_id"] for message in map(json.loads, queued.splitlines())
              if message["recipients"])
# In the order in which a message goes through them, and back.
for queue in ("deferred", "incoming", "active", "deferred"):
    for path in glob.glob("/var/spool/postfix/" + queue + "/**", recursive=True):
        if os.path.basename(path) in waiting:
            try:
                said(content(open(path, "rb").read()), "queue")
                waiting.remove(os.path.basename(path))
            except OSError:
                pass
for place, pattern in (("quarantine", "/var/lib/postcask/quarantine/*"),
                       ("mailbox", "/var/vmail/*/*/Maildir/new/*"),
                       ("mailbox", "/var/vmail/*/*/Maildir/cur/*"),
                       ("mailbox", "/var/vmail/*/*/Maildir/.Spam/*/*")):
    for path in glob.glob(pattern):
        try:
            said(open(path, "rb").read(), place)
        except OSError:
            pass
print(json.dumps(found))
"""


class MailLoad:
    """`clients` senders at once, each with `pause` seconds between its messages; every tenth carries
    EICAR.  As a context it ends with the machine, or when it is left."""

    def __init__(self, machine, clients=3, pause=0, to="alice@example.org"):
        self.machine, self.pause, self.to = machine, pause, to
        self.acknowledged, self.viruses, self.sent = {}, set(), 0
        self.lock, self.ended = threading.Condition(), threading.Event()
        self.threads = [threading.Thread(target=self.client, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(90)

    def client(self):
        while not self.ended.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.machine.ports["smtp"], timeout=60) as client:
                    while not self.ended.is_set():
                        self.send(client)
                        self.ended.wait(self.pause)
            except (OSError, smtplib.SMTPException):
                self.ended.wait(0.5)        # it is down, or busy: a sender comes again

    def send(self, client):
        with self.lock:
            self.sent += 1
            virus = self.sent % 10 == 0
        name = secrets.token_hex(12)
        lines = [secrets.token_hex(32) for _ in range(30)] + [EICAR] * virus
        body = "".join(f"{line}\n" for line in lines)
        text = (f"From: s@example.com\nTo: {self.to}\nSubject: load\n{MARK}: {name}\n"
                f"Message-ID: <{name}@example.com>\n\n{body}")
        client.sendmail("s@example.com", self.to, text)
        with self.lock:
            self.acknowledged[name] = hashlib.sha256(body.encode()).hexdigest()
            self.viruses |= {name} if virus else set()
            self.lock.notify_all()

    def wait_acknowledged(self, count, timeout=120):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.acknowledged) >= count, timeout), \
                f"{len(self.acknowledged)} of {self.sent} messages were accepted"

    def account(self, timeout=120):
        """Where each acknowledged message is, whole, once: fails when one is nowhere."""
        end = time.monotonic() + timeout
        while True:
            found = json.loads(self.machine.ssh(f"sudo python3 - <<'END'\n{LOOK}\nEND",
                                                timeout=300))
            missing = set(self.acknowledged) - {name for name, _, _ in found}
            if not missing or time.monotonic() > end:
                break
        assert not missing, f"{len(missing)} of {len(self.acknowledged)} acknowledged are lost"
        for name, place, digest in found:
            if name in self.acknowledged:
                assert digest == self.acknowledged[name], f"{name} in the {place} is not whole"
                assert (name in self.viruses) <= (place != "mailbox"), f"a virus in the {place}"
        return found

    def settled(self, timeout=180):
        """As account, once nothing of it waits any more."""
        end = time.monotonic() + timeout
        while True:
            found = self.account()
            waiting = [name for name, place, _ in found if place == "queue"]
            if not waiting:
                return found
            assert time.monotonic() < end, f"{len(waiting)} still wait"
