# SPDX-License-Identifier: GPL-3.0-or-later
"""The seed that a machine is given again: edited, or another machine's."""

import json
import shutil

import pytest

from machine import Machine, user_data

KEYS = "sha256sum /etc/ssh/ssh_host_*_key"


@pytest.fixture(scope="module")
def seeded():
    """Each test gives it another seed and boots it again."""
    machine = Machine.later("seeded", "10.91.0")
    yield machine
    machine.stop()


def boot_with(machine, data, instance):
    machine.boot("halt")
    machine.seed(data, instance)
    machine.start()


def test_an_edited_seed_folder_is_the_same_instance(seeded):
    """cloud-init remembers the user-data of an instance-id that it knows; it must not."""
    keys = sorted((seeded.tree / "etc/ssh").glob("ssh_host_*_key"))
    before = [path.read_bytes() for path in keys]
    boot_with(seeded, user_data() + "  services:\n    pop3: false\n", "i-native-1")
    report = seeded.report()
    assert report["state"] == "ready", json.dumps(report, indent=1)
    assert "pop3" not in report["open"] and "imap" in report["open"]
    assert "status: done" in seeded.run("cloud-init", "status", check=False).stdout
    assert len(keys) == 2 and [path.read_bytes() for path in keys] == before


FOREIGN = """bootcmd:
  - [touch, /root/bootcmd]
users:
  - {name: mallory, ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFx mallory]}
write_files:
  - {path: /etc/written, content: foreign}
runcmd:
  - [touch, /root/runcmd]
"""
TRACES = "/root/bootcmd /root/runcmd /etc/written /etc/foreign /home/mallory"
ADOPTION = "/var/lib/postcask/adopt"


def foreign(more=""):
    """Another machine's user-data, whose alice has another password."""
    mail = user_data().replace("fqdn: mail.example.org", "fqdn: mallory.example.org")
    return mail.replace("aliases:", f"{more}aliases:").replace("mail:\n", FOREIGN + "mail:\n")


def config_drive(machine, data, instance):
    folder = machine.tree / "var/lib/cloud/seed/config_drive/openstack/latest"
    folder.mkdir(parents=True)
    (folder / "user_data").write_text(data)
    (folder / "meta_data.json").write_text(json.dumps({"uuid": instance, "hostname": "mallory"}))


def take_seeds_away(machine):
    seeds = machine.tree / "var/lib/cloud/seed"
    shutil.rmtree(seeds)
    (seeds / "nocloud").mkdir(parents=True)


def assert_own(machine, own="i-native-1"):
    """Nothing of another instance is anywhere on the machine."""
    assert machine.run("cat", "/var/lib/cloud/data/instance-id").stdout.strip() == own
    assert machine.run("hostname", "-f").stdout.strip() == "mail.example.org"
    assert not machine.run("sh", "-c", f"ls -d {TRACES}; getent passwd mallory", check=False).stdout
    assert "mallory" not in machine.run("sh", "-c", "cat /etc/hosts /etc/hostname "
                                        "/run/cloud-init/*.json /var/lib/cloud/instance/*.txt*",
                                        check=False).stdout
    machine.imap("alice@example.org").logout()


def assert_refused(machine, instance):
    report = machine.report()
    assert_own(machine)
    assert report["state"] == "degraded", report
    notes = [note for note in report["notes"] if f"'{instance}'" in note]
    assert len(notes) == 1 and notes[0].startswith("degraded: ") and "postcask adopt" in notes[0]


def test_another_instance_gets_nothing(seeded):
    """Not even what cloud-init does before our settings are read, and whatever it says.  Its name
    is a stranger's text."""
    boot_with(seeded, foreign("adopt_existing_mail: true\n  "), "\"\\e]0;x\\a" + 200 * "i" + "\"")
    assert_refused(seeded, "?]0;x?" + 94 * "i" + "...")


def test_another_kind_of_seed_gets_nothing(seeded):
    take_seeds_away(seeded)
    seeded.boot("halt")
    config_drive(seeded, foreign(), "i-drive")
    seeded.start()
    assert_refused(seeded, "i-drive")


def test_a_machine_whose_seed_was_taken_away_stays_what_it_is(seeded):
    """Its accounts, and the user-data that it knows."""
    take_seeds_away(seeded)
    for _ in range(2):
        seeded.boot("halt")
        seeded.start()
        assert seeded.report()["state"] == "ready", seeded.report()
        assert_own(seeded)
    boot_with(seeded, foreign(), "i-native-2")
    assert_refused(seeded, "i-native-2")


def test_root_on_the_machine_lets_it_become_another_instance(seeded):
    """Once, with its mail, its authority, and the host keys by which people know it."""
    keys = seeded.run("sh", "-c", KEYS).stdout
    assert "'i-native-2'" in seeded.run("postcask", "adopt").stdout
    assert "own instance alone" in seeded.run("postcask", "adopt", "--cancel").stdout
    boot_with(seeded, foreign(), "i-native-2")
    assert_refused(seeded, "i-native-2")

    seeded.run("postcask", "adopt", "i-native-3")
    boot_with(seeded, foreign(), "i-native-2")
    assert_refused(seeded, "i-native-2")
    assert not (seeded.tree / ADOPTION.lstrip("/")).exists(), "it was for one boot"

    seeded.run("postcask", "adopt", "i-native-3")
    boot_with(seeded, user_data() + "  services:\n    pop3: maybe\n", "i-native-3")
    assert seeded.report()["state"] == "degraded"
    assert (seeded.tree / ADOPTION.lstrip("/")).exists(), "the settings were refused"
    boot_with(seeded, user_data() + "  services:\n    pop3: false\n", "i-native-3")
    report = seeded.report()
    assert report["state"] == "ready" and "pop3" not in report["open"], report
    assert not (seeded.tree / ADOPTION.lstrip("/")).exists()
    assert_own(seeded, "i-native-3")
    assert seeded.run("sh", "-c", KEYS).stdout == keys
    seeded.wait_message("alice@example.org", seeded.message_id)

    boot_with(seeded, foreign(), "i-native-1")
    assert seeded.report()["state"] == "degraded"
    assert_own(seeded, "i-native-3")
