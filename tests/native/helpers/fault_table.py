# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that a machine is to survive: how each is done, and how it is undone if the machine
is not to heal itself."""

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from typing import Callable, Optional

from faults import MAIL, QUARANTINE, QUEUE, WORK

AMAVIS, CLAMD, DOVECOT = "amavis.service", "clamav-daemon.service", "dovecot.service"
WEB = "lighttpd.service"
POSTFIX, UNBOUND, JOURNAL = "postfix.service", "unbound.service", "systemd-journald.service"
POSTSRSD = "postsrsd.service"
CLAMD_SOCKET = "clamav-daemon.socket"
POLICY = "postcask-policy.service"
FEEDBACK = "postcask-feedback.socket"
DOOR = "postcask-door.service"
OUTWARD = "postcask-tls.service"
GUARD = "postcask-guard.service"
DIRECTORY = "postcask-directory.service"
LISTS = "postcask-lists.service"
TOKENS = "postcask-tokens.service"
TEXT, SEARCH = "postcask-text.socket", "postcask-search.service"


@dataclass
class Fault:
    name: str
    strike: Callable
    lift: Optional[Callable] = None     # without: the machine mends itself
    hold: float = 0                     # seconds, at most, until it is lifted


FAULTS = []


def fault(name, lift=None, hold=0):
    def add(strike):
        FAULTS.append(Fault(name, strike, lift, hold))
        return strike
    return add


def killed(name, unit, pattern="", most=100):
    FAULTS.append(Fault(name, lambda box: box.kill(unit, pattern, most)))


def hanging(name, unit, pattern="", most=100):
    FAULTS.append(Fault(name, lambda box: box.hang(unit, pattern, most)))


def stopped(name, *units):
    FAULTS.append(Fault(name, lambda box: box.run("systemctl", "stop", *units),
                        lambda box: box.run("systemctl", "start", *units, timeout=120), 3))


# Those that strike in runs of all tests, by turns: of each kind the ones that ask most.
HARDEST = {
    "postfix killed", "all of postfix killed", "dovecot killed", "auth killed", "amavis killed",
    "amavis child killed", "clamd killed", "journald killed", "LMTP and auth down",
    "clamd hanging", "amavis hanging", "LMTP hanging", "clamd without database",
    "resolver silent", "network down", "disk full: everything", "inodes out: everything",
    "dovecot indexes scribbled on", "certificates halved",
}

# Killed, each under load.
killed("postfix killed", POSTFIX, r"/sbin/master")
killed("queue manager killed", POSTFIX, r"^qmgr")
killed("cleanup killed", POSTFIX, r"^cleanup")
killed("postscreen killed", POSTFIX, r"^postscreen")
killed("smtpd killed", POSTFIX, r"^smtpd")
killed("all of postfix killed", POSTFIX)
killed("dovecot killed", DOVECOT, r"/usr/sbin/dovecot")
killed("LMTP killed", DOVECOT, r"^dovecot/lmtp")
killed("auth killed", DOVECOT, r"^dovecot/auth")
killed("amavis killed", AMAVIS, r"\(master\)")
killed("amavis child killed", AMAVIS, r"\(ch", 1)
killed("clamd killed", CLAMD)
killed("resolver killed", UNBOUND)
killed("journald killed", JOURNAL)
killed("rewriter of senders killed", POSTSRSD)
killed("web server killed", WEB)
killed("policy killed", POLICY)
killed("door killed", DOOR)
killed("policies of others killed", OUTWARD)
killed("guard killed", GUARD)
killed("directory killed", DIRECTORY)
killed("lists of senders killed", LISTS)
killed("judge of tokens killed", TOKENS)
killed("mender of indexes killed", SEARCH)
killed("indexer killed", DOVECOT, r"indexer")

# Stopped, and started again by somebody.
stopped("clamd stopped", CLAMD_SOCKET, CLAMD)
stopped("amavis stopped", AMAVIS)
stopped("LMTP and auth down", DOVECOT)
stopped("resolver stopped", UNBOUND)
stopped("policy stopped", POLICY)
stopped("reader of reports stopped", FEEDBACK)
stopped("guard stopped", GUARD)
stopped("directory stopped", DIRECTORY)
stopped("lists of senders stopped", LISTS)
stopped("judge of tokens stopped", TOKENS)
stopped("reader of documents stopped", TEXT)

# Hanging, for ever.
hanging("clamd hanging", CLAMD)
hanging("amavis hanging", AMAVIS)
hanging("LMTP hanging", DOVECOT, r"^dovecot/lmtp")
hanging("resolver hanging", UNBOUND)
hanging("journald hanging", JOURNAL)
hanging("rewriter of senders hanging", POSTSRSD)
hanging("web server hanging", WEB)
hanging("policy hanging", POLICY)
hanging("policies of others hanging", OUTWARD)
hanging("guard hanging", GUARD)
hanging("directory hanging", DIRECTORY)
hanging("lists of senders hanging", LISTS)
hanging("judge of tokens hanging", TOKENS)
hanging("mender of indexes hanging", SEARCH)
hanging("indexer hanging", DOVECOT, r"indexer")


@fault("amavis killed repeatedly")
def _(box):
    for _ in range(3):
        box.kill(AMAVIS)
        time.sleep(1)           # the time between two blows is the fault


def signatures_back(box):
    folder = box.root / "var/lib/clamav"
    for path in (folder / "gone").iterdir():
        path.rename(folder / path.name)
    (folder / "gone").rmdir()


@fault("clamd without database", signatures_back, 4)
def _(box):
    folder = box.root / "var/lib/clamav"
    (folder / "gone").mkdir()
    for path in folder.iterdir():
        if not path.is_dir():       # ours is a link into the machine's /usr
            path.rename(folder / "gone" / path.name)
    box.kill(CLAMD)


# Nothing is left on the disk.

def disk_full(name, *paths, left=64 * 1024):
    FAULTS.append(Fault(name, lambda box: [box.fill(path, left) for path in paths],
                        lambda box: [box.make_room(path) for path in paths], 5))


def inodes_out(name, *paths):
    FAULTS.append(Fault(name, lambda box: [box.take_inodes(path, 3) for path in paths],
                        lambda box: [box.make_room(path) for path in paths], 5))


disk_full("disk full: mail", MAIL)
disk_full("disk full: queue", QUEUE)
# Above what Postfix wants to be free: it is filled by what comes.
disk_full("disk full: quarantine", QUARANTINE, left=0)
disk_full("disk full: filter", WORK)
disk_full("disk full: everything", MAIL, QUEUE, QUARANTINE, WORK)
inodes_out("inodes out: mail", MAIL)
inodes_out("inodes out: queue", QUEUE)
inodes_out("inodes out: filter", WORK)
inodes_out("inodes out: everything", MAIL, QUEUE, QUARANTINE, WORK)


# The network.

def heard_again(box):
    box.run("nft", "delete", "table", "inet", "fault")


@fault("resolver silent", heard_again, 8)
def _(box):
    box.run("nft", "add table inet fault; "
            "add chain inet fault out { type filter hook output priority -5; }; "
            "add rule inet fault out udp dport 53 drop; add rule inet fault out tcp dport 53 drop")


def link(box, state):
    subprocess.run(["ip", "link", "set", f"nb-{box.machine.name}", state], check=True, timeout=10)


@fault("network down", lambda box: link(box, "up"), 4)
def _(box):
    link(box, "down")


# What lies on the disk is broken.

def maildirs(box):
    return (box.root / MAIL.lstrip("/")).glob("*/*/Maildir")


def indexes(box):
    return [path for folder in maildirs(box) for pattern in ("dovecot*", ".*/dovecot*")
            for path in folder.glob(pattern) if path.is_file() and not path.name.endswith(".lock")]


@fault("dovecot indexes deleted")
def _(box):
    for path in indexes(box):
        path.unlink(missing_ok=True)


@fault("dovecot indexes scribbled on")
def _(box):
    for path in indexes(box):
        with contextlib.suppress(FileNotFoundError), open(path, "r+b") as file:    # a .tmp ends
            file.seek(max(0, os.path.getsize(path) // 2 - 32))
            file.write(os.urandom(64))


@fault("stale locks")
def _(box):
    for folder in maildirs(box):
        for name in ("dovecot-uidlist.lock", "dovecot.index.log.lock", "dovecot.list.index.log.lock"):
            (folder / name).write_text("1:elsewhere\n")
    (box.root / "run/dovecot/master.pid").write_text("1\n")
    (box.root / "var/spool/postfix/pid/master.pid").write_text("         1\n")
    box.kill(DOVECOT)
    box.kill(POSTFIX)


@fault("certificates halved")
def _(box):
    for name in ("server-ecdsa.pem", "server-rsa.pem"):
        path = box.root / "var/lib/postcask/keys" / name
        os.truncate(path, path.stat().st_size // 2)
    box.kill(DOVECOT)
    box.kill(POSTFIX)


# While the whole filter works, SpamAssassin and unpackers too: those that strike it, and two more.
# A title with a number of a message is a child's that works on it.
AT_WORK = r"\(ch\d+-\d+(-\d+)+\)"
UNPACKER = r"\b(7z\w?|bsdtar|bsdcat|cabextract|gzip|lzop|lz4|unzstd|xz|pax|arj|tnef) "
# Those first that leave mail waiting: what others start again lets it go on.
IN_FILTER = [
    "disk full: filter", "inodes out: filter", "resolver silent", "postfix killed", "clamd killed",
    "clamd stopped", "clamd hanging", "amavis child killed", "amavis killed",
    "amavis killed repeatedly", "amavis hanging",
]
FILTER_FAULTS = [
    Fault("child hanging at work", lambda box: box.hang(AMAVIS, AT_WORK, 1)),
    Fault("unpacker hanging", lambda box: box.hang(AMAVIS, UNPACKER, 1)),
    Fault("child killed at work", lambda box: box.kill(AMAVIS, AT_WORK, 1)),
    Fault("unpacker killed", lambda box: box.kill(AMAVIS, UNPACKER, 1)),
] + [next(one for one in FAULTS if one.name == name) for name in IN_FILTER]
FILTER_HARDEST = {"child killed at work", "unpacker killed", "disk full: filter", "amavis killed"}
