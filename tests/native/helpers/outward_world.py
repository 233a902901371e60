# SPDX-License-Identifier: GPL-3.0-or-later
"""Other domains, as a machine that sends to them meets them: their zones, signed and not, mail servers
with and without TLS and with all sorts of certificates, and the servers of their MTA-STS policies.

    world = World(net)
    machine = Machine(..., data=user_data() + world.settings())
    world.lead(machine)                 # it trusts the world's root key and its authority
    with machine, world: ..."""

import contextlib
import datetime
import hashlib
import re
import socketserver
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from far import Running
from zones import Zones

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


class Authority:
    """Who signs certificates; `context` is what a server has for a name."""

    def __init__(self, name="test authority"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name_of(name)
        self.certificate = self.sign(name, self.key, "authority", NOW + 3650 * DAY, own=True)
        self.folder = Path(tempfile.mkdtemp(prefix="postcask-authority-"))

    def sign(self, name, key, names, until, own=False):
        builder = x509.CertificateBuilder().subject_name(name_of(name)).issuer_name(
            name_of(name) if own else self.name).public_key(key.public_key()).serial_number(
            x509.random_serial_number()).not_valid_before(NOW - 30 * DAY).not_valid_after(until)
        if names == "authority":
            builder = builder.add_extension(x509.BasicConstraints(True, None), True)
        else:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), False)
        return builder.sign(key if own else self.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, name, kind="good"):
        """(SSL context, TLSA 3 1 1) of a server: "good", "wrong name", "expired", "self-signed"."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = ["other.invalid"] if kind == "wrong name" else [name]
        until = NOW - DAY if kind == "expired" else NOW + 90 * DAY
        certificate = self.sign(names[0], key, names, until, own=kind == "self-signed")
        path = self.folder / hashlib.sha256(f"{name} {kind}".encode()).hexdigest()
        path.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        public = key.public_key().public_bytes(serialization.Encoding.DER,
                                               serialization.PublicFormat.SubjectPublicKeyInfo)
        return context, hashlib.sha256(public).hexdigest()


class Server(Running):
    def handle_error(self, *_):
        """A client that lets go in the middle of a handshake is what is tested."""


@dataclass
class Letter:
    recipient: str
    tls: str        # the version, "" in the clear
    asked: str      # by which name (SNI)
    data: bytes
    at: float


class MailSession(socketserver.StreamRequestHandler):
    timeout = 60

    def answer(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts = self.server.contexts

        def choose(connection, name, _):
            self.asked = name or ""
            connection.context = contexts.get(name) or contexts[None]
        context.sni_callback = choose
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.tls = self.connection.version()

    def handle(self):
        self.asked = self.tls = ""
        recipients = []
        self.answer("220 sink.example ESMTP")
        while line := self.rfile.readline():
            verb, address = line[:4].upper(), re.search(rb"<(.*?)>", line)
            if verb == b"EHLO":
                self.answer("250-sink.example")
                if self.server.contexts and not self.tls:
                    self.answer("250-STARTTLS")
                self.answer("250 8BITMIME")
            elif verb == b"STAR" and self.server.contexts:
                self.answer("220 go on")
                self.start_tls()
            elif verb == b"RCPT":
                recipients.append(address[1].decode())
                self.answer("250 yes")
            elif verb == b"DATA":
                self.answer("354 go on")
                self.server.take(recipients, self.tls, self.asked, self.data())
                recipients = []
                self.answer("250 taken")
            elif verb == b"QUIT":
                return self.answer("221 bye")
            else:
                self.answer("250 yes")

    def data(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)


class PolicySession(socketserver.StreamRequestHandler):
    timeout = 60

    def handle(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        asked = []

        def choose(connection, name, _):
            asked.append(name)
            connection.context = self.server.contexts.get(name) or self.server.contexts[None]
        context.sni_callback = choose
        with context.wrap_socket(self.connection, server_side=True) as connection:
            request = b""
            while b"\r\n\r\n" not in request and (more := connection.recv(4096)):
                request += more
            host = re.search(rb"(?i)\r\nhost: *([^\r:]+)", request)[1].decode()
            self.server.fetched.append(host)
            answer = self.server.policies.get(host.removeprefix("mta-sts."))
            if answer is None:
                time.sleep(30)          # silent for as long as anybody waits
                return
            connection.sendall(answer)
            with contextlib.suppress(OSError):
                connection.unwrap()


def http(body, status="200 OK", kind="text/plain; charset=utf-8", more=""):
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}").encode()


def policy(*hosts, mode="enforce", age=604800):
    return http("version: STSv1\r\n" f"mode: {mode}\r\n" +
                "".join(f"mx: {host}\r\n" for host in hosts) + f"max_age: {age}\r\n")


class World:
    """Addresses on the machine's own network: .1 name server, .3 mail with TLS, .4 mail without, .5
    policies, .6 nobody."""

    def __init__(self, net):
        self.net = net
        self.zones = Zones({"ns1": f"{net}.1"}).make()
        self.authority = Authority()
        self.texts = {}         # apex -> lines
        self.letters, self.news = [], threading.Condition()
        self.mail = Server((f"{net}.3", 25), MailSession, bind_and_activate=False)
        self.bare = Server((f"{net}.4", 25), MailSession, bind_and_activate=False)
        self.web = Server((f"{net}.5", 443), PolicySession, bind_and_activate=False)
        self.mail.contexts, self.bare.contexts = {None: self.authority.context("default")[0]}, {}
        self.web.contexts, self.web.policies, self.web.fetched = dict(self.mail.contexts), {}, []
        self.mail.take = self.bare.take = self.take
        self.stack = contextlib.ExitStack()

    def settings(self):
        return self.zones.settings()

    def lead(self, machine):
        self.zones.lead(machine)
        bundle = machine.tree / "etc/ssl/certs/ca-certificates.crt"
        bundle.write_text(bundle.read_text() + self.authority.pem())

    def __enter__(self):
        self.stack.enter_context(self.zones)
        for server in (self.mail, self.bare, self.web):
            server.server_bind()
            server.server_activate()
            self.stack.enter_context(server)
        return self

    def __exit__(self, *_):
        self.stack.close()

    def take(self, recipients, tls, asked, data):
        with self.news:
            self.letters += [Letter(one, tls, asked, data, time.time()) for one in recipients]
            self.news.notify_all()

    def letter_of(self, recipient, words=""):
        return next((one for one in self.letters
                     if one.recipient == recipient and words.encode() in one.data), None)

    def wait_letter(self, recipient, words="", timeout=60):
        with self.news:
            assert self.news.wait_for(lambda: self.letter_of(recipient, words), timeout), recipient
            return self.letter_of(recipient, words)

    # What a domain is made of.  Names are relative to `apex`; "" is the apex itself.

    def server(self, apex, label, kind="good", bare=False):
        """A mail server's address, and the digest of its key."""
        name = f"{label}.{apex}"
        self.mail.contexts[name], digest = self.authority.context(name, kind)
        self.add(apex, f"{label} A {self.net}.{4 if bare else 3}")
        return digest

    def add(self, apex, *lines):
        self.texts.setdefault(apex, []).extend(lines)

    def publish(self, apex, label, answer, record="v=STSv1; id=1;", kind="good", host=5):
        """An MTA-STS policy of LABEL.APEX."""
        name = f"mta-sts.{label}.{apex}"
        self.web.contexts[name] = self.authority.context(name, kind)[0]
        self.web.policies[f"{label}.{apex}"] = answer
        self.add(apex, f'_mta-sts.{label} TXT "{record}"', f"mta-sts.{label} A {self.net}.{host}")

    def load(self, apex, **options):
        self.zones.set(apex, "\n".join(self.texts[apex]) + "\n", **options)

    def replace(self, apex, old, new):
        text = "\n".join(self.texts[apex])
        assert old in text, old
        self.texts[apex] = text.replace(old, new).split("\n")
