# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the cmocka programs as pytest tests, one item for each, deals all tests out to the workers,
and closes with the plain line `N passed, N failed, N skipped`."""

import collections
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "native" / "helpers"))

import machine  # noqa: E402
import sample  # noqa: E402

# They take all of the processors for minutes: last, when no virtual machine wants them too.
LAST = {f"tests/native/test_{name}.py" for name in
        ("faults", "filter_faults", "policy", "policy_settings", "malformed", "documents")}
# Of files that would be the last to end: what shares nothing with the rest of its file.
SHARDS = {"tests/native/test_machine.py::TestLaterBoots", "tests/native/test_apply.py::TestBoots"}
# Seconds of each scope, and of one that is not in it yet.  `make durations` writes it anew.
DURATIONS = TOP / "tests" / "durations"
UNKNOWN = 20
BUDGET = TOP / "docs" / "budget.md"

# New memory holds blanks, not zeros: who reads a text beyond its end reads on.
os.environ.setdefault("ASAN_OPTIONS", "max_malloc_fill_size=1048576:malloc_fill_byte=32")

# `tests/run quick` leaves out what needs root, an image or another compiler.
QUICK = bool(os.environ.get("POSTCASK_QUICK"))
NOT_QUICK = {"test_builder", "test_fuzz"}

# Much of the unit tests' time was the disk's, on which they need nothing to last.
IN_MEMORY = ["unshare", "-m", "--propagation", "private", "sh", "-euc",
             'mount -t tmpfs -o size=1g,mode=1777 tmpfs /tmp; exec "$0"']
if os.geteuid() != 0 or Path("/tmp") in TOP.parents:    # it would hide this checkout
    IN_MEMORY = []

BUILDS = {"plain": TOP / "build" / "test", "sanitized": TOP / "build" / "sanitize" / "test"}
if QUICK or not BUILDS["sanitized"].is_dir():   # `make check` has made it; one test may do without
    del BUILDS["sanitized"]


def pytest_ignore_collect(collection_path):
    return True if QUICK and collection_path.stem in NOT_QUICK else None


def pytest_configure(config):
    config.addinivalue_line("markers", "image: looks at what `make image` left")
    if runs_tests(config):
        machine.forget_ready_layers()


def scope_of(nodeid):
    """What is kept together: a file's tests with the machine they share, and all virtual machines."""
    if nodeid.startswith("tests/vm/"):
        return "tests/vm"
    shard = "::".join(nodeid.split("::")[:2])
    return shard if shard in SHARDS else nodeid.split("::")[0]


def durations(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return {scope: float(seconds) for seconds, scope in (line.split(None, 1) for line in lines)}


def order():
    """The longest first, as far as they may: what begins late should be short."""
    known = durations(DURATIONS)
    return lambda scope: (scope in LAST, -known.get(scope, UNKNOWN))


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "native" and not sample.has_its_turn(item.path.stem[len("test_"):]):
            item.add_marker(pytest.mark.skip(reason="another run's turn"))
    if QUICK:
        items[:] = [item for item in items if not item.get_closest_marker("image")]
    before = order()
    items.sort(key=lambda item: before(scope_of(item.nodeid)))


def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".c" and file_path.name.startswith("test_"):
        return CmockaFile.from_parent(parent, path=file_path)
    return None


class CmockaFile(pytest.File):
    """A test program: its tests are the names that the source lists."""

    def collect(self):
        names = re.findall(r"(?<!\\\n)^\s+(?:cmocka_unit_test\w*|\w+_test)\((\w+)[,)]",
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
            done = subprocess.run([*IN_MEMORY, self.program], capture_output=True, text=True,
                                  timeout=300, env=environment, errors="replace")
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


class LongestFirst(LoadScopeScheduling):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.before = order()

    def _split_scope(self, nodeid):
        return scope_of(nodeid)

    def _assign_work_unit(self, node):
        """Whatever order its own is: that differs between its versions."""
        self.workqueue.move_to_end(min(self.workqueue, key=self.before), last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node):
        """A worker begins a test when it knows the next one: it is told that late, so that nothing
        waits behind a long test while another worker is free."""
        if not self.workqueue or self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)


def pytest_xdist_make_scheduler(config, log):
    return LongestFirst(config, log)


def pytest_runtest_logreport(report):
    """Why a test failed, at once: a run of many minutes need not end first."""
    SECONDS[scope_of(report.nodeid)] += report.duration
    if report.failed:
        print(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext[-3000:]}", flush=True)


# Tests by how they ended, in their order: many stand on what those before them left.
ENDED = {"passed": [], "failed": [], "skipped": []}
# What failed beside others, if it is that few, is tried once more alone (tests/run): there it tells
# a fault from a machine that had no time.  The file has the first try, for the second.
FIRST_TRY, AGAIN_MOST = os.environ.get("POSTCASK_FIRST_TRY"), 6
SECONDS = collections.Counter()


def is_worker(config):
    return hasattr(config, "workerinput")


def runs_tests(config):
    """And is not one of a run's workers."""
    return not is_worker(config) and not config.option.collectonly


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    for word, stats in {"failed": ["failed", "error"], "passed": ["passed"], "skipped": ["skipped"]}.items():
        tests = dict.fromkeys(report.nodeid for stat in stats
                              for report in terminalreporter.stats.get(stat, []) if hasattr(report, "nodeid"))
        # One whose end failed, not itself, has failed.
        ENDED[word] = [test for test in tests if word != "passed" or test not in ENDED["failed"]]


def print_counts(more=collections.Counter()):
    print("{passed} passed, {failed} failed, {skipped} skipped".format(
        **{word: len(tests) + more[word] for word, tests in ENDED.items()}))


def print_result():
    """The last line, of both tries where there are two."""
    first = Path(FIRST_TRY) if FIRST_TRY else None
    if first and first.exists():
        before = json.loads(first.read_text())
        for test in before["failed"]:
            how = next((word for word, tests in ENDED.items() if test in tests), "failed")
            print(f"failed beside others, {how} alone: {test}")
            if how == "failed" and test not in ENDED["failed"]:
                ENDED["failed"].append(test)
        print_counts(collections.Counter(passed=before["passed"], skipped=before["skipped"]))
    elif first and 0 < len(ENDED["failed"]) <= AGAIN_MOST:
        first.write_text(json.dumps({"passed": len(ENDED["passed"]), "skipped": len(ENDED["skipped"]),
                                     "failed": ENDED["failed"]}))
        print(f"{len(ENDED['failed'])} tests failed: they are tried once more, alone")
    else:
        print_counts()


def keep_durations(path):
    """What did not run now keeps its line."""
    known = durations(path) | {scope: round(seconds) for scope, seconds in SECONDS.items()}
    known = {scope: seconds for scope, seconds in known.items()
             if (TOP / scope.split("::")[0]).exists() and seconds >= 1}
    path.write_text("".join(f"{known[scope]:6.0f}  {scope}\n"
                            for scope in sorted(known, key=lambda scope: (-known[scope], scope))))


def budgets():
    """The rows of the table: a folder and its seconds."""
    found = re.findall(r"^\| `(tests/\w+)` \| (\d+) \|", BUDGET.read_text(), re.M)
    return {folder: int(seconds) for folder, seconds in found}


def print_budget():
    """Beside each other, for people: no time is a test."""
    spent = collections.Counter()
    for scope, seconds in SECONDS.items():
        spent["/".join(scope.split("/")[:2])] += seconds
    for folder, budget in budgets().items():
        if folder in spent:
            print(f"{folder}: {spent[folder]:.0f} s of {budget} s (docs/budget.md)")


def pytest_unconfigure(config):
    if is_worker(config):
        return
    if runs_tests(config):
        machine.forget_ready_layers()
    if "POSTCASK_DURATIONS" in os.environ:
        keep_durations(Path(os.environ["POSTCASK_DURATIONS"]))
    print_budget()
    if not sample.WHOLE:
        print(f"sample {sample.SAMPLE}: POSTCASK_SAMPLE={sample.SAMPLE} tests the same parts again")
    print_result()
