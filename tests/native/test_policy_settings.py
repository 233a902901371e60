# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter's settings: what is quarantined with the strictest, what is delivered with the
mildest; who is told; sizes at their edge; and that nothing is dropped, whatever
the configuration says."""

import base64
import os
import re

import pytest

import wrappings
from bulk import Bulk
from machine import Machine, user_data
from test_filter import EICAR
from test_policy import CLEAN, delivered, quarantined_as, unseen, wrong

MESSAGE_SIZE = 3 << 20
RECEIVED = 1024             # what Postfix's own header line may take of it
# SpamAssassin, which decides nothing here, would take most of the time.  The self-tests want it.
LIMITS = """  limits: {message_size_mib: 3}
  extra:
    amavis: |
      @bypass_spam_checks_maps = ({ '.example.org' => 1, '.example.net' => 1 });
"""
STRICT = LIMITS + """  filter:
    banned: {policy: quarantine, extensions: [exe, scr, js, vbs]}
    encrypted: quarantine
    broken: quarantine
"""
MILD = LIMITS + """  filter:
    banned: {policy: deliver}
    encrypted: deliver
    broken: deliver
"""


@pytest.fixture(scope="module")
def strict():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("strict", "10.62.0", data=user_data() + STRICT) as machine:
        yield machine


def sized(data, size):
    """A message of exactly that size as it travels, `data` at the end of its attachment."""
    def message(filling):
        body = base64.encodebytes(bytes(filling) + data).replace(b"\n", b"\r\n")
        return wrappings.crlf(wrappings.raw_message(
            {"MIME-Version": "1.0", "Content-Type": "application/octet-stream",
             "Content-Transfer-Encoding": "base64"}, b"")) + body

    filling = size * 3 // 4 * 76 // 78 - len(data) - 2000
    found = message(filling)
    short = size - len(found)
    assert short > 0
    # the rest is a header line or more
    lines = [b"X-Filler: " + b"x" * 60 + b"\r\n"] * (short // 72)
    lines[0] = lines[0][:-2] + b"x" * (short % 72) + b"\r\n"
    return b"".join(lines) + found


def near_limits(data):
    """45 MiB, of which a message of less than 300 KiB is made, and the content at the end."""
    return wrappings.zipped(bytes(45 << 20) + os.urandom(200 << 10) + data)


def kinds(bulk, expected):
    for kind, messages in unseen(bulk.machine).items():
        bulk.add(kind, messages)
    bulk.add("clean", {"plain": wrappings.attached(CLEAN, "notes.txt"),
                       "another ending": wrappings.attached(CLEAN, "notes.pif"),
                       "8 bits and no date": b"From: a@example.com\nTo: b@example.org\n"
                                             b"Subject: gr\xfc\xdfe\nMessage-ID: <a@b>\n\nhello\n"})
    bulk.add("virus", {"plain": wrappings.attached(EICAR, "notes.txt"),
                       "at the very end": sized(EICAR, MESSAGE_SIZE - RECEIVED),
                       "near the limits": wrappings.attached(near_limits(EICAR), "a.zip")})
    bulk.add("large", {"message": sized(b"", MESSAGE_SIZE - RECEIVED),
                       "content": wrappings.attached(near_limits(b""), "a.zip")})
    assert not bulk.submit()
    bulk.wait(300)
    for kind, right in expected.items():
        assert not wrong(bulk, kind, right), kind
    for kind in ("clean", "large"):
        assert not wrong(bulk, kind, delivered()), kind
    assert not wrong(bulk, "virus", quarantined_as("virus"))
    assert not wrong(bulk, "limits", quarantined_as("limits"))


def test_the_strictest_settings_quarantine_each_kind(strict):
    kinds(Bulk(strict), {
        "encrypted": quarantined_as("encrypted"), "damaged": quarantined_as("broken"),
        "banned": quarantined_as("banned"), "broken": quarantined_as("broken"),
        "ambiguous": quarantined_as("broken")})
    assert "sender non-delivery notification" not in strict.journal("postfix")


def test_a_message_over_the_limit_is_not_accepted(strict):
    bulk = Bulk(strict)
    bulk.add("large", {"one too many": sized(b"", MESSAGE_SIZE + 1)})
    assert [code for code, _ in bulk.submit().values()] == [552]


def quarantine(machine):
    return {path: path.read_bytes()
            for path in (machine.tree / "var/lib/postcask/quarantine").glob("*-*")}


def test_one_copy_for_all_recipients(strict):
    before = set(quarantine(strict))
    many = [f"alice+{one}@example.org" for one in range(120)]
    bulk = Bulk(strict, address=["alice@example.org", "bob@example.org", "carol@example.net", *many])
    bulk.add("banned", {"one": wrappings.attached(CLEAN, "run.exe")})
    assert not bulk.submit()
    bulk.wait(60)
    new = [data for path, data in quarantine(strict).items() if path not in before]
    assert len(new) == 1
    to = re.search(rb"^X-Envelope-To: (.*(?:\n[ \t].*)*)", new[0], re.MULTILINE)[1]
    for address in (b"alice@example.org", b"bob@example.org", b"carol@example.net",
                    b"alice+119@example.org"):
        assert address in to
    assert [place for place, _ in bulk.where("banned")["one"]] == ["quarantine"]


@pytest.mark.parametrize("name,content,kind", [("run.exe", CLEAN, "banned"),
                                               ("notes.txt", EICAR, "virus")],
                         ids=["banned", "virus"])
def test_our_own_users_are_told(strict, name, content, kind):
    """The login's address was checked, so a bounce reaches who sent it; and it brings nothing
    back of what was stopped."""
    before = set(quarantine(strict))
    message = wrappings.attached(content, name).replace(b"stranger@example.com", b"bob@example.org")
    with strict.submission("bob@example.org") as client:
        client.sendmail("bob@example.org", ["alice@example.org", "friend@example.com"], message)
    Bulk(strict).wait(60)
    new = [path for path in quarantine(strict) if path not in before]
    assert [path.name.partition("-")[0] for path in new] == [kind]
    folder = strict.tree / "var/vmail/example.org/bob/Maildir"
    bounces = [path.read_bytes() for path in [*folder.glob("new/*"), *folder.glob("cur/*")]
               if b"notes@example.com" in path.read_bytes()]
    assert bounces and EICAR not in bounces[-1]
    assert b"multipart/report" in bounces[-1]
    for path in [*folder.glob("new/*"), *folder.glob("cur/*")]:
        path.unlink()


def test_what_sieve_redirects_is_bounced_to_nobody(strict):
    """It comes by sendmail(1) and has a stranger as its sender."""
    before = set(quarantine(strict))
    strict.run("sendmail", "-f", "forged@example.com", "alice@example.org",
               stdin=wrappings.attached(EICAR, "notes.txt").decode())
    Bulk(strict).wait(60)
    assert len(set(quarantine(strict)) - before) == 1
    assert "forged@example.com>: " not in strict.journal("postfix")
    assert "to=<forged@example.com>" not in strict.journal("postfix")


def test_nothing_is_dropped_without_a_quarantine(strict):
    """A configuration that stops a message and keeps no copy makes it wait in the queue."""
    config = strict.run("readlink", "-f", "/etc/amavis/amavisd.conf").stdout.strip()
    file = strict.tree / config.lstrip("/")
    good = file.read_text()
    file.write_text(good.replace("1;  # Perl", "$banned_files_quarantine_method = undef;\n1;  # Perl"))
    strict.run("systemctl", "restart", "amavis")
    bulk = Bulk(strict)
    bulk.add("banned", {"one": wrappings.attached(CLEAN, "run.exe")})
    try:
        assert not bulk.submit()
        strict.wait_queued("not in quarantine")
    finally:
        file.write_text(good)
        strict.run("systemctl", "restart", "amavis")
    strict.run("postqueue", "-f")
    bulk.wait(90)
    assert not wrong(bulk, "banned", quarantined_as("banned"))


def test_the_mildest_settings_deliver_without_a_mark(strict):
    (strict.tree / "root/mild.yaml").write_text(user_data() + MILD)
    done = strict.run("postcask", "apply", "/root/mild.yaml", check=False, timeout=120)
    assert done.returncode in (0, 2), done.stdout + done.stderr
    kinds(Bulk(strict), {kind: delivered() for kind in (
        "encrypted", "damaged", "banned", "broken", "ambiguous")})
