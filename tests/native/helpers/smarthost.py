# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that sends for the machine: TLS with a certificate that a test chooses, and a login
without which it takes nothing.  Whatever else is said to it is kept, to look for what should never
have been said."""

import base64
import datetime
import re
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from far import Letter, Server


class Authority:
    """An authority of the test's own, and what it issues."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self.begin(self.name, self.key, 0, 30).add_extension(x509.BasicConstraints(True, None), True)
        self.pem = self.sign(made)

    def begin(self, subject, key, begin, end):
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now + (begin - 1) * day).not_valid_after(now + end * day))

    def sign(self, builder):
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def context(self, folder, host, begin=0, end=30):
        """What a server with a certificate for that host shows, from `begin` to `end` in days."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        pem = self.sign(self.begin(subject, key, begin, end).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), False))
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption()).decode()
        file = folder / f"{host}{begin}{end}.pem"
        file.write_text(secret + pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


class Session:
    def __init__(self, connection, client, server):
        self.connection, self.server, self.peer = connection, server, client[0]
        self.tls = self.login = False
        self.sender, self.recipients = None, []
        if server.implicit:
            self.encrypt()
        self.stream = self.connection.makefile("rb")
        self.say("220 smarthost")
        while (line := self.stream.readline()) and self.answer(line.decode().strip()):
            pass

    def encrypt(self):
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.tls = True

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")
        return True

    def answer(self, line):
        verb = line[:4].upper()
        if not self.tls:
            self.server.clear.append(line)
        if (verb, "all") in self.server.says or (verb, self.sender) in self.server.says:
            return self.say(self.server.says.get((verb, "all")) or self.server.says[verb, self.sender])
        return getattr(self, f"on_{verb.lower()}", self.on_other)(line)

    def on_other(self, _):
        return self.say("250 yes")

    def on_ehlo(self, _):
        more = ["SIZE 1000000000"]
        if not self.tls and self.server.offers_tls:
            more.append("STARTTLS")
        if self.tls or not self.server.offers_tls:
            more.append("AUTH PLAIN LOGIN")
        return self.say("\r\n".join(f"250-{word}" for word in ["smarthost", *more]) + "\r\n250 8BITMIME")

    def on_star(self, _):
        self.say("220 go on")
        self.encrypt()
        self.stream = self.connection.makefile("rb")
        return True

    def on_auth(self, line):
        given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
        self.login = given == self.server.account
        return self.say("235 come in" if self.login else "535 5.7.8 not you")

    def on_mail(self, line):
        self.sender, self.recipients = re.search("<(.*?)>", line)[1], []
        return self.say("250 yes" if self.login or not self.server.account
                        else "530 5.7.0 Authentication required")

    def on_rcpt(self, line):
        address = re.search("<(.*?)>", line)[1]
        if self.server.refuses(address):
            return self.say("550 5.1.1 nobody of that name")
        self.recipients.append(address)
        return self.say("250 yes")

    def on_data(self, _):
        self.say("354 go on")
        lines = []
        while (line := self.stream.readline()) != b".\r\n":
            lines.append(line[1:] if line[:1] == b"." else line)
        letter = Letter(self.sender, self.recipients, b"".join(lines), self.peer)
        letter.tls, letter.login = self.tls, self.login
        with self.server.news:
            self.server.letters.append(letter)
            self.server.news.notify_all()
        return self.say("250 queued")

    def on_quit(self, _):
        self.say("221 bye")
        return False


class Smarthost(Server):
    """`says`: {(verb, sender or "all"): answer} in place of its own."""

    def __init__(self, address, port, context, account, implicit=False):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__(address, port)
        self.context, self.account, self.implicit = context, list(account), implicit
        self.offers_tls, self.clear, self.says = True, [], {}

    def finish_request(self, request, client_address):
        Session(request, client_address, self)

    def handle_error(self, *_):         # a client that believes no certificate hangs up
        pass
