# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fuzz target for a bounded time, from its committed corpus; as many at once as there
are processors, so that all of them take about half a minute on two.  make fuzz-long has hours."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sample import part

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "build" / "fuzz"
# Half of them in a run of all tests (sample.py); test_corpus.py has every corpus in each.
SOURCES = part(sorted(HERE.glob("fuzz_*.c")), 2)
# What a stranger's or an administrator's bytes reach with root's rights gets more.
LONGER = {"fuzz_settings", "fuzz_escape"}


def seconds(name):
    return int(os.environ.get("POSTCASK_FUZZ_SECONDS", 20 if name in LONGER else 10))


def fuzz(name, folder):
    corpus = HERE / "corpus" / name.removeprefix("fuzz_")
    assert any(corpus.iterdir()), "a target needs a corpus"
    shutil.copytree(corpus, folder / "corpus")
    return subprocess.run(
        [BUILT / name, f"-max_total_time={seconds(name)}", "-timeout=10", "-rss_limit_mb=1024",
         "-print_final_stats=1", f"-artifact_prefix={folder}/", folder / "corpus"],
        capture_output=True, text=True, errors="replace", timeout=seconds(name) + 120)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The longest first, so that no processor is idle at the end."""
    names = sorted((path.stem for path in SOURCES), key=seconds, reverse=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(fuzz, name, tmp_path_factory.mktemp(name)) for name in names}


@pytest.mark.parametrize("name", [path.stem for path in SOURCES])
def test_no_finding(name, runs):
    done = runs[name].result()
    assert done.returncode == 0, done.stderr[-4000:]
    assert "stat::number_of_executed_units" in done.stderr
