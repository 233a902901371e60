# SPDX-License-Identifier: GPL-3.0-or-later
"""Viruses, spam, and what happens while a scanner is down."""

import email
import io
import json
import re
import subprocess
import time
import zipfile

import pytest

import wrappings
from machine import TOP, letter
from waiting import end_of

ALICE = "alice@example.org"
# Composed here, so that no scanner takes this file for one.
EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def quarantined(machine, message_id):
    done = machine.run("grep", "-rlF", message_id.strip("<>"), "/var/lib/postcask/quarantine",
                       check=False)
    listed = done.stdout.split()
    # some are kept compressed
    packed = machine.run("sh", "-c", "find /var/lib/postcask/quarantine -name '*.gz' -type f | "
                         "xargs -r zgrep -lF '" + message_id.strip("<>") + "'", check=False)
    return listed + packed.stdout.split()


def wait_quarantined(machine, message_id, timeout=40):
    end = end_of(timeout)
    while time.monotonic() < end:       # the queue's end is the event: flush and look
        found = quarantined(machine, message_id)
        if found:
            return found
        machine.run("sh", "-c", "inotifywait -qq -t 1 /var/lib/postcask/quarantine || sleep 0.2",
                    check=False)
    raise TimeoutError("nothing in quarantine")


@pytest.mark.parametrize("name,content", [
    ("eicar.com", EICAR), ("eicar.zip", wrappings.zipped(EICAR, "eicar.com")),
    ("eicar.tar.gz", wrappings.tarred(EICAR, "w:gz", "eicar.com"))], ids=["bare", "zip", "tar"])
def test_a_virus_is_quarantined_and_never_delivered(machine, name, content):
    message = letter("see attachment")
    message.add_attachment(content, "application", "octet-stream", filename=name)
    with machine.smtp() as client:
        client.sendmail("stranger@example.com", ALICE, message.as_bytes())
    files = wait_quarantined(machine, message["Message-ID"])
    assert files
    after = machine.send("after the virus")         # what was sent later has arrived
    machine.wait_message(ALICE, after)
    client = machine.imap(ALICE)
    for folder in ("INBOX", "Spam"):
        client.select(folder, readonly=True)
        assert client.search(None, "HEADER", "Message-ID", message["Message-ID"])[1] == [b""]
    client.logout()


def test_a_virus_in_the_body_is_quarantined(machine):
    message = letter(EICAR.decode() + "\n")
    with machine.smtp() as client:
        client.sendmail("stranger@example.com", ALICE, message.as_bytes())
    assert wait_quarantined(machine, message["Message-ID"])


def test_no_bounce_goes_to_the_forged_sender_of_a_virus(machine):
    message = letter("x")
    message.add_attachment(EICAR, "application", "octet-stream", filename="eicar.com")
    with machine.smtp() as client:
        client.sendmail("forged-sender@example.com", ALICE, message.as_bytes())
    wait_quarantined(machine, message["Message-ID"])
    queue = machine.run("postqueue", "-p").stdout
    assert "forged-sender@example.com" not in queue


def test_spam_goes_to_the_spam_folder(machine):
    message_id = machine.send(GTUBE + "\n")
    arrived = email.message_from_bytes(machine.wait_message(ALICE, message_id, folder="Spam"))
    assert arrived["X-Spam-Flag"] == "YES"
    assert "GTUBE" in arrived["X-Spam-Status"]


def test_clean_mail_carries_its_score(machine):
    message_id = machine.send("hello, how are you?")
    arrived = email.message_from_bytes(machine.wait_message(ALICE, message_id))
    assert arrived["X-Spam-Status"].startswith("No, score=")
    assert arrived["X-Virus-Scanned"]


def test_the_senders_own_spam_headers_are_not_believed(machine):
    message_id = machine.send(letter("x", **{"X-Spam-Flag": "YES"}))
    machine.wait_message(ALICE, message_id)


def waiting(machine, recipient=ALICE):
    return recipient in machine.run("postqueue", "-p").stdout


def wait_deferred(machine, timeout=40):
    """Until the queue manager has given the message up for now."""
    end = end_of(timeout)
    while time.monotonic() < end:
        if machine.run("sh", "-c", "find /var/spool/postfix/deferred -type f | grep -q .",
                       check=False).returncode == 0:
            return
        time.sleep(0.2)
    raise TimeoutError("nothing was deferred")


def not_delivered(machine, message_id):
    client = machine.imap(ALICE)
    for folder in ("INBOX", "Spam"):
        client.select(folder, readonly=True)
        assert client.search(None, "HEADER", "Message-ID", message_id)[1] == [b""]
    client.logout()
    return True


@pytest.mark.parametrize("units", [["clamav-daemon.socket", "clamav-daemon.service"],
                                   ["amavis.service"], ["dovecot.service"]])
def test_mail_waits_while_a_part_is_down(machine, units):
    """Neither delivered unscanned nor refused for good; goes on by itself."""
    present = [unit for unit in units if machine.run(
        "systemctl", "is-active", unit, check=False).returncode == 0]
    machine.run("sh", "-c", "rm -f /var/spool/postfix/deferred/*/nothing; postsuper -d ALL deferred")
    machine.run("systemctl", "stop", *present)
    try:
        message_id = machine.send("sent while a part is down: " + units[0])
        wait_deferred(machine)
        assert waiting(machine)
        if "dovecot.service" not in units:
            assert not_delivered(machine, message_id)
    finally:
        machine.run("systemctl", "start", *present)
    machine.wait_message(ALICE, message_id, timeout=60)
    assert not quarantined(machine, message_id)


def test_mail_goes_on_at_once_after_a_restart_of_postfix(machine):
    """The filter does not use its connections to the Postfix before, after which each
    message would wait a minute."""
    for _ in range(8):
        last = machine.send("before")
    machine.wait_message(ALICE, last)
    before = machine.journal("amavis").count("No SMTP resp")
    machine.run("systemctl", "restart", "postfix.service")
    for message_id in [machine.send("after") for _ in range(4)]:
        machine.wait_message(ALICE, message_id)
    assert machine.journal("amavis").count("No SMTP resp") == before


# Begins a program whose clock is set by $step.
STEPPED = """
use strict; use warnings; use Time::HiRes ();
my $step = 0;
BEGIN {
    no warnings qw(redefine prototype);
    my $clock = \\&Time::HiRes::time;
    *Time::HiRes::time = sub () { return $clock->() + $step };
}
"""
# What amavis leaves to a message that came just now, once the clock was set: its own
# function, asked in a process of its own.
TIME_LEFT = STEPPED + """
use Amavis::Conf (); use Amavis::Util ();
use lib '/usr/share/postcask/perl'; use Postcask::Elapsed;
$Amavis::Conf::child_timeout = 480;
for (@ARGV) {
    $step = 0;
    $Amavis::Util::timestamp_of_last_reception = Time::HiRes::time();
    $step = $_;
    print scalar Amavis::Util::get_deadline('test', 1, 0), "\\n";
}
"""


def test_a_stepped_clock_leaves_the_filter_its_time(machine):
    """400 days on all messages under way would be put off, too old to wait any longer."""
    steps = (0, 400 * 86400, -600)
    done = machine.run("perl", "-", *map(str, steps), stdin=TIME_LEFT)
    assert [int(line) for line in done.stdout.split()] == [480] * len(steps)
    assert "Postcask::Elapsed" in machine.run("cat", "/etc/amavis/amavisd.conf").stdout


# How SpamAssassin waits for an answer that does not come, in a process whose clock is set
# while it waits: 1 when it has given up after its time, 0 when it would wait on.
ANSWER_AWAITED = STEPPED + """
use lib '/usr/share/postcask/perl'; use Postcask::DNSSilence;
sub Resolver::poll_responses { return (0, 0) }
Postcask::DNSSilence->new(bless { conf => {} }, 'Mail::SpamAssassin');
for (@ARGV) {
    $step = 0;
    my $async = Mail::SpamAssassin::AsyncLoop->new({ resolver => bless {}, 'Resolver' });
    $async->_start_lookup({ id => 1, key => 'a', type => 'A', timeout_initial => 0.2,
                            timeout_min => 0.2 }, Time::HiRes::time() + 60);
    $step = $_;
    print $async->complete_lookups(0, 1) ? 1 : 0;
    Time::HiRes::sleep(0.3);
    print $async->complete_lookups(0, 1) ? 1 : 0, "\\n";
}
"""


def test_a_stepped_clock_leaves_the_dns_its_time(machine):
    """Ten minutes back, and the message under way would wait ten minutes for an answer."""
    steps = (0, 400 * 86400, -600)
    done = machine.run("perl", "-", *map(str, steps), stdin=ANSWER_AWAITED)
    assert done.stdout.split() == ["01"] * len(steps)


# Where zips behind something else begin in the files given.
BEHIND = """
use strict; use warnings; use IO::File ();
use Amavis::Conf ();
use lib '/usr/share/postcask/perl'; use Postcask::Unpack;
print join(' ', grep { $_ > 0 } Postcask::Unpack::behind_zip(IO::File->new($_, '<'))), "\\n"
    for @ARGV;
"""


def test_zips_in_zips_are_unpacked_once(machine):
    """Each was found twice, once behind what stands before it, and 25 in each other, four
    kilobytes, took a minute.  What a reader may take for the last one still counts."""
    inner = wrappings.zipped(b"some notes", "notes.txt")
    outer = wrappings.zipped(inner, "inner.zip", zipfile.ZIP_STORED)
    commented = io.BytesIO(inner)
    with zipfile.ZipFile(commented, "a") as file:
        file.comment = inner
    files = {"nested": (outer, []), "behind": (b"a program" + inner, [9]),
             "two": (inner + inner, [len(inner)]), "comment": (commented.getvalue(), [len(inner)]),
             "behind, nested": (b"a program" + outer, [9])}
    for name, (data, _) in files.items():
        (machine.tree / "root" / name).write_bytes(data)
    done = machine.run("perl", "-", *(f"/root/{name}" for name in files), stdin=BEHIND)
    found = [[int(start) for start in line.split()] for line in done.stdout.splitlines()]
    assert dict(zip(files, found)) == {name: starts for name, (_, starts) in files.items()}


def test_authentication_server_down_is_temporary(machine):
    """454, so that the mail program tries again, not 535, which makes it ask for the password."""
    import base64
    client = machine.smtp(587, tls=True)
    machine.run("systemctl", "stop", "dovecot.service", "dovecot.socket")
    try:
        secret = base64.b64encode(b"\0alice@example.org\0whatever").decode()
        assert client.docmd("AUTH", "PLAIN " + secret)[0] == 454
    finally:
        client.close()
        machine.run("systemctl", "start", "dovecot.service")


# With the image's own packages, but for amavis' main one, which would start: what the filter's
# modules put into them, and which of the names in the JSON read the packages have not.
REPLACED = r"""
use strict; use warnings; use B (); use JSON::PP ();
use lib '/usr/share/postcask/perl';
my %names = %{ JSON::PP::decode_json(join '', <DATA>) };
$SIG{__WARN__} = sub { };
eval "require $_; 1" or print "absent $_: $@" for sort grep { $_ ne 'Amavis' } keys %names;
no strict 'refs';
for my $package (grep { $_ ne 'Amavis' } sort keys %names) {
    for (@{ $names{$package} }) {
        my ($sigil, $name) = /\A(\W?)(\w+)/;
        my $there = $sigil eq '' ? $package->can($name) : *{"${package}::$name"}{
            { '$' => 'SCALAR', '@' => 'ARRAY', '%' => 'HASH' }->{$sigil} };
        print "absent ${package}::$_\n" if !$there;
    }
}
require "Postcask/" . (m{(\w+\.pm)\z})[0] for glob '/usr/share/postcask/perl/Postcask/*.pm';
Postcask::Early::trust_the_configuration();
Postcask::DNSSilence->new(bless { conf => {} }, 'Mail::SpamAssassin');
Postcask::Prefilter->new(bless { conf => {} }, 'Mail::SpamAssassin');
my %tied;
sub look {
    my ($package) = @_;
    for my $name (keys %{"${package}::"}) {
        if ($name =~ /\A(\w+)::\z/) {
            my $inner = $package eq 'main' ? $1 : "${package}::$1";
            look($inner) if $inner !~ /\A(?:main|Postcask)\z/;
        } elsif ($name =~ /\A\w+\z/) {
            my $code = defined &{"${package}::$name"} ? B::svref_2object(\&{"${package}::$name"}) : undef;
            print "replaced ${package}::$name\n" if $code && $code->FILE =~ m{/Postcask/};
            my $variable = \${"${package}::$name"};     # in whatever else imports it too
            print "replaced by $1.pm\n"
                if ref(tied $$variable) =~ /\APostcask::(\w+)/ && !$tied{$variable}++;
        }
    }
}
look('main');
__DATA__
"""


def test_what_the_filter_replaces_is_listed(machine):
    """In the image's own packages; and tests/perl stands on what these have."""
    stubs = subprocess.run(["perl", f"-I{TOP}/tests/perl", "-MStubs", "-MJSON::PP", "-e",
                            "print JSON::PP::encode_json(\\%Stubs::names)"],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    said = machine.run("perl", "-", stdin=REPLACED + stubs).stdout.splitlines()
    listed = re.findall(r"^Function: (\S+)\nReplaced-by: (\S+)$",
                        machine.run("cat", "/usr/share/postcask/perl/replaced").stdout, re.M)
    assert sorted(said) == sorted(f"replaced by {module}" if "$" in name else f"replaced {name}"
                                  for name, module in listed)
    amavis = machine.run("cat", "/usr/share/perl5/Amavis.pm").stdout
    for name in json.loads(stubs)["Amavis"]:
        name = name.partition("(")[0]
        # of its own, or of another module's
        pattern = rf"^use vars .*\{name}\b" if name[0] == "$" else \
            rf"^sub {name}\b|^(?:use |  +)[^;#]*\b{name}\b"
        assert re.search(pattern, amavis, re.M), name
    assert machine.run("/usr/share/postcask/perl/check-replaced").stdout == ""


def test_a_generation_of_an_older_image_finds_its_modules(machine):
    """They were amavisd.conf's fragments, read by other names."""
    names = "elapsed children policy verdicts scanner unpack unfinished headers".split()
    program = "use Exporter (); use Amavis::Conf ();\n" + "".join(
        f"Amavis::Conf::include_config_files('/usr/share/postcask/amavis/{name}.conf');\n"
        for name in names) + "require '/usr/share/postcask/amavis/Trained.pm';\n" \
        "print join ' ', sort map { m{^Postcask/(\\w+)\\.pm} } keys %INC;"
    found = machine.run("perl", "-", stdin=program).stdout.split()
    assert {name.capitalize() for name in names} <= set(found)
