# SPDX-License-Identifier: GPL-3.0-or-later
"""Pyzor and Razor: asked if the settings say so, and never waited for long."""

import os
import socket
import threading

import pytest

from bulk import Bulk
from machine import Machine, user_data
from test_policy import CLEAN
import wrappings

PYZOR, RAZOR = 24441, 2703
ANSWER = b"Code: 200\nDiag: OK\nPV: 2.1\nThread: %s\nCount: 4711\nWL-Count: 0\n\n"
SETTINGS = """  filter:
    spam: {{pyzor: true, razor: true}}
  extra:
    unbound: |
      local-data: "public.pyzor.org. A {net}.1"
      local-data: "discovery.razor.cloudmark.com. A {net}.1"
"""


class Strangers:
    """Both networks on the test's side: Pyzor answers or is silent, Razor is silent."""

    def __init__(self, address):
        self.asked, self.answers = {"pyzor": [], "razor": 0}, True
        self.pyzor = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.pyzor.bind((address, PYZOR))
        self.razor = socket.create_server((address, RAZOR))
        self.open = []
        for serve in (self.serve_pyzor, self.serve_razor):
            threading.Thread(target=serve, daemon=True).start()

    def serve_pyzor(self):
        while True:
            question, client = self.pyzor.recvfrom(8192)
            self.asked["pyzor"].append(question)
            if self.answers:
                [thread] = [line[8:] for line in question.split(b"\n") if line[:8] == b"Thread: "]
                self.pyzor.sendto(ANSWER % thread, client)

    def serve_razor(self):
        while True:
            self.open.append(self.razor.accept())
            self.asked["razor"] += 1


def arrived(machine, name):
    bulk = Bulk(machine)
    bulk.add("one", {name: wrappings.raw_message({"Subject": name}, CLEAN * 5)})
    assert not bulk.submit()
    bulk.wait(90)
    [(place, path)] = bulk.where("one")[name]
    assert place in ("inbox", "spam")
    return path.read_bytes().decode("latin-1")


def test_they_are_asked_and_not_waited_for():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    machine = Machine("asking", "10.60.0")
    machine.seed(user_data() + SETTINGS.format(net=machine.net), "i-asking")
    with machine:
        strangers = Strangers(f"{machine.net}.1")
        assert "PYZOR_CHECK" in arrived(machine, "answered")
        assert strangers.asked["pyzor"] and b"Op: check" in strangers.asked["pyzor"][0]
        assert strangers.asked["razor"]             # and that one never said a word
        strangers.answers, before = False, len(strangers.asked["pyzor"])
        assert "PYZOR_CHECK" not in arrived(machine, "silent")
        assert len(strangers.asked["pyzor"]) > before
