# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents say of the project, where the project itself can be asked."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])


def name(path):
    return str(path.relative_to(TOP))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_to_files(document):
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_what_is_named_of_the_project_is_there(document):
    """`make TARGET`, and files below the project's own folders."""
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):(?!=)", (TOP / "Makefile").read_text(), re.M))
    targets = {target for line in targets for target in line.split()}
    named = re.findall(r"(?:`|^ {4})make (?:[A-Z0-9]+=\S+ |-\S+ )*([a-z-]+)", text, re.M)
    assert [target for target in named if target not in targets] == []
    folders = "src|image|overlays|firstboot|firewall|tests|docs"
    paths = re.findall(rf"`((?:{folders})/[\w./-]+)`", text)
    assert [path for path in paths if "NAME" not in path and not (TOP / path).exists()] == []


def test_the_decisions_are_in_their_index():
    folder = TOP / "docs/decisions"
    listed = re.findall(r"^\| \[[^]]+\]\((\S+\.md)\)", (folder / "README.md").read_text(), re.M)
    assert sorted(listed) == sorted(path.name for path in folder.glob("*.md")
                                    if path.name != "README.md")


def test_the_readme_counts_the_keys_as_the_program_does():
    def explain(*words):
        return subprocess.run([TOP / "build/bin/postcask", "explain", *words], capture_output=True,
                              text=True, check=True, timeout=60).stdout
    later = explain("--man").split(".SH KEYS OF LATER VERSIONS")[1].split(".SH")[0]
    usable, reserved = len(explain().splitlines()), len(re.findall(r"^\.B ", later, re.M))
    assert f"{usable} keys can be set; the names of {reserved} more" in " ".join(
        (TOP / "README.md").read_text().split())


def test_the_readme_names_each_manual():
    pages = {f"{path.stem}({path.suffix[1:]})"
             for folder in ("docs", "src", "image", "firstboot", "firewall", "overlays/usr/share/man")
             for path in (TOP / folder).rglob("*.[1-8]")}
    assert pages <= set(re.findall(r"[\w-]+\(\d\)", (TOP / "README.md").read_text()))
