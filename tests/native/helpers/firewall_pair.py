# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces with one cable: a machine behind the firewall and a stranger, with
real connections between them, and the kernel's rules as nft(8) sees them."""

import json
import os
import subprocess
import uuid
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("POSTCASK_FIREWALL", str(TOP / "build" / "bin" / "postcask-firewall"))
MACHINE = {4: "10.80.0.2", 6: "fd80::2"}
STRANGER = {4: "10.80.0.1", 6: "fd80::1"}

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

    def report(self, text):
        """The ports that a self-test's report opens."""
        path = self.folder / "report.json"
        path.write_text(text)
        return self.firewall("open", "--report", str(path), check=False)

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
