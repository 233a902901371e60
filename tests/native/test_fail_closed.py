"""The firewall when the kernel, or the self-test, does not do what it should: what was
open does not stay open."""

import json
import subprocess

import pytest

from test_firewall import PROGRAM, pair, report

__all__ = ["pair"]

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
    done = report(pair, text)
    assert done.returncode == 1 and "every mail port was closed, because" in done.stderr
    assert pair.elements("open_ports") == []


def test_no_report_closes_what_was_open(pair):
    pair.firewall("close")
    pair.firewall("open", "smtp", "imaps")
    done = pair.firewall("open", "--report", str(pair.folder / "missing.json"), check=False)
    assert done.returncode == 1 and "missing.json" in done.stderr
    assert pair.elements("open_ports") == []
    assert json.loads(pair.state.read_text())["state"] == "closed"
