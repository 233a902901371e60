# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine serves that its records speak of, for tests of the records alone: port 25 with
STARTTLS and port 443 with MTA-STS policies, on 127.0.0.1.  Prints one line of JSON when both listen:
the keys of port 25.  The certificates are of an authority in FOLDER/ca.pem."""

import http.server
import json
import socketserver
import ssl
import subprocess
import sys
import threading
from pathlib import Path

POLICY = b"version: STSv1\nmode: testing\nmx: mail.host.example\nmax_age: 604800\n"


def openssl(*words, cwd, stdin=None):
    return subprocess.run(["openssl", *words], cwd=cwd, input=stdin, capture_output=True, check=True,
                          timeout=60).stdout


def make(folder):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test", "-days", "30", cwd=folder)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=mail.host.example",
            cwd=folder)
    Path(folder, "names").write_text("subjectAltName=DNS:mail.host.example,DNS:mta-sts.*.example\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "30", "-extfile", "names", "-out", "server.pem", cwd=folder)
    public = openssl("x509", "-in", "server.pem", "-noout", "-pubkey", cwd=folder)
    der = openssl("pkey", "-pubin", "-outform", "der", cwd=folder, stdin=public)
    return openssl("dgst", "-sha256", "-r", cwd=folder, stdin=der).split()[0].decode()


class Names:
    """A certificate for each name that is asked for, made when it is."""

    def __init__(self, folder):
        self.folder, self.made, self.lock = folder, {}, threading.Lock()

    def context(self, name):
        with self.lock:
            if name not in self.made:
                Path(self.folder, "names").write_text(f"subjectAltName=DNS:{name}\n")
                openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                        "-CAcreateserial", "-days", "30", "-extfile", "names", "-out", "name.pem",
                        cwd=self.folder)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(f"{self.folder}/name.pem", f"{self.folder}/server.key")
                self.made[name] = context
            return self.made[name]


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mail.host.example ESMTP\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"EHLO"):
                self.wfile.write(b"250-mail.host.example\r\n250 STARTTLS\r\n")
            elif line.upper().startswith(b"STARTTLS"):
                self.wfile.write(b"220 go on\r\n")
                try:
                    self.server.context.wrap_socket(self.connection, server_side=True).close()
                except OSError:
                    pass            # the client has seen what it wanted
                return
            else:
                self.wfile.write(b"221 bye\r\n")
                return


class Policies(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.headers["Host"]
        body = POLICY.replace(b"testing", b"enforce") if host == "mta-sts.sts-policy.example" \
            else POLICY
        good = host != "mta-sts.sts-unserved.example" and self.path == "/.well-known/mta-sts.txt"
        self.send_response(200 if good else 404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Web(http.server.ThreadingHTTPServer):
    def get_request(self):
        connection, address = super().get_request()
        return self.context.wrap_socket(connection, server_side=True,
                                        do_handshake_on_connect=False), address


def main(folder):
    key = make(folder)
    mail, web = Threads(("127.0.0.1", 25), Mail), Web(("127.0.0.1", 443), Policies)
    for server in (mail, web):
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    names = Names(folder)

    def choose(connection, name, _):
        if name:
            connection.context = names.context(name)
    web.context.sni_callback = choose
    threading.Thread(target=mail.serve_forever, daemon=True).start()
    print(json.dumps({"keys": [key]}), flush=True)
    web.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
