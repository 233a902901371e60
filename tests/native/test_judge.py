# SPDX-License-Identifier: GPL-3.0-or-later
"""Who mail is from, and what becomes of what is forged: DMARC, our own domains from outside, mailing
lists, lines that pretend to be ours, senders whose domain sends no mail.  What the DNS says of the
others is in the machine's own resolver."""

import base64
import email
import gzip
import json
import re
import smtplib
import time

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from machine import TOP, Machine, letter, user_data
from waiting import end_of, wait_until
from sample import part

ALICE, BOB = "alice@example.org", "bob@example.org"
SOCKET = "/run/postcask/policy/filter"
LIST, STRANGE, FORWARDER = "lists.example.com", "strange.example.com", "forward.example.com"
BANK = "bank.example.com"
SIGNERS = (LIST, STRANGE, FORWARDER, BANK, "example.net")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                        serialization.NoEncryption())


def zone(machine):
    """Client 1 sends for nobody, 3 for the bank and our own domain."""
    key = base64.b64encode(KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
    record = " ".join(f'"{piece}"' for piece in re.findall(".{1,200}", f"v=DKIM1; k=rsa; p={key}"))
    texts = {
        f"_dmarc.{BANK}": '"v=DMARC1; p=reject"',
        BANK: f'"v=spf1 ip4:{machine.net}.3 -all"',
        "example.org": f'"v=spf1 ip4:{machine.net}.3 -all"',
        "_dmarc.careful.example.com": '"v=DMARC1; p=quarantine; t=y"',
        "_dmarc.new.example.com": '"v=DMARC1; p=none; np=reject"',
        "real.new.example.com": '"here"',
        "nomail.example.com": '"v=spf1 -all"',
        "somemail.example.com": '"v=spf1 ip4:192.0.2.1 -all"',
    } | {f"k._domainkey.{domain}": record for domain in SIGNERS}
    return "server:\n" + "".join(
        f'    local-zone: "{name}." static\n' for name in ("example.com", "example.org", "example.net",
                                                          "com", "org", "net")
    ) + "".join(f"    local-data: '{name}. TXT {text}'\n" for name, text in texts.items())


@pytest.fixture(scope="module")
def judge():
    data = user_data() + ("  filter:\n    spf: refuse\n"
                          f"    trusted_forwarders: [{FORWARDER}]\n")
    machine = Machine("judge", "10.96.0", data)
    (machine.tree / "etc/unbound/unbound.conf.d/test.conf").write_text(zone(machine))
    with machine:
        yield machine


def signed(message, domain):
    data = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return dkim.sign(data, b"k", domain.encode(), PEM, include_headers=[b"from", b"subject"]) + data


def send(machine, message, source=1, sender="x@stranger.example.com", to=ALICE):
    data = message if isinstance(message, bytes) else message.as_bytes()
    with machine.smtp(source=source) as client:
        client.sendmail(sender, to, data)


def arrived(machine, message_id, folder, user=ALICE):
    return email.message_from_bytes(machine.wait_message(user, message_id, folder))


def results(message):
    """The line that is ours: it stands on top."""
    return " ".join(message.get_all("Authentication-Results")[0].split())


# DMARC.

CASES = {
    "a policy, and nothing proved": (BANK, 1, None, "Spam", "dmarc=fail header.from=bank.example.com "
                                     "policy.dmarc=reject"),
    "SPF": (BANK, 3, None, "INBOX", "dmarc=pass header.from=bank.example.com"),
    "DKIM": (BANK, 1, BANK, "INBOX", "dmarc=pass header.from=bank.example.com"),
    "another's DKIM": (BANK, 1, STRANGE, "Spam", "dmarc=fail"),
    "a forwarder of ours": (BANK, 1, FORWARDER, "INBOX", "dmarc=fail"),
    "only tried out": ("careful.example.com", 1, None, "INBOX", "dmarc=fail "
                       "header.from=careful.example.com policy.dmarc=none"),
    "below, does not exist": ("wrong.new.example.com", 1, None, "Spam", "policy.dmarc=reject"),
    "below, does exist": ("real.new.example.com", 1, None, "INBOX", "policy.dmarc=none"),
    "no policy": ("unknown.example.com", 1, None, "INBOX", "dmarc=none"),
}


@pytest.fixture(scope="module")
def judged(judge):
    """All of them at once."""
    sent = {}
    for name, (author, source, signer, *_) in CASES.items():
        message = letter("hello", **{"From": f"Somebody <a@{author}>"})
        sent[name] = message["Message-ID"]
        send(judge, signed(message, signer) if signer else message, source, f"a@{author}")
    return sent


@pytest.mark.parametrize("name", CASES)
def test_what_is_forged_goes_to_spam(judge, judged, name):
    *_, folder, said = CASES[name]
    message = arrived(judge, judged[name], folder)
    assert said in results(message)
    assert results(message).startswith("mail.example.org (amavis); dkim=")
    assert ("POSTCASK_DMARC_FAIL" in message["X-Spam-Status"]) == (folder == "Spam")


@pytest.mark.parametrize("lines,folder", [
    (b"From: a@bank.example.com\nFrom: a@unknown.example.com\n", "Spam"),
    (b"", "Spam"),
    (b"From: a@unknown.example.com, b@bank.example.com\n", "Spam"),
    (b"From: nobody\n", "Spam"),
], ids=["two From", "no From", "two authors", "no domain"])
def test_an_author_who_cannot_be_read(judge, lines, folder):
    message = letter("hello")
    del message["From"]
    send(judge, lines + message.as_bytes())
    arrived(judge, message["Message-ID"], folder)


def test_the_verdict_is_in_the_log(judge, judged):
    trace = judge.journal("amavis.service")
    assert "auth: dkim=none spf=fail:bank.example.com dmarc=fail:bank.example.com/reject, <" in trace
    assert "auth: dkim=pass:bank.example.com spf=fail:bank.example.com dmarc=pass:" in trace


# Our own domains, from outside.

FROMS = ["bob@example.org", "<bob@example.org>", "Bob <bob@example.org>", "\"Bob, B.\" <BOB@EXAMPLE.ORG>",
         "bob@example.net", "x@example.org", "Bob <bob@sub.example.org>", "root@mail.example.org",
         "Bob (the boss) <bob@example.org>", "bob@example.org.", "bob @ example.org",
         "bob@example.org, x@stranger.example.com", "x@stranger.example.com, bob@example.org",
         "bob@example.org <x@stranger.example.com>", "Group: bob@example.org;",
         "=?utf-8?q?Bob?= <bob@example.org>", "<@stranger.example.com:bob@example.org>",
         "Bob\n <bob@example.org>", "bob@(x)example.org", "\"bob\"@example.org"]
SENDERS = ["x@stranger.example.com", "bob@example.org", "", "x@strange.example.com", "alice@example.org"]
SIGNED = [None, STRANGE]


def spoofs():
    """200: each From with each sender, signed by somebody or by nobody."""
    return [(author, sender, signer) for author in FROMS for sender in SENDERS for signer in SIGNED]


def raw(author, message_id, more=""):
    return (f"From: {author}\nTo: {ALICE}\nSubject: a test\nMessage-ID: {message_id}\n"
            f"Date: Mon, 30 Nov 2026 10:00:00 +0000\n{more}\nhello\n").encode()


def signed_raw(data, signer):
    data = data.replace(b"\n", b"\r\n")
    return dkim.sign(data, b"k", signer.encode(), PEM, include_headers=[b"from"]) + data


def ids_in(machine, folder):
    with machine.imap(ALICE) as client:
        client.select(folder, readonly=True)
        data = client.fetch("1:*", "(BODY[HEADER.FIELDS (MESSAGE-ID)])")[1]
    return {found for item in data if isinstance(item, tuple)
            for found in re.findall(rb"<[^>]+>", item[1])}


def wait_empty(machine, timeout=180):
    end = end_of(timeout)
    while "empty" not in machine.run("postqueue", "-p").stdout:
        assert time.monotonic() < end
        time.sleep(0.3)         # an empty queue tells nobody


def send_all(machine, messages):
    """(bytes, sender): over a few connections."""
    for begin in range(0, len(messages), 50):
        with machine.smtp() as client:
            for data, sender in messages[begin:begin + 50]:
                client.sendmail(sender, ALICE, data)
    wait_empty(machine)


def test_our_own_domains_cannot_be_forged(judge):
    assert len(spoofs()) == 200
    messages = []
    for number, (author, sender, signer) in enumerate(part(spoofs(), 8)):
        data = raw(author, f"<spoof-{number}@stranger.example.com>")
        messages.append((signed_raw(data, signer) if signer else data, sender))
    send_all(judge, messages)
    expected = {f"<spoof-{number}@stranger.example.com>".encode() for number in range(len(messages))}
    assert ids_in(judge, "Spam") >= expected
    assert not ids_in(judge, "INBOX") & expected


def test_what_is_proved_to_be_ours_is_let_in(judge):
    message = letter("hello", **{"From": BOB})
    send(judge, message, source=3, sender=BOB)
    assert "spf=pass smtp.mailfrom=example.org" in results(arrived(judge, message["Message-ID"], "INBOX"))
    message = letter("hello", **{"From": "carol@example.net"})
    send(judge, signed(message, "example.net"))
    arrived(judge, message["Message-ID"], "INBOX")


def test_what_our_users_send_is_not_judged(judge):
    message = letter("hello", **{"From": BOB})
    with judge.submission(BOB) as client:
        client.sendmail(BOB, ALICE, message.as_bytes())
    assert arrived(judge, message["Message-ID"], "INBOX")["Authentication-Results"] is None


# Mailing lists.

def from_list(number, author=BOB, domain=LIST):
    return signed_raw(raw(author, f"<list-{domain}-{number}@{domain}>",
                          f"List-Id: Talk <talk{number}.{domain}>\n"), domain)


def known(judge, domain):
    """Whether somebody has written to it, as the filter hears it."""
    done = judge.run("python3", "-c", f"""
import socket
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect("{SOCKET}")
s.send(b"judge from=example.org dkim={domain} list=talk.{domain}\\n"); print(s.recv(4096).decode())""")
    return "known=yes" in done.stdout


def test_lists_that_somebody_has_written_to_are_let_in(judge):
    """And no others, whatever they say of themselves."""
    message = letter("to the list", **{"From": BOB, "To": f"talk@{LIST}"})
    assert not known(judge, LIST)
    with judge.submission(BOB) as client:
        client.sendmail(BOB, f"talk@{LIST}", message.as_bytes())
    end = end_of(30)
    while not known(judge, LIST):
        assert time.monotonic() < end
        time.sleep(0.2)
    judge.run("postsuper", "-d", "ALL")         # nobody takes it here
    numbers = part(range(50), 5)
    send_all(judge, [(from_list(number), f"bounces@{LIST}") for number in numbers]
             + [(from_list(number, domain=STRANGE), f"bounces@{STRANGE}") for number in numbers[:5]]
             # The list's name, and another's signature.
             + [(signed_raw(raw(BOB, f"<list-forged-{number}@x>", f"List-Id: <talk.{LIST}>\n"), STRANGE),
                 f"bounces@{LIST}") for number in numbers[:5]]
             + [(from_list("policy", f"a@{BANK}"), f"bounces@{LIST}")])
    inbox, spam = ids_in(judge, "INBOX"), ids_in(judge, "Spam")
    assert inbox >= {f"<list-{LIST}-{number}@{LIST}>".encode() for number in numbers}
    assert f"<list-{LIST}-policy@{LIST}>".encode() in inbox
    assert spam >= {f"<list-{STRANGE}-{number}@{STRANGE}>".encode() for number in numbers[:5]}
    assert spam >= {f"<list-forged-{number}@x>".encode() for number in numbers[:5]}


# Lines that pretend to be ours.

def test_forged_results_go_and_others_stay(judge):
    """All 40 and more, and 20 and more, in one message, with strangers' Received-SPF."""
    forms = json.loads((TOP / "tests/perl/results.json").read_text())
    # Which names are ours depends on the settings: here bücher.example is nobody's.
    forged = [form for form in forms["forged"] if "cher" not in form.lower() and "xn--" not in form]
    foreign = forms["foreign"]
    assert len(forged) >= 40 and len(foreign) >= 20
    lines = b"".join(b"Authentication-Results:" + form.encode() + b"\n" for form in forged + foreign)
    lines += b"AUTHENTICATION-RESULTS : mail.example.org; dkim=pass\n"
    lines += b"Received-SPF: pass (mail.example.org: x) client-ip=192.0.2.1\n"
    lines += b"Received-SPF: pass (mx.other.example: x) client-ip=192.0.2.1\n"
    message = letter("hello")
    send(judge, lines + message.as_bytes())
    header = judge.wait_message(ALICE, message["Message-ID"]).replace(b"\r\n", b"\n")
    found = re.findall(rb"(?im)^authentication-results *:((?:.*\n)(?:[ \t].*\n)*)", header)
    assert found[0].startswith(b" mail.example.org (amavis);")
    assert found[1:] == [form.encode() + b"\n" for form in foreign]
    assert re.findall(rb"(?m)^Received-SPF: pass \((\S+):", header) == [b"mx.other.example"]


# Senders whose domain sends no mail.

def test_who_sends_no_mail_is_refused(judge):
    with judge.smtp() as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("x@nomail.example.com", ALICE, letter("x").as_bytes())
    code, text = refused.value.recipients[ALICE]
    assert code == 550 and b"5.7.23" in text and b"nomail.example.com says that it sends no mail" in text
    with judge.smtp() as client:                # the null sender is who greets
        client.ehlo("nomail.example.com")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("", ALICE, letter("x").as_bytes())
    # SPF that fails, and no more, refuses nobody.
    message = letter("x")
    send(judge, message, sender="x@somemail.example.com")
    assert "spf=fail" in results(arrived(judge, message["Message-ID"], "INBOX"))


# Reports of other servers.

def report(number, source, messages, result):
    """As a message; the real ones are of the day before."""
    end = int(time.time()) - 3600
    text = f"""<feedback><report_metadata><org_name>google.com</org_name><report_id>{number}</report_id>
<date_range><begin>{end - 86400}</begin><end>{end}</end></date_range></report_metadata>
<policy_published><domain>example.org</domain><p>none</p></policy_published>
<record><row><source_ip>{source}</source_ip><count>{messages}</count><policy_evaluated>
<disposition>none</disposition><dkim>{result}</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>example.org</header_from></identifiers></record></feedback>"""
    message = letter("the report", **{"From": f"noreply@{BANK}", "To": "postmaster@example.org",
                                      "Subject": "Report Domain: example.org"})
    message.add_attachment(gzip.compress(text.encode()), "application", "gzip", filename="a.xml.gz")
    return message


def reports(judge):
    return json.loads(judge.run("postcask", "reports", "--json").stdout)


def wait_reports(judge, fits):
    end = end_of(60)
    while not fits(reports(judge)):
        assert time.monotonic() < end, reports(judge)
        time.sleep(0.3)         # nobody is told


def test_reports_of_others_are_told(judge):
    """Those whose sender is proved, whatever they say of themselves; the postmaster gets all."""
    to = "postmaster@example.org"
    sent = [report(1, "203.0.113.9", 7, "fail"), report(2, "192.0.2.77", 99, "fail")]
    send(judge, signed(sent[0], BANK), sender=f"noreply@{BANK}", to=to)
    send(judge, sent[1], sender=f"noreply@{STRANGE}", to=to)
    for message, folder in zip(sent, ("INBOX", "Spam")):
        arrived(judge, message["Message-ID"], folder)
    wait_reports(judge, lambda told: told["domains"] and told["other"])
    told = reports(judge)
    assert [domain["domain"] for domain in told["domains"]] == ["example.org"]
    assert told["domains"][0]["reporters"] == [BANK]
    assert told["domains"][0]["messages"] == 7 and told["domains"][0]["proved"] == 0
    assert [source["source"] for source in told["domains"][0]["unproved"]] == ["203.0.113.9"]
    assert told["other"] == {"nobody proved to have sent them": 1}
    text = judge.run("postcask", "reports", "example.org").stdout
    assert "7 from 203.0.113.9: not this machine" in text
    assert "empty" in judge.run("postqueue", "-p").stdout
    trace = judge.run("postcask", "trace", sent[0]["Message-ID"]).stdout
    assert "for the reader of reports" not in trace


def test_reports_wait_for_their_reader_alone(judge):
    judge.run("systemctl", "stop", "postcask-feedback.socket")
    message = report(3, "192.0.2.77", 5, "pass")
    send(judge, signed(message, BANK), sender=f"noreply@{BANK}", to="postmaster@example.org")
    arrived(judge, message["Message-ID"], "INBOX")
    end = end_of(60)
    while "for the reader of reports" not in judge.run("postcask", "status", check=False).stdout:
        assert time.monotonic() < end
        time.sleep(0.5)
    judge.run("systemctl", "start", "postcask-feedback.socket")
    judge.run("postqueue", "-f")
    wait_reports(judge, lambda told: told["domains"][0]["proved"] == 5)
    wait_empty(judge)
    wait_until(lambda: judge.run("pgrep", "-f", "/usr/lib/postcask/postcask-feedback",
                                 check=False).stdout == "", "that nobody reads any more", 20)
    owner = judge.run("stat", "-c", "%U %a", "/var/lib/postcask/feedback/reports.sqlite").stdout
    assert owner.split() == ["postcask-feedback", "600"]


# Nobody needs it.

def pid(judge):
    return judge.run("systemctl", "show", "-p", "MainPID", "--value", "postcask-policy").stdout.strip()


@pytest.mark.parametrize("blow", ["KILL", "STOP"])
def test_mail_goes_on_without_it(judge, blow):
    """Neither refused nor kept waiting, and who is forged as one of ours is still found out."""
    before = pid(judge)
    judge.run("kill", f"-{blow}", before)
    good, forged = letter("hello"), letter("hello", **{"From": BOB})
    begun = time.monotonic()
    send(judge, good)
    send(judge, forged)
    taken = time.monotonic() - begun
    judge.wait_message(ALICE, good["Message-ID"])
    assert taken < 15, "three seconds a sender at most"
    arrived(judge, forged["Message-ID"], "Spam")
    if blow == "STOP":
        judge.run("kill", "-CONT", before)
    wait_answers(judge)


def wait_answers(judge):
    """Until it is there again, and asked."""
    end = end_of(30)
    while time.monotonic() < end:
        with judge.smtp() as client:
            client.mail("x@nomail.example.com")
            if client.rcpt(ALICE)[0] == 550:
                return
        time.sleep(0.3)
    raise TimeoutError("nobody is refused any more")


def test_it_costs_little(judge):
    """Nobody runs for SPF while nobody asks."""
    judge.run("systemctl", "restart", "postcask-policy")
    rollup = judge.run("cat", f"/proc/{pid(judge)}/smaps_rollup").stdout
    assert int(re.search(r"Pss: +(\d+)", rollup)[1]) < 6 * 1024
    assert judge.run("pgrep", "-u", "policyd-spf", check=False).stdout == ""
