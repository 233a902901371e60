# SPDX-License-Identifier: GPL-3.0-or-later
"""`postcask dns check` against real name servers, in a network of its own: zones with one fault each
and the sentence that says it, zones as others write them well, and the machine's own zone file,
of which nothing is said."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dns_room import HOST, KEY, NEXT_KEY, TOP, inside, results_of, reverse_zones, sentences

CA = "ca.example"
ACCOUNT = "https://ca.example/acct/7"


def sub(pattern, text):
    """A line of the good zone rewritten, or (text of "") taken out."""
    return lambda zone, domain: re.sub(pattern.replace("{d}", re.escape(domain)),
                                       lambda _: text.replace("{d}", domain), zone, flags=re.M)


def drop(pattern):
    return sub(f"^{pattern}.*\n", "")


def add(*lines):
    return lambda zone, domain: zone + "".join(
        line.replace("{d}", domain) + "\n" for line in lines)


def both(*edits):
    def edit(zone, domain):
        for one in edits:
            zone = one(zone, domain)
        return zone
    return edit


SPF = r'^{d}\. \d+ IN TXT "v=spf1.*$'


def spf(text, *more):
    return both(sub(SPF, f'{{d}}. 300 IN TXT "{text}"'), add(*more))


def dmarc(text):
    return sub(r"^_dmarc.*$", f'_dmarc.{{d}}. 300 IN TXT "{text}"')


def mx(*lines):
    return both(drop(r"{d}\. \d+ IN MX"), add(*lines))


DKIM = r"^cur\._domainkey.*$"

# name: (edit of the domain's zone, what is said)
BROKEN = {
    "mx-missing": (drop(r"{d}\. \d+ IN MX"), "{d} has no MX record, so mail to the domain does not arrive; write 10 mail.host.example."),
    "mx-null": (mx("{d}. MX 0 ."), "the MX of {d} says that it takes no mail at all; write 10"),
    "mx-elsewhere": (mx("{d}. MX 10 mx.stranger.example."), "the MX of {d} is mx.stranger.example, which is not this machine, so mail goes there; write 10 mail.host.example. instead"),
    "mx-stranger": (add("{d}. MX 20 mx.stranger.example."), "the MX of {d} names mx.stranger.example as well, which is not this machine (198.51.100.9); remove it"),
    "mx-alias": (both(mx("{d}. MX 10 alias.{d}."), add("alias.{d}. CNAME mail.host.example.")), "which is an alias (CNAME), as RFC 5321 forbids; write 10"),
    "mx-nowhere": (mx("{d}. MX 10 nowhere.{d}.", "{d}. MX 20 mail.host.example."), "the MX of {d} is nowhere.{d}, which has no address; write"),
    "mx-address": (mx("{d}. MX 10 192.0.2.25."), "the MX of {d} is the address 192.0.2.25, where a name must be; write 10"),
    "spf-missing": (sub(SPF + "\n", ""), "{d} has no SPF record (TXT), so mail from the domain is taken for forged; write v=spf1 mx ~all"),
    "spf-two": (add('{d}. TXT "v=spf1 -all"'), "{d} has 2 SPF records, so that none of them counts; make one of them"),
    "spf-quoted": (spf(r"\"v=spf1 mx ~all\""), "of {d} is no SPF record; begin it with v=spf1 and a blank"),
    "spf-no-blank": (spf("v=spf1,mx,~all"), "is no SPF record; begin it with v=spf1 and a blank"),
    "spf-fail": (spf("v=spf1 ip4:198.51.100.0/24 -all"), "does not let this machine send (192.0.2.25: fail); add mx to it"),
    "spf-softfail": (spf("v=spf1 ip4:192.0.2.25 ~all"), "does not let this machine send (2001:db8::25: softfail); add mx to it"),
    "spf-neutral": (spf("v=spf1 a:other.stranger.example ?all"), "does not let this machine send (192.0.2.25: neutral)"),
    "spf-eleven": (spf("v=spf1 mx " + " ".join(f"include:one{i}.stranger.example" for i in range(10)) + " ~all"), "needs 11 look-ups where 10 are allowed, so that it counts for nothing; take includes out"),
    "spf-deep": (spf("v=spf1 mx include:twelve.stranger.example ~all"), "needs 14 look-ups where 10 are allowed"),
    "spf-void": (spf("v=spf1 mx a:no1.{d} a:no2.{d} a:no3.{d} ~all"), "refers to 3 names that are not there, where 2 are allowed; take them out"),
    "spf-everybody": (spf("v=spf1 mx +all"), "ends in +all, which lets everybody send in its name; end it in ~all"),
    "spf-open": (spf("v=spf1 mx"), "does not say what of all others; end it in ~all"),
    "spf-ptr": (spf("v=spf1 mx ptr ~all"), "uses ptr, which many receivers ignore; write mx or ip4: instead"),
    "spf-unknown": (spf("v=spf1 mx ipv4:192.0.2.25 ~all"), 'is broken: "ipv4" is nothing that SPF knows; correct it, or write v=spf1 mx ~all'),
    "spf-mistyped-address": (spf("v=spf1 mx ip4:192.0.2.256 ~all"), 'is broken: "ip4:192.0.2.256" has no address'),
    "spf-include-none": (spf("v=spf1 mx include:none.stranger.example ~all"), "is broken: none.stranger.example, which it refers to, has no SPF record"),
    "spf-include-two": (spf("v=spf1 mx include:two.stranger.example ~all"), "is broken: two.stranger.example, which it refers to, has 2 SPF records"),
    "spf-loop": (spf("v=spf1 include:{d} ~all"), "is broken: it refers to itself, or 10 times on"),
    "spf-redirect-none": (spf("v=spf1 redirect=none.stranger.example"), "is broken: none.stranger.example, which it refers to, has no SPF record"),
    "dkim-missing": (sub(DKIM + "\n", ""), "cur._domainkey.{d} has no DKIM record (TXT), so signatures cannot be verified, and mail is taken for forged; write what `postcask dns` prints"),
    "dkim-next-missing": (drop(r"next\._domainkey"), "next._domainkey.{d} has no DKIM record (TXT)"),
    "dkim-other-key": (sub(DKIM, f'cur._domainkey.{{d}}. TXT "v=DKIM1; k=rsa; p=" "{NEXT_KEY[:200]}" "{NEXT_KEY[200:]}"'), "the key at cur._domainkey.{d} is not this machine's, so that its signatures fail; write what"),
    "dkim-two": (add('cur._domainkey.{d}. TXT "v=DKIM1; p=abcd"'), "cur._domainkey.{d} has 2 TXT records, so that receivers may take the wrong one"),
    "dkim-blanks": (sub(DKIM, f'cur._domainkey.{{d}}. TXT "v=DKIM1; k=rsa; p={KEY[:200]} " "{KEY[200:]}"'), "the key at cur._domainkey.{d} has blanks or quotes inside; enter it again in one piece"),
    "dkim-quotes": (sub(DKIM, f'cur._domainkey.{{d}}. TXT "v=DKIM1; k=rsa; p={KEY[:200]}\\"" "\\"{KEY[200:]}"'), "has blanks or quotes inside; enter it again"),
    "dkim-revoked": (sub(DKIM, 'cur._domainkey.{d}. TXT "v=DKIM1; p="'), "the record of cur._domainkey.{d} revokes the key (p= is empty); write what"),
    "dkim-cut": (sub(DKIM, f'cur._domainkey.{{d}}. TXT "v=DKIM1; k=rsa; p={KEY[:237]}"'), "the key at cur._domainkey.{d} is cut off after 237 characters; enter it in strings of at most 255"),
    "dkim-test": (sub(DKIM, f'cur._domainkey.{{d}}. TXT "v=DKIM1; t=s:y; p=" "{KEY[:200]}" "{KEY[200:]}"'), "the DKIM record of cur._domainkey.{d} says t=y, for tests"),
    "dkim-sha1": (sub(DKIM, f'cur._domainkey.{{d}}. TXT "v=DKIM1; h=sha1; p=" "{KEY[:200]}" "{KEY[200:]}"'), "does not allow sha256 in h=; leave h= out"),
    "dkim-doubled": (both(sub(DKIM + "\n", ""), add(f'cur._domainkey.{{d}}.{{d}}. TXT "v=DKIM1; p={KEY[:200]}" "{KEY[200:]}"')), "the TXT record of cur._domainkey.{d} lies at cur._domainkey.{d}.{d}, with the domain twice; write its name there without the domain"),
    "dmarc-missing": (drop("_dmarc"), "_dmarc.{d} has no DMARC record (TXT), so large providers refuse mail, and nobody reports what others send in your name; write v=DMARC1; p=none; rua=mailto:postmaster@{d}"),
    "dmarc-two": (add('_dmarc.{d}. TXT "v=DMARC1; p=reject"'), "_dmarc.{d} has 2 DMARC records, so that none of them counts; leave one"),
    "dmarc-pct": (dmarc("v=DMARC1; p=reject; pct=20"), "has pct=, which RFC 9989 took away; leave it out"),
    "dmarc-ri": (dmarc("v=DMARC1; p=reject; ri=3600"), "has ri=, which RFC 9989 took away; leave it out"),
    "dmarc-policy": (dmarc("v=DMARC1; p=block"), "has p=block, which is nothing it knows; write none there"),
    "dmarc-version": (dmarc("p=reject; v=DMARC1"), 'the TXT record "p=reject; v=DMARC1" of _dmarc.{d} is no DMARC record; begin it with v=DMARC1 and a semicolon'),
    "dmarc-commas": (dmarc("v=DMARC1, p=reject"), "is no DMARC record; begin it with v=DMARC1 and a semicolon"),
    "dmarc-word": (dmarc("v=DMARC1; p=reject; strict"), 'has "strict", which is no tag; write tag=value'),
    "dmarc-external": (dmarc("v=DMARC1; p=none; rua=mailto:a@stranger.example"), "reports of {d} are to go to stranger.example, which does not take them; enter at {d}._report._dmarc.stranger.example the TXT record v=DMARC1"),
    "dmarc-no-mailto": (dmarc("v=DMARC1; p=none; rua=postmaster@{d}"), "has postmaster@{d} for reports, which is no address; write mailto: before it"),
    "dmarc-apex": (both(drop("_dmarc"), add('{d}. TXT "v=DMARC1; p=none"')), "the DMARC record of {d} lies at the domain itself, where nobody looks; enter it at _dmarc.{d}"),
    "sts-missing": (drop("_mta-sts"), "_mta-sts.{d} has no MTA-STS record (TXT), so other servers do not notice somebody between; write v=STSv1; id="),
    "sts-id": (sub("id=[0-9a-f]+", "id=20260101"), "the id of _mta-sts.{d} is not the policy's, so that others go on with an old one; write v=STSv1; id="),
    "sts-two": (add('_mta-sts.{d}. TXT "v=STSv1; id=2"'), "_mta-sts.{d} has 2 MTA-STS records, so that none of them counts; leave one"),
    "sts-junk": (sub("^_mta-sts.*$", '_mta-sts.{d}. TXT "v=STS1; id=1"'), 'the TXT record "v=STS1; id=1" of _mta-sts.{d} is none of MTA-STS; write v=STSv1; id='),
    "sts-name-missing": (drop("mta-sts"), "mta-sts.{d} has no CNAME record, so other servers do not find the policy; write mail.host.example."),
    "sts-name-elsewhere": (sub("^mta-sts.*$", "mta-sts.{d}. A 198.51.100.9"), "mta-sts.{d} leads to 198.51.100.9, which is not this machine; write CNAME mail.host.example."),
    "sts-policy": (add(), "https://mta-sts.{d}/ serves another MTA-STS policy than the settings make"),
    "sts-unserved": (add(), "the MTA-STS policy of {d} cannot be fetched from https://mta-sts.{d}/ (the server answers HTTP/1.1 404"),
    "tlsrpt-missing": (drop(r"_smtp\._tls"), "_smtp._tls.{d} has no TLS reports record (TXT), so nobody tells that mail to the domain cannot be encrypted; write v=TLSRPTv1; rua=mailto:postmaster@{d}"),
    "tlsrpt-nobody": (sub(r"^_smtp\._tls.*$", '_smtp._tls.{d}. TXT "v=TLSRPTv1; rua=postmaster@{d}"'), "the record of _smtp._tls.{d} names nobody who gets the reports; write v=TLSRPTv1"),
    "tlsrpt-two": (add('_smtp._tls.{d}. TXT "v=TLSRPTv1; rua=mailto:b@{d}"'), "_smtp._tls.{d} has 2 records of TLS reports"),
    "tlsrpt-junk": (sub(r"^_smtp\._tls.*$", '_smtp._tls.{d}. TXT "TLSRPT"'), 'the TXT record "TLSRPT" of _smtp._tls.{d} asks for no reports; write'),
    "srv-elsewhere": (sub(r"^_imaps.*$", "_imaps._tcp.{d}. SRV 0 1 993 mx.stranger.example."), "the SRV record 0 1 993 mx.stranger.example. of _imaps._tcp.{d} leads mail programs elsewhere; write 0 1 993 mail.host.example."),
    "srv-port": (sub(r"^_submissions.*$", "_submissions._tcp.{d}. SRV 0 1 587 mail.host.example."), "of _submissions._tcp.{d} leads mail programs elsewhere; write 0 1 465"),
    "srv-null": (sub(r"^_imaps.*$", "_imaps._tcp.{d}. SRV 0 0 0 ."), "of _imaps._tcp.{d} leads mail programs elsewhere; write 0 1 993"),
    "srv-not-offered": (sub(r"^_imap\._tcp.*$", "_imap._tcp.{d}. SRV 0 1 143 mail.host.example."), "the SRV record 0 1 143 mail.host.example. of _imap._tcp.{d} is of what this machine does not offer there; write 0 0 0 ."),
    "srv-missing": (drop("_imaps"), "_imaps._tcp.{d} has no SRV record, so mail programs ask people for the server and its port; write 0 1 993"),
    "setup-elsewhere": (sub("^autoconfig.*$", "autoconfig.{d}. CNAME mx.stranger.example."), "autoconfig.{d} leads to 198.51.100.9, which is not this machine; write CNAME"),
    "setup-missing": (drop("autodiscover"), "autodiscover.{d} has no CNAME record, so mail programs do not set themselves up; write"),
}

# As others write them, and well: nothing is said.
GOOD = {
    "as-printed": add(),
    "other-texts": add('{d}. TXT "google-site-verification=abc"', '{d}. TXT "MS=ms123" "45"'),
    "other-addresses": add("{d}. A 198.51.100.80", "www.{d}. CNAME {d}."),
    "capitals": lambda zone, domain: zone.replace("mail.host.example.", "MAIL.Host.EXAMPLE.").replace("cur._domainkey", "CUR._DomainKey"),
    "mx-priority": mx("{d}. MX 0 mail.host.example."),
    "mx-other-name": both(mx("{d}. MX 10 mail.host.example.", "{d}. MX 20 second.{d}."), add("second.{d}. A 192.0.2.25", "second.{d}. AAAA 2001:db8::25")),
    "spf-strict": spf("v=spf1 mx -all"),
    "spf-addresses": spf("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all"),
    "spf-a": spf("v=spf1 a:mail.host.example ~all"),
    "spf-include": spf("v=spf1 include:_spf.{d} ~all", '_spf.{d}. TXT "v=spf1 mx:{d} -all"'),
    "spf-redirect": spf("v=spf1 redirect=_spf.{d}", '_spf.{d}. TXT "v=spf1 a:mail.host.example -all"'),
    "spf-ten": spf("v=spf1 mx " + " ".join(f"include:one{i}.stranger.example" for i in range(9)) + " ~all"),
    "spf-prefixes": spf("v=spf1 a:near.{d}/24//64 -all", "near.{d}. A 192.0.2.77", "near.{d}. AAAA 2001:db8::77"),
    "spf-unknown-modifier": spf("v=spf1 mx x-note=ours exp=why.{d} -all"),
    "dmarc-reject": dmarc("v=DMARC1;p=reject;sp=quarantine;np=reject;adkim=s;aspf=r;t=y;fo=1;rua=mailto:dmarc@{d}"),
    "dmarc-authorised": dmarc("v=DMARC1; p=quarantine; rua=mailto:reports@takes.example,mailto:a@{d}!10m"),
    "dkim-tags": sub(DKIM, f'cur._domainkey.{{d}}. TXT "k=rsa; h=sha256; s=email; n=by hand; p={KEY[:180]}" "{KEY[180:]};"'),
    "dkim-alias": both(sub(DKIM, "cur._domainkey.{d}. CNAME key.delegated.example."), add()),
    "dkim-delegated": lambda zone, domain: re.sub(r"^\w+\._domainkey.*\n", "", zone, flags=re.M) + f"_domainkey.{domain}. NS ns1.dns.example.\n",
    "srv-weights": sub(r"^_imaps.*$", "_imaps._tcp.{d}. SRV 5 10 993 mail.host.example."),
    "setup-by-address": sub("^autoconfig.*$", "autoconfig.{d}. A 192.0.2.25\nautoconfig.{d}. AAAA 2001:db8::25"),
    "tlsrpt-https": sub(r"^_smtp\._tls.*$", '_smtp._tls.{d}. TXT "v=TLSRPTv1; rua=https://r.stranger.example/x"'),
    "signed": add(),
}

# The host's: (edit of its zone, edit of the reverse zones, what is said)
HOST_BROKEN = {
    "address-missing": (drop(r"mail\.host\.example\. \d+ IN A "), None, "mail.host.example has no A record, so nobody finds this machine; write 192.0.2.25"),
    "address-six-missing": (drop(r"mail\.host\.example\. \d+ IN AAAA "), None, "mail.host.example has no AAAA record, so nobody finds this machine; write 2001:db8::25"),
    "address-stranger": (add("mail.host.example. A 198.51.100.9"), None, "mail.host.example has the address 198.51.100.9, which is not this machine's; remove it"),
    "host-alias": (both(drop(r"mail\.host\.example\. \d+"), add("mail.host.example. CNAME real.host.example.", "real.host.example. A 192.0.2.25", "real.host.example. AAAA 2001:db8::25")), None, "mail.host.example is an alias (CNAME), which the name of a mail server must not be; write its addresses there"),
    "reverse-missing": (add(), drop(r"25\.2\.0\.192"), "the address 192.0.2.25 has no name (PTR), so that large providers refuse its mail; have whoever gave you the address enter mail.host.example"),
    "reverse-other": (add(), sub(r"^25\.2\.0\.192.*$", "25.2.0.192.in-addr.arpa. PTR dyn-25.isp.example."), "the address 192.0.2.25 has the name dyn-25.isp.example, but this machine greets as mail.host.example"),
    "helo-missing": (drop(r'mail\.host\.example\. \d+ IN TXT'), None, "mail.host.example has no SPF of the host record (TXT), so bounces of this machine pass no check; write v=spf1 a -all"),
    "helo-fail": (sub(r'^(mail\.host\.example\. \d+ IN TXT).*$', 'mail.host.example. TXT "v=spf1 -all"'), None, "the SPF record of mail.host.example does not let this machine send (192.0.2.25: fail); add a to it"),
    "tlsa-missing": (drop(r"_25\._tcp"), None, "_25._tcp.mail.host.example has no TLSA record, so other servers do not notice somebody between; write 3 1 1"),
    "tlsa-other": (sub(r"^(_25\._tcp\S* \d+ IN TLSA 3 1 1) \S+$", "_25._tcp.mail.host.example. TLSA 3 1 1 " + "ab" * 32), None, "no TLSA record of _25._tcp.mail.host.example is of a key that port 25 serves, so that careful servers do not send; write what"),
    "tlsa-useless": (add("_25._tcp.mail.host.example. TLSA 1 1 1 " + "cd" * 32), None, "has the TLSA record 1 1 1 cdcdcd"),
    "tlsa-stale": (add("_25._tcp.mail.host.example. TLSA 3 1 1 " + "cd" * 32), None, "has a TLSA record (3 1 1 cdcdcdcdcdcdcd...) of a key that this machine does not have; remove it"),
    "caa-missing": (drop(r"mail\.host\.example\. \d+ IN CAA"), None, "mail.host.example has no CAA record, so any authority may issue"),
    "caa-other": (sub(r"^(mail\.host\.example\. \d+ IN CAA).*$", 'mail.host.example. CAA 0 issue "other.example"'), None, "the CAA records of mail.host.example let only another authority issue certificates for mail.host.example"),
    "caa-above": (both(drop(r"mail\.host\.example\. \d+ IN CAA"), add('host.example. CAA 0 issue ";"')), None, "the CAA records of host.example let only another authority issue"),
    "caa-account": (sub("acct/7", "acct/8"), None, "let only another account issue certificates"),
    "caa-method": (sub("validationmethods=http-01", "validationmethods=dns-01"), None, "let only another way of proof issue certificates"),
    "name-missing": (drop(r"imap\.host\.example\. \d+ IN A "), None, None),
    "name-elsewhere": (sub(r"^imap\.host\.example\. \d+ IN A .*$", "imap.host.example. A 198.51.100.9"), None, "imap.host.example leads to 198.51.100.9, which is not this machine; write A 192.0.2.25"),
    "no-mail-missing": (drop(r"imap\.host\.example\. \d+ IN (TXT|MX)"), None, "imap.host.example has no no mail record (TXT), so others can pretend to send from that name; write v=spf1 -all"),
}

STRANGERS = """mx A 198.51.100.9
other A 198.51.100.10
none TXT "nothing"
two TXT "v=spf1 -all"
two TXT "v=spf1 ~all"
twelve TXT "v=spf1 """ + " ".join(f"a:other{i}.stranger.example" for i in range(12)) + """ -all"
""" + "".join(f"other{i} A 198.51.100.10\n" for i in range(12)) + "".join(
    f'one{i} TXT "v=spf1 ip4:198.51.100.{i} -all"\n' for i in range(10))

def domain_of(name):
    return f"{name}.example"


# ------------------------------------------------------------------ inside the network of its own

def serve(folder):
    """Port 25 with STARTTLS and 443 with the policies, as a machine has them."""
    return subprocess.Popen([sys.executable, TOP / "tests/native/helpers/served.py", folder],
                            stdout=subprocess.PIPE, text=True)


def set_up(room, zones, keys):
    named = {**{name: edit for name, (edit, _) in BROKEN.items()}, **GOOD}
    domains = [domain_of(name) for name in named]
    room.machine(domains, keys)
    good = room.good_zones(domains)
    texts = {domain_of(name): edit(good[domain_of(name)], domain_of(name))
             for name, edit in named.items() if name != "signed"}
    zones.set_all({**texts, "stranger.example": STRANGERS, "host.example": good[HOST],
                   "takes.example": '*._report._dmarc TXT "v=DMARC1"\n',
                   "delegated.example": f'key TXT "v=DKIM1; p={KEY[:200]}" "{KEY[200:]}"\n',
                   "_domainkey.dkim-delegated.example":
                       f'cur TXT "v=DKIM1; p={KEY[:200]}" "{KEY[200:]}"\n'
                       f'next TXT "v=DKIM1; p={NEXT_KEY[:200]}" "{NEXT_KEY[200:]}"\n',
                   **reverse_zones()})
    zones.set("signed.example", good["signed.example"], signed=True)
    return domains, good


def check_hosts(room, zones, good, results):
    for name, (edit, reverse, _) in HOST_BROKEN.items():
        turned = reverse_zones()
        if reverse:
            turned = {apex: reverse(text, apex) for apex, text in turned.items()}
        zones.set_all({"host.example": edit(good[HOST], "host.example"), **turned})
        results[f"host-{name}"] = sentences(room.check(HOST)).get(HOST, [])
    zones.set_all({"host.example": good[HOST], **reverse_zones()})


def check_servers(room, zones, good, keys, results):
    """Zones whose servers, signatures or delegation are broken."""
    names = ["unregistered", "lame", "silent", "no-address", "differs", "bogus", "no-ds",
             "ends-soon", "private"]
    domains = [domain_of(name) for name in names]
    room.machine(domains, keys)
    good = room.good_zones(domains)
    zones.set("lame.example", good["lame.example"], names=["ns1", "ns3"])
    zones.set("silent.example", good["silent.example"], names=["ns1", "silent.away.example"])
    zones.set("no-address.example", good["no-address.example"],
              names=["ns1", "nowhere.stranger.example"])
    zones.set("differs.example", good["differs.example"])
    zones.set("differs.example", drop("_dmarc")(good["differs.example"], ""), only="ns2")
    zones.set("bogus.example", good["bogus.example"], signed=True, chain="wrong")
    zones.set("no-ds.example", good["no-ds.example"], signed=True, chain=False)
    zones.set("ends-soon.example", good["ends-soon.example"], signed=True, lifetime=2)
    zones.set("private.example", good["private.example"])
    said = sentences(room.check())
    for name in names:
        results[name] = said.get(domain_of(name), [])
    room.machine(domains, {**keys, "public": False})
    results["private"] = sentences(room.check("private.example")).get("private.example", [])


def run(room):
    from zones import Door, Zones

    server = serve(room.folder)
    try:
        served = json.loads(server.stdout.readline())
        room.bind(room.folder / "ca.pem", "/etc/ssl/certs/ca-certificates.crt")
        keys = {"public": True, "tlsa": {"current": served["keys"], "next": ["ef" * 32]},
                "caa": [CA], "account": ACCOUNT, "method": "http-01", "names": [HOST]}
        with Zones({"ns1": "127.0.1.1", "ns2": "127.0.1.2", "ns3": "127.0.1.3"},
                   lame=["ns3"]) as zones, Door("127.0.1.4"):
            zones.more = ["silent.away.example. A 127.0.1.4"]
            room.write("/var/lib/unbound/root.key", zones.anchor + "\n")
            return run_all(room, zones, keys)
    finally:
        server.kill()
        server.wait(20)


def run_all(room, zones, keys):
    results = {}
    domains, good = set_up(room, zones, keys)
    whole = room.check()
    said = sentences(whole)
    results["machine"] = said.get(HOST, [])
    for domain in domains:
        results[domain.removesuffix(".example")] = said.get(domain, [])
    results["counts"] = {key: whole[key] for key in ("checked", "unfinished", "offline")}
    check_hosts(room, zones, good, results)
    check_servers(room, zones, good, keys, results)
    return results


if __name__ == "__main__":
    inside(run)
    sys.exit(0)


# ------------------------------------------------------------------ the tests

@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return results_of(Path(__file__), tmp_path_factory.mktemp("zones"))


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_has_its_sentence(results, name):
    wanted = BROKEN[name][1].replace("{d}", domain_of(name))
    assert len(results[name]) == 1 and wanted in results[name][0], results[name]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_well_is_let_be(results, name):
    assert results[name] == []


def test_the_machines_own_zone_file_gives_no_finding(results):
    assert results["machine"] == [] and results["as-printed"] == []
    assert results["counts"] == {"checked": len(BROKEN) + len(GOOD) + 1, "unfinished": 0,
                                 "offline": False}


@pytest.mark.parametrize("name", HOST_BROKEN)
def test_a_fault_of_the_host_has_its_sentence(results, name):
    wanted, said = HOST_BROKEN[name][2], results[f"host-{name}"]
    if wanted is None:
        assert said == []           # the other address leads here
    else:
        assert any(wanted in sentence for sentence in said), said


SERVERS = {
    "unregistered": "unregistered.example is in no zone of the DNS; register the domain",
    "lame": "the name server ns3.dns.example (127.0.1.3) does not serve lame.example; have it serve",
    "silent": "the name server silent.away.example (127.0.1.4) of silent.example is of no help: it does not answer; have it repaired",
    "no-address": "the name server nowhere.stranger.example of no-address.example has no address; correct its name",
    "differs": "the name servers ns1.dns.example (127.0.1.1) and ns2.dns.example (127.0.1.2) show different TXT records of _dmarc.differs.example; have both",
    "bogus": "the signatures of bogus.example are wrong, so that most resolvers do not find it (",
    "no-ds": "the zone no-ds.example is signed, but the zone above has no DS record of it",
    "ends-soon": "the signatures of the zone ends-soon.example end in 4",
    "private": "_mta-sts.private.example says that mail to private.example comes by MTA-STS, but no stranger trusts this machine's certificate",
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_fault_of_the_servers_has_its_sentence(results, name):
    said = results[name]
    assert any(SERVERS[name] in sentence for sentence in said), said
    assert len(said) == 1 or name == "differs", said


def test_there_are_enough_of_them():
    assert len(BROKEN) + len(HOST_BROKEN) + len(SERVERS) >= 60 and len(GOOD) >= 20
