# SPDX-License-Identifier: GPL-3.0-or-later
"""Another server, to which the machine sends what leaves: it says nothing of 8BITMIME, keeps all that it
is given, and refuses whom it is told to and whoever is called unknown@.  And what such a server makes of a sender: SPF, by the evaluator of the image."""

import importlib.util
import re
import socketserver
import threading
from dataclasses import dataclass

SRS0 = re.compile(r"SRS0=([^=]+)=([^=]+)=([^=]+)=(.+)@[^@]+", re.IGNORECASE)


@dataclass
class Letter:
    sender: str
    recipients: list
    data: bytes
    peer: str


class Session(socketserver.StreamRequestHandler):
    def answer(self, text):
        self.wfile.write(text + b"\r\n")

    def handle(self):
        self.answer(b"220 far.example")
        sender, recipients = None, []
        for line in self.rfile:
            verb, address = line[:4].upper(), re.search(rb"<(.*?)>", line)
            if verb == b"MAIL":
                sender, recipients = address[1].decode(), []
            if verb == b"RCPT" and self.server.refuses(address[1].decode()):
                self.answer(b"550 5.1.1 nobody of that name")
                continue
            if verb == b"RCPT":
                recipients.append(address[1].decode())
            if verb == b"DATA":
                self.answer(b"354 go on")
                letter = Letter(sender, recipients, self.message(), self.client_address[0])
                with self.server.news:
                    self.server.letters.append(letter)
                    self.server.news.notify_all()
            if verb == b"QUIT":
                return self.answer(b"221 bye")
            self.answer(b"250 far.example")

    def message(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line[:1] == b"." else line)
        return b"".join(lines)


class Running(socketserver.ThreadingTCPServer):
    """A server that runs as long as its `with` block."""
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 200

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Server(Running):
    def __init__(self, address, port):
        super().__init__((address, port), Session)
        self.letters, self.refused, self.news = [], set(), threading.Condition()

    def refuses(self, address):
        return address in self.refused or address.startswith("unknown@")

    def wait(self, fits, count=1, timeout=60):
        """All letters that fit, as soon as there are so many."""
        with self.news:
            if not self.news.wait_for(lambda: sum(map(bool, map(fits, self.letters))) >= count, timeout):
                raise TimeoutError([one.sender for one in self.letters])
            return [one for one in self.letters if fits(one)]

    def with_words(self, words):
        """All letters that have these in them, and have come by now."""
        with self.news:
            return [one for one in self.letters if words.encode() in one.data]

    def wait_words(self, words, **options):
        return self.wait(lambda one: words.encode() in one.data, **options)


def original(address):
    """Whose address it was before this machine made one of its own of it."""
    found = SRS0.fullmatch(address)
    return f"{found[4]}@{found[3]}" if found else address


def spf_judge(tree, zone):
    """check(ip, sender, helo) -> "pass", "fail", ..., with that zone: {(name, type): [values]}."""
    place = next((tree / "usr/lib/python3/dist-packages").glob("spf.py"))
    spec = importlib.util.spec_from_file_location("spf", place)
    spf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(spf)
    spf.DNSLookup = lambda name, kind, *_: [
        ((name, kind), value) for value in zone.get((str(name).lower().rstrip("."), kind), [])]
    return lambda ip, sender, helo: spf.check2(i=ip, s=sender, h=helo)[0]
