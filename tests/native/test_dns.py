# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's records in the DNS, on the machine: its own resolver, its own Postfix on port 25, and two
real name servers, of which one takes its updates."""

import json
import os
import re

import pytest

from machine import Machine, shifted, user_data
from zones import Key, Zones

NAME, NET = "dns", "10.97.0"
PUBLIC = "/var/lib/postcask/keys/public.json"


@pytest.fixture(scope="module")
def world():
    """The machine and the name servers that it asks, with nothing of it yet."""
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    net = shifted(NAME, NET)[1]
    reverse = ".".join(reversed(net.split("."))) + ".in-addr.arpa"
    zones = Zones({"ns1": f"{net}.1", "ns2": f"{net}.3"}, key=Key("mail-key")).make()
    dns = zones.key.settings(f"{net}.1").replace("  dns:\n", f"  dns:\n    addresses: [{net}.2]\n")
    machine = Machine(NAME, NET, user_data() + zones.settings() + dns +
                      '  extra:\n    unbound: |\n      local-zone: "10.in-addr.arpa." nodefault\n')
    zones.lead(machine)
    with machine, zones:
        zones.set_all({"example.org": "", reverse: "2 PTR mail.example.org.\n"})
        zones.set("example.net", "", names=["ns1"])     # the one that takes updates
        # It was asked while the machine booted, and not yet there.
        machine.run("unbound-control", "flush_infra", "all")
        machine.run("unbound-control", "flush_zone", ".")
        publish_keys(machine)
        yield machine, zones


def publish_keys(machine):
    """What may be known of the certificates' keys, on a machine that does not say so itself."""
    if machine.run("test", "-e", PUBLIC, check=False).returncode == 0:
        return
    hashes = [machine.run("sh", "-ec", f"openssl x509 -in /var/lib/postcask/keys/server-{kind}.pem -noout "
                          "-pubkey | openssl pkey -pubin -outform der | sha256sum").stdout.split()[0]
              for kind in ("ecdsa", "rsa")]
    machine.run("tee", PUBLIC, stdin=json.dumps(
        {"public": False, "tlsa": {"current": hashes, "next": []}, "caa": [], "account": None,
         "method": None, "names": ["mail.example.org"]}))
    machine.run("chmod", "0644", PUBLIC)


def check(machine, *words):
    done = machine.run("postcask", "dns", "check", "--json", *words, check=False)
    assert done.returncode in (0, 2), done.stderr
    return json.loads(done.stdout)["findings"]


def own_zone(machine, *words):
    """Without what is in the zone of somebody else."""
    return re.sub(r"^;.*\n", "", machine.run("postcask", "dns", "--zone", *words).stdout, flags=re.M)


def test_what_is_missing_is_said_in_the_report(world):
    machine, _ = world
    machine.run("systemctl", "start", "postcask-dns.service")
    found = json.loads(machine.run("cat", "/run/postcask/dns/report.json").stdout)
    assert not found["offline"] and found["missing"] >= 10 and found["harmful"] == 0
    assert machine.run("stat", "-c", "%U", "/run/postcask/dns/report.json").stdout == "postcask-dns\n"
    # The job that has the report written anew was begun by the unit; the report's own is awaited.
    machine.run("systemctl", "start", "postcask-report.service")
    report = machine.report()
    assert report["dns"]["missing"] == found["missing"] and report["state"] == "ready"
    assert f"DNS: {found['missing']} records are missing" in machine.run("postcask", "status").stdout


def test_its_own_zone_file_gives_no_finding(world):
    machine, zones = world
    zones.set("example.org", own_zone(machine, "example.org"))
    zones.set("example.net", own_zone(machine, "example.net"), names=["ns1"])
    assert check(machine) == []
    assert machine.run("postcask", "dns", "check").stdout == "nothing is missing, nothing is wrong\n"
    # Nobody needs to be root for it.
    asked = machine.run("setpriv", "--reuid=postcask-probe", "--regid=postcask-probe",
                        "--clear-groups", "postcask", "dns", "check", "--json", "example.org")
    assert json.loads(asked.stdout)["findings"] == []


def test_the_update_makes_an_empty_zone_whole(world):
    machine, zones = world
    zones.set("example.net", 'www A 192.0.2.80\n@ TXT "not ours"\n', names=["ns1"])
    shown = machine.run("postcask", "dns", "update", "example.net").stdout
    assert "+ example.net MX 10 mail.example.org.\n" in shown and "--yes does it" in shown
    assert zones.records("example.net", "MX") == []
    done = machine.run("postcask", "dns", "update", "--yes", "example.net").stdout
    assert "done: " in done and zones.records("example.net", "MX") == ["10 mail.example.org."]
    assert '"not ours"' in zones.records("example.net", "TXT")
    assert check(machine, "example.net") == []
    assert zones.key.secret not in machine.run("journalctl", "--no-pager").stdout


def test_a_key_that_port_25_does_not_serve_makes_it_degraded(world):
    machine, zones = world
    good = own_zone(machine, "example.org")
    zones.set("example.org", good)
    wrong = re.sub(r"(TLSA 3 1 1) \S+", rf"\1 {'ab' * 32}", good)
    zones.set("signed.example", "")         # so that the root is loaded anew below
    zones.first.control("zone-purge", "-f", "example.org")
    zones.prepare("example.org", True)
    zones.delegations["example.org"] = (zones.delegations["example.org"][0], True)
    zones.write("example.org", wrong)
    zones.write_root()
    for server in zones.servers.values():
        for word in (["reload"], ["zone-reload", "."], ["zone-reload", "example.org"]):
            server.control(*word)
    machine.run("unbound-control", "reload")
    machine.run("systemctl", "start", "postcask-dns.service")
    found = json.loads(machine.run("cat", "/run/postcask/dns/report.json").stdout)
    assert any(finding["degrades"] and "of a key that port 25 serves" in finding["sentence"]
               for finding in found["findings"]), found
    machine.run("systemctl", "restart", "postcask-report.service", check=False)
    report = machine.report()
    assert report["state"] == "degraded"
    assert any(note.startswith("degraded: DNS: no TLSA record") for note in report["notes"])
