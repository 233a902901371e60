# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory server: slapd(8) on the host's side of a machine's network, with a certificate of the
test's own authority."""

import datetime
import ipaddress
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from waiting import wait_until

BASE = "dc=example,dc=org"
ADMIN, SECRET = f"cn=admin,{BASE}", 'p%{user} "q" $x \\ #1'
CONFIGURATION = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
attributetype (1.3.6.1.4.1.99999.1.1 NAME 'amavisSpamTag2Level' SYNTAX 1.3.6.1.4.1.1466.115.121.1.26)
attributetype (1.3.6.1.4.1.99999.1.2 NAME 'amavisBypassSpamChecks' SYNTAX 1.3.6.1.4.1.1466.115.121.1.7)
attributetype (1.3.6.1.4.1.99999.1.3 NAME 'amavisWhitelistSender' SYNTAX 1.3.6.1.4.1.1466.115.121.1.26)
attributetype (1.3.6.1.4.1.99999.1.4 NAME 'amavisBlacklistSender' SYNTAX 1.3.6.1.4.1.1466.115.121.1.26)
objectclass (1.3.6.1.4.1.99999.2.1 NAME 'amavisAccount' AUXILIARY
  MAY (amavisSpamTag2Level $ amavisBypassSpamChecks $ amavisWhitelistSender $ amavisBlacklistSender))
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security tls=1
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw "{secret}"
directory {folder}/db
index objectClass,mail eq
"""


class Authority:
    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = self.issue(self.name, self.key, x509.BasicConstraints(True, None), True)

    def issue(self, subject, key, extension, critical=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - day).not_valid_after(now + 30 * day)
                .add_extension(extension, critical).sign(self.key, hashes.SHA256()))
        return made.public_bytes(serialization.Encoding.PEM).decode()


class Tree:
    def __init__(self, address, port, authority):
        self.folder = Path(tempfile.mkdtemp(prefix="postcask-tree"))
        self.address, self.uri = address, f"ldap://{address}:{port}"
        self.where, self.server = (address, port), None
        (self.folder / "db").mkdir()
        (self.folder / "ca.pem").write_text(authority.pem)
        self.certify(authority)
        secret = SECRET.replace("\\", "\\\\").replace('"', '\\"')
        (self.folder / "conf").write_text(CONFIGURATION.format(
            folder=self.folder, base=BASE, admin=ADMIN, secret=secret))

    def certify(self, authority):
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(self.address))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.address)])
        (self.folder / "server.pem").write_text(authority.issue(subject, key, names))
        (self.folder / "server.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))

    def start(self):
        self.server = subprocess.Popen(
            ["slapd", "-d", "0", "-h", self.uri + "/", "-f", self.folder / "conf"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.listens, "slapd listens")
        return self

    def listens(self):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(self.where) == 0

    def hang(self):
        self.server.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.server.send_signal(signal.SIGCONT)

    def stop(self):
        if self.server:
            self.server.kill()
            self.server.wait(20)
            self.server = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def put(self, ldif, offline=False):
        """Adds entries, or changes them where they say how."""
        if offline:
            subprocess.run(["slapadd", "-q", "-f", self.folder / "conf"], input=ldif, text=True,
                           check=True, capture_output=True, timeout=20)
            return
        done = subprocess.run(
            ["ldapmodify", "-a", "-x", "-ZZ", "-H", self.uri, "-D", ADMIN, "-w", SECRET], input=ldif,
            text=True, capture_output=True, timeout=20,
            env={"LDAPTLS_CACERT": str(self.folder / "ca.pem"), "PATH": "/usr/bin"})
        assert done.returncode == 0, done.stderr

    def drop(self, *names):
        self.put("\n".join(f"dn: {name}\nchangetype: delete\n" for name in names))
