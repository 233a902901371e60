# SPDX-License-Identifier: GPL-3.0-or-later
"""An identity provider as far as this server sees one: https with a configuration and a set of keys,
behind an authority of its own; and the tokens that it, or somebody else, would give out.

    with Issuer("10.120.0.1") as issuer:
        issuer.settings()                       # lines of the user-data below `mail:`
        issuer.token(email="alice@example.org")"""

import base64
import json
import ssl
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certificates import make_certificate

PORT = 14443
AUDIENCE, CLIENT = "mail", "roundcube"


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number64(number, size=None):
    return url64(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


class Key:
    """One that signs by `algorithm`; `bits` of RSA."""

    def __init__(self, name, algorithm="RS256", bits=2048):
        self.name, self.algorithm = name, algorithm
        if algorithm.startswith("ES"):
            self.curve = ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1()
            self.private = ec.generate_private_key(self.curve)
        else:
            self.private = rsa.generate_private_key(65537, bits)

    def jwk(self, **more):
        numbers = self.private.public_key().public_numbers()
        if self.algorithm.startswith("ES"):
            size = (self.curve.key_size + 7) // 8
            made = {"kty": "EC", "crv": f"P-{self.curve.key_size}",
                    "x": number64(numbers.x, size), "y": number64(numbers.y, size)}
        else:
            made = {"kty": "RSA", "n": number64(numbers.n), "e": number64(numbers.e)}
        return {"use": "sig", "kid": self.name, **made, **more}

    def public_pem(self):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        return self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data):
        digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[
            self.algorithm[2:]]()
        if self.algorithm.startswith("ES"):
            size = (self.curve.key_size + 7) // 8
            both = decode_dss_signature(self.private.sign(data, ec.ECDSA(digest)))
            return b"".join(one.to_bytes(size, "big") for one in both)
        if self.algorithm.startswith("PS"):
            return self.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size),
                                     digest)
        return self.private.sign(data, padding.PKCS1v15(), digest)


def signed(head, claims, sign):
    data = ".".join(url64(json.dumps(part).encode()) for part in (head, claims))
    return f"{data}.{url64(sign(data.encode()))}"


def by_secret(secret, digest=hashes.SHA256):
    """For HS256 and its like."""
    def sign(data):
        made = hmac.HMAC(secret, digest())
        made.update(data)
        return made.finalize()
    return sign


class Issuer:
    """`mode`: "good", or what is wrong with what it says: "failing", "slow", "half", "garbage", "html",
    "huge", "empty", "elsewhere" (another issuer's configuration), "redirect"."""

    def __init__(self, address):
        self.address, self.url = address, f"https://{address}:{PORT}/realms/staff"
        self.folder = Path(tempfile.mkdtemp(prefix="postcask-issuer-"))
        self.keys = [Key("one"), Key("two", "ES256")]
        self.more, self.mode, self.control, self.asked = [], "good", "no-cache", 0
        self.authority = make_certificate(self.folder, address, "issuer")

    def settings(self, more=""):
        ca = "".join(f"        {line}\n" for line in self.authority.read_text().splitlines())
        return (f"  authentication:\n    oauth:\n      issuer: {self.url}\n"
                f"      audience: {AUDIENCE}\n      clients: [{CLIENT}]\n{more}      ca: |\n{ca}")

    # What it says.

    def configuration(self):
        url = "https://elsewhere.example" if self.mode == "elsewhere" else self.url
        return {"issuer": url, "jwks_uri": f"{self.url}/certs",
                "token_endpoint": f"{self.url}/token"}

    def key_set(self):
        return {"keys": [] if self.mode == "empty" else
                [key.jwk() for key in self.keys] + self.more}

    def body(self, path):
        said = json.dumps(self.key_set() if path.endswith("/certs") else self.configuration())
        if self.mode == "huge":
            said = said[:-1] + ', "x": "' + "x" * 300_000 + '"}'
        wrong = {"half": said[:len(said) // 2], "garbage": "\0\xff{" * 50, "html": "<html>Sorry!"}
        return wrong.get(self.mode, said).encode()

    def answer(self, request):
        self.asked += 1
        if self.mode == "slow":
            time.sleep(12)                      # longer than anybody waits
        code = {"failing": 503, "redirect": 302}.get(self.mode, 200)
        body = self.body(request.path)
        request.send_response(code)
        if code == 302:
            request.send_header("Location", f"{self.url}/certs")
        request.send_header("Cache-Control", self.control)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def __enter__(self):
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.answer(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = daemon_threads = True

            def handle_error(self, *_):
                pass                            # who does not want a whole answer hangs up

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "certificate.pem", self.folder / "key.pem")
        self.server = Server((self.address, PORT), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # Tokens.

    def claims(self, **more):
        now = int(time.time())
        made = {"iss": self.url, "aud": [AUDIENCE, "account"], "azp": CLIENT, "sub": "4711",
                "iat": now - 5, "exp": now + 300, "email_verified": True, **more}
        return {name: value for name, value in made.items() if value is not None}

    def token(self, key=None, head=None, sign=None, **more):
        """One that is good but for what is said; None takes a claim out."""
        key = key or self.keys[0]
        made = {"alg": key.algorithm, "typ": "JWT", "kid": key.name, **(head or {})}
        made = {name: value for name, value in made.items() if value is not None}
        return signed(made, self.claims(**more), sign or key.sign)
