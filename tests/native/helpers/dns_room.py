# SPDX-License-Identifier: GPL-3.0-or-later
"""A network and places of a machine's files for tests of its DNS records: name servers on the
loopback, port 53, and `postcask dns` with whatever settings and keys a test writes.  The test's
own file runs again inside (`unshare`), and leaves its results as JSON."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]
POSTCASK = TOP / "build" / "bin" / "postcask"
HOST = "mail.host.example"
ADDRESSES = ["192.0.2.25", "2001:db8::25"]
KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + "abcdefghijklmnopqrstuvwxyz012345" * 10 + "IDAQAB"
NEXT_KEY = KEY.replace("abc", "cba")
SERVICES = {"smtp": True, "submission": True, "submissions": True, "imap": True, "imaps": True,
            "pop3": True, "pop3s": True, "managesieve": True, "web": True}


def settings(domains, **more):
    return {"hostname": HOST, "domains": domains, "services": SERVICES,
            "dns": {"addresses": ADDRESSES, "mta_sts": "testing"},
            "tls": {"names": ["imap.host.example"]}, **more}


class Room:
    """Files at the places of a machine, of which nothing leaves this mount namespace."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=20)
        for place in ("/run", "/var/lib"):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True, timeout=20)
        self.write(folder / "resolv.conf", "nameserver 127.0.1.1\n")
        self.bind(folder / "resolv.conf", "/etc/resolv.conf")

    def bind(self, path, place):
        subprocess.run(["mount", "--bind", path, place], check=True, timeout=20)

    def write(self, path, value):
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def machine(self, domains, keys, **more):
        self.write("/run/postcask/verify-settings.json", settings(domains, **more))
        self.write("/var/lib/postcask/keys/public.json", keys)
        self.write("/var/lib/postcask/keys/dkim/public.json", [
            {"domain": domain, "selector": selector, "algorithm": "rsa", "state": state,
             "record": f"v=DKIM1; k=rsa; p={key}"}
            for domain in domains for selector, state, key in
            (("cur", "current", KEY), ("next", "next", NEXT_KEY))])

    def run(self, *words):
        return subprocess.run([POSTCASK, "dns", *words], capture_output=True, text=True, timeout=120)

    def zone(self, *names):
        done = self.run("--zone", *names)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def check(self, *names):
        done = self.run("check", "--json", *names)
        assert done.returncode in (0, 2), done.stderr + done.stdout
        return json.loads(done.stdout)

    def good_zones(self, domains):
        """The host's and each domain's own zone, by the program's own words."""
        parts = re.split(r"^; (\S+)\n", self.zone(), flags=re.M)[1:]
        zones = dict(zip(parts[::2], parts[1::2]))
        assert set(zones) == {HOST, *domains}
        return {name: re.sub(r"^; .*\n", "", text, flags=re.M) for name, text in zones.items()}


def reverse_zones():
    nibbles = ".".join(reversed("20010db8000000000000000000000025"))
    return {"2.0.192.in-addr.arpa": f"25.2.0.192.in-addr.arpa. PTR {HOST}.\n",
            "8.b.d.0.1.0.0.2.ip6.arpa": f"{nibbles}.ip6.arpa. PTR {HOST}.\n"}


def sentences(result):
    said = {}
    for finding in result["findings"]:
        said.setdefault(finding["about"], []).append(finding["sentence"])
    return said


def results_of(script, folder):
    """Runs the script inside; what it leaves in FOLDER/results.json."""
    if not shutil.which("knotd"):
        pytest.skip("knotd is not installed")
    done = subprocess.run(["unshare", "-rnm", "--propagation", "private", "/usr/bin/python3",
                           script, folder], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                               "PYTHONPATH": str(Path(__file__).parent)})
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "results.json").read_text())


def inside(run):
    """The main of a script: `run` takes the room, and returns the results."""
    folder = Path(sys.argv[1])
    (folder / "results.json").write_text(json.dumps(run(Room(folder))))
