# SPDX-License-Identifier: GPL-3.0-or-later
"""`postcask check` of a large file: all of it is read, and in bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

POSTCASK = Path(__file__).resolve().parents[2] / "build" / "bin" / "postcask"
HASH = "$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"
MEMORY_MIB = 64


def write_users(path, count, domain="example.org"):
    users = "".join(f"    - address: user.{number}@{domain}\n      password_hash: \"{HASH}\"\n"
                    f"      name: User Number {number}\n      quota_mib: 1024\n"
                    for number in range(count))
    aliases = "".join(f"    - {{address: alias.{number}@example.org, "
                      f"to: [user.{number}@{domain}]}}\n" for number in range(count // 10))
    path.write_text("#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [example.org]\n"
                    f"  users:\n{users}  aliases:\n{aliases}")
    return path


# A process counts as its own the memory of the one it was forked from, and that of the tests is
# large after a while: a small one stands between.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
sys.exit(status if status >= 0 else 128 - status)
"""


def check(path):
    """Exit status, what was said, and the most memory it had, in MiB."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, POSTCASK, "check", path],
                          capture_output=True, text=True, timeout=60)
    *said, memory = done.stdout.splitlines()
    return done.returncode, "\n".join(said) + done.stderr, float(memory)


def test_the_tests_own_memory_is_not_counted(tmp_path):
    ballast = b"x" * (MEMORY_MIB + 64 << 20)
    assert check(write_users(tmp_path / "small.yaml", 1))[2] <= MEMORY_MIB < len(ballast) >> 20


@pytest.mark.parametrize("count", [10, 10000])
def test_good_users(tmp_path, count):
    status, said, memory = check(write_users(tmp_path / "good.yaml", count))
    assert status == 0, said
    assert memory <= MEMORY_MIB


def test_the_last_of_ten_thousand_is_judged(tmp_path):
    path = write_users(tmp_path / "last.yaml", 10000)
    text = path.read_text()
    path.write_text(text.replace("user.9999@example.org", "user.0@example.org"))
    status, said, memory = check(path)
    assert status == 1 and "user.0@example.org" in said, said
    assert memory <= MEMORY_MIB


def test_ten_thousand_wrong_users(tmp_path):
    status, said, memory = check(write_users(tmp_path / "wrong.yaml", 10000, "exampel.org"))
    assert status == 1
    assert "wrong.yaml:6:16: exampel.org is not one of the domains; " in said
    assert len(said.splitlines()) <= 202, "the first 200, and how many more"
    assert memory <= MEMORY_MIB
