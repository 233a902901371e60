# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rendered file of every example here, against the copy that a person has read: those
of ten-lines.yaml whole, in ten-lines/; of each other EXAMPLE.yaml what it changes in them, in
EXAMPLE.diff.

After a wanted change: `make golden`, and read the difference before committing it."""

import difflib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
POSTCASK = TOP / "build" / "bin" / "postcask"
TEMPLATES = TOP / "overlays/usr/share/postcask/templates"
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
    """The lines before `end`: the fewest that have not come before, so the place is certain."""
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
    rendered = set(render(TEN_LINES, tmp_path))
    marks = {name for name in rendered if name.startswith("etc/postcask/wanted/")}
    assert set(read(TEMPLATES)) == rendered - marks


def paths(value, path=""):
    """The path of every value inside, as the settings' table writes it: users[].address."""
    for name, member in value.items() if isinstance(value, dict) else ():
        yield path + name
        yield from paths(member, f"{path}{name}.")
    for item in value if isinstance(value, list) else ():
        yield from paths(item, path.removesuffix(".") + "[].")


def keys(schema, path=""):
    """The path of every key, from the JSON schema."""
    for name, member in schema.get("properties", {}).items():
        yield path + name
        yield from keys(member, f"{path}{name}.")
        yield from keys(member.get("items", {}), f"{path}{name}[].")


def used(template):
    """The path of every value that a template names."""
    scope = {}
    for words in re.findall(r"\{\{([^}|]+)|^ *#% (.*)", template, re.M):
        *words, path = " ".join(words).split()
        first, _, rest = path.partition(".")
        path = scope.get(first, first) + (f".{rest}" if rest else "")
        if words[:1] == ["for"]:
            scope[words[1]] = path + "[]"
        yield path


# Some of another list's items.
PART_OF = {"login_patterns[]": "own_letters[]"}
# A group of others; what wants a component.
NO_TEMPLATE = {"tls.offered", "filter.asked",
               "here", "here.filter", "here.logins", "here.postmaster_elsewhere"}


def whole_list(path):
    first, dot, rest = path.partition(".")
    return PART_OF.get(first, first) + dot + rest


def test_every_derived_value_is_used_and_listed():
    """Only what templates cannot compute is derived, and whoever writes one finds its name."""
    done = subprocess.run([POSTCASK, "schema"], capture_output=True, check=True, timeout=30)
    found = {whole_list(path) for golden in HERE.glob("settings/*.json")
             for path in paths(json.loads(golden.read_text()))}
    derived = found - set(keys(json.loads(done.stdout)))
    in_templates = {whole_list(path) for text in read(TEMPLATES).values() for path in used(text)}
    assert {"own_letters[].letters", "users[].password_prefix"} <= derived
    assert derived - in_templates - NO_TEMPLATE == set()
    headers = "".join((TOP / f"src/settings/{name}.h").read_text()
                      for name in ("meaning", "letters"))
    assert {path for path in derived
            if not re.search(rf"\b{path.split('.')[-1]}\b", headers)} == set()


def test_a_refused_file_writes_nothing(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("#cloud-config\nmail:\n  domains: [not a domain]\n")
    done = subprocess.run([POSTCASK, "render", bad, tmp_path / "out"], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 1 and "bad.yaml:3:" in done.stderr
    assert not (tmp_path / "out").exists()
