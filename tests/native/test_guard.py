# SPDX-License-Identifier: GPL-3.0-or-later
"""Who guesses passwords is kept away from every port, and nobody else."""

import contextlib
import json
import os
import subprocess
import time

import pytest

from guesser import PORTS, Guesser, guess, reaches, why
from machine import PASSWORDS, Machine, user_data
from sample import part
from waiting import wait_until

ALICE = "alice@example.org"
ALL_PORTS = (22, 25, 110, 143, 465, 587, 993, 995, 4190)
FAR = "fd99:1:2:3::"        # a network of IPv6 that is not the machine's own
GUARD = "postcask-guard.service"


@pytest.fixture(scope="module")
def server():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("guard", "10.112.0") as machine:
        yield machine


@pytest.fixture(scope="module")
def context(server):
    return server.tls()


@pytest.fixture(autouse=True)
def free(server):
    """Each test begins with nobody banned, and with a guard that runs."""
    yield
    server.run("systemctl", "start", GUARD)
    server.run("postcask", "ban", "remove", "all", check=False)


def bans(server):
    return {ban["address"]: ban
            for ban in json.loads(server.run("postcask", "ban", "list", "--json").stdout)}


def wait_written(server, source):
    """A ban is told before it is on the disk, and there a moment later."""
    assert wait_until(lambda: source in server.run(
        "cat", "/var/lib/postcask/guard/state").stdout, source) < 5


def wrong(count, name):
    return [f"{name} {number}" for number in range(count)]


def test_five_wrong_passwords_close_every_port(server, context):
    """By each protocol, from an address of its own; connections that are there end too."""
    sources = {protocol: f"{server.net}.{last}" for last, protocol in enumerate(PORTS, 4)}
    idle = {source: server.smtp(source=int(source.split(".")[3])) for source in sources.values()}
    # whoever leaves at once may not have been heard
    guessing = [guess(server, protocol, source, wrong(4, protocol), context)
                for protocol, source in sources.items()]
    for source in sources.values():
        wait_until(lambda: why(server, source)["tries"] == 4, source)
    assert not bans(server) and len(guessing) == 4
    for protocol, source in sources.items():
        last = Guesser(server, protocol, source, context)
        last.login(ALICE, "the fifth")
        took = wait_until(lambda: source in server.run(
            "nft", "list", "set", "inet", "postcask_ban", "four").stdout, protocol, 5)
        assert took < 3, protocol       # a second, where nobody else works
    for source in sources.values():
        assert [port for port in ALL_PORTS if reaches(server, source, port, 0.3)] == []
        idle[source].sock.settimeout(1)
        with pytest.raises(OSError):
            idle[source].docmd("NOOP")
    assert all(reaches(server, f"{server.net}.1", port) for port in (25, 993))
    said = bans(server)
    assert set(said) == set(sources.values())
    for protocol, source in sources.items():
        assert 590 <= said[source]["until"] - said[source]["since"] <= 600
        assert said[source]["reason"].startswith("5 tries, the last: wrong password for " + ALICE)


def test_names_that_are_none_are_guesses_too(server, context):
    source = f"{server.net}.8"
    guessing = [guess(server, "imap", source, ["x"], context, user=f"nobody{number}@example.org")
                for number in range(5)]
    wait_until(lambda: source in bans(server), "five names")
    assert len(guessing) == 5


def test_a_telephone_with_an_old_password_is_never_banned(server, context):
    source, times = f"{server.net}.9", len(part(range(1000), 50))
    guessing = [guess(server, "imap", source, ["last month's"] * 10, context)
                for _ in range(times // 10)]
    wait_until(lambda: server.run(
        "journalctl", "-u", "dovecot", "-o", "cat", "-g", f"{source}.*mismatch",
        "--no-pager", check=False).stdout.count("mismatch") >= times, "all were heard")
    assert len(guessing) == times // 10
    wait_until(lambda: why(server, source)["tries"] == 1, "one thing was tried")
    assert not why(server, source)["banned"]
    right = Guesser(server, "imap", source, context)
    right.login(ALICE, PASSWORDS[ALICE])
    assert right.answer().startswith("a OK")
    wait_until(lambda: why(server, source)["good"] > 0, "a login is heard of")
    assert why(server, source)["limit"] == 20


@pytest.fixture
def far(server):
    """A network of 64 bits somewhere behind the machine's cable."""
    cable = f"nb-{server.name}"
    for last in (1, 5, 6):
        subprocess.run(["ip", "addr", "add", f"{FAR}{last}/64", "dev", cable, "nodad"], check=True)
    subprocess.run(["ip", "addr", "add", "fd99:1:2:4::1/64", "dev", cable, "nodad"], check=True)
    server.run("ip", "-6", "route", "add", "fd99:1:2::/48", "dev", "eth0")
    yield f"fd00:{server.net.replace('.', ':')}::2"
    server.run("ip", "-6", "route", "del", "fd99:1:2::/48", "dev", "eth0")


def test_a_network_of_ipv6_is_one(server, context, far):
    for last in (5, 6):
        assert reaches(server, f"{FAR}{last}", 25, host=far)
    guessing = [guess(server, "imap", f"{FAR}{last}", [f"wrong {number}"], context, host=far)
                for number, last in enumerate((5, 6, 5, 6, 5))]
    wait_until(lambda: f"{FAR}/64" in bans(server), "five from a network")
    assert len(guessing) == 5
    assert not any(reaches(server, f"{FAR}{last}", 25, 0.3, far) for last in (1, 5, 6))
    assert reaches(server, "fd99:1:2:4::1", 25, host=far)


def test_a_dead_or_hanging_guard_refuses_nobody_and_frees_nobody(server, context):
    source = f"{server.net}.4"
    server.run("postcask", "ban", "add", source, "--for", "1h")
    wait_written(server, source)
    for fault in (("kill", "-s", "STOP", GUARD), ("stop", GUARD)):
        server.run("systemctl", *fault)
        begin = time.monotonic()
        for protocol in PORTS:
            right = Guesser(server, protocol, f"{server.net}.5", context)
            right.login(ALICE, PASSWORDS[ALICE])
            assert right.answer().startswith(("a OK", "+OK", "235", "OK"))
        assert time.monotonic() - begin < 5
        assert not reaches(server, source, 25, 0.3)
        server.run("systemctl", "kill", "-s", "KILL", GUARD, check=False)
    assert "does not run" in server.run("postcask", "ban", "list", check=False).stderr
    status = server.run("postcask", "status", check=False).stdout
    assert "postcask-guard" in status and "not kept away" in status
    server.run("systemctl", "start", GUARD)
    assert not reaches(server, source, 25, 0.3)
    assert 3500 < bans(server)[source]["until"] - time.time() <= 3600


def test_the_table_comes_back_when_somebody_took_it_away(server):
    server.run("postcask", "ban", "add", f"{server.net}.4")
    server.run("nft", "delete", "table", "inet", "postcask_ban")
    server.run("postcask", "ban", "add", f"{server.net}.5")
    assert not any(reaches(server, f"{server.net}.{last}", 25, 0.3) for last in (4, 5))


def test_the_sealed_table_and_the_bans_do_not_meet(server):
    server.run("postcask", "ban", "add", f"{server.net}.4")
    server.run("/usr/lib/postcask/postcask-firewall", "close")
    server.run("/usr/lib/postcask/postcask-firewall", "open", "--report",
               "/run/postcask/report.json")
    assert not reaches(server, f"{server.net}.4", 25, 0.3)
    assert reaches(server, f"{server.net}.1", 25)


def test_whom_nobody_bans(server):
    own6 = f"fd00:{server.net.replace('.', ':')}::77"
    for address, words in ((server.host, "machine's own"), ("127.0.0.1", "machine's own"),
                           (own6, "neighbours"), (f"{server.net}.1", "ban.never")):
        refused = server.run("postcask", "ban", "add", address, check=False)
        assert refused.returncode == 1 and "never banned" in refused.stderr
        assert words in refused.stderr
    assert not bans(server)
    for words in (["add"], ["add", "x"], ["add", "192.0.2.1", "--for", "ever"], ["remove", "::1"],
                  ["dance"], []):
        assert server.run("postcask", "ban", *words, check=False).returncode in (1, 2)
    other = server.run("setpriv", "--reuid", "65534", "--clear-groups", "postcask", "ban", "list",
                       check=False)
    assert other.returncode == 1 and "use sudo" in other.stderr


@pytest.fixture
def key(server, tmp_path):
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    server.run("mkdir", "-p", "/root/.ssh")
    server.run("tee", "/root/.ssh/authorized_keys", stdin=path.with_suffix(".pub").read_text())
    return path


def ssh(server, source, key, user, *command):
    return ["ssh", "-b", source, "-i", str(key), "-o", "BatchMode=yes", "-o",
            "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
            "ConnectTimeout=10", f"{user}@{server.host}", *command]


def test_who_is_logged_in_by_ssh_is_not_banned(server, key):
    source = f"{server.net}.6"
    with subprocess.Popen(ssh(server, source, key, "root", "echo in; exec cat"), text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        assert session.stdout.readline() == "in\n"
        refused = server.run("postcask", "ban", "add", source, check=False)
        assert "somebody is logged in from there by ssh" in refused.stderr
        session.stdin.close()
    wait_until(lambda: not why(server, source)["never"], "the session is over")


def test_who_tries_names_by_ssh_is_banned(server, key):
    source = f"{server.net}.7"
    for number in range(5):
        with contextlib.suppress(subprocess.TimeoutExpired):    # banned before the last one ends
            subprocess.run(ssh(server, source, key, f"admin{number}", "true"), capture_output=True,
                           timeout=20)
    wait_until(lambda: source in bans(server), "five names by ssh")
    assert bans(server)[source]["reason"] == "5 tries, the last: failed login by ssh as admin4"


def test_nobody_writes_lines_for_others(server):
    """Postfix's account alone writes postscreen's lines, and root's sshd its own."""
    line = "PREGREET 11 after 0.02 from [{0}.{1}]:4711: EHLO x"
    forged, real = (line.format(server.net, last) for last in (5, 6))
    for _ in range(6):
        server.run("setpriv", "--reuid", "65534", "--clear-groups", "logger", "-t",
                   "postfix/postscreen", forged)
        server.run("logger", "-t", "sshd-session", f"Invalid user x{_} from {server.net}.5 port 9")
        server.run("setpriv", "--reuid", "421", "--clear-groups", "logger", "-t",
                   "postfix/postscreen", real)
    wait_until(lambda: f"{server.net}.6" in bans(server), "talked before it was greeted")
    assert why(server, f"{server.net}.5")["tries"] == 0


POST = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:10040/?command=report", b"{}", 5).status)
"""


def test_only_dovecot_tells_of_logins(server):
    for account, outcome in (("dovecot", "200"), ("nobody", "Connection refused"),
                             ("vmail", "Connection refused")):
        said = server.run("setpriv", "--reuid", account, "--clear-groups", "python3", "-c", POST,
                          check=False)
        assert outcome in said.stdout + said.stderr, account


def test_the_hash_is_made_with_a_secret_of_the_machine(server):
    secret = server.run("sed", "s/.* = //", "/var/lib/postcask/keys/guard.conf").stdout.strip()
    assert len(secret) == 64
    assert server.run("stat", "-c", "%a %U", "/var/lib/postcask/keys/guard.conf").stdout == \
        "600 root\n"
    assert f"hash_nonce = {secret}" in server.run("doveconf", "-P", "-n").stdout
    others = server.run("setpriv", "--reuid", "nobody", "--clear-groups", "doveconf", "-P", "-n",
                        check=False)
    assert secret not in others.stdout + others.stderr
    journal = server.run("journalctl", "--no-pager", "-o", "cat").stdout
    assert secret not in journal and "pwhash" not in journal


def test_a_boot_keeps_bans(server):
    """Of a machine that lost its power a second after the ban was told."""
    source = f"{server.net}.4"
    server.run("postcask", "ban", "add", source, "--for", "2h")
    wait_written(server, source)
    server.boot("halt")
    server.start()
    assert server.report()["guard"]["bans"] == 1
    assert not reaches(server, source, 993, 0.3)
    assert 7000 < bans(server)[source]["until"] - time.time() < 7200


@pytest.fixture(scope="module")
def without(server):
    """Settings without bans, and ssh from one address."""
    return user_data() + f"""  ban: {{enabled: false}}
  network: {{ssh_from: [{server.net}.6]}}
"""


def test_who_applies_a_list_without_himself_is_refused(server, key, without):
    server.run("tee", "/root/settings.yaml", stdin=without)
    done = subprocess.run(ssh(server, f"{server.net}.7", key, "root",
                              "postcask apply /root/settings.yaml"),
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"you are connected from {server.net}.7, which is in none of network.ssh_from" in \
        done.stderr


def test_what_is_off_is_nowhere_and_ssh_is_for_whom_it_is(server, key, without):
    server.run("postcask", "ban", "add", f"{server.net}.4")
    server.run("postcask", "apply", "-", stdin=without, check=False, timeout=120)
    assert server.run("systemctl", "is-active", GUARD, check=False).stdout.strip() == "inactive"
    assert "postcask_ban" not in server.run("nft", "list", "tables").stdout
    assert "auth_policy_server_url" not in server.run("cat", "/etc/dovecot/dovecot.conf").stdout
    assert reaches(server, f"{server.net}.4", 25)
    assert "ban.enabled" in server.run("postcask", "ban", "list", check=False).stderr
    answers = {last: subprocess.run(ssh(server, f"{server.net}.{last}", key, "root", "echo in"),
                                    capture_output=True, text=True, timeout=60).stdout
               for last in (5, 6, 7)}
    assert answers == {5: "", 6: "in\n", 7: ""}
    assert "passwordauthentication no" in server.run("sshd", "-T").stdout   # what follows counts
