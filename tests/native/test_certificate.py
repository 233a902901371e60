# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as clients see them on every port, and the fault that is commonest on
record: a renewed certificate that a daemon never reloads."""

import json
import re
import subprocess

import pytest


HOSTNAME = "mail.example.org"
KEYS = "/var/lib/postcask/keys"
RENEWER = "/usr/lib/postcask/postcask-certificate"
PORTS = {25: "smtp", 465: None, 587: "smtp", 143: "imap", 993: None, 110: "pop3", 995: None,
         4190: "sieve"}
KINDS = {"ecdsa": "ECDSA+SHA256", "rsa": "RSA-PSS+SHA256:RSA+SHA256"}


def handshake(machine, tmp_path, port, kind):
    """The certificate that a client of this kind is shown, verified strictly: its SHA-256."""
    authority = tmp_path / "ca.pem"
    authority.write_text(machine.run("postcask", "cert", "ca").stdout)
    starttls = ["-starttls", PORTS[port]] if PORTS[port] else []
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{machine.host}:{port}", *starttls,
         "-sigalgs", KINDS[kind], "-CAfile", authority, "-no-CApath", "-x509_strict",
         "-verify_hostname", HOSTNAME, "-verify_return_error", "-servername", HOSTNAME],
        input="", capture_output=True, text=True, timeout=30)
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    pem = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", done.stdout, re.S)
    printed = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
                             input=pem.group(), capture_output=True, text=True, check=True)
    return printed.stdout.strip().split("=")[1].replace(":", "").lower()


def shown(machine):
    """What `postcask cert show` says of each kind."""
    listed = json.loads(machine.run("postcask", "cert", "show", "--json").stdout)
    return {re.search("server-(.*)[.]pem", facts["file"]).group(1): facts for facts in listed}


def public_key(machine, kind):
    return machine.run("openssl", "pkey", "-in", f"{KEYS}/server-{kind}.pem", "-pubout").stdout


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("port", sorted(PORTS))
def test_every_port_serves_both_kinds(machine, tmp_path, port, kind):
    assert handshake(machine, tmp_path, port, kind) == shown(machine)[kind]["sha256"]


def test_show_says_what_a_person_asks(machine):
    for kind, facts in shown(machine).items():
        assert facts["names"] == [HOSTNAME]
        assert facts["key"] == {"ecdsa": "ECDSA 256 bit", "rsa": "RSA 3072 bit"}[kind]
        assert 390 <= facts["days_left"] <= 397
        assert "postcask CA" in facts["issuer"]
        assert facts["sha256"] in machine.run("postcask", "cert", "show").stdout


def test_renewal_reaches_every_port_and_keeps_the_keys(machine, tmp_path):
    before = shown(machine)
    keys = {kind: public_key(machine, kind) for kind in KINDS}
    done = json.loads(machine.run("postcask", "cert", "renew", "--json").stdout)
    assert done["changed"] and done["reloaded"]
    assert set(done["served"].values()) == {"current"} and len(done["served"]) == len(PORTS)
    after = shown(machine)
    for kind in KINDS:
        assert after[kind]["serial"] != before[kind]["serial"]
        assert public_key(machine, kind) == keys[kind]
        for port in (25, 993):
            assert handshake(machine, tmp_path, port, kind) == after[kind]["sha256"]


def test_new_keys_when_asked_for(machine, tmp_path):
    keys = {kind: public_key(machine, kind) for kind in KINDS}
    machine.run("postcask", "cert", "renew", "--new-keys")
    for kind in KINDS:
        assert public_key(machine, kind) != keys[kind]
        assert handshake(machine, tmp_path, 465, kind) == shown(machine)[kind]["sha256"]


def test_a_daemon_that_was_not_reloaded_is_found_and_reloaded(machine, tmp_path):
    """The files change behind the daemons' back, as a power cut between renewal and reload
    leaves it."""
    machine.run("cp", "-p", f"{KEYS}/server-ecdsa.pem", "/root/older.pem")
    machine.run("postcask", "cert", "renew")
    machine.run("mv", "/root/older.pem", f"{KEYS}/server-ecdsa.pem")
    assert handshake(machine, tmp_path, 993, "ecdsa") != shown(machine)["ecdsa"]["sha256"]
    found = machine.run(RENEWER, "--check", check=False)
    assert found.returncode == 1 and "imaps" in found.stdout and "stale" in found.stdout
    assert handshake(machine, tmp_path, 993, "ecdsa") != shown(machine)["ecdsa"]["sha256"]
    mended = machine.run(RENEWER)
    assert "stale" not in mended.stdout and "reloaded" in mended.stdout
    for port in PORTS:
        assert handshake(machine, tmp_path, port, "ecdsa") == shown(machine)["ecdsa"]["sha256"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_damaged_file_is_mended(machine, tmp_path, kind):
    path = f"{KEYS}/server-{kind}.pem"
    machine.run("truncate", "-s", "900", path)
    done = machine.run(RENEWER)
    assert "written anew: damaged" in done.stdout
    assert machine.run("stat", "-c", "%a %U", path).stdout == "600 root\n"
    assert handshake(machine, tmp_path, 587, kind) == shown(machine)[kind]["sha256"]


def test_nothing_to_do_changes_nothing(machine):
    before = {kind: facts["sha256"] for kind, facts in shown(machine).items()}
    done = machine.run(RENEWER)
    assert "reloaded" not in done.stdout and "anew" not in done.stdout
    assert {kind: facts["sha256"] for kind, facts in shown(machine).items()} == before


def test_the_authority_is_for_everybody_and_the_keys_are_not(machine):
    assert machine.run("runuser", "-u", "nobody", "--", "postcask", "cert", "ca"
                       ).stdout.startswith("-----BEGIN CERTIFICATE")
    for verb in ("show", "renew"):
        refused = machine.run("runuser", "-u", "nobody", "--", "postcask", "cert", verb,
                              check=False)
        assert refused.returncode == 1 and refused.stderr.startswith("postcask: ")
    assert "run it as root" in refused.stderr


@pytest.mark.parametrize("argv", [["--new-keys"], ["shew"], ["ca", "--json"], ["show", "--new-keys"],
                                  ["renew", "now"]])
def test_wrong_usage(machine, argv):
    done = machine.run("postcask", "cert", *argv, check=False)
    assert done.returncode == 2 and "usage:" in done.stderr


def test_the_timer_runs_it_sandboxed(machine):
    assert machine.run("systemctl", "is-active", "postcask-certificate.timer").stdout == "active\n"
    machine.run("rm", f"{KEYS}/server-ecdsa.pem")
    machine.run("systemctl", "start", "postcask-certificate.service")
    assert "written anew: missing" in machine.journal("postcask-certificate")
    limits = machine.run("systemctl", "show", "postcask-certificate", "-p",
                         "NoNewPrivileges,ProtectSystem,CapabilityBoundingSet").stdout
    assert "NoNewPrivileges=yes" in limits and "ProtectSystem=strict" in limits
    assert "CapabilityBoundingSet=\n" in limits


def test_no_key_in_the_journal(machine):
    found = machine.run("sh", "-c", "journalctl --no-pager | grep -c 'PRIVATE KEY'; true").stdout
    assert found.strip() == "0"
