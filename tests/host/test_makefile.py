# SPDX-License-Identifier: GPL-3.0-or-later
"""What make makes again."""

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent


def compiled(out, *variables):
    """The objects of two files that make compiled; the second one knows the version."""
    objects = [f"{out}/object/src/base/clock.o", f"{out}/object/src/base/options.o"]
    done = subprocess.run(["make", "--no-print-directory", f"OUT={out}", *variables, *objects],
                          cwd=TOP, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return re.findall(r"CC \S*/(\w+)\.o", done.stdout)


def test_nothing_is_compiled_twice(tmp_path):
    assert compiled(tmp_path) == ["clock", "options"]
    assert compiled(tmp_path) == []


def test_a_new_version_and_other_flags_compile_all_again(tmp_path):
    compiled(tmp_path)
    assert compiled(tmp_path, "VERSION=9.8.7") == ["clock", "options"]
    assert b"9.8.7" in (tmp_path / "object/src/base/options.o").read_bytes()
    assert compiled(tmp_path, "VERSION=9.8.7") == []
    assert compiled(tmp_path, "VERSION=9.8.7", "CFLAGS=-O0") == ["clock", "options"]


def test_a_program_whose_source_is_gone_ends_the_build(tmp_path):
    """It was left out without a word, and the image was made without it."""
    done = subprocess.run(["make", "-n", f"OUT={tmp_path}", "postcask-watch_MAIN=gone_main.c"],
                          cwd=TOP, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and "gone_main.o" in done.stderr
