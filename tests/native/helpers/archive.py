# SPDX-License-Identifier: GPL-3.0-or-later
"""A package archive as Debian's for security fixes: newer versions of packages that the image
has, made of the builder's own, signed and served by this host."""

import hashlib
import http.server
import re
import socket
import subprocess
import threading
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
DEBS = TOP / "build" / "cache" / "debs"
INSTALLED = TOP / "build" / "cache" / "sets" / "tree.lines"     # "URI FILE SIZE SHA256"
SUITE = "trixie-security"
NEWER = "+deb13u99"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, check=True,
                          text=True, timeout=120, **options).stdout


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Listens where the machine will reach this host before the machine is there."""

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_FREEBIND", 15), 1)
        super().server_bind()


class Archive:
    """Use as a context manager; `address` is where the machine reaches this host."""

    def __init__(self, folder, address):
        self.folder, self.keys = folder / "archive", folder / "keys"
        self.pool = self.folder / "pool"
        self.pool.mkdir(parents=True)
        self.keys.mkdir(mode=0o700)
        self.gpg("--batch", "--passphrase", "", "--quick-generate-key", "archive@example.org",
                 "rsa2048", "sign", "never")
        self.address, self.server = address, None

    def gpg(self, *words):
        return run("gpg", "--homedir", self.keys, "--batch", "--yes", *words)

    def __enter__(self):
        def handler(*arguments):
            return Quiet(*arguments, directory=str(self.folder))
        self.server = Server((self.address, 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.close()
        subprocess.run(["gpgconf", "--homedir", str(self.keys), "--kill", "all"], timeout=20)

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def user_data(self):
        """The keys of a cloud-config by which a machine takes its packages from here."""
        key = self.gpg("--armor", "--export").replace("\n", "\n        ")
        rows = "".join(f"""  {name}:
    - arches: [default]
      uri: http://{self.address}:{self.server.server_port}/
      key: |
        {key}
""" for name in ("primary", "security"))
        return "apt:\n" + rows

    def renew(self, name, suffix=NEWER, postinst="", files=()):
        """A newer version of a package.  `postinst` runs at the end of its own script; `files`
        are (path, text)."""
        [deb] = [DEBS / line.split()[1] for line in INSTALLED.read_text().splitlines()
                 if line.split()[1].startswith(name + "_")]
        tree = self.folder.parent / "unpacked" / name
        tree.parent.mkdir(exist_ok=True)
        run("dpkg-deb", "-R", deb, tree)
        control = tree / "DEBIAN" / "control"
        text = control.read_text()
        old = re.search(r"^Version: (.*)$", text, re.M).group(1)
        # also in what it depends on: packages of one source have one version
        control.write_text(re.sub(re.escape(old) + r"(?=[\s)])", old + suffix, text))
        for path, content in files:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content)
        if postinst:
            script = tree / "DEBIAN" / "postinst"
            before = script.read_text() if script.exists() else "#!/bin/sh\nset -e\n"
            script.write_text(f"{before}\n{postinst}\n")
            script.chmod(0o755)
        run("dpkg-deb", "-Znone", "-b", tree, self.pool / f"{name}.deb")
        subprocess.run(["rm", "-rf", str(tree)], check=True)
        return old + suffix

    def publish(self):
        stanzas = []
        for deb in sorted(self.pool.iterdir()):
            data = deb.read_bytes()
            stanzas.append(run("dpkg-deb", "-f", deb).strip() +
                           f"\nFilename: pool/{deb.name}\nSize: {len(data)}\n"
                           f"SHA256: {hashlib.sha256(data).hexdigest()}\n")
        self.publish_suite(SUITE, "Debian-Security", "\n".join(stanzas).encode())
        for suite in ("trixie", "trixie-updates"):      # nothing new there
            self.publish_suite(suite, "Debian", b"")

    def publish_suite(self, suite, label, packages):
        path = self.folder / "dists" / suite
        lists = path / "main" / "binary-amd64"
        lists.mkdir(parents=True, exist_ok=True)
        (lists / "Packages").write_bytes(packages)
        (path / "Release").write_text(
            f"Origin: Debian\nLabel: {label}\nSuite: stable\nCodename: {suite}\nVersion: 13\n"
            "Architectures: amd64\nComponents: main\n"
            f"Date: {run('date', '-uR').strip().replace('+0000', 'UTC')}\nSHA256:\n"
            f" {hashlib.sha256(packages).hexdigest()} {len(packages)} "
            "main/binary-amd64/Packages\n")
        self.gpg("--clearsign", "--output", path / "InRelease", path / "Release")
