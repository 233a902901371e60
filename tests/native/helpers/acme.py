# SPDX-License-Identifier: GPL-3.0-or-later
"""An ACME authority for tests: the real pebble, in the network of the machine's host, as far away
as a public one is from a real machine.  It looks for proofs on port 80, by the names of a zone.

    with Pebble("10.81.0.1") as pebble:
        pebble.settings()       # lines of the user-data below `mail: tls:`"""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from certificates import make_certificate
from machine import TOP
from waiting import end_of

PROGRAM = TOP / "build/sysroot/usr/bin/pebble"
KEY_ID, HMAC_KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
DIRECTORY_PORT, MANAGEMENT_PORT = 14000, 15000
START_SECONDS = 20


class Pebble:
    """`reject`: how many nonces of a hundred it refuses; `seconds`: how long its certificates
    are valid; `binding`: it wants an account of its own before ours; `before`: what pebble is run by,
    in another time for example; `blocked`: names that it gives nothing to."""

    def __init__(self, address, reject=0, seconds=90 * 86400, binding=True, resolver=None,
                 before=(), blocked=()):
        self.address, self.reject, self.seconds = address, reject, seconds
        self.binding, self.resolver = binding, resolver or f"{address}:53"
        self.before, self.blocked = list(before), list(blocked)
        self.folder = Path(tempfile.mkdtemp(prefix="postcask-pebble-"))
        self.process = None
        # Of the https that its directory is asked by, and of an authority of that.
        self.authority = make_certificate(self.folder, address, "pebble")

    def configuration(self):
        return {"pebble": {
            "listenAddress": f"{self.address}:{DIRECTORY_PORT}",
            "managementListenAddress": f"{self.address}:{MANAGEMENT_PORT}",
            "certificate": str(self.folder / "certificate.pem"),
            "privateKey": str(self.folder / "key.pem"),
            "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "",
            "retryAfter": {"authz": 1, "order": 1},
            "externalAccountBindingRequired": self.binding,
            "externalAccountMACKeys": {KEY_ID: HMAC_KEY},
            "certificateValidityPeriod": self.seconds,
            "domainBlocklist": self.blocked,
        }}

    def start(self):
        path = self.folder / "configuration.json"
        path.write_text(json.dumps(self.configuration()))
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [*self.before, PROGRAM, "-config", path, "-dnsserver", self.resolver],
            stdout=self.log, stderr=self.log,
            env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0",
                 "PEBBLE_WFE_NONCEREJECT": str(self.reject)})
        end = end_of(START_SECONDS)
        while True:
            try:
                socket.create_connection((self.address, DIRECTORY_PORT), 1).close()
                return self
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, self.said()
                time.sleep(0.05)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def said(self):
        return (self.folder / "log").read_text()

    def root(self):
        """What its certificates are signed by; another one at each start."""
        context = ssl.create_default_context(cafile=self.authority)
        with urllib.request.urlopen(f"https://{self.address}:{MANAGEMENT_PORT}/roots/0",
                                    context=context, timeout=20) as answer:
            return answer.read().decode()

    def settings(self, challenge="http-01", binding=None):
        """Below `mail:`."""
        ca = "".join(f"        {line}\n" for line in self.authority.read_text().splitlines())
        eab = (f"      eab: {{key_id: {KEY_ID}, hmac_key: {HMAC_KEY}}}\n"
               if (self.binding if binding is None else binding) else "")
        return (f"  tls:\n    acme:\n      directory: https://{self.address}:{DIRECTORY_PORT}/dir\n"
                f"      challenge: {challenge}\n{eab}      ca: |\n{ca}")
