"""Each fuzz target for a bounded time, from its committed corpus."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "build" / "fuzz"
SECONDS = os.environ.get("POSTCASK_FUZZ_SECONDS", "15")


@pytest.mark.parametrize("source", sorted(HERE.glob("fuzz_*.c")), ids=lambda path: path.stem)
def test_no_finding(source, tmp_path):
    corpus = HERE / "corpus" / source.stem.removeprefix("fuzz_")
    assert any(corpus.iterdir()), "a target needs a corpus"
    shutil.copytree(corpus, tmp_path / "corpus")
    done = subprocess.run(
        [BUILT / source.stem, f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=1024",
         "-print_final_stats=1", f"-artifact_prefix={tmp_path}/", tmp_path / "corpus"],
        capture_output=True, text=True, errors="replace", timeout=int(SECONDS) + 120)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "stat::number_of_executed_units" in done.stderr
