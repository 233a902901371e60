# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine without IPv6, or without IPv4 but for its loopback: both at its later boots,
when its resolver, its daemons and its settings' files are all there from the start."""

import pytest

from machine import Machine, user_data

SYSCTL = "/etc/sysctl.d/99-no-ipv6.conf"
OFF = [f"net.ipv6.conf.{where}.disable_ipv6" for where in ("all", "default", "lo")]
SWITCHED_OFF = user_data().replace("mail:\n", f"""bootcmd:
  - [sysctl, -w, {", ".join(name + "=1" for name in OFF)}]
write_files:
  - path: {SYSCTL}
    content: |
      {"".join(name + " = 1; " for name in OFF).replace("; ", chr(10) + "      ").strip()}
mail:
""")


@pytest.fixture(scope="module")
def lone():
    with Machine("lone", "10.93.0", data=SWITCHED_OFF) as machine:
        yield machine


def assert_ready(machine):
    report = machine.report()
    assert report["state"] == "ready" and not report["failed"], report
    assert len(report["open"]) == 8, report["open"]
    sent = machine.send("hello")
    machine.wait_message("alice@example.org", sent)
    assert machine.run("systemctl", "is-active", "unbound", "dovecot", "postfix").returncode == 0


def test_ipv6_switched_off_by_sysctl(lone):
    """As providers and hardening guides have it."""
    assert not lone.run("ip", "-6", "addr").stdout
    assert_ready(lone)
    lone.boot("halt")
    lone.start()
    assert not lone.run("ip", "-6", "addr").stdout
    assert_ready(lone)


def test_a_kernel_without_ipv6(lone):
    """ipv6.disable=1: not even a socket to listen on."""
    lone.boot("halt")
    lone.without = "ipv6"
    lone.start()
    assert_ready(lone)


def test_no_ipv4_but_the_loopback(lone):
    lone.run("rm", SYSCTL)
    lone.boot("halt")
    lone.seed(user_data(), "i-native-1")
    lone.without = "ipv4"
    lone.start()
    assert "127.0.0.1" in lone.run("ip", "-4", "addr").stdout
    assert lone.net not in lone.run("ip", "-4", "addr").stdout
    assert_ready(lone)
