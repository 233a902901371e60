# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall when the kernel, the self-test or somebody else does not do what it should:
what was open does not stay open."""

import contextlib
import json
import subprocess
import time

import pytest

from firewall_pair import PROGRAM

# The kernel has no memory for a transaction with a message of the type $REFUSE.
NO_MEMORY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
	       socklen_t to_size)
{
	ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
	    dlsym(RTLD_NEXT, "sendto");
	const struct nlmsghdr *message = data;

	for (size_t left = size; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_type == strtoul(getenv("REFUSE"), NULL, 0)) {
			errno = ENOBUFS;
			return -1;
		}
	}
	return next(fd, data, size, flags, to, to_size);
}
"""
NEW_ELEMENT, REMOVE_ELEMENT = 0x0a0c, 0x0a0e      # NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM


@pytest.fixture
def refusing(pair, tmp_path):
    """Runs the firewall's program with a kernel that refuses messages of one type."""
    library = tmp_path / "refuse.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library, "-ldl"],
                   input=NO_MEMORY, text=True, check=True, timeout=60)

    def run(message_type, *argv):
        return pair.inside("env", f"LD_PRELOAD={library}", f"REFUSE={message_type}", PROGRAM,
                           *argv, "--state", str(pair.state), check=False)
    return run


@pytest.mark.parametrize("argv", [["close", "smtp"], ["open", "--report", "{report}"]])
def test_a_port_that_cannot_be_closed_closes_all(pair, refusing, argv):
    pair.listen(25, 993)
    pair.firewall("close")
    pair.firewall("open", "smtp", "imaps")
    assert pair.knock(25) == "hello"
    path = pair.folder / "report.json"
    path.write_text('{"open": ["imaps", "pop3s"]}')
    done = refusing(REMOVE_ELEMENT, *[word.format(report=path) for word in argv])
    assert done.returncode == 1 and "every mail port was closed, because" in done.stderr
    assert "No buffer space" in done.stderr
    assert pair.elements("open_ports") == []
    assert pair.knock(25) == pair.knock(993) == "dropped"
    assert json.loads(pair.state.read_text()) == {"state": "closed", "open": []}


def test_a_port_that_cannot_be_opened_leaves_the_others_open(pair, refusing):
    pair.firewall("close")
    pair.firewall("open", "smtp")
    done = refusing(NEW_ELEMENT, "open", "imaps")
    assert done.returncode == 1 and "No buffer space" in done.stderr
    assert pair.elements("open_ports") == [25]


@pytest.mark.parametrize("text", ["", "{}", '{"open": ["smtp", "ssh"]}', '{"open": [25]}',
                                  '{"open": ["smtp"'])
def test_a_report_that_is_none_closes_what_was_open(pair, text):
    pair.firewall("close")
    pair.firewall("open", "smtp", "imaps")
    done = pair.report(text)
    assert done.returncode == 1 and "every mail port was closed, because" in done.stderr
    assert pair.elements("open_ports") == []


def test_no_report_closes_what_was_open(pair):
    pair.firewall("close")
    pair.firewall("open", "smtp", "imaps")
    done = pair.firewall("open", "--report", str(pair.folder / "missing.json"), check=False)
    assert done.returncode == 1 and "missing.json" in done.stderr
    assert pair.elements("open_ports") == []
    assert json.loads(pair.state.read_text())["state"] == "closed"


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
    "add element inet postcask open_ports {{ 81 }}",
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
