# SPDX-License-Identifier: GPL-3.0-or-later
"""What all eight ports offer: ECDHE with authenticated encryption and nothing else, asked for
one by one."""

import subprocess

import pytest

PORTS = {25: "smtp", 587: "smtp", 465: None, 143: "imap", 993: None, 110: "pop3", 995: None,
         4190: "sieve"}
TLS12 = {f"ECDHE-{key}-{cipher}" for key in ("ECDSA", "RSA") for cipher in (
    "AES256-GCM-SHA384", "AES128-GCM-SHA256", "CHACHA20-POLY1305")}
TLS13 = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}
HASHES = ("SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
GROUPS = ("X25519", "X448", "P-256", "P-384", "P-521")
OTHER_GROUPS = ("ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe8192")


def shake(machine, port, *options):
    """The cipher that the port agrees to; None when it does not."""
    starttls = ["-starttls", PORTS[port]] if PORTS[port] else []
    done = subprocess.run(["openssl", "s_client", "-connect", f"{machine.host}:{port}", *starttls,
                           *options], input=b"", capture_output=True, timeout=20)
    cipher = done.stdout.decode(errors="replace").partition("Cipher is ")[2].partition("\n")[0]
    return None if cipher in ("", "(NONE)") else cipher


def agreed(machine, port):
    """Each cipher of TLS 1.2: what was chosen is not offered again."""
    found = set()
    while cipher := shake(machine, port, "-tls1_2", "-cipher", ":".join(
            ["ALL:COMPLEMENTOFALL", *("!" + one for one in found), "@SECLEVEL=0"])):
        assert cipher not in found
        found.add(cipher)
    return found


@pytest.mark.parametrize("port", PORTS)
def test_ciphers(machine, port):
    assert agreed(machine, port) == TLS12
    suites = [*TLS13, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
    assert {one for one in suites if shake(machine, port, "-tls1_3", "-ciphersuites", one)} == TLS13


@pytest.mark.parametrize("port", PORTS)
def test_signatures(machine, port):
    """Of both keys; those over SHA-1 and SHA-224 are not even verified any more."""
    for version in ("-tls1_2", "-tls1_3"):
        for kind in ("RSA", "ECDSA", "RSA-PSS"):
            taken = {hashed for hashed in HASHES if shake(
                machine, port, version, "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", f"{kind}+{hashed}")}
            if version == "-tls1_2" or kind == "RSA-PSS":
                assert taken == {"SHA256", "SHA384", "SHA512"}, (version, kind)
            else:       # the key is of P-256; PKCS #1 is none of TLS 1.3
                assert taken == ({"SHA256"} if kind == "ECDSA" else set()), (version, kind)


@pytest.mark.parametrize("port", PORTS)
def test_groups(machine, port):
    for group in GROUPS:
        assert shake(machine, port, "-tls1_3", "-groups", group), group
    for group in OTHER_GROUPS:
        assert not shake(machine, port, "-tls1_3", "-groups", group), group
    assert not shake(machine, port, "-tls1_2", "-groups", "brainpoolP256r1:secp256k1", "-cipher",
                     "ALL:@SECLEVEL=0")


def test_what_goes_out_takes_what_others_have(machine):
    """Else it would go in the clear."""
    for service in ("smtp/unix", "relay/unix"):
        options = machine.run("postconf", "-P").stdout
        assert f"{service}/tls_config_file = default" in options
        assert f"{service}/tls_ffdhe_auto_groups = ffdhe2048 ffdhe3072" in options
    for name in ("smtp_tls_ciphers", "smtp_tls_mandatory_ciphers"):
        assert machine.run("postconf", "-h", name).stdout.strip() == "medium"
