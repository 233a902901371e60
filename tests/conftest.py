# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the cmocka programs as pytest tests, one item for each, and closes with the plain line
`N passed, N failed, N skipped`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "native" / "helpers"))

# They take all of the processors for minutes: last, when no virtual machine wants them too.
LAST = ["test_faults", "test_policy", "test_policy_settings", "test_malformed", "test_filter_faults"]

# New memory holds blanks, not zeros: who reads a text beyond its end reads on.
os.environ.setdefault("ASAN_OPTIONS", "max_malloc_fill_size=1048576:malloc_fill_byte=32")

# `tests/run quick` leaves out what needs root, an image or another compiler.
QUICK = bool(os.environ.get("POSTCASK_QUICK"))
NOT_QUICK = {"test_builder", "test_fuzz"}

BUILDS = {"plain": TOP / "build" / "test", "sanitized": TOP / "build" / "sanitize" / "test"}
if QUICK or not BUILDS["sanitized"].is_dir():   # `make check` has made it; one test may do without
    del BUILDS["sanitized"]


def pytest_ignore_collect(collection_path):
    return True if QUICK and collection_path.stem in NOT_QUICK else None


def pytest_configure(config):
    config.addinivalue_line("markers", "image: looks at what `make image` left")


def pytest_collection_modifyitems(items):
    if QUICK:
        items[:] = [item for item in items if not item.get_closest_marker("image")]
    order = {name: number for number, name in enumerate(LAST, 1)}
    items.sort(key=lambda item: order.get(item.path.stem, 0))


def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".c" and file_path.name.startswith("test_"):
        return CmockaFile.from_parent(parent, path=file_path)
    return None


class CmockaFile(pytest.File):
    """A test program: its tests are the names that the source lists."""

    def collect(self):
        names = re.findall(r"^\s+(?:cmocka_unit_test\w*|\w+_test)\((\w+)[,)]",
                           self.path.read_text(), re.M)
        for build in BUILDS:
            run = CmockaRun(BUILDS[build] / self.path.stem)
            for name in names:
                yield CmockaItem.from_parent(self, name=f"{build}-{name}", run=run, test=name)


class CmockaRun:
    """One run of one program, made when its first test is asked for."""

    def __init__(self, program):
        self.program, self.results, self.output = program, None, ""

    def result(self, name):
        if self.results is None:
            environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
            done = subprocess.run([self.program], capture_output=True, text=True, timeout=300,
                                  env=environment, errors="replace")
            self.output = done.stdout + done.stderr
            found = re.findall(r"^(ok|not ok) \d+ - (\w+)( # SKIP)?", self.output, re.M)
            self.results = {test: (word == "ok", bool(skip)) for word, test, skip in found}
            if done.returncode != 0 and all(good for good, _ in self.results.values()):
                self.results = {}       # it crashed or leaked: no result of it counts
        return self.results.get(name, (False, False))


class CmockaItem(pytest.Item):
    def __init__(self, *, run, test, **options):
        super().__init__(**options)
        self.cmocka, self.test = run, test

    def runtest(self):
        good, skipped = self.cmocka.result(self.test)
        if skipped:
            pytest.skip("skipped by the program")
        if not good:
            raise AssertionError(self.cmocka.output[-4000:])

    def repr_failure(self, excinfo):
        return str(excinfo.value)


class ByFile(LoadScopeScheduling):
    """A file's tests stay together with the machine they share; so do all virtual machines."""

    def _split_scope(self, nodeid):
        return "tests/vm" if nodeid.startswith("tests/vm/") else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


def pytest_runtest_logreport(report):
    """Why a test failed, at once: a run of many minutes need not end first."""
    if report.failed:
        print(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext[-3000:]}", flush=True)


COUNTS = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    COUNTS["passed"] = len(stats.get("passed", []))
    COUNTS["failed"] = len(stats.get("failed", [])) + len(stats.get("error", []))
    COUNTS["skipped"] = len(stats.get("skipped", []))


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
