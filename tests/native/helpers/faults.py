# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine under mail load while faults strike: who has sent what, what was acknowledged, and
where it is afterwards.

Each message has an id and its body's hash in its header, so that what arrives can be compared with
what was sent.  Mailboxes, queue and quarantine are read as files, through the machine's own root:
its mounts are there too."""

import base64
import email.mime.application
import email.mime.multipart
import email.mime.text
import gzip
import hashlib
import os
import random
import re
import signal
import smtplib
import socket
import stat
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from waiting import end_of

SCANNED = b"X-Virus-Scanned: amavis at "
# Composed here, so that no scanner takes this file for one.
EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
RECIPIENTS = ["alice@example.org", "bob@example.org", "carol@example.net"]
SESSIONS = 6
# Messages on their way at once before the fault strikes, unless a test wants fewer; afterwards
# there is no limit.
WINDOW = 80
MAIL, QUEUE = "/var/vmail", "/var/spool/postfix"
QUARANTINE, WORK = "/var/lib/postcask/quarantine", "/var/lib/amavis"
DISKS = [MAIL, QUEUE, QUARANTINE, WORK]


@dataclass
class Letter:
    """One message, as it was sent."""
    id: str
    recipients: list
    hash: str
    virus: bool
    data: bytes = field(repr=False)


class Letters:
    """Makes messages, each different."""
    viruses = 0.02

    def __init__(self, name, seed, recipients=RECIPIENTS):
        self.name, self.random, self.count = name, random.Random(seed), 0
        self.recipients = recipients
        self.lock = threading.Lock()

    def next(self, sender):
        with self.lock:
            self.count += 1
            return self.make(f"{self.name}-{self.count}", sender)

    def make(self, name, sender):
        """A user's own viruses are sent back to him: only strangers send some."""
        draw = self.random
        virus = sender not in RECIPIENTS and draw.random() < self.viruses
        two = len(self.recipients) > 1 and draw.random() < 0.05
        recipients = draw.sample(self.recipients, 2 if two else 1)
        kind, body = self.content(virus)
        digest = hashlib.sha256(body.replace(b"\r\n", b"\n")).hexdigest()
        header = (f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {name}\r\n"
                  f"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{name}@example.com>\r\n"
                  f"X-Letter: {name} {digest}\r\n{kind}\r\n")
        return Letter(name, recipients, digest, virus, header.encode() + body)

    def content(self, virus):
        """What of the header says what it is, and the body."""
        return "", EICAR + b"\r\n" if virus else self.text()

    def text(self):
        size = 150_000 if self.random.random() < 0.005 else self.random.randrange(40, 6000)
        return base64.encodebytes(self.random.randbytes(size)).replace(b"\n", b"\r\n")


class PackedLetters(Letters):
    """Most of them carry an archive of one of many kinds, and many of those a virus inside."""
    viruses = 0.2

    def __init__(self, archives, name, seed):
        """`archives`: by whether there is a virus inside, files by their names."""
        super().__init__(name, seed)
        self.archives = archives

    def content(self, virus):
        if not virus and self.random.random() < 0.2:
            return super().content(virus)
        name = self.random.choice(sorted(self.archives[virus]))
        message = email.mime.multipart.MIMEMultipart(boundary="a boundary")
        message.attach(email.mime.text.MIMEText(self.text().decode("ascii")))
        part = email.mime.application.MIMEApplication(self.archives[virus][name], name=name)
        message.attach(part)
        head, _, body = message.as_bytes().partition(b"\n\n")
        return head.decode() + "\r\n", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Connection:
    """An SMTP session that sends its commands in one go where the protocol allows it."""

    def __init__(self, connected, sender, greeted):
        self.socket, self.sender = connected, sender
        self.lines = connected.makefile("rb")
        connected.settimeout(60)
        if not greeted:
            self.answers(b"", 1, 220)
            self.answers(b"EHLO client.example.com\r\n", 1, 250)

    @classmethod
    def of_stranger(cls, *address, source=None):
        return cls(socket.create_connection(address, 30, source and (source, 0)),
                   "stranger@example.com", False)

    def answer(self):
        while True:
            line = self.lines.readline(2048)
            if not line.endswith(b"\n"):
                raise ConnectionError("the server closed the connection")
            if line[3:4] != b"-":
                return int(line[:3]), line

    def answers(self, commands, count, good):
        if commands:
            self.socket.sendall(commands)
        got = [self.answer() for _ in range(count)]
        for code, line in got:
            if code >= 400:
                raise smtplib.SMTPResponseException(code, line)
        assert got[-1][0] == good, got

    def send(self, letter):
        to = "".join(f"RCPT TO:<{address}>\r\n" for address in letter.recipients)
        self.answers(f"MAIL FROM:<{self.sender}>\r\n{to}DATA\r\n".encode(),
                     2 + len(letter.recipients), 354)
        self.answers(letter.data + b".\r\n", 1, 250)

    def close(self):
        self.socket.close()


class Load:
    """Sends from several sessions at once until `wanted` messages are acknowledged."""

    def __init__(self, connect, letters, wanted, store, window=WINDOW):
        self.connect, self.letters, self.store = connect, letters, store
        self.sent, self.codes, self.acknowledged = 0, {}, {}
        self.wanted, self.window = wanted, window if store else 0
        self.known = len(store.places) if store else 0
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.sessions = [threading.Thread(target=self.session, args=(number,), daemon=True)
                         for number in range(SESSIONS)]
        for session in self.sessions:
            session.start()

    def waits(self):
        return self.window and \
            len(self.acknowledged) + self.known - len(self.store.places) > self.window

    def session(self, number):
        """The first one may be a user with a login; the others are strangers."""
        connection = None
        for _ in range(self.wanted // SESSIONS):
            done = False
            while not done and not self.stopping.is_set():
                if self.waits():
                    self.stopping.wait(0.02)
                    continue
                try:
                    connection = connection or self.connect(number)
                    self.one(connection)
                    done = True
                except (OSError, smtplib.SMTPException, ValueError) as error:
                    self.failed(error)
                    connection = connection and connection.close()
                    self.stopping.wait(0.1)         # as a client would, only sooner

    def one(self, connection):
        letter = self.letters.next(connection.sender)
        self.sent += 1
        connection.send(letter)
        with self.lock:
            self.acknowledged[letter.id] = letter
        return letter

    def failed(self, error):
        code = getattr(error, "smtp_code", type(error).__name__)
        with self.lock:
            self.codes[code] = self.codes.get(code, 0) + 1

    def probe(self):
        """One message more from a session of its own, when it is taken."""
        try:
            connection = self.connect(SESSIONS)
            try:
                return self.one(connection)
            finally:
                connection.close()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.failed(error)
        return None

    def done(self):
        return not any(session.is_alive() for session in self.sessions)

    def stop(self):
        self.stopping.set()
        for session in self.sessions:
            session.join(90)


def envelope_sender(queue_file):
    """That of a file of Postfix's queue: records of a type, a length in groups of seven bits, the
    lowest first, and so many bytes.  None where it has not got that far."""
    at = 0
    while at < len(queue_file):
        kind, at, length, shift = queue_file[at], at + 1, 0, 0
        for byte in queue_file[at:]:
            at, length, shift = at + 1, length | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        if kind == ord("S"):
            return queue_file[at:at + length]
        at += length
    return None


class Store:
    """Where the machine keeps mail."""

    def __init__(self, root):
        self.root, self.places, self.faults = Path(root), {}, []
        self.seen, self.listed = set(), {}

    def scan(self):
        """Looks at what is new in mailboxes and quarantine."""
        for folder in (self.root / "var/vmail").glob("*/*/Maildir"):
            owner = f"{folder.parent.name}@{folder.parent.parent.name}"
            for part in (*folder.glob("new"), *folder.glob("cur"), *folder.glob(".*/new"),
                         *folder.glob(".*/cur")):
                known = self.listed.setdefault(part, set())
                for name in set(os.listdir(part)) - known:
                    known.add(name)
                    key = (folder, name.split(":")[0])
                    if key not in self.seen:
                        self.take(key, part / name, owner)
        for path in (self.root / "var/lib/postcask/quarantine").rglob("*"):
            if path not in self.seen and path.is_file():
                self.take(path, path, "quarantine")

    def take(self, key, path, place):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return                                  # renamed meanwhile
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        found = re.search(rb"^X-Letter: (\S+) (\w+)$", data, re.M)
        if place == "quarantine" and not self.whole(data, found):
            return                                  # it may still be written
        self.seen.add(key)
        if not found:
            return
        name = found.group(1).decode()
        if not self.whole(data, found):
            self.faults.append(f"{name} is not whole in {path}")
        if place != "quarantine":
            head = data.split(b"\n\n", 1)[0]
            if SCANNED not in head:
                self.faults.append(f"{name} was delivered unscanned: {path}")
            if EICAR in data:
                self.faults.append(f"{name}, a virus, was delivered: {path}")
        self.places.setdefault(name, []).append(place)

    @staticmethod
    def whole(data, found):
        if not found:
            return False
        body = data[found.end():].partition(b"\n\n")[2]
        return hashlib.sha256(body).hexdigest().encode() == found.group(2)

    def queued(self):
        """By name of a message, the queue's file that has it and how that begins: its sender, and
        when it came.  A bounce has a message's text too, and so has what is not whole and Postfix
        would never send; neither is a message that still gets there."""
        found = {}
        # In the order in which a message goes through them, and back.
        for queue in ("hold", "deferred", "maildrop", "incoming", "active", "deferred"):
            for path in (self.root / "var/spool/postfix" / queue).rglob("*"):
                try:
                    data, whole = path.read_bytes(), path.stat().st_mode & stat.S_IXUSR
                except OSError:
                    continue                        # a folder, or it went on meanwhile
                if not whole or envelope_sender(data) == b"":
                    continue
                for name in re.findall(rb"X-Letter: (\S+) ", data):
                    found[name.decode()] = (str(path.relative_to(self.root)), data[:400])
        return found

    def doubled(self, letter):
        places = self.places.get(letter.id, [])
        return len(places) - len(set(places))

    def missing(self, letter):
        """Recipients of an acknowledged message who do not have it."""
        places = self.places.get(letter.id, [])
        if letter.virus:
            return [] if "quarantine" in places else ["quarantine"]
        return [one for one in letter.recipients if one not in places]


def stopped(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return True                                 # it has ended


class Box:
    """A running machine seen by its parts."""

    def __init__(self, machine):
        self.machine = machine
        self.init = int(Path(f"/run/postcask-native/{machine.name}/init").read_text())
        self.root = Path(f"/proc/{self.init}/root")
        base = Path("/sys/fs/cgroup")
        base = base / "unified" if (base / "unified").is_dir() else base
        self.slice = base / f"postcask-{machine.name}" / "system.slice"
        self.store = Store(self.root)

    def run(self, *command, **options):
        return self.machine.run(*command, **options)

    def connect(self, number):
        """The first session is a user with a login, the others are strangers at two addresses."""
        if number == 0:
            return Connection(self.machine.submission("alice@example.org").sock,
                              "alice@example.org", True)
        return Connection.of_stranger(self.machine.host, 25,
                                      source=f"{self.machine.net}.{3 + number % 2}")

    def processes(self, unit, pattern=""):
        """Process ids, on this host, of a unit's processes whose command line has the pattern;
        those that hang come last."""
        found = []
        for listed in (self.slice / unit).rglob("cgroup.procs"):
            for one in listed.read_text().split():
                try:
                    line = Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:
                    continue
                if re.search(pattern, line):
                    found.append(int(one))
        return sorted(found, key=stopped)

    def signal(self, unit, pattern, number, most=100):
        """Sends a signal to such processes, as soon as there is one; who got it."""
        end = end_of(20)
        while not (found := self.processes(unit, pattern)):
            assert time.monotonic() < end, f"{unit} has no process like {pattern}"
            time.sleep(0.01)
        for one in found[:most]:
            try:
                os.kill(one, number)
            except ProcessLookupError:
                continue
        return found[:most]

    def kill(self, unit, pattern="", most=100):
        return self.signal(unit, pattern, signal.SIGKILL, most)

    def hang(self, unit, pattern="", most=100):
        return self.signal(unit, pattern, signal.SIGSTOP, most)

    def limit_disks(self):
        """Gives each path that mail lies on a filesystem of its own, whose size can be changed."""
        self.run("systemctl", "stop", "postfix", "amavis", "dovecot")
        for path in DISKS:
            self.run("sh", "-euc", """
                mkdir -p /mnt/disk; mount -t tmpfs -o mode=755,size=4G,nr_inodes=1M disk /mnt/disk
                cp -a --no-target-directory "$1" /mnt/disk
                mount --bind /mnt/disk "$1"; umount /mnt/disk""", "disk", path)
        self.run("systemctl", "start", "postfix", "amavis", "dovecot", timeout=120)

    def fill(self, path, left):
        """Leaves so many bytes on that filesystem."""
        def limit(used):
            return f"size={(used.f_blocks - used.f_bfree) * used.f_frsize + left}"
        self.limit(path, limit)

    def take_inodes(self, path, left):
        self.limit(path, lambda used: f"nr_inodes={used.f_files - used.f_ffree + left}")

    def limit(self, path, option):
        """Repeated when more was used meanwhile."""
        for _ in range(20):
            value = option(os.statvfs(self.root / path.lstrip("/")))
            done = self.run("mount", "-o", f"remount,{value}", path, check=False)
            if done.returncode == 0:
                return
        raise RuntimeError(done.stderr)

    def make_room(self, path):
        self.run("mount", "-o", "remount,size=4G,nr_inodes=1M", path)
