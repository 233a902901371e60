# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves signed and what does not: mail of every shape by three verifiers, and every way by
which a stranger or another login could have us sign what is not his."""

import json
import os
import re
import secrets

import pytest

from dkim_check import Verifiers, by_python, ours, records, signatures
from far import Server
from machine import Machine, letter, shifted, user_data
from sample import part, part_of
from test_filter import EICAR, GTUBE

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.net"
FAR = "friend@far.example"
SINK, NET = 2525, "10.56.0"


def data(signer="filter"):
    # What is forged is not filed as spam, where no rule would send it on.
    return user_data() + f"""    - address: far@example.org
      to: [{FAR}]
    - address: info@example.org
      to: [{CAROL}]
  senders:
    - login: {BOB}
      as: [info@example.org, example.net]
  limits: {{user_recipients_per_hour: 0, user_recipients_per_day: 0}}
  dkim:
    sign: [rsa, ed25519]
    signer: {signer}
  filter:
    own_domains: mark
  extra:
    postfix: |
      relayhost = [{shifted("signing", NET)[1]}.1]:{SINK}
"""


def script(machine, address, text):
    """A filter rule of a user."""
    user, domain = address.split("@")
    machine.run("install", "-d", "-o", "vmail", "-g", "vmail", "-m", "0700",
                f"/var/vmail/{domain}", f"/var/vmail/{domain}/{user}")
    (machine.tree / f"var/vmail/{domain}/{user}/.dovecot.sieve").write_text(text)
    machine.run("chown", "vmail:vmail", f"/var/vmail/{domain}/{user}/.dovecot.sieve")


# OpenDKIM's turn comes with every third run: the rules are the same.
@pytest.fixture(scope="module", params=["filter"] + [
    turn for turn in part(["strangers", "rotation", "opendkim"], 3) if turn == "opendkim"])
def machine(request):
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("signing", NET, data(request.param)) as booted:
        booted.signs = ["rsa-sha256"] if request.param == "opendkim" \
            else ["ed25519-sha256", "rsa-sha256"]
        yield booted


@pytest.fixture(scope="module")
def far(machine):
    with Server(f"{machine.net}.1", SINK) as server:
        yield server


def mark():
    return f"mark{secrets.token_hex(8)}"


def settled(machine, timeout=60):
    """The queue is empty."""
    machine.run("sh", "-c", f"for i in $(seq {timeout * 5}); do [ \"$(postqueue -j)\" ] || exit 0; "
                            "sleep 0.2; done; postqueue -p; exit 1", timeout=timeout + 20)


def submit(machine, login, raw, to=FAR, sender=None):
    with machine.submission(login) as client:
        client.sendmail(login if sender is None else sender, to, raw)


# Shapes

HEAD = (b"From: Alice <alice@example.org>\r\nTo: friend@far.example\r\n"
        b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n")
MIME = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
EIGHT = "Grüße, почта, 郵件\r\n".encode()


def shapes():
    """Header lines and body by name; the recipients of one."""
    return {
        "plain": (b"Subject: a\r\n", b"the notes\r\n"),
        "8-bit": (MIME + b"Content-Transfer-Encoding: 8bit\r\nSubject: a\r\n", EIGHT * 9),
        "8-bit header": (b"Subject: " + EIGHT, b"a\r\n"),
        "long lines": (b"Subject: a\r\n", b"x" * 9000 + b"\r\n" + b"y " * 4500 + b"\r\n"),
        "folds of white space": (b"Subject: an invoice\r\n \r\n for November\r\n"
                                 b"References: <a@b>\r\n\t\r\n \r\n\t<c@d>\r\n", b"a\r\n"),
        "trailing blanks": (b"Subject: a  \t\r\n", b"a \t \r\n\r\nb  \r\n"),
        "empty lines at the end": (b"Subject: a\r\n", b"a\r\n" + b"\r\n" * 20),
        "no last newline": (b"Subject: a\r\n", b"the end"),
        "dots": (b"Subject: .\r\n", b".\r\n..\r\n.a\r\n...\r\n"),
        "empty": (b"Subject: a\r\n", b""),
        "no subject": (b"", b"a\r\n"),
        "many parts": (b"MIME-Version: 1.0\r\nSubject: a\r\nCc: x@far.example\r\nContent-Type: "
                       b'multipart/mixed; boundary="b"\r\n',
                       b'--b\r\n\r\ntext\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n'
                       b"From: c@d.example\r\n\r\ninside\r\n--b--\r\n"),
        "long header": (b"Subject: " + b" ".join([b"word"] * 200) + b"\r\nTo: " + b",\r\n ".join(
            b"p%d@far.example" % n for n in range(2000)) + b"\r\n", b"a\r\n"),
        "list mail": (b"Subject: a\r\nList-Id: <a.example.org>\r\nReply-To: <alice@example.org>\r\n"
                      b"List-Unsubscribe: <https://example.org/u>\r\n"
                      b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nIn-Reply-To: <a@b>\r\n"
                      b"Sender: alice@example.org\r\n", b"a\r\n"),
        "spam": (b"Subject: a\r\n", GTUBE.encode() + b"\r\n"),
        "a thousand receivers": (b"Subject: a\r\n", b"a\r\n"),
        "25 MiB": (b"Subject: a\r\n", None),
    }


def receivers(name):
    return [f"p{number}@far.example" for number in range(1000)] if name.startswith("a thousand") \
        else [FAR]


# From the largest only the whole run is made.
SHAPES = part(sorted(shapes()), 4)


def sent_shape(machine, name):
    head, body = shapes()[name]
    word = mark()
    if body is None:
        body = b"".join(b"%076d\r\n" % n for n in range(24 * 1024 * 1024 // 78))
    submit(machine, ALICE, HEAD + b"X-Mark: " + word.encode() + b"\r\nMessage-ID: <" + word.encode()
           + b"@example.org>\r\n" + head + b"\r\n" + body, receivers(name))
    return word


def test_every_shape_verifies(machine, far):
    words = {name: sent_shape(machine, name) for name in SHAPES}
    arrived = {name: far.wait_words(word, timeout=120)[0].data for name, word in words.items()}
    table = records(machine)
    verifiers = Verifiers(machine, table)
    messages = list(arrived.values())
    for name, raw in arrived.items():
        assert [one["a"] for one in ours(raw)] == machine.signs, name
        assert all(by_python(raw, table)), name
    good = [True] * len(machine.signs)
    assert dict(zip(arrived, verifiers.by_perl(messages))) == dict.fromkeys(arrived, good)
    assert dict(zip(arrived, verifiers.by_opendkim(messages))) == dict.fromkeys(arrived, True)


def test_what_is_signed_and_what_is_not(machine, far):
    word = mark()
    submit(machine, ALICE, letter(word, From=ALICE, Subject=word).as_bytes())
    for one in ours(far.wait_words(word)[0].data):
        names = one["h"].lower().split(":")
        for closed in ("from", "to", "cc", "subject", "date", "message-id", "mime-version",
                       "content-type"):
            assert names.count(closed) >= 1, closed
        assert names.count("from") == names.count("to") == names.count("subject") == 2
        assert names.count("cc") == 1 and "received" not in names
        assert one["c"] == "relaxed/simple" and "x" not in one and "l" not in one


# Who may send as whom

def returned(machine, login, word, folder="INBOX"):
    """The bounce that has these words in it."""
    client = machine.imap(login)
    try:
        client.select(folder, readonly=True)
        found = client.search(None, "TEXT", word)[1][0].split()
        return [client.fetch(one, "(BODY.PEEK[])")[1][0][1].decode() for one in found]
    finally:
        client.logout()


MAY = {
    "himself": (ALICE, ALICE, "From: alice@example.org"),
    "with a name": (ALICE, ALICE, 'From: "Alice (at work) <a@b>" <alice@example.org>'),
    "in capitals": (ALICE, ALICE, "From: ALICE@Example.ORG"),
    "a label": (ALICE, ALICE, "From: alice+shop@example.org"),
    "an alias": (ALICE, ALICE, "From: Sales <sales@example.org>"),
    "an alias as sender": (ALICE, "sales@example.org", "From: alice@example.org"),
    "two of his": (ALICE, ALICE, "From: alice@example.org, sales@example.org\r\nSender: x@y.example"),
    "a group": (ALICE, ALICE, "From: Us: alice@example.org, sales@example.org;"),
    "an encoded name": (ALICE, ALICE, "From: =?utf-8?q?Al=C3=AFce?= <alice@example.org>"),
    "a name with a comma": (ALICE, ALICE, "From: Example, Alice <alice@example.org>"),
    "8 bits": (ALICE, ALICE, "From: Alïce <alice@example.org>"),
    "his address as name": (ALICE, ALICE, "From: alice@example.org <alice@example.org>"),
    "folded": (ALICE, ALICE, "From: Alice\r\n <alice@example.org>"),
    "a comment": (ALICE, ALICE, "From: alice@example.org (Alice (home))"),
    "none": (ALICE, ALICE, "X-None: a"),
    "another's in what becomes the text": (ALICE, ALICE, "no header line\r\nFrom: bob@example.org"),
    "senders: an alias": (BOB, "info@example.org", "From: info@example.org"),
    "senders: a domain": (BOB, BOB, "From: carol@example.net"),
    "a receipt": (ALICE, "", "From: alice@example.org\r\nContent-Type: multipart/report;\r\n"
                             ' report-type=disposition-notification; boundary="b"'),
    "an answer": (ALICE, "", "From: alice@example.org\r\nAuto-Submitted: auto-replied (vacation)"),
}
MAY_NOT = {
    "a stranger": (ALICE, ALICE, "From: ceo@bank.example"),
    "another of us": (ALICE, ALICE, "From: bob@example.org"),
    "a domain of ours": (ALICE, ALICE, "From: nobody@example.org"),
    "two": (ALICE, ALICE, "From: alice@example.org, bob@example.org"),
    "two, turned round": (ALICE, ALICE, "From: bob@example.org, alice@example.org"),
    "two lines": (ALICE, ALICE, "From: alice@example.org\r\nFrom: bob@example.org"),
    "two lines, turned round": (ALICE, ALICE, "From: bob@example.org\r\nFrom: alice@example.org"),
    "a blank before the colon": (ALICE, ALICE, "X-A: b\r\nFrom : bob@example.org"),
    "two, one with a blank": (ALICE, ALICE, "From: alice@example.org\r\nFROM : bob@example.org"),
    "a name with his": (ALICE, ALICE, "From: alice@example.org <bob@example.org>"),
    "his behind": (ALICE, ALICE, "From: <bob@example.org> alice@example.org"),
    "his in a comment": (ALICE, ALICE, "From: bob@example.org (alice@example.org)"),
    "a quoted name": (ALICE, ALICE, 'From: "alice@example.org" <bob@example.org>'),
    "a quoted local part": (ALICE, ALICE, 'From: "bob"@example.org'),
    "an encoded address": (ALICE, ALICE, "From: =?utf-8?b?Ym9iQGV4YW1wbGUub3Jn?="),
    "a group of two": (ALICE, ALICE, "From: Us: alice@example.org, bob@example.org;"),
    "an empty group": (ALICE, ALICE, "From: Us:;"),
    "a route": (ALICE, ALICE, "From: <@alice.example,@x.example:bob@example.org>"),
    "folded": (ALICE, ALICE, "From:\r\n bob@example.org"),
    "blanks": (ALICE, ALICE, "From: bob @ example.org"),
    "a comment inside": (ALICE, ALICE, "From: bob(alice@example.org)@example.org"),
    "an open comment": (ALICE, ALICE, "From: alice@example.org (x\r\nSubject: a"),
    "an open quotation": (ALICE, ALICE, 'From: "alice@example.org <alice@example.org>'),
    "a literal": (ALICE, ALICE, "From: bob@[127.0.0.1]"),
    "nothing": (ALICE, ALICE, "From: <>"),
    "a line in his name": (ALICE, ALICE, "X-Postcask-Login: bob@example.org\r\nFrom: bob@example.org"),
    "an alias of others": (BOB, BOB, "From: postmaster@example.org"),
    "the alias of both": (ALICE, "sales@example.org", "From: bob@example.org"),
    "nobody's mail": (ALICE, "", "From: alice@example.org"),
    "spam": (ALICE, ALICE, "From: bob@example.org", GTUBE),
    "never to be told": (ALICE, ALICE, "From: bob@example.org\r\nPrecedence: bulk"),
    "a receipt for another": (ALICE, "", "From: bob@example.org\r\nContent-Type: multipart/report; "
                                         "report-type=disposition-notification"),
}


def of_login(case, word):
    _, _, lines, *text = case
    return (f"{lines}\r\nTo: {FAR}\r\nSubject: {word}\r\nMessage-ID: <{word}@example.org>\r\n\r\n"
            f"{text[0] if text else 'the notes'}\r\n").encode()


def send_cases(machine, cases):
    """A third of them in a run of all tests."""
    words, cases = {}, part_of(cases, 3)
    for name, case in cases.items():
        words[name] = mark()
        submit(machine, case[0], of_login(case, words[name]), sender=case[1])
    settled(machine)
    return words


def test_a_login_sends_as_itself(machine, far):
    words = send_cases(machine, MAY)
    table = records(machine)
    for name, word in words.items():
        raw, = (one.data for one in far.with_words(word))
        assert len(ours(raw)) == len(machine.signs) and all(by_python(raw, table)), name
        assert b"x-postcask-login" not in raw.lower(), name


def test_as_nobody_else(machine, far):
    words = send_cases(machine, MAY_NOT)
    for name, word in words.items():
        login = MAY_NOT[name][0]
        assert not far.with_words(word), name
        bounces = returned(machine, login, word)
        assert len(bounces) == 1, (name, bounces)
        assert f"you may send as {login}" in " ".join(bounces[0].split()), name


def test_results_that_a_login_forges_are_taken_out(machine, far):
    word = mark()
    submit(machine, ALICE, (
        "Authentication-Results: mail.example.org; dkim=pass header.d=bank.example\r\n"
        "Authentication-Results: MAIL.example.org (x) 1; spf=pass\r\n"
        "Authentication-Results: other.example; dkim=pass\r\n").encode()
        + of_login(("", "", f"From: {ALICE}"), word))
    raw = far.wait_words(word)[0].data
    assert re.findall(rb"(?m)^Authentication-Results: (\S+);", raw) == [b"other.example"]


# Ways by which a stranger's message leaves

FORGED = {
    "plain": f"From: {ALICE}",
    "with his name": f'From: "Alice" <{ALICE}>',
    "as a sender": f"From: {ALICE}\r\nSender: {ALICE}",
    "resent": f"From: ceo@bank.example\r\nResent-From: {ALICE}\r\nResent-To: {FAR}",
    "our line": f"X-Postcask-Login: {ALICE}\r\nFrom: {ALICE}",
    "born here": f"Received: by mail.example.org (Postfix, from userid 0)\r\n\tid 4jdB; "
                 f"Mon, 30 Nov 2026 05:14:25 +0000 (UTC)\r\nFrom: {ALICE}",
    "from sieve": f"Received: from mail.example.org (localhost [127.0.0.1])\r\n\tby "
                  f"mail.example.org (Postfix) with ESMTP id 4j; a\r\nFrom: {ALICE}",
    "root": "From: root@mail.example.org",
    "a list": f"From: {ALICE}\r\nList-Id: <a.example.org>\r\nAuto-Submitted: auto-replied",
    "the self-test": "From: selftest@selftest.invalid",
    "two": f"From: {ALICE}, {BOB}",
    "in capitals": f"FROM: {ALICE.upper()}",
}
SENDERS = ["stranger@example.com", ALICE, ""]


def from_world(machine, to, lines, sender):
    word = mark()
    raw = (f"{lines}\r\nTo: {to}\r\nSubject: {word}\r\nMessage-ID: <{word}@example.com>\r\n\r\n"
           "the notes\r\n").encode()
    with machine.smtp() as client:
        client.sendmail(sender, [to], raw)
    return word


def test_strangers_mail_leaves_as_it_came(machine, far):
    """By an alias and by a rule, with each sender."""
    script(machine, CAROL, f'redirect "{FAR}";\n')
    words = {}
    cases = [(way, name, SENDERS[number % len(SENDERS)]) for way in ("far@example.org", CAROL)
             for number, name in enumerate(FORGED)]
    for way, name, sender in part(cases, 3):
        words[way, name, sender] = from_world(machine, way, FORGED[name], sender)
    settled(machine)
    for case, word in words.items():
        raw, = (one.data for one in far.with_words(word))
        assert not signatures(raw), case


def vacation(machine, address, options):
    script(machine, address, f'require ["vacation"];\nvacation {options} "I am away";\n')


def test_answers_of_a_rule(machine, far):
    """Its owner's are signed and have no sender; in another's name they are not signed."""
    table = records(machine)
    all_of_them = len(machine.signs)
    for options, signed in ((":days 1", all_of_them), (f':days 2 :from "{ALICE}"', 0),
                            (':days 3 :from "info@example.org"', all_of_them),
                            (':days 4 :from "ceo@bank.example"', 0)):
        word = mark()
        vacation(machine, CAROL, f'{options} :subject "{word}"')
        with machine.smtp() as client:
            client.sendmail(f"{word}@far.example", [CAROL], letter(
                "hello", From=f"{word}@far.example", To=CAROL).as_bytes())
        answer = far.wait_words(f"Subject: {word}")[0]
        sender, raw = answer.sender, answer.data
        assert len(signatures(raw)) == signed and all(by_python(raw, table)), options
        assert sender == "", options


def test_bounces_are_not_signed(machine, far):
    """What goes back to a stranger has his message in it."""
    word = mark()
    with machine.smtp() as client:
        client.sendmail(f"{word}@far.example", ["far@example.org"],
                        f"From: {ALICE}\r\nSubject: {word}\r\nTo: a\r\n\r\na\r\n".encode())
    raw = far.wait_words(word)[0].data
    assert not signatures(raw)
    word = mark()
    submit(machine, ALICE, letter("a", From=ALICE, Subject=word).as_bytes(), "unknown@far.example")
    settled(machine)
    bounce, = returned(machine, ALICE, word)
    assert "multipart/report" in bounce
    assert bounce.count("DKIM-Signature: ") == len(machine.signs)   # of what is inside


@pytest.mark.parametrize("account,signed", [("root", True), ("nobody", False), ("amavis", False)])
@pytest.mark.parametrize("sender", [ALICE, "root@mail.example.org"])
def test_what_a_process_of_the_machine_sends(machine, far, account, sender, signed):
    """Root's is: cron, the reports; other accounts run what strangers talk to."""
    word = mark()
    machine.run("setpriv", f"--reuid={account}", "--clear-groups", "sendmail", "-f", sender, FAR,
                stdin=f"From: {sender}\nSubject: {word}\nTo: {FAR}\n\na\n")
    raw = far.wait_words(word)[0].data
    assert len(signatures(raw)) == (len(machine.signs) if signed else 0)
    assert all(by_python(raw, records(machine)))


def test_what_is_released(machine, far):
    word = mark()
    with machine.smtp() as client:
        client.sendmail("stranger@example.com", ["far@example.org"], letter(
            EICAR.decode(), From=ALICE, Subject=word).as_bytes())
    settled(machine)
    kept, = [path for path in (machine.tree / "var/lib/postcask/quarantine").glob("virus-*")
             if word.encode() in path.read_bytes()]
    machine.run("postcask", "quarantine", "release", kept.name.partition("-")[2])
    assert not signatures(far.wait_words(word)[0].data)


def test_past_the_filter(machine, far):
    """The port behind it, by the one account that reaches it."""
    word = mark()
    machine.run("setpriv", "--reuid=amavis", "--regid=amavis", "--clear-groups", "python3", "-c", f"""
import smtplib
with smtplib.SMTP("127.0.0.1", 10025) as client:
    client.sendmail("{ALICE}", ["{FAR}"], "From: {ALICE}\\r\\nSubject: {word}\\r\\n\\r\\na\\r\\n")
""")
    assert not signatures(far.wait_words(word)[0].data)


@pytest.mark.parametrize("port", [10025, 10026, 10027, 10028, 10029])
def test_nobody_else_reaches_the_inner_ports(machine, port):
    done = machine.run("setpriv", "--reuid=nobody", "--clear-groups", "python3", "-c",
                       f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)",
                       check=False)
    assert "refused" in done.stderr


def test_what_was_signed_before_stays(machine, far):
    """A login's message that somebody else's key signs, as a list's or a provider's does."""
    word = mark()
    other = ("DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=a; c=relaxed/simple;\r\n"
             " h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n")
    submit(machine, ALICE, other.encode() + of_login(("", "", f"From: {ALICE}"), word))
    raw = far.wait_words(word)[0].data
    assert [one["d"] for one in signatures(raw)] == ["example.org"] * len(machine.signs) + [
        "other.example"]


def test_a_virus_is_neither_sent_nor_signed(machine, far):
    word = mark()
    submit(machine, ALICE, letter(EICAR.decode(), From=ALICE, Subject=word).as_bytes())
    settled(machine)
    assert not far.with_words(word)


def test_the_account_misses_none_of_them(machine):
    """What went back to a login counts as bounced."""
    status = machine.run("postcask", "status", "--json", check=False).stdout
    mail = json.loads(status)["mail"]
    assert mail["missing"] == mail["unclear"] == mail["quarantine_gone"] == 0
    assert mail["bounced"] >= len(part_of(MAY_NOT, 3))
