# SPDX-License-Identifier: GPL-3.0-or-later
"""What people cost: a table of 100,000 with 300,000 aliases, logins by TLS with passwords that are
not known from before, and mail programs that wait."""

import asyncio
import collections
import crypt
import ssl
import statistics
import time

from machine import BOOT, Machine

USERS, ALIASES = 100_000, 300_000
SOME, WORD = 100, "three plain words"       # who log in
LOGIN_SECONDS, LOGINS_A_MINUTE = 60, 1000
IDLE, TOLD = 500, 100
FEW = ["alice@example.org", "bob@example.org", "sales@example.org"]
MANY = ["u7@example.org", f"u{USERS - 1}@example.org", f"a{ALIASES - 1}@example.org"]
PSS = "for p in $(pgrep -x -d ' ' %s); do awk '/^Pss:/ { print $2 }' /proc/$p/smaps_rollup; done"


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def mebibytes(machine, names):
    """All processes of these names (pgrep's pattern) together."""
    return sum(map(int, machine.run("sh", "-c", PSS % f"'{names}'").stdout.split())) / 1024


# ---- A table of people ----

def ask(machine, addresses, sessions=5, count=400):
    """The seconds of each RCPT."""
    taken = []
    for _ in range(sessions):
        client = machine.smtp()
        for number in range(count):
            if number % 10 == 0:
                client.rset()
                client.mail("stranger@example.com")
            begun = time.perf_counter()
            assert client.rcpt(addresses[number % len(addresses)])[0] == 250
            taken.append(time.perf_counter() - begun)
        client.close()
    return taken


def import_table(machine):
    """Seconds for users and aliases, from CSV with known hashes."""
    known = crypt.crypt(WORD, "$6$c4bbcb1fbec99d65$")
    for name, head, rows in (
            ("user", "address,password_hash\n", (f"u{n}@example.org,{known}\n" for n in range(USERS))),
            ("alias", "address,to\n", (f"a{n}@example.org,u{n % USERS}@example.org\n" for n in range(ALIASES)))):
        (machine.tree / f"root/{name}.csv").write_text(head + "".join(rows))
        begun = time.monotonic()
        machine.run("postcask", name, "import", f"/root/{name}.csv", timeout=300)
        yield time.monotonic() - begun


def table(machine, figure):
    ask(machine, FEW)
    users, aliases = import_table(machine)
    figure(f"{USERS:,} users and {ALIASES:,} aliases from CSV", users + aliases, 5, "s",
           f"{users:.1f} s", f"{aliases:.1f} s")
    ask(machine, MANY)
    rounds = [(statistics.median(ask(machine, FEW)), statistics.median(ask(machine, MANY))) for _ in range(5)]
    few, many = statistics.median(few for few, _ in rounds), statistics.median(many for _, many in rounds)
    figure("RCPT among these / among ten users", statistics.median(many / few for few, many in rounds), 1.1,
           "", f"{many * 1e3:.2f} ms", f"{few * 1e3:.2f} ms")
    figure("postcask-directory with them", mebibytes(machine, "postcask-direct.*"), 30, "MiB")


# ---- Mail programs ----

class Program:
    """A mail program: TLS, LOGIN, and IDLE."""

    def __init__(self, machine, number):
        self.machine, self.user = machine, f"u{number % SOME}@example.org"
        self.source = (f"{machine.prefix}{3 + number % 7}", 0)

    async def expect(self, tag):
        while True:
            line = await asyncio.wait_for(self.reader.readline(), 60)
            if line.startswith(tag):
                return line
            if not line:
                raise ConnectionError("the server hung up")

    async def log_in(self):
        self.reader, self.writer = await asyncio.open_connection(
            self.machine.host, 993, ssl=self.machine.trust, server_hostname="mail.example.org",
            local_addr=self.source)
        await self.expect(b"* OK")
        self.writer.write(f'a LOGIN {self.user} "{WORD}"\r\n'.encode())
        answer = await self.expect(b"a ")
        assert answer.startswith(b"a OK"), answer

    async def idle(self):
        self.writer.write(b"b SELECT INBOX\r\n")
        await self.expect(b"b OK")
        self.writer.write(b"c IDLE\r\n")
        await self.expect(b"+ ")

    async def wait_mail(self):
        while b" EXISTS" not in await asyncio.wait_for(self.reader.readline(), 60):
            pass
        return time.monotonic()

    def end(self):
        self.writer.close()


async def log_in_at_rate(machine):
    """How many got in, and what went wrong with the others; who is in goes again."""
    wrong, taken = [], []

    async def one(number):
        program, begun = Program(machine, number), time.monotonic()
        try:
            await program.log_in()
            taken.append(time.monotonic() - begun)
            program.end()
        except (AssertionError, OSError, asyncio.TimeoutError, ssl.SSLError) as error:
            wrong.append(repr(error))
    begun, count, tasks = time.monotonic(), LOGIN_SECONDS * LOGINS_A_MINUTE // 60, []
    for number in range(count):
        await asyncio.sleep(max(0, begun + number * 60 / LOGINS_A_MINUTE - time.monotonic()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    return taken, wrong


async def wait_and_be_told(machine, before):
    """MiB that the waiting ones cost, and the seconds until one is told of a delivery."""
    programs = [Program(machine, number) for number in range(IDLE)]
    for at in range(0, IDLE, 20):
        await asyncio.gather(*(one.log_in() for one in programs[at:at + 20]))
        await asyncio.gather(*(one.idle() for one in programs[at:at + 20]))
    await asyncio.sleep(60)         # until all are asleep (imap_hibernate_timeout)
    cost = mebibytes(machine, "imap.*") - before
    delays = []
    for number in range(TOLD):
        one = programs[number]
        save = await asyncio.create_subprocess_exec(BOOT, machine.name, "exec", "doveadm", "save", "-u", one.user,
                                                    "-m", "INBOX", stdin=asyncio.subprocess.PIPE)
        await save.communicate(b"Subject: told\r\n\r\nhello\r\n")
        saved = time.monotonic()
        delays.append(max(0, await one.wait_mail() - saved))
    for one in programs:
        one.end()
    return cost, delays


def programs(machine, figure, say):
    rows = "".join(f"u{n}@example.org,{crypt.crypt(WORD, f'$y$j9T${n:08d}$')}\n" for n in range(SOME))
    (machine.tree / "root/some.csv").write_text("address,password_hash\n" + rows)
    machine.run("postcask", "user", "import", "/root/some.csv")
    machine.trust, before = machine.tls(), mebibytes(machine, "imap.*")
    taken, wrong = asyncio.run(log_in_at_rate(machine))
    figure(f"{LOGINS_A_MINUTE:,} logins a minute by TLS: failed of {len(taken) + len(wrong)}", len(wrong), 0)
    for sentence, count in collections.Counter(wrong).most_common(3):
        say(f"{count} times {sentence}")
    figure("of these the slowest of a hundred", quantile(taken, 0.99), 2, "s")
    cost, delays = asyncio.run(wait_and_be_told(machine, before))
    figure(f"{IDLE} programs that wait", cost, 30, "MiB")
    figure("one of them is told (p99)", quantile(delays, 0.99), 1, "s")


def bench_people(figure, say):
    say(f"mail programs: {LOGINS_A_MINUTE:,} logins a minute, {IDLE} that wait")
    with Machine("programs", "10.99.0") as machine:
        programs(machine, figure, say)
    say(f"{USERS:,} people")
    with Machine("people", "10.99.0") as machine:
        table(machine, figure)
