# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/lint finds in the sources: nothing."""

import subprocess
from pathlib import Path

import pytest

LINT = Path(__file__).resolve().parent.parent / "lint"


@pytest.mark.parametrize("name", ["format", "shell", "python", "perl", "man"])
def test_nothing_is_found(name):
    done = subprocess.run([LINT, name], capture_output=True, text=True, errors="replace",
                          timeout=300)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
