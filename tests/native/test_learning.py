# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving mail into and out of Spam teaches the filter, each user for himself."""

import email
import imaplib
import secrets
import time

import pytest

from machine import Machine, user_data, letter
from test_filter import GTUBE

ALICE, BOB = "alice@example.org", "bob@example.org"
OFFER = "wunderpill frobnicate zlotych unglaublich merkwuerdig sofortgeld kreditlos " * 3
NEWS = "orchard violin minutes gardening timetable rehearsal committee lemonade " * 3


@pytest.fixture(scope="module")
def box():
    # What is learnt shows in the score, and not in the folder.
    data = user_data() + "  filter:\n    spam: {spam_level: 30}\n"
    with Machine("learning", "10.70.0", data=data) as booted:
        yield booted


def learned(box):
    """Once the queue is empty: [spam, ham] of alice."""
    box.run("systemctl", "start", "postcask-learn.service", timeout=120)
    assert not list((box.tree / "var/lib/postcask/learn/new").iterdir())
    code = ("import sqlite3; c = sqlite3.connect('/var/lib/amavis/bayes/bayes.sqlite'); "
            f"print(*c.execute('SELECT spam_count, ham_count FROM bayes_vars WHERE username = ?', "
            f"('{ALICE}',)).fetchone())")
    return [int(word) for word in box.run("python3", "-c", code).stdout.split()]


def teach(box, kind, text, count):
    """As dovecot's program does it, without its process for each message."""
    folder = box.tree / "var/lib/postcask/learn"
    for number in range(count):
        message = letter(f"{text} {secrets.token_hex(4)}").as_bytes()
        file = folder / "tmp" / secrets.token_hex(6)
        file.write_bytes(f"{kind} {ALICE}\n".encode() + message)
        file.chmod(0o644)
        file.rename(folder / "new" / f"{time.time_ns()}.{number}")


def put(client, message, folder="INBOX"):
    assert client.append(folder, None, None, message.as_bytes())[0] == "OK"
    return message["Message-ID"]


def move(client, message_id, source, target):
    client.select(source)
    (number,) = client.search(None, "HEADER", "Message-ID", message_id)[1][0].split()
    imaplib.Commands.setdefault("MOVE", ("SELECTED",))
    assert client._simple_command("MOVE", number.decode(), target)[0] == "OK"


def status(box, user, message_id, folder="INBOX"):
    return email.message_from_bytes(box.wait_message(user, message_id, folder))["X-Spam-Status"]


def score(header):
    return float(header.split("score=")[1].split()[0])


def test_each_user_teaches_for_himself(box):
    teach(box, "spam", OFFER, 199)
    teach(box, "ham", NEWS, 200)
    assert learned(box) == [199, 200]
    both = letter(OFFER)
    box.send(both, to=[ALICE, BOB])
    assert "BAYES" not in status(box, ALICE, both["Message-ID"])

    client = box.imap(ALICE)
    last = put(client, letter(OFFER))
    move(client, last, "INBOX", "Spam")
    assert learned(box) == [200, 200]
    # One message to both.  In its headers amavis names the last one's rules to each, so
    # the scores are compared: that of what is certainly spam is 3.7.
    both = letter(OFFER)
    box.send(both, to=["alice+list@example.org", BOB])
    other, own = (status(box, user, both["Message-ID"]) for user in (BOB, ALICE))
    assert score(own) > score(other) + 3
    for text, rule in ((OFFER, "BAYES_9"), (NEWS, "BAYES_0")):
        single = letter(text)
        box.send(single)
        assert rule in status(box, ALICE, single["Message-ID"])
        box.send(single, to=BOB)
        assert "BAYES" not in status(box, BOB, single["Message-ID"])
    # An alias that leads to her alone is hers, one that leads to two people is nobody's.
    for alias, trained in (("abuse+report@example.org", True), ("sales@example.org", False)):
        message = letter(OFFER)
        box.send(message, to=alias)
        assert ("BAYES" in status(box, ALICE, message["Message-ID"])) is trained, alias

    # The same message again, and its way back, count once each.
    move(client, last, "Spam", "INBOX")
    assert learned(box) == [199, 201]
    move(client, last, "INBOX", "Spam")
    assert learned(box) == [200, 200]
    # What is thrown away is not called good.
    move(client, last, "Spam", "Trash")
    assert learned(box) == [200, 200]
    client.logout()


def test_delivery_teaches_nothing(box):
    before = learned(box)
    box.wait_message(ALICE, box.send(GTUBE), "Spam")
    assert learned(box) == before


def test_no_move_fails_because_of_the_learner(box):
    client = box.imap(ALICE)
    for harm, repair in (("chmod 0 /var/lib/postcask/learn", "chmod 0750 /var/lib/postcask/learn"),
                         ("mv /usr/lib/postcask/sieve/learn /root/", "mv /root/learn /usr/lib/postcask/sieve/")):
        box.run("sh", "-c", harm)
        moved = put(client, letter(NEWS))
        move(client, moved, "INBOX", "Spam")
        box.run("sh", "-c", repair)
        assert box.wait_message(ALICE, moved, "Spam")
    client.logout()


def test_what_is_no_file_holds_nobody_up(box):
    """A FIFO held the learner for ten minutes, a folder for ever."""
    before = learned(box)
    folder = box.tree / "var/lib/postcask/learn/new"
    secret = box.tree / "var/lib/amavis/bayes/secret"
    secret.write_text(f"spam {ALICE}\n\nx\n")
    box.run("sh", "-c", """cd /var/lib/postcask/learn/new
        mkfifo 1.1; ln -s /var/lib/amavis/bayes/secret 2.1; mkdir 3.1; ln -s /dev/zero 4.1
        printf 'spam %s\\n\\nx\\n' "$0" > ../kept; ln ../kept 5.1; chmod 0644 ../kept
        cp ../kept unnamed; cp ../kept 6.1; chmod 0 6.1; truncate -s 2G 7.1
        chown -h vmail: *""", ALICE)
    assert learned(box) == [before[0] + 1, before[1]]      # of what only has an odd name
    assert not list(folder.iterdir())
    assert secret.exists() and (folder / "../kept").exists()


def test_what_waits_is_bounded(box):
    """In number it was, and that was a GiB outside of every quota."""
    box.run("systemctl", "stop", "postcask-learn.path")
    folder = box.tree / "var/lib/postcask/learn"
    box.run("sh", "-c", "cd /var/lib/postcask/learn/tmp; head -c 68000000 /dev/zero > stale; "
            "chown vmail: stale; touch -d '1 hour ago' stale")
    try:
        client = box.imap(ALICE)
        move(client, put(client, letter(OFFER)), "INBOX", "Spam")
        assert not list((folder / "new").iterdir())
        learned(box)
        assert not list((folder / "tmp").iterdir())
        move(client, put(client, letter(OFFER)), "INBOX", "Spam")
        assert len(list((folder / "new").iterdir())) == 1
        client.logout()
        learned(box)
    finally:
        box.run("systemctl", "start", "postcask-learn.path")


def sql(box, statement):
    code = ("import sqlite3, sys; c = sqlite3.connect('/var/lib/amavis/bayes/bayes.sqlite'); "
            "print(*c.execute(sys.argv[1]).fetchone() or ()); c.commit()")
    return box.run("setpriv", "--reuid=amavis", "--regid=amavis", "--clear-groups", "python3", "-c",
                   code, statement).stdout.split()


def test_a_database_of_before_forgets_what_it_has_seen(box):
    """Each message that was ever moved stayed in it."""
    sql(box, "DROP TRIGGER bayes_seen_learned")
    sql(box, "ALTER TABLE bayes_seen DROP COLUMN learned")
    (user,) = sql(box, f"SELECT id FROM bayes_vars WHERE username = '{ALICE}'")
    sql(box, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 12000) "
        f"INSERT INTO bayes_seen (id, msgid, flag) SELECT {user}, 'old' || x, 's' FROM n")
    before = learned(box)
    teach(box, "spam", OFFER, 3)
    assert learned(box) == [before[0] + 3, before[1]]
    assert sql(box, "SELECT count(*), sum(learned > 0) FROM bayes_seen") == ["10000", "3"]


def test_what_is_no_advice_is_thrown_away(box):
    before = learned(box)
    folder = box.tree / "var/lib/postcask/learn/new"
    for number, content in enumerate([b"", b"spam\n", b"spam a b\nx", b"ham ../../etc@passwd\n\n",
                                      b"ham '; DROP TABLE bayes_vars --@example.org\nSubject: x\n\ny\n",
                                      b"\xff" * 100, f"spam {ALICE}\n".encode()]):
        (folder / f"{number}.1").write_bytes(content)
        (folder / f"{number}.1").chmod(0o644)
    after = learned(box)
    assert after == before


# Who of the recipients of one message is judged by his own training: how many.
OWN_TRAINING = """
use strict; use warnings;
use lib '/usr/share/postcask/perl'; use Postcask::Trained;
package One; sub recip_addr { $_[0]{address} }
package Message; sub log_id { $_[0]{id} } sub per_recip_data { $_[0]{recipients} }
package main;
tie my %trained, 'Postcask::Trained';
for my $count (@ARGV) {
    my @users = map { "user$_\@example.org" } 1 .. $count;
    for (@users) { open my $mark, '>', Postcask::Trained::mark($_) or die "$!" }
    $Amavis::MSGINFO = bless { id => $count, recipients => [
        map { bless { address => $_ }, 'One' } @users, 'user1+a@example.org', 'none@example.org' ] },
        'Message';
    print scalar(grep { defined $trained{$_} } @users, 'none@example.org'), "\n";
    unlink map { Postcask::Trained::mark($_) } @users;
}
"""


def test_a_message_for_very_many_is_judged_once(box):
    """Once for each of them took so long that its child was ended, five times."""
    done = box.run("perl", "-", "3", "50", "51", "600", stdin=OWN_TRAINING)
    assert done.stdout.split() == ["3", "50", "0", "0"]


# The time that SpamAssassin has for each look at one message, and what its child's title says
# while it looks and after; the second one begins when the looks have taken five minutes.
LOOKS = r"""
use strict; use warnings; use Time::HiRes ();
my $later = 0;
BEGIN {
    no warnings 'redefine';
    my $clock = \&Time::HiRes::clock_gettime;
    *Time::HiRes::clock_gettime = sub (;$) { return $clock->($_[0]) + $later };
}
use lib '/usr/share/postcask/perl'; use Exporter (); use Amavis::Conf (); use Postcask::Children ();
use Mail::SpamAssassin ();
my $main = Mail::SpamAssassin->new({ dont_copy_prefs => 1, local_tests_only => 1,
                                     userprefs_filename => '/dev/null', username => 'nobody' });
$main->init(0);
$0 = 'child';
Postcask::Children::begin_message();
for (0, 300) {
    $later = $_;
    my $message = $main->parse("From: a\@example.com\nSubject: x\n\ntext\n", 1);
    printf "%d %s, ", $message->{master_deadline} - Time::HiRes::time() + 0.5, $0;
    my $status = $main->check($message);
    print "$0\n";
    $status->finish;
    $message->finish;
}
"""


def test_all_looks_at_a_message_have_four_minutes(box):
    """The limit was set when SpamAssassin had already read its own, and nobody saw it."""
    said = box.run("perl", "-", stdin=LOOKS).stdout.splitlines()
    assert said == ["60 child at the rules 1, child", "2 child at the rules 2, child"]
