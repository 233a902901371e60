# SPDX-License-Identifier: GPL-3.0-or-later
"""SpamAssassin's rules hit the same with the prefilter as without it.

Texts are made from the rules' own expressions, so that they match, and then spoiled a
little.  POSTCASK_SEED=N makes others."""

import os
import random
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from rule_texts import generator

SCRIPT = (Path(__file__).parent / "rules.pl").read_text()
SEED = int(os.environ.get("POSTCASK_SEED", "1"))
TEXTS = int(os.environ.get("POSTCASK_TEXTS", "12"))         # of each rule
MESSAGES = int(os.environ.get("POSTCASK_MESSAGES", "24"))


def ask(machine, *arguments, lines=()):
    (machine.tree / "root/rules.pl").write_text(SCRIPT)
    done = machine.run("perl", "/root/rules.pl", *arguments, timeout=300,
                       stdin="".join(line + "\n" for line in lines))
    return [line.split("\t") for line in done.stdout.splitlines()]


def spoiled(text, dice):
    """The text as somebody might write it who does not want it to be found."""
    changes = [
        lambda: text.upper(), lambda: text.lower(), lambda: text.swapcase(), lambda: text.title(),
        lambda: text.replace(" ", dice.choice(["\t", "\x0b", "\n", "\xa0", "  ", "\x85"])),
        lambda: dice.choice("x \xe9_.\n") + text + dice.choice("x \xe9_.\n"),
        lambda: text.replace("k", "\u212a").replace("s", "\u017f").replace("ss", "\xdf"),
        lambda: text[:len(text) // 2] + dice.choice(" .-\xb7\xad") + text[len(text) // 2:],
        lambda: text[:-1], lambda: text[1:], lambda: text,
    ]
    return dice.choice(changes)()


def encoded(text, dice):
    if all(ord(one) < 256 for one in text) and dice.random() < 0.7:
        return text.encode("latin-1")
    return text.encode("utf-8", "replace")


@pytest.fixture(scope="module")
def texts(machine):
    """[rule, bytes] for all rules that the prefilter knows."""
    dice = random.Random(SEED)
    made, unread = [], []
    for rule, expression in ask(machine, "expressions"):
        make = generator(bytes.fromhex(expression).decode("latin-1"))
        if make is None:
            unread.append(rule)
            continue
        for count in range(TEXTS):
            text = make(dice)
            made.append((rule, encoded(text if count % 3 == 0 else spoiled(text, dice), dice)))
    assert len(unread) <= 10, unread
    return made


def test_no_rule_that_matches_is_left_out(machine, texts):
    answers = ask(machine, "judge", lines=[f"{rule}\t{text.hex()}" for rule, text in texts])
    missed = [(rule, bytes.fromhex(text)) for rule, verdict, text in answers if verdict == "missed"]
    assert not missed, missed[:10]
    rules = {rule for rule, _ in texts}
    matched = {rule for rule, verdict, _ in answers if verdict == "tried"}
    assert len(matched) >= 0.9 * len(rules), sorted(rules - matched)
    assert len(answers) >= 3 * len(rules)


def message(lines, dice):
    """A message of these lines: their bytes raw, encoded, or as HTML too."""
    kind = dice.choice(["raw", "raw", "utf-8", "latin-1", "html"])
    head = "From: a@example.com\nTo: alice@example.org\nSubject: a test\nMessage-ID: <1@example.com>\n"
    if kind == "raw":
        return head.encode() + b"\n" + dice.choice([b"\n", b"\n\n"]).join(lines) + b"\n"
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "a test", "a@example.com"
    text = "\n\n".join(line.decode("latin-1") for line in lines).replace("\x00", "")
    charset = "utf-8" if kind == "html" else kind
    mail.set_content(text, charset=charset, cte=dice.choice(["base64", "quoted-printable"]))
    if kind == "html":
        mail.add_alternative("<p>" + text.replace("\n", "<br>") + "</p>", subtype="html")
    return mail.as_bytes()


def test_hits_and_scores_are_the_same_without_it(machine, texts):
    dice = random.Random(SEED)
    mails = [message([text for _, text in dice.sample(texts, dice.choice([1, 10, 60]))], dice)
             for _ in range(MESSAGES)]
    lines = [mail.replace(b"\r\n", b"\n").hex() for mail in mails]
    ours = ask(machine, "hits", "with", lines=lines)
    plain = ask(machine, "hits", "without", lines=lines)
    assert len(ours) == len(plain) == MESSAGES
    for mail, one, other in zip(mails, ours, plain):
        assert one == other, mail
    hit = {name for one in plain for names in one[1:] for name in re.split(",", names)}
    assert len(hit) >= 150, len(hit)    # it was a test


def test_amavis_has_all_rules(machine):
    """Its Perl checks taint, and rules that it cannot compile are left out."""
    journal = machine.journal("amavis")
    assert "eval failed" not in journal and "failed to compile" not in journal
