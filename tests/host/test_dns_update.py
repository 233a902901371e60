# SPDX-License-Identifier: GPL-3.0-or-later
"""`postcask dns update` against a real name server that takes updates by TSIG: what it shows before,
what it writes, what it leaves alone, and what each refusal says."""

import json
import sys
from pathlib import Path

import pytest

from dns_room import HOST, KEY, NEXT_KEY, inside, results_of, reverse_zones, sentences

DOMAIN = "club.example"
KEYS = {"public": True, "tlsa": {"current": ["aa" * 32], "next": ["bb" * 32]}, "caa": [],
        "account": None, "method": None, "names": [HOST]}
# What somebody has written before: much of it must stay.
BEFORE = f"""@ TXT "google-site-verification=abc" " def"
@ TXT "v=spf1 ip4:198.51.100.0/24 -all"
@ MX 10 old.stranger.example.
www A 198.51.100.80
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:a@{DOMAIN}"
cur._domainkey TXT "v=DKIM1; p=stale"
autoconfig A 198.51.100.80
"""
HOST_BEFORE = f"""mail A 192.0.2.25
mail AAAA 2001:db8::25
_25._tcp.mail TLSA 3 1 1 {"cc" * 32}
_25._tcp.mail TLSA 2 1 1 {"dd" * 32}
"""


# ------------------------------------------------------------------ inside the network of its own

def configure(room, **update):
    room.write("/var/lib/postcask/current/settings.json", {"dns": {"update": update}})


def run(room):
    from zones import Key, Zones

    room.machine([DOMAIN], KEYS)
    with Zones({"ns1": "127.0.1.1", "ns2": "127.0.1.2"}) as zones:
        room.write("/var/lib/unbound/root.key", zones.anchor + "\n")
        zones.set_all({DOMAIN: BEFORE, "host.example": HOST_BEFORE,
                       "stranger.example": "old A 198.51.100.9\n", **reverse_zones()})
        good = {"server": "127.0.1.1", "key": zones.key.name, "algorithm": "hmac-sha256",
                "secret": zones.key.secret}
        results = {"refused": refusals(room, good, Key)}
        configure(room, **good)
        results["dry"] = room.run("update").stdout
        results["untouched"] = shown(zones)
        results["first"] = json.loads(room.run("update", "--yes", "--json").stdout)
        results["written"] = shown(zones)
        results["again"] = room.run("update", "--yes").stdout
        results["replaced"] = room.run("update", "--yes", "--replace").stdout
        results["after"] = shown(zones)
        # The other server has it by a transfer, as those of people have.
        for apex in (DOMAIN, "host.example"):
            copy(zones, apex)
        results["check"] = sentences(room.check())
        return results


def copy(zones, apex):
    import dns.query
    import dns.zone
    first, second = zones.servers["ns1"], zones.servers["ns2"]
    key = dns.tsig.Key(zones.key.name, zones.key.secret, zones.key.algorithm)
    zone = dns.zone.from_xfr(dns.query.xfr(first.address, apex, keyring={key.name: key},
                                           keyalgorithm=zones.key.algorithm))
    second.zone_file(apex).write_text(f"$ORIGIN {apex}.\n" + zone.to_text())
    second.control("zone-reload", apex)


def shown(zones):
    names = [(DOMAIN, "TXT"), (DOMAIN, "MX"), (f"_dmarc.{DOMAIN}", "TXT"),
             (f"cur._domainkey.{DOMAIN}", "TXT"), (f"next._domainkey.{DOMAIN}", "TXT"),
             (f"autoconfig.{DOMAIN}", "A"), (f"autoconfig.{DOMAIN}", "CNAME"),
             (f"_mta-sts.{DOMAIN}", "TXT"), (f"_25._tcp.{HOST}", "TLSA"), (f"www.{DOMAIN}", "A"),
             (f"_imaps._tcp.{DOMAIN}", "SRV")]
    return {f"{name} {kind}": zones.records(name, kind) for name, kind in names}


def refusals(room, good, new_key):
    wrong = {"key": {"key": "other-key"}, "secret": {"secret": new_key().secret},
             "algorithm": {"algorithm": "hmac-sha512"}, "nobody": {"server": "127.0.1.77"},
             "none": {"server": ""}, "not-served": {"server": "127.0.1.1"}}
    said = {}
    for name, change in wrong.items():
        configure(room, **{**good, **change})
        if name == "not-served":
            room.machine(["else.where"], KEYS, hostname="mail.else.where",
                         dns={"addresses": [], "mta_sts": "testing"}, tls={"names": []})
        done = room.run("update", "--yes")
        said[name] = [done.returncode, done.stderr]
    room.machine([DOMAIN], KEYS)
    return said


if __name__ == "__main__":
    inside(run)
    sys.exit(0)


# ------------------------------------------------------------------ the tests

@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return results_of(Path(__file__), tmp_path_factory.mktemp("update"))


REFUSED = {
    "key": "does not know the key other-key with hmac-sha256; write into dns.update.key",
    "secret": "has another secret for the key postcask-test; write into dns.update.secret the one",
    "algorithm": "does not know the key postcask-test with hmac-sha512; write into dns.update.key and dns.update.algorithm",
    "nobody": "the name server 127.0.1.77 does not answer; write into dns.update.server one that does",
    "none": "the settings name no name server that takes updates; write dns.update, or enter what `postcask dns` prints by hand",
    "not-served": "serves none of the zones",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_its_sentence(results, name):
    status, said = results["refused"][name]
    assert status == 1 and REFUSED[name] in said, said


def test_it_is_shown_before_it_is_done(results):
    dry = results["dry"]
    assert "nothing was changed yet; --yes does it" in dry
    assert f"+ next._domainkey.{DOMAIN} TXT v=DKIM1; k=rsa; p={NEXT_KEY}\n" in dry
    assert f'- cur._domainkey.{DOMAIN} TXT "v=DKIM1; p=stale"\n' in dry
    assert f"- _25._tcp.{HOST} TLSA 3 1 1 {'cc' * 32}\n" in dry
    assert results["untouched"][f"next._domainkey.{DOMAIN} TXT"] == []


def test_what_is_missing_and_stale_is_written(results):
    written = results["written"]
    assert written[f"cur._domainkey.{DOMAIN} TXT"] == [f'"v=DKIM1; k=rsa; p={KEY}"'[:256] + '" "' +
                                                       f'"v=DKIM1; k=rsa; p={KEY}"'[256:]]
    assert written[f"_25._tcp.{HOST} TLSA"] == sorted(
        [f"3 1 1 {'aa' * 32}", f"3 1 1 {'bb' * 32}", f"2 1 1 {'dd' * 32}"])
    assert written[f"_imaps._tcp.{DOMAIN} SRV"] == [f"0 1 993 {HOST}."]
    assert len(written[f"_mta-sts.{DOMAIN} TXT"]) == 1


def test_what_others_wrote_stays(results):
    written, first = results["written"], results["first"]
    assert written[f"{DOMAIN} MX"] == ["10 old.stranger.example."]
    assert '"v=spf1 ip4:198.51.100.0/24 -all"' in written[f"{DOMAIN} TXT"]
    assert written[f"_dmarc.{DOMAIN} TXT"] == [f'"v=DMARC1; p=reject; rua=mailto:a@{DOMAIN}"']
    assert written[f"autoconfig.{DOMAIN} A"] == ["198.51.100.80"]
    left = "\n".join(first["left"])
    assert f"{DOMAIN} has the MX record 10 old.stranger.example., which others wrote" in left
    assert first["applied"] == 2 and "nothing is to be changed" in results["again"]


def test_replacing_keeps_what_is_nobodys_business(results):
    after = results["after"]
    assert after[f"{DOMAIN} MX"] == [f"10 {HOST}."]
    assert after[f"{DOMAIN} TXT"] == ['"google-site-verification=abc" " def"', '"v=spf1 mx ~all"']
    assert after[f"autoconfig.{DOMAIN} CNAME"] == [f"{HOST}."] and after[f"www.{DOMAIN} A"]
    assert f"_25._tcp.{HOST} TLSA" in after and f"2 1 1 {'dd' * 32}" in after[f"_25._tcp.{HOST} TLSA"]
    assert "done: " in results["replaced"]


def test_afterwards_nothing_is_missing(results):
    """But for what no machine serves here, on port 443."""
    said = results["check"].get(DOMAIN, [])
    assert [sentence for sentence in said if "cannot be fetched" not in sentence] == []
    assert results["check"].get(HOST, []) == []
