# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked to come again: real Postfix asked by clients with addresses and names of their own, what
survives a kill, and that a service that is dead, stopped or busy refuses nobody.  And who guesses
addresses."""

import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from machine import Machine, letter, user_data
from waiting import end_of, wait_until

ALICE = "alice@example.org"
NETS = "198.18"             # for measuring, RFC 2544; nothing here leaves the machine's wire
NAMED, PROVED, POOL, BOTS, SLOW, GUESSES = 100, 100, 64, 500, 100, 2000
COUNTS = "/run/postcask/policy/filter"
STORE = "var/lib/postcask/policy/store"

DATA = user_data() + "  filter:\n    greylisting: suspicious\n    spf: refuse\n" \
                     "    trusted_forwarders: [forward.example.net]\n"


def address(net, last=1):
    return f"{NETS}.{net}.{last}"


def named(i):
    return address(200, i + 1), f"mail.named{i}.example"


def proved(i):
    return address(100, i + 1), f"proved{i}.example"


def pool(i):
    return address(i, 7)


def bot(i):
    return address(150 + i % 40, 10 + i // 40)


GENERIC = address(201, 25), "198-18-201-25.dsl.provider.example"
FORWARDER = address(202, 1), "9.202.18.198.relays.forward.example.net"
NULL = address(203, 1)
SLOWLY = address(204, 1)
GUESSER = address(205, 1)
FRIEND = address(206, 1)


def reverse(where):
    return ".".join(reversed(where.split("."))) + ".in-addr.arpa"


def zone(machine):
    """What the machine's own resolver knows; slow.example is where nobody answers."""
    names = [named(i) for i in range(NAMED)] + [GENERIC, FORWARDER]
    data = [f"{reverse(where)}. PTR {name}." for where, name in names]
    data += [f"{name}. A {where}" for where, name in names]
    texts = {proved(i)[1]: f"v=spf1 ip4:{proved(i)[0]} -all" for i in range(PROVED)}
    texts |= {"pool.example": f"v=spf1 ip4:{NETS}.0.0/18 -all", "null.example": f"v=spf1 ip4:{NULL} -all",
              "nomail.example": "v=spf1 -all"}
    texts |= {f"s{i}.example": f"v=spf1 include:s{i}.slow.example -all" for i in range(SLOW)}
    data += [f'{name}. TXT "{text}"' for name, text in texts.items()]
    return ("server:\n    local-zone: \"example.\" static\n    local-zone: \"example.net.\" static\n"
            "    local-zone: \"slow.example.\" transparent\n"
            "    local-zone: \"18.198.in-addr.arpa.\" static\n"
            + "".join(f"    local-data: '{line}'\n" for line in data)
            + f"stub-zone:\n    name: \"slow.example.\"\n    stub-addr: {machine.net}.9\n")


class Silent:
    """Takes questions at a name server's address, and answers none."""

    def __init__(self, host):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 53))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.fixture(scope="module")
def grey():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    machine = Machine("grey", "10.88.0", DATA)
    (machine.tree / "etc/unbound/unbound.conf.d/test.conf").write_text(zone(machine))
    with machine:
        device = f"nb-{machine.name}"
        add = "".join(f"addr add {where}/32 dev {device}\n" for where in
                      [*(named(i)[0] for i in range(NAMED)), *(proved(i)[0] for i in range(PROVED)),
                       *map(pool, range(POOL)), *map(bot, range(BOTS)), GENERIC[0], FORWARDER[0], NULL,
                       SLOWLY, GUESSER, FRIEND])
        subprocess.run(["ip", "-batch", "-"], input=add, text=True, check=True, timeout=60)
        subprocess.run(["ip", "-n", device, "route", "add", f"{NETS}.0.0/16", "via",
                        f"{machine.net}.1"], check=True, timeout=20)
        with Silent(f"{machine.net}.9"):
            yield machine


class Said:
    def __init__(self, line, seconds):
        self.code, self.line, self.seconds = int(line[:3]), line, seconds

    def __repr__(self):
        return f"{self.line} ({self.seconds:.3f} s)"


def session(machine, source, lines):
    """Each line's last answer, of one connection; fewer when it was ended."""
    answers = []
    with socket.create_connection((machine.host, 25), 30, source_address=(source, 0)) as connection:
        stream = connection.makefile("rb")

        def answer():
            while (line := stream.readline().decode())[3:4] == "-":
                pass
            return line.strip()
        answer()
        for line in lines:
            begun = time.monotonic()
            try:
                connection.sendall(line.encode() + b"\r\n")
                said = answer()
            except OSError:
                break
            if not said:
                break
            answers.append(Said(said, time.monotonic() - begun))
    return answers


def ask(machine, source, sender, recipient=ALICE, helo="client.example.net"):
    """What a recipient is answered with."""
    return session(machine, source, [f"EHLO {helo}", f"MAIL FROM:<{sender}>",
                                     f"RCPT TO:<{recipient}>", "QUIT"])[2]


def ask_all(machine, questions, at_once=10):
    with ThreadPoolExecutor(at_once) as workers:
        return list(workers.map(lambda words: ask(machine, *words), questions))


def codes(answers):
    return {code: [said.code for said in answers].count(code) for code in
            sorted({said.code for said in answers})}


def p99(answers):
    return statistics.quantiles((said.seconds for said in answers), n=100)[-1]


def counts(machine):
    script = ("import socket;s=socket.socket(socket.AF_UNIX);s.settimeout(5);"
              f"s.connect('{COUNTS}');s.sendall(b'counts\\n');print(s.recv(4096).decode())")
    said = subprocess.run(["nsenter", "-t", Path(f"/run/postcask-native/{machine.name}/init")
                           .read_text().strip(), "-m", "-r", "-w", "python3", "-c", script],
                          capture_output=True, text=True, timeout=20, check=True).stdout
    return dict(re.findall(r"([a-z-]+)=(\w+)", said))


def service_pid(machine):
    return int(machine.run("systemctl", "show", "-P", "MainPID", "postcask-policy").stdout)


def signal_service(machine, number):
    machine.run("kill", f"-{number}", str(service_pid(machine)))


def restart(machine):
    machine.run("systemctl", "restart", "postcask-policy")


def test_proven_senders_never_wait(grey):
    """100 by the names of their servers, 100 by SPF alone."""
    ask(grey, SLOWLY, "first@bot.example")      # policyd-spf takes seconds to start on a slow machine
    questions = [(named(i)[0], f"a@elsewhere{i}.example") for i in range(NAMED)]
    questions += [(proved(i)[0], f"a@{proved(i)[1]}") for i in range(PROVED)]
    answers = ask_all(grey, questions, 2)       # as many as are asked about SPF at once
    assert codes(answers) == {250: NAMED + PROVED}, answers
    print("proven", p99(answers))
    assert p99(answers) < 4


def test_a_pool_of_64_networks_never_waits(grey):
    answers = ask_all(grey, [(pool(i), f"b{i}@pool.example") for i in range(POOL)])
    assert codes(answers) == {250: POOL}, answers


def test_bots_are_put_off(grey):
    """Without a name, from domains of their own and from one that SPF speaks for others."""
    answers = ask_all(grey, [(bot(i), f"x{i}@{'pool' if i % 2 else f'bot{i}'}.example")
                             for i in range(BOTS)], 20)
    assert codes(answers) == {451: BOTS}, answers
    assert "4.7.1" in answers[0].line and "60 seconds" in answers[0].line
    assert ask(grey, GENERIC[0], "a@bot.example").code == 451


def test_a_known_network_of_an_hour_ago(grey):
    """Killed with what it knew on the disk; an hour later it comes again, and twice is enough."""
    where = bot(1), bot(2)
    assert ask(grey, where[0], "again@bot.example").code == 451
    time.sleep(2.5)     # what is promised of a power cut: two seconds
    signal_service(grey, signal.SIGKILL)
    machine_waits_for(grey, service_is_there)
    # Too early, and known; an smtpd that had asked the one that was killed lets mail in once.
    wait_until(lambda: ask(grey, where[0], "again@bot.example").code == 451, "asked again", 30)
    grey.run("systemctl", "stop", "postcask-policy")
    with sqlite3.connect(grey.tree / STORE) as store:
        changed = store.execute("UPDATE row SET begun = begun - 60 WHERE kind = 'waiting' "
                                "AND key LIKE '%again@bot.example'").rowcount
    store.close()
    assert changed == 1
    grey.run("chown", "postcask-policy:", *(f"/{path.relative_to(grey.tree)}" for path in
                                            (grey.tree / STORE).parent.iterdir()))
    grey.run("systemctl", "start", "postcask-policy")
    assert ask(grey, where[0], "again@bot.example").code == 250
    assert ask(grey, where[0], "again@bot.example").code == 250
    assert ask(grey, where[0], "another@bot.example").code == 250   # the network is known
    assert ask(grey, where[1], "another@bot.example").code == 451   # its neighbour's is not


def machine_waits_for(machine, what, seconds=20):
    end = end_of(seconds)
    while not what(machine):
        assert time.monotonic() < end
        time.sleep(0.05)


def service_is_there(machine):
    return machine.run("systemctl", "is-active", "postcask-policy", check=False).stdout == "active\n" \
        and service_pid(machine) > 0


def test_who_is_never_judged(grey):
    assert ask(grey, bot(3), "c@bot.example", "postmaster@example.org").code == 250
    assert ask(grey, bot(3), "c@bot.example", "abuse@example.org").code == 250
    assert ask(grey, FORWARDER[0], "c@bot.example").code == 250
    assert ask(grey, NULL, "", helo="null.example").code == 250     # a bounce, by its greeting
    assert ask(grey, bot(3), "", helo="null.example").code == 451
    with grey.submission(ALICE) as client:
        client.mail(ALICE)
        assert client.rcpt("somebody@elsewhere.example")[0] == 250
        assert client.rcpt("bob@example.org")[0] == 250
    refused = ask(grey, bot(3), "c@nomail.example")
    assert refused.code == 550 and "5.7.23" in refused.line


def test_who_was_written_to_may_answer(grey):
    assert ask(grey, FRIEND, "friend@quiet.example").code == 451
    message = letter("hello")
    with grey.submission(ALICE) as client:
        client.sendmail(ALICE, "Friend@quiet.example", message.as_bytes())
    machine_waits_for(grey, lambda machine: ask(machine, FRIEND, "friend@quiet.example").code == 250)


def test_a_service_that_is_gone_refuses_nobody(grey):
    """Killed, stopped, and with a hundred senders whose SPF is never answered."""
    honest = [(named(i % NAMED)[0], f"d{i}@elsewhere.example") for i in range(60)]
    signal_service(grey, signal.SIGSTOP)
    stopped = ask_all(grey, honest[:20], 20)
    grey.run("systemctl", "kill", "-s", "CONT", "postcask-policy")
    assert codes(stopped) == {250: 20} and p99(stopped) <= 4, stopped
    grey.run("systemctl", "stop", "postcask-policy")
    gone = ask_all(grey, honest[:20], 20)
    grey.run("systemctl", "start", "postcask-policy")
    assert codes(gone) == {250: 20} and p99(gone) <= 4, gone
    print("stopped", p99(stopped), "gone", p99(gone))


def test_slow_spf_holds_up_its_own_sender_alone(grey):
    honest = [(named(i % NAMED)[0], f"e{i}@elsewhere.example") for i in range(100)]
    with ThreadPoolExecutor(25) as attackers:
        slow = [attackers.submit(ask, grey, bot(i), f"x@s{i % SLOW}.example") for i in range(SLOW)]
        answers = ask_all(grey, honest, 4)
        slow = [attack.result() for attack in slow]
    print("attacked", p99(answers), p99(slow))
    # Postfix itself takes a second now and then when nobody sends what he announced.
    assert codes(answers) == {250: 100} and p99(answers) <= 1.5, answers
    assert set(codes(slow)) <= {250, 451} and p99(slow) <= 4, slow


def test_guesses_have_a_limit(grey):
    """As fast as it can: no more than 60 answers that tell anything, and who has
    an old list, or an alias with a label, is served."""
    old = ask_list(grey, named(50)[0], [f"gone{i}@example.org" for i in range(15)] +
                   ["Sales+shop@Example.ORG", "bob+x@example.org", "carol@example.net", ALICE])
    assert [said.code for said in old] == [550] * 15 + [250] * 4, old
    told = {}
    with ThreadPoolExecutor(15) as guessers:     # the door lets 20 in at once, 300 in a row
        for answers in guessers.map(lambda i: ask_list(grey, GUESSER, [
                f"guess{i}.{k}@example.org" for k in range(10)]), range(GUESSES // 10)):
            for said in answers:
                told[said.code] = told.get(said.code, 0) + 1
    print("guesses", told)
    assert 25 <= told[550] <= 60 and told[550] + told.get(450, 0) <= 60, told
    assert ask(grey, GUESSER, "x@named.example").code == 421
    assert ask(grey, named(50)[0], "x@named.example").code == 250
    assert ask(grey, GUESSER, "x@named.example", "postmaster@example.org").code == 250
    assert int(counts(grey)["guesses"]) > 0


def ask_list(machine, source, recipients):
    lines = ["EHLO client.example.net", "MAIL FROM:<list@named.example>",
             *(f"RCPT TO:<{name}>" for name in recipients)]
    return session(machine, source, lines)[2:]


def test_it_says_what_it_did_and_takes_little(grey):
    said = counts(grey)
    status = json.loads(grey.run("postcask", "status", "--json", check=False).stdout)
    assert status["policy"]["put_off"] == int(said["put-off"]) and status["policy"]["kept"] is True
    assert "Greylisting: put off " in grey.run("postcask", "status", check=False).stdout
    assert said["kept"] == "yes" and int(said["put-off"]) > 0 and int(said["waiting"]) > 0
    memory = Path(f"/proc/{host_pid(grey)}/status").read_text()
    private = int(re.search(r"RssAnon:\s+(\d+)", memory)[1]) / 1024
    print("memory", private)
    assert private < 8


def host_pid(machine):
    """The service's number on the host, by the inner one."""
    inner = service_pid(machine)
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text()
        except OSError:
            continue
        if "Name:\tpostcask-policy" in text and re.search(rf"NSpid:.*\s{inner}$", text, re.M) and \
                machine.name in (path.parent / "cgroup").read_text():
            return int(path.parent.name)
    raise AssertionError("no such process")
