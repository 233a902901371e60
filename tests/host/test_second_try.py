# SPDX-License-Identifier: GPL-3.0-or-later
"""What fails beside others is tried once more alone: the numbers of both tries, and when there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
MIXED = """
import os, pytest
def test_good(): pass
def test_left_out(): pytest.skip("not now")
def test_busy(): assert os.path.exists({first!r})
@pytest.fixture
def torn():
    yield
    assert os.path.exists({first!r})
def test_end_is_bad(torn): pass
{more}
"""


@pytest.fixture
def run(tmp_path):
    first = tmp_path / "first"

    def run(*what, more=""):
        (tmp_path / "test_it.py").write_text(MIXED.format(first=str(first), more=more))
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest",
                               *what], cwd=tmp_path, capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, PYTHONPATH=str(TESTS), POSTCASK_FIRST_TRY=str(first),
                                       POSTCASK_SAMPLE="all", PYTHONDONTWRITEBYTECODE="1"))
        return done.returncode, done.stdout.splitlines()
    return run


def test_what_passes_alone_is_named_and_counted_as_passed(run):
    status, lines = run("test_it.py")
    assert status == 1 and lines[-1] == "2 tests failed: they are tried once more, alone"
    status, lines = run("test_it.py::test_busy", "test_it.py::test_end_is_bad")
    assert status == 0 and lines[-3:] == ["failed beside others, passed alone: test_it.py::test_busy",
                                          "failed beside others, passed alone: test_it.py::test_end_is_bad",
                                          "3 passed, 0 failed, 1 skipped"]


def test_what_fails_again_has_failed(run):
    more = "def test_bad(): assert False\n"
    run("test_it.py", more=more)
    status, lines = run("test_it.py::test_bad", "test_it.py::test_busy", "test_it.py::test_end_is_bad", more=more)
    assert status == 1 and lines[-1] == "3 passed, 1 failed, 1 skipped"


def test_their_order_is_kept(run, tmp_path):
    """Who shares a machine stands on what those before him left there."""
    run("test_it.py", more="def test_b(): assert False\ndef test_a(): assert False\n")
    failed = json.loads((tmp_path / "first").read_text())["failed"]
    assert [test.split("::")[1] for test in failed] == ["test_busy", "test_b", "test_a", "test_end_is_bad"]


def test_many_are_not_tried_again(run):
    status, lines = run("test_it.py", more="\n".join(f"def test_{i}(): assert False" for i in range(5)))
    assert status == 1 and lines[-1] == "1 passed, 7 failed, 1 skipped"
