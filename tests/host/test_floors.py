# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors of the house, as docs/architecture.md has them: a folder includes only folders
below it, and no two files need each other."""

import re
import subprocess
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
PAGE = "docs/architecture.md"
ROOMS = ["firstboot", "firewall", "image"]


def floors(page):
    """Each folder's floor: the roof is the first line of the page's block, base the last."""
    lines = re.search(r"^```floors\n(.*?)^```", page, re.M | re.S)[1].splitlines()
    names = [name for line in lines for name in line.split()]
    assert len(names) == len(set(names)), f"{PAGE}: a folder stands on two floors"
    return {name: height for height, line in enumerate(reversed(lines)) for name in line.split()}


def folder(path):
    return path.parts[1] if path.parts[0] == "src" else path.parts[0]


def sources(top):
    return sorted(path.relative_to(top) for room in ["src", *ROOMS]
                  for path in (top / room).rglob("*.[ch]"))


def includes(top):
    """(file, line, what it includes) for each of the project's own; None: there is no such file."""
    for path in sources(top):
        for number, line in enumerate((top / path).read_text().splitlines(), 1):
            if found := re.match(r'\s*#\s*include\s+"([^"]+)"', line):
                names = [Path("src", found[1]), Path(found[1])]
                yield path, number, next((name for name in names if (top / name).is_file()), None)


def unnamed(top, page):
    there = {path.name for path in (top / "src").iterdir() if path.is_dir()} | set(ROOMS)
    named = floors(page)
    return ([f"{PAGE}: the floors do not name {name}/" for name in sorted(there - set(named))] +
            [f"{PAGE}: the floors name {name}, which is not there"
             for name in sorted(set(named) - there)])


def climbs(top, page):
    floor = floors(page)
    for path, number, other in includes(top):
        if other is None:
            yield f"{path}:{number}: includes what src/ and the top do not have"
        elif folder(path) != folder(other) and {folder(path), folder(other)} <= set(floor):
            rise = floor[folder(other)] - floor[folder(path)]
            if rise >= 0:
                way = "up" if rise else "sideways"
                yield f"{path}:{number}: {folder(path)} includes {other}, which goes {way}"


def circle(needs):
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return " needs ".join(reversed(error.args[1]))
    return None


def header_needs(top):
    needs = {}
    for path, _, other in includes(top):
        if path.suffix == ".h" and other:
            needs.setdefault(str(path), set()).add(str(other))
    return needs


def symbols(objects, *options):
    """{object: the symbols that nm(1) lists of it}."""
    done = subprocess.run(["nm", "-A", "-P", "-g", *options, *objects], capture_output=True,
                          text=True, check=True, timeout=60)
    listed = {str(path): set() for path in objects}
    for path, symbol in re.findall(r"^(.*?): (\S+) ", done.stdout, re.M):
        listed[path].add(symbol)
    return listed


def call_needs(objects):
    """{object: those that have what it calls}, the programs' own main aside."""
    home = {symbol: path for path, defined in symbols(objects, "--defined-only").items()
            for symbol in defined if symbol != "main"}
    return {path: {home[symbol] for symbol in wanted if symbol in home} - {path}
            for path, wanted in symbols(objects, "-u").items()}


def test_every_folder_has_a_floor():
    assert unnamed(TOP, (TOP / PAGE).read_text()) == []


def test_a_folder_includes_only_folders_below_it():
    assert list(climbs(TOP, (TOP / PAGE).read_text())) == []


def test_no_header_includes_itself_in_the_end():
    assert circle(header_needs(TOP)) is None


def test_no_two_files_call_each_other():
    """By what make has compiled: what an object asks for and which one has it."""
    built = max([*TOP.glob("build/object/*.a"), *TOP.glob("build/*/object/*.a")],
                key=lambda path: path.stat().st_mtime).parent
    objects = [built / path.with_suffix(".o") for path in sources(TOP) if path.suffix == ".c"]
    objects = [path for path in objects if path.exists()]
    assert {path.relative_to(built).parts[0] for path in objects} >= {"src", "firstboot"}
    assert circle(call_needs(objects)) is None


def test_the_map_in_the_readme_has_a_line_for_each_folder():
    named = set(re.findall(r"^\| `src/(\w+)/` \|", (TOP / "README.md").read_text(), re.M))
    assert named == {path.name for path in (TOP / "src").iterdir() if path.is_dir()}


HOUSE = "```floors\nfirstboot image\nnet firewall\nbase\n```\n"


@pytest.fixture
def house(tmp_path):
    """A small house that is as it should be."""
    for name, text in {"src/base/file.h": "", "firewall/rule.c": "", "image/run.c": "",
                       "src/net/smtp.c": '#include "net/smtp.h"\n#include "base/file.h"\n',
                       "src/net/smtp.h": "#include <stddef.h>\n",
                       "firstboot/apply.c": '#include "net/smtp.h"\n'}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert not unnamed(tmp_path, HOUSE) and not list(climbs(tmp_path, HOUSE))
    assert circle(header_needs(tmp_path)) is None
    return tmp_path


@pytest.mark.parametrize("file, include, way", [
    ("src/base/file.h", "net/smtp.h", "base includes src/net/smtp.h, which goes up"),
    ("firewall/rule.c", "net/smtp.h", "firewall includes src/net/smtp.h, which goes sideways"),
    ("src/net/smtp.c", "net/gone.h", "includes what src/ and the top do not have"),
])
def test_an_include_that_leads_wrongly_is_found_by_its_line(house, file, include, way):
    (house / file).write_text(f'#include <stdio.h>\n# include "{include}"\n')
    assert list(climbs(house, HOUSE)) == [f"{file}:2: {way}"]


def test_a_folder_that_the_page_does_not_name_is_found(house):
    (house / "src/attic").mkdir()
    assert unnamed(house, HOUSE) == [f"{PAGE}: the floors do not name attic/"]
    assert unnamed(house, HOUSE.replace("base", "base cellar attic")) == [
        f"{PAGE}: the floors name cellar, which is not there"]


def test_circles_are_found(house, tmp_path):
    (house / "src/net/tls.h").write_text('#include "net/smtp.h"\n')
    (house / "src/net/smtp.h").write_text('#include "net/tls.h"\n')
    assert circle(header_needs(house)) in [
        "src/net/smtp.h needs src/net/tls.h needs src/net/smtp.h",
        "src/net/tls.h needs src/net/smtp.h needs src/net/tls.h"]
    objects = []
    for name, calls in [("one", "two"), ("two", "three"), ("three", "one"), ("four", "one")]:
        (tmp_path / f"{name}.c").write_text(f"int {calls}(void);\n"
                                            f"int {name}(void) {{ return {calls}(); }}\n")
        objects.append(tmp_path / f"{name}.o")
        subprocess.run(["gcc", "-c", "-o", objects[-1], tmp_path / f"{name}.c"], check=True)
    assert "four.o" not in circle(call_needs(objects))
    assert circle(call_needs(objects[1:])) is None
