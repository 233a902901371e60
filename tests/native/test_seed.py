"""The seed that a machine is given again: edited, or another machine's."""

import json

import pytest

from machine import Machine, user_data

KEYS = "sha256sum /etc/ssh/ssh_host_*_key"


@pytest.fixture(scope="module")
def seeded():
    """Each test gives it another seed and boots it again."""
    with Machine("seeded", "10.91.0") as machine:
        yield machine


def boot_with(machine, data, instance):
    machine.boot("halt")
    machine.seed(data, instance)
    machine.start()


def test_an_edited_seed_folder_is_the_same_instance(seeded):
    """cloud-init remembers the user-data of an instance-id that it knows; it must not."""
    keys = seeded.run("sh", "-c", KEYS).stdout
    boot_with(seeded, user_data() + "  services:\n    pop3: false\n", "i-native-1")
    report = seeded.report()
    assert report["state"] == "ready", json.dumps(report, indent=1)
    assert "pop3" not in report["open"] and "imap" in report["open"]
    assert "status: done" in seeded.run("cloud-init", "status", check=False).stdout
    assert len(keys.splitlines()) == 2 and seeded.run("sh", "-c", KEYS).stdout == keys


def test_another_instance_keeps_the_host_keys(seeded):
    """Whoever knows the machine by its keys goes on knowing it."""
    keys = seeded.run("sh", "-c", KEYS).stdout
    boot_with(seeded, user_data(), "i-native-2")
    assert "i-native-2" in seeded.run("cat", "/var/lib/cloud/data/instance-id").stdout
    assert seeded.run("sh", "-c", KEYS).stdout == keys
