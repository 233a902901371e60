# SPDX-License-Identifier: GPL-3.0-or-later
"""Authoritative name servers for tests: real knotd, with zones given as text below a root zone of
their own, signed where a test wants it, changed by hand or by TSIG updates; and doors before
them that are slow, lose answers or keep silent.

    zones = Zones({"ns1": "10.81.0.1", "ns2": "10.81.0.3"}).make()
    zones.lead(machine)                     # a Machine that has zones.settings() in its user-data
    with machine, zones:                    # the network is the machine's
        zones.set("example.org", "mail A 10.81.0.2\n@ MX 10 mail\n", signed=True)
        zones.set("example.org", "", only="ns2")        # the two differ

A server is one knotd at port 53 of one address; the zones' servers are named NAME.dns.example and
each has all zones.  Who asks one of them recursively is answered from its zones alone, so that a
machine's unbound forwards to the first; the root's key is the test's own."""

import base64
import contextlib
import os
import secrets
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import dns.message
import dns.query
import dns.update
import dns.tsig

SERVERS = "dns.example"
START_SECONDS = 20
TTL = 300


class Key:
    """A TSIG key that every zone takes updates by."""

    def __init__(self, name="postcask-test", algorithm="hmac-sha256"):
        self.name, self.algorithm = name, algorithm
        self.secret = base64.b64encode(secrets.token_bytes(32)).decode()

    def settings(self, server):
        """As lines of the user-data below `mail:`."""
        return (f"  dns:\n    update:\n      server: {server}\n      key: {self.name}\n"
                f"      algorithm: {self.algorithm}\n      secret: {self.secret}\n")


class Server:
    """One knotd.  `netns` is the command that leads into another network, if there is one."""

    def __init__(self, name, address, folder, key, port=53, inside=(), lame=False):
        self.lame = lame        # it serves nothing that it is named for
        self.name, self.address, self.port, self.key = name, address, port, key
        self.folder = Path(folder, name)
        self.inside = list(inside)
        self.zones = {}         # apex -> (signed, lifetime)
        self.process = None
        (self.folder / "zones").mkdir(parents=True)

    def configuration(self):
        zones = "".join(
            f'  - domain: "{apex}"\n    template: {"signed" if signed else "default"}\n'
            + (f"    dnssec-policy: {'short' if lifetime else 'manual'}\n" if signed else "")
            for apex, (signed, lifetime) in self.zones.items())
        return f"""server:
    rundir: "{self.folder}"
    listen: {self.address}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: "{self.folder}"
    journal-db-max-size: 64M
    timer-db-max-size: 8M
    catalog-db-max-size: 8M
    kasp-db-max-size: 32M
key:
  - id: "{self.key.name}"
    algorithm: {self.key.algorithm}
    secret: {self.key.secret}
acl:
  - id: by-key
    key: "{self.key.name}"
    action: [update, transfer]
policy:
  - id: manual
    manual: on
    rrsig-lifetime: 14d
    rrsig-refresh: 7d
  - id: short
    manual: on
    rrsig-lifetime: 2d
    rrsig-refresh: 1d
template:
  - id: default
    storage: "{self.folder}/zones"
    file: "%s.zone"
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    acl: by-key
  - id: signed
    storage: "{self.folder}/zones"
    file: "%s.zone"
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-signing: on
    acl: by-key
zone:
{zones}"""

    def write(self):
        (self.folder / "knot.conf").write_text(self.configuration())

    def zone_file(self, apex):
        return self.folder / "zones" / f"{apex.rstrip('.')}.zone"

    def control(self, *words):
        done = subprocess.run(["knotc", "-t", "30", "-b", "-s", f"{self.folder}/knot.sock", *words],
                              capture_output=True, text=True, timeout=40)
        assert done.returncode == 0, f"knotc {words}: {done.stdout}{done.stderr}"

    def start(self):
        """Until it says by sd_notify(3) that it is ready."""
        self.write()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(f"{self.folder}/ready")
            ready.settimeout(START_SECONDS)
            with open(self.folder / "log", "w") as log:
                self.process = subprocess.Popen(
                    [*self.inside, "knotd", "-c", f"{self.folder}/knot.conf",
                     "-s", f"{self.folder}/knot.sock"], stderr=log, stdout=log,
                    env={**os.environ, "NOTIFY_SOCKET": f"{self.folder}/ready"})
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            except TimeoutError as error:
                raise AssertionError((self.folder / "log").read_text()) from error

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(20)
            self.process = None


class Zones:
    """`lame`: names of servers that serve nothing."""

    def __init__(self, servers, key=None, inside=(), port=53, lame=()):
        self.folder = tempfile.mkdtemp(prefix="postcask-zones-")
        self.key = key or Key()
        self.all_servers = {name: Server(name, address, self.folder, self.key, port, inside,
                                         name in lame) for name, address in servers.items()}
        self.servers = {name: server for name, server in self.all_servers.items()
                        if not server.lame}
        self.first = next(iter(self.servers.values()))
        self.serial = 1
        self.delegations = {}   # apex -> (names of servers, signed)
        self.more = []          # lines of the root zone
        self.anchor = ""

    def make(self):
        """The root's keys and files, before its network is there: `anchor` is known afterwards."""
        if self.anchor:
            return self
        glue = "".join(f"{server.name} {kind_of(server.address)} {server.address}\n"
                       for server in self.all_servers.values())
        self.prepare(SERVERS, False)
        self.prepare(".", True)
        self.anchor = self.keymgr(self.first, ".", "ds").splitlines()[-1]
        self.write(SERVERS, glue)
        self.write_root()
        return self

    def __enter__(self):
        try:
            self.make()
            for server in self.all_servers.values():
                server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.all_servers.values():
            server.stop()
        shutil.rmtree(self.folder)

    def keymgr(self, server, apex, *words):
        done = subprocess.run(["keymgr", "-c", f"{server.folder}/knot.conf", apex, *words],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def prepare(self, apex, signed, lifetime=0):
        """Adds a zone to every server; their signing keys are the same."""
        for server in self.servers.values():
            server.zones[apex] = (signed, lifetime)
            server.write()
        if not signed:
            return
        self.keymgr(self.first, apex, "generate", "algorithm=13", "ksk=yes", "zsk=yes")
        for server in self.servers.values():
            if server is not self.first:
                for pem in Path(self.first.folder, "keys/keys").glob("*.pem"):
                    self.import_key(server, apex, pem)

    def import_key(self, server, apex, pem):
        """Only those of this zone: others are there already, or not its."""
        listed = self.keymgr(self.first, apex, "list")
        if pem.stem in listed and pem.stem not in self.keymgr(server, apex, "list"):
            self.keymgr(server, apex, "import-pem", str(pem), "algorithm=13", "ksk=yes", "zsk=yes")

    def write(self, apex, text, only=None, names=None):
        """The zone's file: a SOA and the servers, then the text, whose names are relative."""
        self.serial += 1
        names = [name if "." in name else f"{name}.{SERVERS}" for name in names or self.servers]
        head = (f"$ORIGIN {apex.rstrip('.')}.\n$TTL {TTL}\n"
                f"@ SOA {names[0]}. hostmaster.{SERVERS}. {self.serial} 3600 600 86400 {TTL}\n"
                + "".join(f"@ NS {name}.\n" for name in names))
        for server in self.servers.values():
            if only in (None, server.name):
                server.zone_file(apex).write_text(head + text)
        return names

    def write_root(self):
        lines = []
        for apex, (names, signed) in {SERVERS: ([f"{name}.{SERVERS}" for name in self.servers],
                                                False), **self.delegations}.items():
            lines += [f"{apex}. NS {name}." for name in names]
            if signed:
                digest = self.keymgr(self.first, apex, "ds").splitlines()[-1]
                lines.append(digest if signed != "wrong" else digest[:-8] + "00000000")
        lines += [f"{server.name}.{SERVERS}. {kind_of(server.address)} {server.address}"
                  for server in self.all_servers.values()] + self.more
        self.write(".", "\n".join(lines) + "\n")

    def set(self, apex, text, signed=False, only=None, names=None, lifetime=0, chain=True):
        """Puts the text in place of what the zone has.  `only`: on one server; `names`: of the
        name servers, its own or any; `lifetime`: its signatures are of two days; `chain`: whether
        the root has its DS record, or a "wrong" one."""
        self.set_all({apex: text}, signed, only, names, lifetime, chain)

    def set_all(self, zones, signed=False, only=None, names=None, lifetime=0, chain=True):
        new = [apex for apex in zones if apex not in self.first.zones]
        for apex, text in zones.items():
            if apex in new:
                self.prepare(apex, signed, lifetime)
            named = self.write(apex, text, only, names)
            if apex in new and only:
                for other in self.servers:
                    if other != only:
                        self.write(apex, "", other, names)
            if apex in new:
                self.delegations[apex] = (named, signed and chain)
        if new:
            self.write_root()
        for server in self.servers.values():
            if new:
                server.control("reload")
                server.control("zone-reload", ".")
            if only in (None, server.name):
                for apex in zones:
                    if apex not in new:     # those were loaded with the configuration
                        server.control("zone-reload", apex)

    def update(self, apex, *changes, key=None, server=None):
        """By RFC 2136, as others would: ("add", name, ttl, type, text) or ("delete", name, ...)."""
        key = key or self.key
        message = dns.update.Update(apex, keyring={dns.name.from_text(key.name): dns.tsig.Key(
            key.name, key.secret, key.algorithm)}, keyalgorithm=key.algorithm)
        for verb, *words in changes:
            getattr(message, verb)(*words)
        server = server or self.first
        return dns.query.tcp(message, server.address, timeout=20, port=server.port).rcode()

    def records(self, name, kind, server=None):
        """What a server shows: presentation forms, sorted."""
        server = server or self.first
        question = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        question.flags &= ~dns.flags.RD
        answer = dns.query.udp_with_fallback(question, server.address, timeout=20,
                                             port=server.port)[0]
        return sorted(record.to_text() for group in answer.answer for record in group
                      if dns.rdatatype.to_text(group.rdtype) == kind)

    def lead(self, machine):
        """Its resolver trusts this root; `settings` has whom it asks."""
        for name in ("var/lib/unbound/root.key", "usr/share/dns/root.key"):
            path = machine.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.anchor + "\n")

    def settings(self):
        """Of the user-data below `mail:`."""
        return f"  resolver:\n    forward: [{self.first.address}]\n"


def kind_of(address):
    return "AAAA" if ":" in address else "A"


class Door:
    """A server's address from which answers come late, or not at all: what a question waits
    (seconds) and whether it is lost is decided by two functions, of its count from 0."""

    def __init__(self, address, upstream=None, delay=lambda _: 0, lose=lambda _: False, port=53):
        self.upstream, self.delay, self.lose = upstream, delay, lose
        self.port = port
        self.count = 0
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                                    socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.wake, self.woken = socket.socketpair()
        self.late = []
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.wake.close()
        self.thread.join(20)
        self.socket.close()
        self.woken.close()

    def answer(self, question):
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as way:
            way.settimeout(5)
            way.connect((self.upstream, self.port))
            way.send(question)
            return way.recv(65535)

    def serve(self):
        while True:
            now = time.monotonic()
            for entry in [entry for entry in self.late if entry[0] <= now]:
                self.late.remove(entry)
                with contextlib.suppress(OSError):
                    self.socket.sendto(self.answer(entry[1]), entry[2])
            wait = min((entry[0] for entry in self.late), default=now + 60) - now
            ready = select.select([self.socket, self.woken], [], [], max(wait, 0))[0]
            if self.woken in ready:
                return
            if self.socket in ready:
                question, client = self.socket.recvfrom(65535)
                if not self.lose(self.count) and self.upstream:
                    self.late.append((now + self.delay(self.count), question, client))
                self.count += 1


