# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewall lets in and what not, IPv4 and IPv6."""

import json
import re
import time

import pytest

from firewall_pair import CLIENT, MACHINE, PROGRAM, SERVER, STRANGER, TOP, run
from ports import FILTER as FILTER_PORTS, FORWARDING as FORWARDING_PORTS, INNER, PORTS


@pytest.mark.parametrize("family", [4, 6])
def test_closed_lets_in_ssh_and_ping_only(pair, family):
    pair.listen(22, 25, 80, 993)
    assert pair.knock(25, family) == "hello"     # without it the test would prove nothing
    pair.firewall("close")
    assert pair.knock(22, family) == "hello"
    assert pair.ping(family)
    for port in (25, 80, 993):
        assert pair.knock(port, family) == "dropped"


@pytest.mark.parametrize("family", [4, 6])
def test_open_lets_in_what_was_asked_for(pair, family):
    pair.listen(22, 25, 80, 143, 993)
    pair.firewall("close")
    pair.firewall("open", "smtp", "993")
    assert pair.knock(25, family) == "hello"
    assert pair.knock(993, family) == "hello"
    assert pair.knock(143, family) == "dropped"
    assert pair.knock(80, family) == "dropped"
    pair.firewall("close", "smtp")
    assert pair.knock(25, family) == "dropped"
    assert pair.knock(993, family) == "hello"


@pytest.mark.parametrize("family", [4, 6])
def test_the_machine_reaches_out_and_gets_answers(pair, family):
    pair.firewall("close")
    child = pair.start(pair.stranger, "/usr/bin/python3", "-c", SERVER, "25")
    assert child.stdout.readline() == "listening\n"
    answer = pair.inside("/usr/bin/python3", "-c", CLIENT, STRANGER[family], "25", "2").stdout
    assert answer.strip() == "hello"


def test_loopback_is_free(pair):
    pair.listen(25)
    pair.firewall("close")
    for address in ("127.0.0.1", "::1", MACHINE[4]):
        answer = pair.inside("/usr/bin/python3", "-c", CLIENT, address, "25", "2").stdout
        assert answer.strip() == "hello"


def test_the_rules_of_an_older_version_are_replaced(pair):
    """The program was updated on a running machine; that is no attack."""
    pair.listen(25, 993)
    pair.firewall("close")
    for comment in ('comment "postcask\'s rules, 1"', ""):
        text = pair.inside("nft", "-s", "list", "ruleset").stdout
        assert "rules, 4" in text
        older = re.sub(r'\tcomment "postcask.*|.*@metadata.*', lambda found: comment if "rules" in
                       found[0] else "", text)
        pair.inside("nft", "flush", "ruleset")
        run("ip", "netns", "exec", pair.machine, "nft", "-f", "-", input=older)
        assert "another version" in pair.firewall("list", check=False).stderr
        assert pair.report('{"open": ["smtp"]}').returncode == 0
        assert pair.knock(25) == "hello" and pair.knock(993) == "dropped"
        assert pair.firewall("list").returncode == 0


# The accounts' numbers, as the machine has them.
ACCOUNTS = {"root": "0", "nobody": "65534", **{
    words[1]: words[2].split(":")[0] for words in map(str.split, (
        TOP / "overlays/usr/lib/sysusers.d/postcask.conf").read_text().splitlines())
    if words[:1] == ["u"]}}


def reaches(pair, account, address, port):
    return pair.inside("setpriv", "--reuid", ACCOUNTS[account], "--clear-groups",
                       "/usr/bin/python3", "-c", CLIENT, address, str(port), "2").stdout.strip()


def test_inner_ports_answer_who_has_business_there(pair):
    pair.listen(25, INNER["FILTERED"], INNER["SIEVE"], INNER["GUARD"], INNER["TOKENS"],
                *FILTER_PORTS, *FORWARDING_PORTS)
    pair.firewall("close")
    for account in ACCOUNTS:
        free = account == "root"
        for port in FILTER_PORTS:
            business = free or account in ("postfix", "postcask-probe")
            assert reaches(pair, account, "127.0.0.1", port) == (
                "hello" if business else "refused"), (account, port)
        assert reaches(pair, account, "127.0.0.1", INNER["FILTERED"]) == (
            "hello" if free or account == "amavis" else "refused"), account
        assert reaches(pair, account, "127.0.0.1", INNER["SIEVE"]) == (
            "hello" if free or account == "vmail" else "refused"), account
        for port in (INNER["GUARD"], INNER["TOKENS"]):
            assert reaches(pair, account, "127.0.0.1", port) == (
                "hello" if free or account == "dovecot" else "refused"), (account, port)
        for port in FORWARDING_PORTS:
            assert reaches(pair, account, "127.0.0.1", port) == (
                "hello" if free or account == "postfix" else "refused"), (account, port)
    for address in ("::1", MACHINE[4], MACHINE[6], "127.9.9.9"):
        assert reaches(pair, "nobody", address, INNER["FILTERED"]) == "refused", address
        assert reaches(pair, "nobody", address, 25) == "hello", address


# Sends to itself and closes at once, so that the end is the kernel's to send; what arrived.
LEAVER = """
import socket
listener = socket.create_server(("127.0.0.1", 10025))
for _ in range(20):
    with socket.create_connection(("127.0.0.1", 10025), 5) as client:
        server, _ = listener.accept()
        client.setblocking(False)
        sent = client.send(bytes(1000000))
    server.settimeout(5)
    while sent > 0 and (data := server.recv(65536)):
        sent -= len(data)
    assert sent == 0 and server.recv(1) == b""
    server.close()
print("all")
"""


def test_the_last_packets_of_a_connection_pass(pair):
    """They belong to no socket any more, and so to nobody."""
    pair.firewall("close")
    assert pair.inside("setpriv", "--reuid", ACCOUNTS["amavis"], "--clear-groups",
                       "/usr/bin/python3", "-c", LEAVER).stdout == "all\n"


METADATA = ["169.254.169.254", "169.254.42.42", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254",
            "fd00:c1::a9fe:a9fe", "fd00:42::42", "fe80::a9fe:a9fe"]


def test_the_clouds_user_data_is_for_root(pair):
    for address in METADATA:
        options = ["nodad"] if ":" in address else []
        run("ip", "-n", pair.stranger, "addr", "add", address + ("/128" if options else "/32"),
            "dev", "eth0", *options)
        if not address.startswith("fe80"):
            run("ip", "-n", pair.machine, "route", "add", address, "dev", "eth0")
    child = pair.start(pair.stranger, "/usr/bin/python3", "-c", SERVER, "53", "80")
    assert child.stdout.readline() == "listening\n"
    pair.firewall("close")
    for address in METADATA:
        address += "%eth0" if address.startswith("fe80") else ""
        assert reaches(pair, "root", address, 80) == "hello", address
        for account in ("nobody", "amavis", "vmail", "unbound"):
            assert reaches(pair, account, address, 80) == "refused", (account, address)
        assert reaches(pair, "unbound", address, 53) == "hello", address     # a name server
    assert reaches(pair, "nobody", STRANGER[4], 80) == "hello"


@pytest.mark.parametrize("port", sorted(PORTS.values()))
def test_every_mail_port_opens_alone(pair, port):
    pair.listen(*PORTS.values())
    pair.firewall("close")
    pair.firewall("open", str(port))
    assert pair.elements("open_ports") == [port]
    assert pair.knock(port) == "hello"
    assert pair.knock(25 if port != 25 else 110, patience=0.3) == "dropped"


def test_changes_at_the_same_time_wait_for_each_other(pair):
    """Each took the other's port for a foreign change, and closed everything."""
    pair.firewall("close")
    children = [pair.start(pair.machine, PROGRAM, "open", name, "--state", str(pair.state))
                for name in PORTS]
    assert [child.wait(30) for child in children] == [0] * len(PORTS)
    assert sorted(pair.elements("open_ports")) == sorted(PORTS.values())
    opened = json.loads(pair.state.read_text())["open"]
    assert sorted(port["port"] for port in opened) == sorted(PORTS.values())


def test_a_change_that_must_wait_too_long_closes(pair):
    pair.firewall("close")
    pair.firewall("open", "smtp")
    holder = pair.start(pair.machine, "flock", f"{pair.state}.lock", "sh", "-c",
                        "echo held; exec cat")
    assert holder.stdout.readline() == "held\n"
    done = pair.firewall("open", "imaps", check=False)
    assert done.returncode == 1 and "has not let go" in done.stderr
    assert pair.elements("open_ports") == []


def test_the_port_of_proofs_is_no_reports_business(pair):
    pair.listen(25, 80)
    pair.firewall("close")
    assert pair.report('{"state": "failed", "open": ["http"]}').returncode == 1
    assert pair.elements("open_ports") == []
    pair.firewall("open", "http")
    assert pair.knock(80) == "hello"
    assert pair.report('{"state": "ready", "open": ["smtp"]}').returncode == 0
    assert sorted(pair.elements("open_ports")) == [25, 80]
    pair.firewall("close", "http")
    assert pair.elements("open_ports") == [25]
    assert pair.knock(80) == "dropped"
    pair.firewall("open", "http")
    pair.firewall("close")
    assert pair.elements("open_ports") == []


def test_the_report_decides_exactly(pair):
    pair.listen(25, 993)
    pair.firewall("close")
    pair.firewall("open", "imaps")
    assert pair.report('{"state": "degraded", "open": ["smtp"]}').returncode == 0
    assert pair.elements("open_ports") == [25]
    assert pair.knock(25) == "hello"
    assert pair.knock(993) == "dropped"
    assert pair.report('{"state": "failed", "open": []}').returncode == 0
    assert pair.elements("open_ports") == []


@pytest.mark.parametrize("text", ["", "{}", '{"open": ["smtp", "ssh"]}', '{"open": [25]}',
                                  '{"open": ["smtp"'])
def test_a_report_that_is_none_opens_nothing(pair, text):
    pair.firewall("close")
    assert pair.report(text).returncode == 1
    assert pair.elements("open_ports") == []


@pytest.mark.parametrize("argv", [["open"], ["open", "22"], ["open", "gopher"], ["shut"], [],
                                  ["list", "25"], ["open", "smtp", "--report", "x"]])
def test_wrong_usage_changes_nothing(pair, argv):
    pair.firewall("close")
    before = pair.rules()
    done = pair.firewall(*argv, check=False)
    assert done.returncode == 2 and done.stderr
    assert pair.rules() == before


def test_the_rules_are_what_nft_shows(pair):
    pair.firewall("close")
    pair.firewall("open", "smtp", "imaps")
    rules = pair.rules()
    chains = {item["chain"]["name"]: item["chain"] for item in rules if "chain" in item}
    assert {name: chain["policy"] for name, chain in chains.items()} == {
        "input": "drop", "forward": "drop", "output": "accept"}
    assert {chain["hook"] for chain in chains.values()} == {"input", "forward", "output"}
    assert sorted(pair.elements("open_ports")) == [25, 993]
    comments = [item["rule"]["comment"] for item in rules if "rule" in item]
    assert comments == ["loopback", "answers", "not part of any connection", "errors and ping",
                        "RFC 4890", "DHCP answers", "DHCPv6 answers",
                        *["ssh, too often"] * 2, "ssh", *["mail, too often"] * 2,
                        *["mail, too many at once"] * 2, *["too often"] * 2,
                        "proved mail services", "nobody asked for it", "not a router",
                        "what goes on", "root, and cloud-init with it", "Postfix to the filter",
                        "the self-test to the filter", "the filter back to Postfix",
                        "the filter to the signer", "Postfix to the signer, where there is no filter",
                        "Dovecot to Postfix", "Postfix forwards",
                        "Dovecot to the guard", "Dovecot shows tokens",
                        "nobody else to the filter", "nobody past it", "nobody else to the signer",
                        "nobody else without a login", "nobody else forwards",
                        "nobody else tells of logins", "nobody else shows tokens", "name servers",
                        "the cloud's user-data", "the cloud's user-data"]
    listed = json.loads(pair.inside(PROGRAM, "list", "--json").stdout)
    assert listed["open"] == [{"name": "smtp", "port": 25}, {"name": "imaps", "port": 993}]
    assert listed["state"] == "open" and listed["ssh"] == 22
    assert json.loads(pair.state.read_text())["open"] == listed["open"]
    assert pair.state.stat().st_mode & 0o777 == 0o644


def test_nft_reads_its_own_listing_of_our_rules(pair):
    """What nft shows can be loaded again: no rule means something else than it says."""
    pair.firewall("close")
    pair.firewall("open", "smtp")
    text = pair.inside("nft", "-s", "list", "ruleset").stdout
    pair.inside("nft", "flush", "ruleset")
    again = run("ip", "netns", "exec", pair.machine, "nft", "-f", "-", input=text)
    assert again.returncode == 0
    assert pair.inside("nft", "-s", "list", "ruleset").stdout == text


def test_dropped_packets_are_counted(pair):
    pair.firewall("close")
    pair.knock(25)
    assert json.loads(pair.inside(PROGRAM, "list", "--json").stdout)["dropped"]["packets"] >= 1


def test_established_connections_survive_a_close(pair):
    pair.listen(25)
    pair.firewall("close")
    pair.firewall("open", "smtp")
    client = pair.start(pair.stranger, "/usr/bin/python3", "-c", """
import socket, sys
server = socket.create_connection((sys.argv[1], 25), 5)
print(server.recv(100).decode().strip(), flush=True)
for line in sys.stdin:
    server.sendall(line.encode())
    print(server.recv(100).decode().strip(), flush=True)
""", MACHINE[4])
    assert client.stdout.readline() == "hello\n"
    pair.firewall("close")
    assert pair.knock(25) == "dropped"
    client.stdin.write("still here\n")
    client.stdin.flush()
    assert client.stdout.readline() == "still here\n"


def test_replacing_leaves_no_gap(pair):
    """A stranger hammers a closed port while the whole table is replaced again and again.
    Without the rule that drops at the end of the chain some of them got in: see
    firewall/ruleset.h."""
    pair.listen(80)
    pair.firewall("close")
    knocking = pair.start(pair.stranger, "/usr/bin/python3", "-c", """
import socket, sys
tried = let_in = 0
print("knocking", flush=True)
for _ in range(4000):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as knock:
        knock.setblocking(False)
        knock.connect_ex((sys.argv[1], 80))
        tried += 1
        try:
            knock.settimeout(0.001)
            let_in += bool(knock.recv(10))
        except OSError:
            pass
print(tried, let_in, flush=True)
""", MACHINE[4])
    assert knocking.stdout.readline() == "knocking\n"
    replaced = 0
    while knocking.poll() is None:
        pair.firewall("close")
        replaced += 1
    tried, let_in = map(int, knocking.stdout.read().split())
    assert tried == 4000 and replaced > 20
    assert let_in == 0


@pytest.mark.parametrize("family,kind,let_in", [
    (4, 8, True), (4, 13, False), (6, 128, True), (6, 135, True), (6, 137, False), (6, 139, False)])
def test_icmp_types(pair, family, kind, let_in):
    """Echo and neighbour discovery are let in; timestamps, redirects and questions for
    the node's information end in the counter of dropped packets."""
    pair.firewall("close")
    assert pair.ping(family)                    # the neighbours know each other
    before = json.loads(pair.inside(PROGRAM, "list", "--json").stdout)["dropped"]["packets"]
    run("ip", "netns", "exec", pair.stranger, "/usr/bin/python3", "-c", """
import socket, struct, sys
kind, six = int(sys.argv[2]), ":" in sys.argv[1]
body = struct.pack("!BBHHH", kind, 0, 0, 1, 1) + bytes(32)
total = sum(struct.unpack("!%dH" % (len(body) // 2), body))
body = body[:2] + struct.pack("!H", ~((total & 0xffff) + (total >> 16)) & 0xffff) + body[4:]
family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, 1)
with socket.socket(family, socket.SOCK_RAW, protocol) as raw:
    raw.sendto(body, (sys.argv[1], 0))
""", MACHINE[family], str(kind))
    time.sleep(0.1)
    after = json.loads(pair.inside(PROGRAM, "list", "--json").stdout)["dropped"]["packets"]
    assert (after == before) == let_in


@pytest.mark.parametrize("family,source,target,let_in", [
    (4, 67, 68, True), (4, 53, 68, False), (4, 67, 69, False), (6, 547, 546, False)])
def test_dhcp_answers(pair, family, source, target, let_in):
    """DHCPv4 from the server's port to the client's; DHCPv6 only to a link-local address."""
    pair.firewall("close")
    receiver = pair.start(pair.machine, "/usr/bin/python3", "-c", """
import socket, sys
with socket.socket(socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET,
                   socket.SOCK_DGRAM) as udp:
    udp.bind(("", int(sys.argv[2])))
    udp.settimeout(1)
    print("listening", flush=True)
    try:
        print(udp.recv(100).decode(), flush=True)
    except TimeoutError:
        print("dropped", flush=True)
""", str(family), str(target))
    assert receiver.stdout.readline() == "listening\n"
    send_datagram(pair, family, source, MACHINE[family], target)
    assert receiver.stdout.readline().strip() == ("offer" if let_in else "dropped")


def send_datagram(pair, family, source, address, target):
    run("ip", "netns", "exec", pair.stranger, "/usr/bin/python3", "-c", """
import socket, sys
family = socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as udp:
    udp.bind(("", int(sys.argv[2])))
    udp.sendto(b"offer", socket.getaddrinfo(sys.argv[3], int(sys.argv[4]), family)[0][4])
""", str(family), str(source), address, str(target))


def test_dhcpv6_answer_to_the_link_local_address(pair):
    pair.firewall("close")
    shown = json.loads(pair.inside("ip", "-6", "-j", "addr", "show", "dev", "eth0",
                                   "scope", "link").stdout)
    address = next(info["local"] for link in shown for info in link.get("addr_info", [])
                   if "local" in info)
    receiver = pair.start(pair.machine, "/usr/bin/python3", "-c", """
import socket
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
    udp.bind(("", 546))
    udp.settimeout(3)
    print("listening", flush=True)
    print(udp.recv(100).decode(), flush=True)
""")
    assert receiver.stdout.readline() == "listening\n"
    for _ in range(20):                         # duplicate address detection takes a second
        shown = pair.inside("ip", "-6", "addr", "show", "dev", "eth0", "tentative").stdout
        other = run("ip", "-n", pair.stranger, "-6", "addr", "show", "tentative").stdout
        if not shown and not other:
            break
        time.sleep(0.1)
    send_datagram(pair, 6, 547, f"{address}%eth0", 546)
    assert receiver.stdout.readline().strip() == "offer"
