# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file of each corpus once, by any compiler: what a fuzzer found stays found."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "build" / "test"


@pytest.mark.parametrize("name", [path.stem.removeprefix("fuzz_")
                                  for path in sorted(HERE.glob("fuzz_*.c"))])
def test_every_input_ends_well(name):
    corpus = HERE / "corpus" / name
    done = subprocess.run([BUILT / f"replay_{name}", corpus], capture_output=True, text=True,
                          errors="replace", timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    assert int(done.stdout.split()[-1]) == len(list(corpus.iterdir())) > 0
