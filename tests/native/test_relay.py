# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody sends to others by way of this machine who may not, whatever he calls them."""

import json
from pathlib import Path

import relay_forms


def inside(machine, host, port=25):
    """From an account of the machine that is nobody's."""
    done = machine.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-",
                       host, str(port), machine.host, f"fd00:{machine.net.replace('.', ':')}::2",
                       stdin=Path(relay_forms.__file__).read_text(), timeout=180)
    return json.loads(done.stdout)


def outside(machine, host, source):
    ip6 = f"fd00:{machine.net.replace('.', ':')}::2"
    return relay_forms.answers(host, 25, machine.host, ip6, source)


def test_there_are_forms_enough(machine):
    assert len(relay_forms.forms(machine.host, "::2")) >= 60


def test_no_form_relays_for_a_stranger(machine):
    assert relay_forms.taken(outside(machine, machine.host, f"{machine.net}.3")) == {}


def test_no_form_relays_for_a_stranger_by_ipv6(machine):
    net = f"fd00:{machine.net.replace('.', ':')}::"
    assert relay_forms.taken(outside(machine, f"{net}2", f"{net}1")) == {}


def test_no_form_relays_for_an_account_of_the_machine(machine):
    for host in ("127.0.0.1", "::1", machine.host):
        assert relay_forms.taken(inside(machine, host)) == {}, host
