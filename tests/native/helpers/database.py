# SPDX-License-Identifier: GPL-3.0-or-later
"""A database server: PostgreSQL on the host's side of a machine's network, with a certificate of the
test's own authority and the schema that the image has."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tree import Tree
from waiting import wait_until

TOP = Path(__file__).resolve().parents[3]
SCHEMA = TOP / "overlays/usr/share/postcask/postgresql/schema.sql"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
WORD = "p%{user} \"q\" $x \\ '#1"
AS_ITSELF = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


class Database:
    def __init__(self, address, port, authority):
        self.folder = Path(tempfile.mkdtemp(prefix="postcask-database"))
        self.address, self.port, self.server = address, port, None
        (self.folder / "ca.pem").write_text(authority.pem)
        self.certify(authority)
        if AS_ITSELF:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", self.folder / "db", "-U", "owner", "--auth-local=trust",
                 "--auth-host=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        hba = self.folder / "db/pg_hba.conf"
        hba.write_text("local all all trust\nhostssl all all all scram-sha-256\n")

    def certify(self, authority):
        Tree.certify(self, authority)
        for name in ("server.pem", "server.key", "ca.pem"):
            (self.folder / name).chmod(0o600 if name == "server.key" else 0o644)
            if AS_ITSELF:
                shutil.chown(self.folder / name, "postgres", "postgres")

    def run(self, program, *words, stdin=None):
        done = subprocess.run([*AS_ITSELF, PROGRAMS[0] / program, *words], input=stdin, text=True,
                              capture_output=True, timeout=60, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        self.server = subprocess.Popen(
            [*AS_ITSELF, PROGRAMS[0] / "postgres", "-D", self.folder / "db", "-k", self.folder, "-p",
             str(self.port), "-c", f"listen_addresses={self.address}", "-c", "ssl=on", "-c",
             f"ssl_cert_file={self.folder}/server.pem", "-c", f"ssl_key_file={self.folder}/server.key",
             "-c", "fsync=off", "-c", "log_min_messages=fatal"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True)
        wait_until(self.answers, "PostgreSQL answers")
        return self

    def answers(self):
        done = subprocess.run([PROGRAMS[0] / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)],
                              timeout=20)
        return done.returncode == 0

    def make(self):
        """The database, and who reads it."""
        self.sql("CREATE DATABASE postcask", "postgres")
        self.sql(SCHEMA.read_text())
        quoted = WORD.replace("'", "''")
        self.sql(f"CREATE ROLE postcask_mirror LOGIN IN ROLE mail_read PASSWORD '{quoted}'")
        return self

    def sql(self, text, database="postcask"):
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p",
                        str(self.port), "-U", "owner", "-d", database, "-f", "-", stdin=text).strip()

    def processes(self):
        main = self.server.pid
        return [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]

    def hang(self):
        for process in self.processes():
            os.kill(process, signal.SIGSTOP)

    def go_on(self):
        for process in self.processes():
            os.kill(process, signal.SIGCONT)

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait(60)
            self.server = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)
