# SPDX-License-Identifier: GPL-3.0-or-later
"""The probes must be able to fail: each fault below is made in the running machine, and
the probes have to find just that."""

import contextlib
import json
import time

import pytest

from machine import Machine, user_data
from ports import PORTS

OPEN = {*PORTS, "web"}

MAIN = "etc/postfix/main.cf"
AMAVIS = "etc/amavis/amavisd.conf"
DOVECOT = "etc/dovecot/dovecot.conf"
LIGHTTPD = "etc/lighttpd/lighttpd.conf"


@pytest.fixture(scope="module")
def broken():
    """A machine of its own, for nobody else should see these faults."""
    # So that port 25 has every probe, and 443 has any.
    data = user_data() + "  services: {smtp_auth: true, web: true}\n"
    with Machine("probes", "10.90.0", data=data) as booted:
        yield booted


def apply(machine, service):
    """Makes a changed file known.  Postfix: idle smtpds of before a reload may still take
    a connection in the moment of it, and master then starts no others while they work; so
    a moment passes.  Dovecot's old processes would go on answering Postfix after a reload."""
    machine.run("systemctl", "reload" if service == "postfix" else "restart", service)
    time.sleep(1)


def verify(machine, *options):
    done = machine.run("/usr/lib/postcask/postcask-verify", "--secret-file",
                       "/run/postcask/selftest.secret", "--output", "/tmp/report.json",
                       "--timeout", "40", "--json", *options, check=False, timeout=90)
    report = json.loads(done.stdout)
    failed = {probe["name"]: probe["class"] for probe in report["probes"]
              if probe["result"] == "failed"}
    return done.returncode, report, failed


@contextlib.contextmanager
def fault(machine, path, old, new, service):
    """One change in a rendered file, undone afterwards."""
    file = machine.tree / "var/lib/postcask" / \
        machine.run("readlink", "/var/lib/postcask/current").stdout.strip() / path
    whole = file.read_text()
    assert old in whole
    try:
        file.write_text(whole.replace(old, new))
        apply(machine, service)
        yield
    finally:
        file.write_text(whole)
        apply(machine, service)


FAULTS = {
    "auth without tls": (
        MAIN, "smtpd_tls_auth_only = yes", "smtpd_tls_auth_only = no", "postfix",
        {"smtp-no-tls": "policy"}),
    "open relay": (
        MAIN, "    reject_unauth_destination", "    permit_mynetworks reject_unauth_destination",
        "postfix", {"smtp-relay": "policy"}),
    "version in the banner": (
        MAIN, "smtpd_banner = $myhostname ESMTP", "smtpd_banner = $myhostname ESMTP 3.10.1",
        "postfix", {"smtp-banner": "policy"}),
    "any recipient": (
        MAIN, " $directory/mailboxes.cf\n\n", " $directory/mailboxes.cf static:all\n\n",
        "postfix", {"smtp-unknown-recipient": "policy"}),
    "any sender": (
        MAIN, "    $login_is_sender\n", "", "postfix",
        {"submission-sender": "policy", "submissions-sender": "policy"}),
    "no RSA key": (
        MAIN, "    /var/lib/postcask/keys/server-rsa.pem\n", "", "postfix", {"smtp-rsa": "tls"}),
    "old TLS": (
        MAIN, "tls_ssl_options = NO_RENEGOTIATION\n",
        "tls_ssl_options = NO_RENEGOTIATION\ntls_config_file = default\n"
        "smtpd_tls_protocols = >=TLSv1\nsmtpd_tls_mandatory_protocols = >=TLSv1\n"
        "tls_high_cipherlist = ALL:@SECLEVEL=0\n", "postfix",
        {name + "-old-tls": "policy" for name in ("smtp", "submission", "submissions")}),
    "any password": (
        DOVECOT, "passdb people {",
        "passdb any {\n  driver = static\n  fields {\n    nopassword = yes\n  }\n}\npassdb people {",
        "dovecot", {name + "-wrong-password": "policy" for name in PORTS}),
    "login without tls": (
        DOVECOT, "ssl = required\nauth_allow_cleartext = no",
        "ssl = yes\nauth_allow_cleartext = yes", "dovecot",
        {name + "-no-tls": "policy" for name in ("imap", "pop3", "managesieve")}),
    "viruses pass": (
        AMAVIS, "@bypass_virus_checks_maps = ()", "@bypass_virus_checks_maps = (1)", "amavis",
        {"virus-quarantine": "timeout", "virus-held": "policy"}),
    "web server with a name": (
        LIGHTTPD, 'server.tag = ""', 'server.tag = "lighttpd/1.4.79"', "lighttpd",
        {"web-autoconfig": "policy", "web-help": "policy"}),
    "settings for nobody": (
        LIGHTTPD, '"/autoconfig/%1.xml"', '"/robots.txt"', "lighttpd",
        {"web-autoconfig": "content"}),
    "old TLS in the web": (
        LIGHTTPD, '"MinProtocol" => "TLSv1.2",',
        '"MinProtocol" => "TLSv1", "CipherString" => "ALL:@SECLEVEL=0" )\n'
        'ssl.unused = (', "lighttpd", {"web-old-tls": "policy"}),
    "spam passes": (
        AMAVIS, "@bypass_spam_checks_maps = (\\&Postcask::Choices::asked_first)",
        "@bypass_spam_checks_maps = (1)", "amavis",
        {"spam-folder": "timeout"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(broken, name):
    path, old, new, service, wanted = FAULTS[name]
    with fault(broken, path, old, new, service):
        # what never comes is waited for until the deadline
        hopeless = "timeout" in wanted.values()
        status, report, failed = verify(broken, "--timeout", "20" if hopeless else "40")
    assert failed == wanted
    assert status in (1, 2)
    shut = {probe["port"] for probe in report["probes"] if probe["name"] in wanted}
    assert shut.isdisjoint(report["open"])
    assert set(report["open"]) == OPEN - shut


def test_the_machine_is_well_again(broken):
    status, report, failed = verify(broken)
    assert (status, failed) == (0, {})
    assert set(report["open"]) == OPEN


def test_a_login_on_25_is_found_where_none_is_wanted(broken):
    settings = json.loads(broken.run("cat", "/run/postcask/verify-settings.json").stdout)
    settings["services"]["smtp_auth"] = False
    (broken.tree / "root/verify-settings.json").write_text(json.dumps(settings))
    _, report, failed = verify(broken, "--settings", "/root/verify-settings.json")
    assert failed == {"smtp-tls": "policy"} and "smtp" not in report["open"]
    skipped = {probe["name"] for probe in report["probes"] if probe["result"] == "skipped"}
    assert skipped == {"smtp-login", "smtp-wrong-password", "mail-unchanged"}


def test_a_dead_filter_shuts_what_needs_it_and_leaves_the_mailboxes_open(broken):
    broken.run("systemctl", "stop", "amavis")
    try:
        status, report, failed = verify(broken)
    finally:
        broken.run("systemctl", "start", "amavis")
    assert status == 1
    assert failed["amavis-incoming"] == "refused"
    assert set(report["open"]) == {"imap", "imaps", "pop3", "pop3s", "managesieve", "web"}


def test_the_report_tells_a_machine_without_a_resolver(broken):
    broken.run("systemctl", "stop", "unbound")
    try:
        status, report, failed = verify(broken)
    finally:
        broken.run("systemctl", "start", "unbound")
    assert failed == {"resolver": "refused", "resolver-dnssec": "refused"}
    assert (status, report["state"]) == (2, "degraded")


def test_the_report_tells_when_nobody_judges_who_mail_is_from(broken):
    """Which keeps no port shut, and no mail waiting."""
    broken.run("systemctl", "stop", "postcask-policy")
    try:
        status, report, failed = verify(broken)
        said = broken.run("postcask", "status", check=False).stdout
    finally:
        broken.run("systemctl", "start", "postcask-policy")
    assert failed == {"policy": "refused"} and set(report["open"]) == {*PORTS, "web"}
    assert (status, report["state"]) == (2, "degraded")
    assert "postcask-policy is not running; mail goes on, and nobody judges who it is from" in said


def test_one_probe_alone_proves_no_port(broken):
    status, report, failed = verify(broken, "--only", "imap-mail")
    assert (status, failed, report["open"]) == (0, {}, [])
    assert [probe["name"] for probe in report["probes"]] == ["mail-in", "imap-mail"]
