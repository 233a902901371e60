# SPDX-License-Identifier: GPL-3.0-or-later
"""No command of root takes a name in a folder that another account owns: that account chooses
what lies there under the name (docs/decisions/root-and-names.md).  What is listed here was looked
at, each line with the reason why it may be; a line that is not listed fails."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
OVERLAYS = TOP / "overlays"
UNITS = [OVERLAYS / "usr/lib/systemd/system", OVERLAYS / "etc/systemd/system"]
TMPFILES = OVERLAYS / "usr/lib/tmpfiles.d/postcask.conf"

# Debian's folders, and those that the daemons make for their accounts.
BY_PACKAGES = {
    "/var/lib/postfix": "postfix", "/var/lib/unbound": "unbound",
    "/var/lib/spamassassin": "debian-spamd", "/var/log/clamav": "clamav",
    **{f"/var/spool/postfix/{name}": "postfix" for name in (
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
        "maildrop", "private", "public", "saved", "trace")},
}

# Programs that root runs without naming what they touch, and what they do there.
PROGRAMS = {
    "/usr/sbin/postfix": "Debian's own: makes what is missing below a folder of root's",
    "/usr/sbin/postsuper": "Debian's own: takes Postfix's account before it touches the queue",
    "/usr/libexec/unbound-helper": "Debian's own: writes as unbound, by setpriv",
    "/usr/bin/systemctl": "names units",
    "/usr/sbin/lighttpd": "under an account of its own (DynamicUser), reads proofs and no link",
    "/usr/bin/sync": "whole file systems, by folders of root's",
    "/usr/bin/postcask": "ours, in C: see NAMES_IN_C",
    "/usr/bin/ssh-keygen": "in /etc/ssh",
    "/usr/lib/systemd/systemd-networkd-wait-online": "no files",
}

# Root's lines that name such a folder all the same.
LINES = {
    "--report /run/postcask/verify/report.json": "as in NAMES_IN_C",
}

# What systemd-tmpfiles does safely: it follows no link, refuses a path through a folder that
# changes hands, and works on what it has opened.
TMPFILES_TYPES = {"d", "C", "h", "L+"}

# Names in such folders that our programs know, and how each is used.
NAMES_IN_C = {
    "/run/amavis/check": "root writes a line to it, and believes amavis of amavis; file_connect",
    "/run/amavis": "the self-test, which is not root, looks whether it listens",
    "/var/lib/clamav": "the self-test, which is not root, reads times",
    "/var/spool/postfix/private/auth": "the watch, root, reads a greeting; file_connect",
    "/var/spool/postfix/private/dovecot-lmtp": "a name in /proc/net/unix, never opened",
    "/var/spool/postfix/private/released": "root hands mail for Postfix to it; file_connect",
    "/var/lib/postcask/quarantine": "opened with O_NOFOLLOW, each file by openat, as plain",
    "/run/postcask/verify/report.json": "read by file_read_foreign, removed by unlink",
    "/var/lib/postcask/feedback": "root becomes its owner before it opens anything there",
    "/run/postcask/account": "its own account's",
    "/run/postcask/account/account.json": "its own account writes it; read by file_read_foreign",
    "/run/postcask/account/lock": "opened with O_NOFOLLOW and O_NONBLOCK, nothing is read",
    "/var/lib/postcask/account/state": "its own account's",
    "/var/lib/postcask/quarantine/selftest": "the self-test, which is not root, removes its own",
    "/run/postcask/policy/filter": "postcask-policy, as itself; root asks it by file_connect",
    "/var/lib/postcask/policy/known": "postcask-policy, as itself",
    "/var/lib/postcask/policy/held.json": "its own account writes it; read by file_read_foreign",
    "/var/lib/postcask/policy/store": "postcask-policy, as itself",
    "/var/spool/postfix/policy/postfix": "postcask-policy, as itself",
    "/var/vmail": "postcask-search lists it, as vmail",
    "/var/lib/postcask/search": "postcask-search, as vmail",
    "/var/lib/postcask/recover/used": "postcask-recover, as vmail",
    "/var/lib/postcask/answers/count": "postcask-answer, as vmail, and never as root",
    "/run/postcask/search/report.json": "its own account writes it; read by file_read_foreign",
    "/run/postcask/tls/state.json": "its own account writes it; read by file_read_foreign",
    "/var/lib/postcask/tls/policies.sqlite": "postcask-tls, as itself",
    "/var/lib/postcask/tls/sessions.sqlite": "postcask-tls, as itself",
    "/run/postcask/guard/control": "postcask-guard, as itself; root asks it by file_connect",
    "/run/postcask/guard/report.json": "its own account writes it; read by file_read_foreign",
    "/run/postcask/guard/uses.json": "postcask-guard, as itself; read by file_read_foreign",
    "/var/lib/postcask/guard/state": "postcask-guard, as itself",
    "/run/postcask/directory/control": "postcask-directory, as itself; root asks it by file_connect",
    "/run/postcask/directory/mirror": "postcask-directory, as itself; postcask-mirror connects",
    "/run/postcask/directory/mirror-news": "postcask-directory, as itself; systemd sees it change",
    "/run/postcask/directory/mirror-back": "postcask-directory, as itself; systemd sees it change",
    "/var/lib/postcask/directory/mirror.json": "postcask-directory, as itself",
    "/run/postcask/directory/shared": "postcask-directory, as itself; read by postcask-shared, as vmail",
    "/run/postcask/directory/rules": "postcask-directory, as itself; systemd sees it change",
    "/var/lib/postcask/rules": "postcask-rules, as itself",
    "/run/postcask/rules/refused.json": "its own account writes it; read by file_read_foreign",
    "/run/postcask/directory/replaced": "postcask-directory, as itself; systemd sees it change",
    "/run/postcask/directory/report.json": "its own account writes it; read by file_read_foreign",
    "/var/lib/postcask/directory/secrets.db": "postcask-directory, as itself",
    "/var/lib/postcask/directory/factor.key": "postcask-directory, as itself",
    "/var/lib/postcask/accounts/accounts.db": "postcask-directory, as itself",
    "/run/postcask/tokens/report.json": "its own account writes it; read by file_read_foreign",
    "/var/lib/postcask/tokens/state.json": "postcask-tokens, as itself",
    "/run/postcask/lists/report.json": "its own account writes it; read by file_read_foreign",
    "/var/lib/postcask/lists/state.json": "postcask-lists, as itself",
    "/var/spool/postfix/lists/ask": "postcask-lists, as itself",
    "/run/postcask/dns/report.json": "its own account writes it; read by file_read_foreign",
    "/run/postcask/gateway/report.json": "the same",
    "/var/lib/postcask/selftest/mailbox": "the self-test, which is not root, reads its own",
    "/var/lib/unbound/root.key": "`postcask dns`, which root may run; read by file_read_foreign",
    "/run/postcask/signatures": "postcask-signatures, as clamav",
    "/run/postcask/acme/web/.well-known/acme-challenge": "postcask-acme, as its own account",
    "/var/lib/postcask/acme": "certificates in it are read by file_read_foreign",
    "/var/lib/postcask/acme/results.json": "read by file_read_foreign",
    **{name: "a volume may be there: opened by openat2 without links, and only looked at"
       for name in ("/var/vmail", "/var/lib/amavis", "/var/lib/postfix", *(
           f"/var/spool/postfix/{queue}" for queue in (
               "maildrop", "incoming", "active", "deferred", "hold")))},
}


def sections(path):
    """(key, value) of a unit's lines, continued ones joined."""
    text = re.sub(r"\\\n\s*", " ", path.read_text())
    return re.findall(r"^([A-Za-z]+)=(.*)$", text, re.M)


def units():
    """Each unit of ours, and each drop-in, with all that is said of it."""
    for folder in UNITS:
        for path in sorted([*folder.glob("*.service"), *folder.glob("*.d/*.conf")]):
            if not path.is_symlink():
                yield path, sections(path)


def user_of(said):
    return next((value for key, value in said if key == "User"), "root")


def tmpfiles():
    for line in TMPFILES.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            kind, path, mode, user, *_ = line.split()
            yield kind, path, user


def foreign():
    """Folder -> the account, not root, that owns it."""
    owners = dict(BY_PACKAGES)
    for _, said in units():
        user = user_of(said)
        owners.update({f"{place}/{name}": user for key, value in said for name in value.split()
                       for place in [{"RuntimeDirectory": "/run", "StateDirectory": "/var/lib"}
                                     .get(key)] if place})
    owners.update({path: user for kind, path, user in tmpfiles() if kind == "d"})
    return {path: user for path, user in owners.items() if user not in ("root", "-")}


FOREIGN = foreign()


def inside(path, folders=FOREIGN):
    return [folder for folder in folders if path == folder or path.startswith(folder + "/")]


def commands():
    """(where, command) of each that systemd runs as root."""
    for path, said in units():
        unit = path.parent.name.removesuffix(".d") if path.suffix == ".conf" else path.name
        for key, value in said:
            if not key.startswith("Exec") or not value:
                continue
            prefixes, command = re.match(r"([-@:+!|]*)(.*)", value).groups()
            lower = re.search(r"setpriv --reuid=(\w+) --regid=\1 --clear-groups ", command)
            if not lower and (user_of(said) == "root" or set(prefixes) & set("+!")):
                yield f"{unit}: {key}", command


def test_the_folders_of_others_are_known():
    for path in ("/var/lib/clamav", "/var/lib/amavis/tmp", "/var/vmail", "/var/lib/unbound",
                 "/run/amavis", "/run/postcask/verify", "/var/lib/postcask/account"):
        assert path in FOREIGN
    for path in ("/run/clamav", "/run/postcask", "/var/lib/postcask", "/var/spool/postfix"):
        assert path not in FOREIGN


@pytest.mark.parametrize("where, command", commands(), ids=lambda text: text[:60])
def test_root_names_nothing_there(where, command):
    named = [path for path in re.findall(r"(/(?:var|run)/[^\s;'\"|<>)]*)", command)
             if inside(path.rstrip("/"))]
    assert not named or any(words in command for words in LINES), \
        f"{where}: root takes {named}: run it as the folder's account"


@pytest.mark.parametrize("where, command", commands(), ids=lambda text: text[:60])
def test_what_root_runs_is_known(where, command):
    program = command.split()[0]
    harmless = re.match(r"/usr/lib/postcask/|/bin/(sh|rm)$|/usr/bin/(timeout|grep)$", program)
    assert harmless or program in PROGRAMS, \
        f"{where}: what does {program} do in folders that are not root's?"


@pytest.mark.parametrize("kind, path, user", tmpfiles(), ids=str)
def test_tmpfiles_does_only_what_it_does_safely(kind, path, user):
    above = inside(str(Path(path).parent))
    assert not above or kind in TMPFILES_TYPES
    # It would refuse the path, at a boot, in the journal.
    assert all(FOREIGN[folder] == user or kind != "d" for folder in above)


def test_our_programs_name_what_is_known():
    sources = [path for folder in ("src", "firstboot", "firewall")
               for path in (TOP / folder).rglob("*.[ch]")]
    found = {name for path in sources
             for name in re.findall(r'"(/(?:var|run)/[^"%\s]*)"', path.read_text())
             if inside(name.rstrip("/"))}
    assert found - set(NAMES_IN_C) == set()
