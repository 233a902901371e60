# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of servers that tests put up."""

import subprocess


def make_certificate(folder, address, name):
    """`certificate.pem` and `key.pem` of a server at an address, by an authority of its own, whose
    path it gives back."""
    def run(*words):
        subprocess.run(words, check=True, capture_output=True, timeout=30)
    authority = folder / "authority.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", folder / "authority.key", "-out", authority,
        "-days", "3650", "-subj", "/CN=test")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", folder / "key.pem", "-out", folder / "request.pem", "-subj", f"/CN={name}")
    (folder / "names").write_text(f"subjectAltName=IP:{address}\n")
    run("openssl", "x509", "-req", "-in", folder / "request.pem", "-CA", authority,
        "-CAkey", folder / "authority.key", "-CAcreateserial", "-days", "3650",
        "-extfile", folder / "names", "-out", folder / "certificate.pem")
    return authority
