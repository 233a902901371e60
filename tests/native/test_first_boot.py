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

OURS = ("unbound/root.key", "clamav/postcask.ndb", "amavis/bayes/bayes.sqlite")


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
    anchor, signature, bayes = (booted.tree / "var/lib" / name for name in OURS)
    whole_signature = signature.read_bytes()
    (booted.tree / KEPT).unlink()
    logins.unlink()
    for zeros in (rules, key, anchor, signature, bayes):
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
    assert signature.read_bytes() == whole_signature
    booted.run("systemctl", "start", "postcask-learn.service")
    assert bayes.read_bytes().startswith(b"SQLite format 3\0")
    assert (booted.tree / KEPT).exists()
