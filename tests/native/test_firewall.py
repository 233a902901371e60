"""The firewall between two network namespaces: a machine and a stranger, IPv4 and IPv6,
with real connections, and the kernel's rules as nft(8) sees them."""

import contextlib
import json
import os
import subprocess
import time
import uuid
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("POSTCASK_FIREWALL", str(TOP / "build" / "bin" / "postcask-firewall"))
PORTS = {"smtp": 25, "submissions": 465, "submission": 587, "imap": 143, "imaps": 993,
         "pop3": 110, "pop3s": 995, "managesieve": 4190}
MACHINE = {4: "10.80.0.2", 6: "fd80::2"}
STRANGER = {4: "10.80.0.1", 6: "fd80::1"}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for network namespaces")

# Greets whoever connects to one of the ports, on IPv4 and IPv6, and echoes one line.
SERVER = """
import selectors, socket, sys
waiting = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    waiting.register(listener, selectors.EVENT_READ, True)
print("listening", flush=True)
while True:
    for key, _ in waiting.select():
        if key.data:
            client, _ = key.fileobj.accept()
            client.sendall(b"hello\\r\\n")
            waiting.register(client, selectors.EVENT_READ, False)
        else:
            line = key.fileobj.recv(100)
            if line:
                key.fileobj.sendall(line)
            else:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
"""

# Connects and prints the greeting, "refused" or "dropped".
CLIENT = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])) as server:
        print(server.recv(100).decode().strip())
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("dropped")
"""

# Sends one echo request and prints whether its reply came.
PING = """
import select, socket, struct, sys, time
six = ":" in sys.argv[1]
family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, 1)
request = struct.pack("!BBHHH", 128 if six else 8, 0, 0, 0x5043, 1)
total = sum(struct.unpack("!4H", request))
total = ~((total & 0xffff) + (total >> 16)) & 0xffff
request = request[:2] + struct.pack("!H", total) + request[4:]
with socket.socket(family, socket.SOCK_RAW, protocol) as raw:
    raw.sendto(request, (sys.argv[1], 0))
    end = time.monotonic() + 1
    while select.select([raw], [], [], max(0, end - time.monotonic()))[0]:
        answer = raw.recv(200)
        answer = answer if six else answer[20:]
        if answer[0] == (129 if six else 0) and answer[4:6] == b"PC":
            print("answered")
            break
"""


def run(*argv, check=True, **options):
    return subprocess.run(argv, check=check, capture_output=True, text=True, timeout=60, **options)


class Pair:
    """Two namespaces with one cable between them; servers listen in the machine's."""

    def __init__(self, folder):
        name = uuid.uuid4().hex[:6]
        self.machine, self.stranger = f"fwm-{name}", f"fws-{name}"
        self.folder, self.server, self.children = folder, None, []
        self.state = folder / "run" / "firewall.json"

    def __enter__(self):
        for space in (self.machine, self.stranger):
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", self.stranger, "link", "add", "eth0", "type", "veth",
            "peer", "name", "eth0", "netns", self.machine)
        for space, addresses in ((self.machine, MACHINE), (self.stranger, STRANGER)):
            run("ip", "-n", space, "addr", "add", f"{addresses[4]}/24", "dev", "eth0")
            run("ip", "-n", space, "addr", "add", f"{addresses[6]}/64", "dev", "eth0", "nodad")
            run("ip", "-n", space, "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait(10)
        for space in (self.machine, self.stranger):
            run("ip", "netns", "del", space, check=False)

    def listen(self, *ports):
        child = self.start(self.machine, "/usr/bin/python3", "-c", SERVER, *map(str, ports))
        assert child.stdout.readline() == "listening\n"
        return child

    def start(self, space, *argv):
        child = subprocess.Popen(["ip", "netns", "exec", space, *argv], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def inside(self, *argv, check=True):
        return run("ip", "netns", "exec", self.machine, *argv, check=check)

    def firewall(self, *argv, check=True):
        done = self.inside(PROGRAM, *argv, "--state", str(self.state), check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    def knock(self, port, family=4, patience=0.7):
        """A stranger's connection: "hello", "refused" or "dropped"."""
        return run("ip", "netns", "exec", self.stranger, "/usr/bin/python3", "-c", CLIENT,
                   MACHINE[family], str(port), str(patience)).stdout.strip()

    def ping(self, family):
        return run("ip", "netns", "exec", self.stranger, "/usr/bin/python3", "-c", PING,
                   MACHINE[family]).stdout == "answered\n"

    def rules(self):
        return json.loads(self.inside("nft", "-j", "list", "ruleset").stdout)["nftables"]

    def elements(self, name):
        for item in self.rules():
            if item.get("set", {}).get("name") == name and item["set"]["table"] == "postcask":
                return item["set"].get("elem", [])
        raise AssertionError("no set " + name)


@pytest.fixture
def pair(tmp_path):
    with Pair(tmp_path) as both:
        yield both


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


@pytest.mark.parametrize("port", sorted(PORTS.values()))
def test_every_mail_port_opens_alone(pair, port):
    pair.listen(*PORTS.values())
    pair.firewall("close")
    pair.firewall("open", str(port))
    assert pair.elements("open_ports") == [port]
    assert pair.knock(port) == "hello"
    assert pair.knock(25 if port != 25 else 110, patience=0.3) == "dropped"


def report(pair, text):
    path = pair.folder / "report.json"
    path.write_text(text)
    return pair.firewall("open", "--report", str(path), check=False)


def test_the_report_decides_exactly(pair):
    pair.listen(25, 993)
    pair.firewall("close")
    pair.firewall("open", "imaps")
    assert report(pair, '{"state": "degraded", "open": ["smtp"]}').returncode == 0
    assert pair.elements("open_ports") == [25]
    assert pair.knock(25) == "hello"
    assert pair.knock(993) == "dropped"
    assert report(pair, '{"state": "failed", "open": []}').returncode == 0
    assert pair.elements("open_ports") == []


@pytest.mark.parametrize("text", ["", "{}", '{"open": ["smtp", "ssh"]}', '{"open": [25]}',
                                  '{"open": ["smtp"'])
def test_a_report_that_is_none_opens_nothing(pair, text):
    pair.firewall("close")
    assert report(pair, text).returncode == 1
    assert pair.elements("open_ports") == []


@pytest.mark.parametrize("argv", [["open"], ["open", "22"], ["open", "http"], ["shut"], [],
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
                        "RFC 4890", "DHCP answers", "DHCPv6 answers", "ssh",
                        "proved mail services", "nobody asked for it", "not a router"]
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


def test_a_foreign_rule_closes_everything(pair):
    pair.firewall("close")
    pair.firewall("open", "smtp")
    pair.inside("nft", "insert", "rule", "inet", "postcask", "input", "accept")
    assert pair.inside(PROGRAM, "list", check=False).returncode == 1
    done = pair.firewall("open", "imaps", check=False)
    assert done.returncode == 1 and "rule 1 differs" in done.stderr
    assert pair.elements("open_ports") == []
    assert pair.inside(PROGRAM, "list").returncode == 0


@pytest.mark.parametrize("change", [
    "delete rule inet postcask input handle {handle}",
    "add chain inet postcask input {{ policy accept; }}",
    "add element inet postcask open_ports {{ 80 }}",
    "delete element inet postcask icmp_types {{ echo-request }}",
    "add set inet postcask other {{ type inet_service; }}",
    "add chain inet postcask other",
    "add table inet postcask {{ flags dormant; }}",
    "flush chain inet postcask input"])
def test_any_change_by_hand_is_seen(pair, change):
    pair.firewall("close")
    handle = [item["rule"]["handle"] for item in pair.rules() if "rule" in item][2]
    done = pair.inside("nft", change.format(handle=handle), check=False)
    if "icmp_types" in change and done.returncode != 0:
        return                                  # the kernel holds a constant set to its word
    assert done.returncode == 0, done.stderr
    assert pair.inside(PROGRAM, "list", check=False).returncode == 1
    assert pair.firewall("open", "smtp", check=False).returncode == 1
    assert pair.inside(PROGRAM, "list").stdout.startswith("ssh ")
    assert pair.elements("open_ports") == []


def test_open_without_a_ruleset_closes(pair):
    pair.listen(25, 80)
    done = pair.firewall("open", "smtp", check=False)
    assert done.returncode == 1
    assert pair.knock(80) == "dropped"
    assert pair.knock(25) == "dropped"


@contextlib.contextmanager
def table_owner(pair, *tables):
    """A process that owns these tables: the kernel lets nobody else change them."""
    text = "".join(f"add table inet {table} {{ flags owner; }}\n" for table in tables)
    child = pair.start(pair.machine, "nft", "-i")
    child.stdin.write(text)
    child.stdin.flush()
    for _ in range(100):
        listed = pair.inside("nft", "list", "tables").stdout.split()
        if set(tables) <= set(listed):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("nft did not make the tables")
    yield
    child.stdin.close()
    child.wait(10)


def test_a_ruleset_that_cannot_load_seals_the_machine(pair):
    pair.listen(22, 25)
    with table_owner(pair, "postcask"):
        done = pair.firewall("close", check=False)
        assert done.returncode == 1 and "everything is dropped" in done.stderr
        assert json.loads(pair.state.read_text())["state"] == "sealed"
        for family in (4, 6):
            assert pair.knock(22, family) == "dropped"
            assert not pair.ping(family)
    pair.firewall("close")                      # the seal goes when the ruleset loads
    assert pair.knock(22) == "hello"
    assert {item["table"]["name"] for item in pair.rules() if "table" in item} == {"postcask"}


def test_a_machine_that_cannot_even_be_sealed_goes_down(pair):
    pair.listen(22)
    with table_owner(pair, "postcask", "postcask_sealed"):
        done = pair.firewall("close", check=False)
        assert done.returncode == 1 and "every network interface is down" in done.stderr
        shown = pair.inside("ip", "-j", "link", "show", "eth0").stdout
        assert "UP" not in json.loads(shown)[0]["flags"]
        assert "UP" in json.loads(pair.inside("ip", "-j", "link", "show", "lo").stdout)[0]["flags"]


def test_without_the_capability_it_says_so(pair):
    done = pair.inside("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin",
                       PROGRAM, "close", "--state", str(pair.state), check=False)
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr
    assert "MAY BE OPEN" in done.stderr


def test_net_admin_is_all_it_needs(pair):
    (pair.folder / "run").mkdir()
    done = pair.inside("setpriv", "--bounding-set", "-all,+net_admin", "--inh-caps", "-all",
                       PROGRAM, "close", "--state", str(pair.state), check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(pair.state.read_text()) == {"state": "closed", "open": []}


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
