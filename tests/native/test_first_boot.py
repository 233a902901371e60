# SPDX-License-Identifier: GPL-3.0-or-later
"""The power gone during an instance's first boot: what cloud-init made was not synced, and its marks
that it is made were (they lie on another file system).  Nobody may be locked out of the machine, and
every daemon runs whose package made something there."""

import pytest

from machine import Machine, user_data

LOGIN = """
ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7Tq0yS0m6kzHq3yWn0Xg8mT3r6sWq0v1nJ2yqKx1uA owner]
write_files:
  - path: /etc/given
    content: by user-data
"""
KEPT = "var/lib/cloud/instances/i-native-1/postcask-kept"
MADE = ("home/debian/.ssh/authorized_keys", "etc/sudoers.d/90-cloud-init-users", "etc/given",
        "etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ecdsa_key", "etc/hostname")
# What is synced, or is not there after a boot: mail, settings and keys, and all of the above.
SYNCED = ("etc/", "home/", "run/", "tmp/", "var/lib/cloud/", "var/lib/postcask/generations/",
          "var/lib/postcask/accounts/", "var/lib/postcask/directory/",
          "var/lib/postcask/keys/", "var/lib/postcask/quarantine/", "var/spool/postfix/active/",
          "var/spool/postfix/deferred/", "var/spool/postfix/incoming/", "var/vmail/", "var/log/journal/")


def made(machine):
    """Who owns each and who may read it; an error's words for one that is missing."""
    return machine.run("sh", "-c", f"cd /; stat -c '%U %a %n' {' '.join(MADE)} 2>&1",
                       check=False).stdout


def public_key(machine, kind):
    return machine.run("ssh-keygen", "-y", "-f", f"/etc/ssh/ssh_host_{kind}_key").stdout


@pytest.fixture(scope="module")
def booted():
    with Machine("firstcut", "10.111.0", data=user_data() + LOGIN) as machine:
        assert (machine.tree / KEPT).exists()
        assert "No such file" not in made(machine)
        yield machine


def test_what_was_kept_is_not_made_again(booted):
    """A host key stays, and what the owner took away stays away."""
    key = public_key(booted, "ed25519")
    (booted.tree / "etc/given").unlink()
    booted.boot("halt")
    booted.start()
    assert public_key(booted, "ed25519") == key
    assert not (booted.tree / "etc/given").exists()
    (booted.tree / "etc/given").write_text("by its owner")


def test_what_a_power_cut_took_is_made_again(booted):
    before, whole_key = made(booted), public_key(booted, "ecdsa")
    booted.boot("halt")
    logins, rules, given, key, _, name = (booted.tree / name for name in MADE)
    (booted.tree / KEPT).unlink()
    logins.unlink()
    for zeros in (rules, key):
        zeros.write_bytes(b"\0" * zeros.stat().st_size)
    for empty in (given, name):
        empty.write_bytes(b"")
    booted.start()
    assert made(booted) == before
    assert "\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7Tq" in "\n" + logins.read_text()
    booted.run("runuser", "-u", "debian", "--", "sudo", "-n", "true")
    assert given.read_text() == "by user-data"
    assert public_key(booted, "ed25519").startswith("ssh-ed25519 ")
    assert public_key(booted, "ecdsa") == whole_key
    assert name.read_text().strip() == "mail"
    assert booted.report()["state"] == "ready"
    assert (booted.tree / KEPT).exists()


def unsynced(machine):
    """What the machine itself has written, and nobody brings to the disk."""
    written = machine.tree.parent / "upper"
    for path in written.rglob("*"):
        name = str(path.relative_to(written))
        synced = name.startswith(SYNCED) and not name.endswith(".db-shm")   # SQLite's index of a log
        if not synced and path.is_file() and not path.is_symlink() and path.stat().st_size:
            yield machine.tree / name


def test_files_that_nobody_syncs_may_all_be_zeros(booted):
    """As ext4 leaves what was written in the last half minute."""
    booted.wait_message("alice@example.org", booted.send("a message"))
    booted.boot("halt")
    damaged = list(unsynced(booted))
    names = {str(path.relative_to(booted.tree)) for path in damaged}
    assert {"var/lib/unbound/root.key", "var/lib/amavis/bayes/bayes.sqlite",
            "var/lib/postcask/account/state"} <= names
    for path in damaged:
        path.write_bytes(b"\0" * path.stat().st_size)
    ours = booted.tree / "var/lib/clamav/postcask.ndb"          # a copy, in older images
    assert ours.is_symlink()
    ours.unlink()
    ours.write_bytes(b"\0" * 100)
    cache = booted.tree / "var/lib/postfix/smtp_scache.db"      # as Berkeley DB makes one
    cache.rename(cache.with_name("__db.smtp_scache.db"))
    booted.start()
    assert booted.report()["state"] == "ready"
    assert booted.run("systemctl", "--failed", "--no-legend").stdout == ""
    booted.wait_message("alice@example.org", booted.send("another"))
    booted.run("systemctl", "start", "postcask-learn.service")
    assert ours.is_symlink()
    bayes = booted.tree / "var/lib/amavis/bayes/bayes.sqlite"
    assert bayes.read_bytes().startswith(b"SQLite format 3\0")
