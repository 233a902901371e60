# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's own resolver: there before cloud-init needs a name, and told the settings' part
when it is known."""

import functools
import http.server
import json
import threading

import pytest

from machine import Machine, user_data

LOCAL_CONFIGURATION = "etc/unbound/unbound.conf.d/test.conf"


@pytest.fixture
def web(tmp_path):
    """A web server of the test's own; its folder and port."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield tmp_path, server.server_port
        server.shutdown()
        thread.join(10)


def test_user_data_is_fetched_by_name(web):
    """`#include` of a URL with a name: cloud-init's network stage has a resolver."""
    folder, port = web
    (folder / "server.yaml").write_text(user_data())
    machine = Machine("byname", "10.92.0", f"#include\nhttp://config.example.net:{port}/server.yaml\n")
    (machine.tree / LOCAL_CONFIGURATION).write_text(
        f'server:\n    local-data: "config.example.net. A {machine.net}.1"\n')
    with machine:
        assert machine.report()["state"] == "ready", json.dumps(machine.report(), indent=1)


def test_the_settings_forwarders_are_asked():
    data = user_data() + "  resolver:\n    forward: [192.0.2.53]\n"
    with Machine("forward", "10.94.0", data) as machine:
        def forwards():
            return machine.run("unbound-control", "list_forwards").stdout
        assert "192.0.2.53" in forwards()
        machine.boot("halt")
        machine.start()                     # they are in force from the start now
        assert "192.0.2.53" in forwards()


def test_no_unit_waits_for_itself(machine):
    """systemd breaks a cycle by leaving out a job, which another boot may do otherwise."""
    done = machine.run("systemd-analyze", "verify", "default.target", check=False)
    assert "cycle" not in done.stderr, done.stderr


def test_the_resolver_starts_before_cloud_init_needs_it(machine):
    def since_boot(unit, what):
        return int(machine.run("systemctl", "show", "-p", what, "--value", unit).stdout)
    assert 0 < since_boot("unbound.service", "ActiveEnterTimestampMonotonic") \
        < since_boot("cloud-init-network.service", "InactiveExitTimestampMonotonic")
