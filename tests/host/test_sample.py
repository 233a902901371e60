# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of all tests takes of what is large."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
FAULTS = "from fault_table import *; from moments import striking; " \
         "print(*(one.name for one in striking(FAULTS, HARDEST, 5)), sep='\\n')"


def faults(sample):
    """Names of those that strike in the run of that number."""
    environment = dict(os.environ, POSTCASK_SAMPLE=str(sample),
                       PYTHONPATH=str(TOP / "tests/native/helpers"))
    done = subprocess.run([sys.executable, "-B", "-c", FAULTS], env=environment, check=True,
                          capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()


def test_five_runs_have_had_every_fault():
    from fault_table import HARDEST
    runs = [faults(number) for number in range(411, 416)]
    assert sorted(sum(runs, [])) == sorted(HARDEST)
    assert max(map(len, runs)) - min(map(len, runs)) <= 1
    assert faults(416) == runs[0]


def run(*words, **variables):
    """The number of the sample and the tests that tests/run collects."""
    environment = {name: value for name, value in os.environ.items() if name != "POSTCASK_SAMPLE"}
    done = subprocess.run([TOP / "tests/run", *words, "--collect-only", "-n", "0"],
                          env={**environment, **variables}, capture_output=True, text=True,
                          timeout=120)
    said = re.findall(r"^sample (\d+): POSTCASK_SAMPLE=\1 ", done.stdout, re.MULTILINE)
    return said, re.findall(r"^tests/native/\S+$", done.stdout, re.MULTILINE)


@pytest.mark.image
def test_the_number_is_printed_and_can_be_given():
    [number], collected = run("all", "-k", "test_faults")
    after = str(int(number) + 1)
    said, others = run("machine", "-k", "test_faults", POSTCASK_SAMPLE=after)
    assert said == [after] and others != collected


@pytest.mark.image
def test_whoever_names_a_file_has_all_of_it():
    said, collected = run("tests/native/test_faults.py")
    assert not said and len(collected) > 30
