# SPDX-License-Identifier: GPL-3.0-or-later
"""What testssl.sh, by which many judge a server, finds on each port: nothing that matters.  A scan is
half a minute of work, so a run of all tests has one port's."""

import json
import os
import subprocess

import pytest

from machine import HOSTNAME, TOP
from ports import PORTS
from sample import part

SYSROOT = TOP / "build/sysroot"
STARTTLS = {"smtp": "smtp", "submission": "smtp", "imap": "imap", "pop3": "pop3",
            "managesieve": "sieve"}
MAIL = sorted([*STARTTLS, "submissions", "imaps", "pop3s"])
# What only an authority that the world knows can have: where to ask whether a certificate was
# withdrawn, and a record that says who may issue one.
PRIVATE = ("cert_revocation", "DNS_CAArecord")
HARMLESS = {"OK", "INFO", "LOW", "WARN", "DEBUG"}


def scan(machine, name, folder):
    """All findings.  The authority is known to it, and no name is asked for."""
    found, authority = folder / "found.json", folder / "ca.pem"
    authority.write_text(machine.run("postcask", "cert", "ca").stdout)
    command = ["bash", SYSROOT / "usr/bin/testssl", "--quiet", "--color", "0", "--warnings", "batch",
               "--nodns", "none", "--connect-timeout", "20", "--openssl-timeout", "30",
               "--add-ca", authority, "--ip", machine.host, "--jsonfile", found]
    if name in STARTTLS:
        command += ["--starttls", STARTTLS[name]]
    done = subprocess.run([*command, f"{HOSTNAME}:{PORTS[name]}"], capture_output=True, text=True,
                          timeout=900, env={**os.environ, "TERM": "dumb",
                                            "TESTSSL_INSTALL_DIR": str(SYSROOT / "etc/testssl")})
    assert done.returncode < 200, done.stdout + done.stderr     # it says how much it found
    return json.loads(found.read_text())


@pytest.mark.parametrize("name", part(MAIL, len(MAIL)))
def test_no_finding_of_medium_or_above(machine, tmp_path, name):
    findings = scan(machine, name, tmp_path)
    seen = {one["id"].partition(" ")[0]: one["finding"] for one in findings}
    # It has come to its end, and to the certificate, protocols and ciphers of this machine.
    assert len(findings) > 120 and "overall_grade" in seen
    assert "not offered" in seen["TLS1_1"] and "offered" in seen["TLS1_3"]
    assert HOSTNAME in json.dumps(findings)
    wrong = [one for one in findings if one["severity"] not in HARMLESS
             and not one["id"].startswith(PRIVATE)]
    if name in STARTTLS:        # its grade is T, whatever is behind it
        caps = [one["finding"] for one in findings if one["id"].startswith("grade_cap_reason")]
        assert len(caps) == 1 and "STARTTLS is prone to" in caps[0]
        wrong = [one for one in wrong if one["id"] != "overall_grade"]
    else:
        assert seen["overall_grade"] in ("A", "A+")
    assert not wrong
