# SPDX-License-Identifier: GPL-3.0-or-later
"""postcask-mirror before a server of Active Directory's kind, which gives of a long list a part."""

import json
import re
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from tree import Authority, Tree

TOP = Path(__file__).resolve().parents[2]
BASE = "dc=example,dc=org"
GROUP = f"cn=all,{BASE}"
STEP = 1500


def ber(tag, *parts):
    body = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    size = len(body).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + body


def read_ber(data, at=0):
    """Tag, body, and where the next begins."""
    size, begin = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        size, begin = int.from_bytes(data[begin:begin + count], "big"), begin + count
    return data[at], data[begin:begin + size], begin + size


def elements(data):
    at = 0
    while at < len(data):
        tag, body, at = read_ber(data, at)
        yield tag, body


def entry(dn, **attributes):
    return ber(0x64, ber(4, dn), ber(0x30, *(
        ber(0x30, ber(4, name.replace("__", ";range=").replace("_to_", "-")),
            ber(0x31, *(ber(4, value) for value in values))) for name, values in attributes.items())))


class Server:
    """As much of LDAP as the mirror asks for: who is a person or a group, and parts of a list."""

    def __init__(self, tree, people, stuck=False):
        self.people, self.stuck, self.asked = people, stuck, []
        self.members = [f"cn=p{number},{BASE}" for number in range(people)]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(tree.folder / "server.pem", tree.folder / "server.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with self.context.wrap_socket(self.listener.accept()[0], server_side=True) as client:
            stream = client.makefile("rb")
            while head := stream.read(2):
                more = stream.read(head[1] & 0x7F) if head[1] & 0x80 else b""
                size = int.from_bytes(more, "big") if more else head[1]
                (_, number), (tag, body), *_ = elements(stream.read(size))
                for answer in self.answers(tag, body):
                    client.sendall(ber(0x30, ber(2, number), answer))

    def answers(self, tag, body):
        done = [ber(10, b"\0"), ber(4, ""), ber(4, "")]
        if tag == 0x60:
            return [ber(0x61, *done)]
        if tag != 0x63:
            return []
        fields = list(elements(body))
        names = [name.decode() for _, name in elements(fields[-1][1])]
        return [*self.entries(fields[0][1].decode(), fields[6][1], names), ber(0x65, *done)]

    def entries(self, base, sought, names):
        if base == GROUP:
            return [self.part(int(re.fullmatch(r"member;range=(\d+)-\*", names[0])[1]))]
        if b"group" in sought:
            return [self.part(0, mail=["all@example.org"])]
        return [entry(f"cn=p{number},{BASE}", mail=[f"p{number}@example.org"])
                for number in range(self.people)]

    def part(self, begin, **others):
        self.asked.append(begin)
        end = min(begin + STEP, self.people)
        if self.stuck and begin:
            begin, end = 0, STEP
        last = "*" if end == self.people else str(end - 1)
        return entry(GROUP, member=[], **others, **{f"member__{begin}_to_{last}": self.members[begin:end]})


@pytest.fixture(scope="module")
def tree():
    made = Tree("127.0.0.1", 0, Authority("test"))
    yield made
    made.remove()


def read(tree, tmp_path, server):
    (tmp_path / "mirror").write_text(
        f"kind active-directory\nserver ldaps://127.0.0.1:{server.port}\nbase {BASE}\n"
        f"bind_dn cn=mail\npassword x\nca {tree.folder / 'ca.pem'}\n")
    return subprocess.run([TOP / "build/bin/postcask-mirror", "--once", "--settings",
                           tmp_path / "mirror"], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("people, asked", [(7, [0]), (1501, [0, 1500]), (4000, [0, 1500, 3000])])
def test_a_long_group_is_whole(tree, tmp_path, people, asked):
    server = Server(tree, people)
    done = read(tree, tmp_path, server)
    assert done.returncode == 0, done.stderr
    alias, = json.loads(done.stdout)["aliases"]
    assert alias == {"address": "all@example.org",
                     "to": [f"p{number}@example.org" for number in range(people)]}
    assert server.asked == asked


def test_one_that_is_too_long_is_none(tree, tmp_path):
    picture = json.loads(read(tree, tmp_path, Server(tree, 5001)).stdout)
    assert picture["aliases"] == [] and picture["left_out"] == 1 and len(picture["people"]) == 5001


def test_a_list_that_does_not_go_on_is_no_picture(tree, tmp_path):
    done = read(tree, tmp_path, Server(tree, 4000, stuck=True))
    assert done.returncode == 1 and "does not go on" in done.stderr
