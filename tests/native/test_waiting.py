# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits: for others five days, for a part of this machine as long as it takes; and
mail that does not wait for a message that takes long."""

import json
import re
import subprocess
import time

import pytest

from bulk import Bulk
from fault_table import AMAVIS, AT_WORK
from faults import Box
from machine import BOOT, Machine, user_data
from unpacker import HANGING, HANGS, unpacker_doing
from waiting import end_of
from wrappings import attached, rar5

DIARY = "/var/lib/postcask/expire/waiting"
FIVE_DAYS = 5 * 86400
DATA = user_data() + """  extra:
    amavis: |
      $Postcask::Children::spamassassin_seconds = 2;
      my $check = \\&Mail::SpamAssassin::PerMsgStatus::check;
      *Mail::SpamAssassin::PerMsgStatus::check = sub {
          my $deaf = POSIX::SigSet->new(POSIX::SIGALRM());
          POSIX::sigprocmask(POSIX::SIG_BLOCK(), $deaf), sleep 1000 if -e "$MYHOME/hanging";
          goto &$check;
      };
"""


@pytest.fixture(scope="module")
def own():
    with Machine("waiting", "10.94.0", data=DATA) as booted:
        yield booted


def wait_logged(machine, pattern):
    """The first line of Postfix that has the pattern, as soon as it is there."""
    follow = [BOOT, machine.name, "exec", "timeout", "60", "journalctl", "-f", "--no-tail", "-o",
              "cat", "-u", "postfix*"]
    with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True) as journal:
        for line in journal.stdout:
            if re.search(pattern, line):
                journal.kill()
                return line
    raise TimeoutError(pattern)


def queue(machine):
    return {json.loads(line)["queue_id"] for line in machine.run("postqueue", "-j").stdout.splitlines()}


def wait_deferred(machine, queue_id, reason):
    """By its id: at the boot too mail may have waited for a moment."""
    return wait_logged(machine, f"{queue_id}: to=.*status=deferred.*{reason}")


def look(machine):
    machine.run("systemctl", "start", "postcask-expire.service")
    return machine.journal("postcask-expire.service")


def make_older(machine, seconds):
    """As if all of it had been seen so much earlier."""
    lines = machine.run("cat", DIARY).stdout.splitlines()
    older = [re.sub(r"(\d+) new$", lambda seen: f"{int(seen[1]) - seconds} new", line)
             for line in lines]
    machine.run("tee", DIARY, stdin="\n".join(older) + "\n")
    return {line.split()[0] for line in lines}


def test_what_waits_for_others_goes_back_and_what_waits_for_us_does_not(own):
    with own.submission("alice@example.org") as client:
        client.sendmail("alice@example.org", f"nobody@[{own.net}.1]", "Subject: to nobody\n\nx\n")
    outgoing = re.search(r"(\w+): to=", wait_logged(own, "to=<nobody@.*status=deferred"))[1]
    own.run("systemctl", "stop", "amavis.service")
    message_id = own.send("that waits for the filter")
    [incoming] = queue(own) - {outgoing}
    wait_deferred(own, incoming, "10024")
    assert "one more try" not in look(own)
    assert make_older(own, FIVE_DAYS) >= {outgoing, incoming}
    assert "1 messages have waited for five days" in look(own)
    own.run("postqueue", "-f")
    notice = re.search(r"notification: (\w+)", wait_logged(own, f"{outgoing}: sender non-delivery"))
    assert incoming in queue(own)
    own.run("systemctl", "start", "amavis.service", timeout=120)
    own.wait_message("alice@example.org", message_id, timeout=90)
    wait_logged(own, f"{notice.group(1)}: to=<alice@example.org>.*status=sent")
    assert outgoing not in queue(own)
    traced = own.run("postcask", "trace", outgoing).stdout
    assert "expired" in traced and "alice@example.org" in traced, traced


def test_mail_waits_for_no_other_message_when_a_child_of_the_filter_dies(own):
    """Postfix took the lost connection for a wish for less, and gave the filter one message at
    once: all mail waited, for nine minutes at most, for the one that was at work."""
    box = Box(own)
    with unpacker_doing(own, HANGS):
        for name in ("first", "second"):
            own.send(attached(rar5(b"heavy notes"), f"{name}.rar"))
        end = end_of(60)
        while len(box.processes(AMAVIS, HANGING)) < 2:
            assert time.monotonic() < end, "nobody unpacks them"
            time.sleep(0.1)         # the kernel's own list is looked at once more
    box.kill(AMAVIS, AT_WORK, 1)
    try:
        message_id = own.send("that needs no unpacker")
        own.wait_message("alice@example.org", message_id, timeout=60)
        assert box.processes(AMAVIS, AT_WORK)
    finally:
        box.kill(AMAVIS, HANGING)
    own.wait_queued("temporary failures")
    own.run("postqueue", "-f")
    Bulk(own).wait(60)


def test_spamassassin_hangs_for_two_minutes_at_most(own):
    """It took a child of the filter for nine, whatever it was told to take."""
    switch = own.tree / "var/lib/amavis/hanging"
    switch.touch()
    message_id = own.send("that no rule comes to an end with")
    [waiting] = queue(own)
    wait_deferred(own, waiting, "lost connection")
    switch.unlink()
    assert "which hangs at message" in own.journal(AMAVIS)
    assert (own.tree / f"var/lib/amavis/unfinished/{waiting}").stat().st_size == 1
    own.run("postqueue", "-f")
    own.wait_message("alice@example.org", message_id, timeout=60)
