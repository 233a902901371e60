# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rendered file of every example here, against the copy that a person has read: those
of ten-lines.yaml whole, in ten-lines/; of each other EXAMPLE.yaml what it changes in them, in
EXAMPLE.diff.

After a wanted change: `make golden`, and read the difference before committing it."""

import difflib
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
POSTCASK = HERE.parent.parent / "build" / "bin" / "postcask"
TEN_LINES = HERE / "ten-lines.yaml"
OTHERS = sorted(set(HERE.glob("*.yaml")) - {TEN_LINES})
WRITE = os.environ.get("POSTCASK_GOLDEN") == "write"


def read(folder):
    """The text of every file below, by its name."""
    return {str(path.relative_to(folder)): path.read_bytes().decode()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def render(example, folder):
    done = subprocess.run([POSTCASK, "render", example, folder], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0, done.stderr
    return read(folder)


def context(lines, end):
    """The lines before `end`: the fewest that have not come before, so that the place is certain."""
    for begin in range(end - 1, -1, -1):
        found = lines[begin:end]
        if sum(lines[at:at + len(found)] == found for at in range(end)) == 1:
            return found
    return lines[:end]


def changes(name, old, new):
    """What differs in one file.  There are no numbers in it, which a new line above would
    change; a place is known by the lines before it."""
    old, new = old.splitlines(keepends=True), new.splitlines(keepends=True)
    text = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            text += ["@@\n", *(" " + line for line in context(old, i)),
                     *("-" + line for line in old[i:j]), *("+" + line for line in new[k:m])]
    whole = [line if line.endswith("\n") else line + "\n\\ no end of line\n" for line in text]
    return "".join([f"=== {name}\n", *whole]) if text else ""


def compare(path, found):
    if WRITE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.encode())
    expected = path.read_bytes().decode()
    assert found == expected, "".join(difflib.unified_diff(
        expected.splitlines(keepends=True), found.splitlines(keepends=True),
        str(path.relative_to(HERE)), "as rendered"))[:6000]


def test_the_files_of_ten_lines_are_as_read(tmp_path):
    folder = TEN_LINES.with_suffix("")
    rendered = render(TEN_LINES, tmp_path)
    for name in set(read(folder)) - set(rendered) if WRITE else ():
        (folder / name).unlink()
    for name, text in rendered.items():
        compare(folder / name, text)
    assert set(read(folder)) == set(rendered)


@pytest.mark.parametrize("example", OTHERS, ids=lambda path: path.stem)
def test_what_an_example_changes_is_as_read(example, tmp_path):
    common, rendered = render(TEN_LINES, tmp_path / "one"), render(example, tmp_path / "two")
    assert set(common) == set(rendered)
    compare(example.with_suffix(".diff"),
            "".join(changes(name, common[name], rendered[name]) for name in common))


def test_changes_are_told_by_the_lines_before_them():
    assert changes("x", "a\n", "a\n") == ""
    assert changes("x", "a\nb\n", "a\nc\n") == "=== x\n@@\n a\n-b\n+c\n"
    assert changes("x", "a\nb\na\nb\n", "a\nb\na\nb\nc\n") == "=== x\n@@\n b\n a\n b\n+c\n"
    assert changes("x", "", "a") == "=== x\n@@\n+a\n\\ no end of line\n"
    old, more = "a\n}\nb\n}\nc\n}\n", "0\n"
    hidden = {changes("x", more + old, more + old[:at] + "new\n" + old[at:])
              for at in (2, 4, 6, 8, 10, 12)}
    assert len(hidden) == 6                     # each place is told apart


def test_rendering_is_repeatable(tmp_path):
    assert render(OTHERS[0], tmp_path / "one") == render(OTHERS[0], tmp_path / "two")


def test_every_template_is_in_the_component_table(tmp_path):
    templates = HERE.parent.parent / "overlays/usr/share/postcask/templates"
    rendered = set(render(TEN_LINES, tmp_path))
    marks = {name for name in rendered if name.startswith("etc/postcask/wanted/")}
    assert set(read(templates)) == rendered - marks


def test_a_refused_file_writes_nothing(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("#cloud-config\nmail:\n  domains: [not a domain]\n")
    done = subprocess.run([POSTCASK, "render", bad, tmp_path / "out"], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 1 and "bad.yaml:3:" in done.stderr
    assert not (tmp_path / "out").exists()
