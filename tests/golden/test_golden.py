"""Every rendered file of every example here, against the copy that a person has read.

After a wanted change: `make golden`, and read the difference before committing it."""

import filecmp
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
POSTCASK = HERE.parent.parent / "build" / "bin" / "postcask"
EXAMPLES = sorted(HERE.glob("*.yaml"))


def files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_rendered_files_are_as_read(example, tmp_path):
    done = subprocess.run([POSTCASK, "render", example, tmp_path], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0, done.stderr
    expected = example.with_suffix("")
    assert files(tmp_path) == files(expected)
    wrong = [str(name) for name in files(expected)
             if not filecmp.cmp(tmp_path / name, expected / name, shallow=False)]
    assert not wrong, subprocess.run(["diff", "-ru", expected, tmp_path], capture_output=True,
                                     text=True).stdout[:6000]


def test_rendering_is_repeatable(tmp_path):
    for name in ("one", "two"):
        subprocess.run([POSTCASK, "render", EXAMPLES[0], tmp_path / name], check=True, timeout=30)
    done = subprocess.run(["diff", "-r", tmp_path / "one", tmp_path / "two"])
    assert done.returncode == 0


def test_every_template_is_in_the_component_table(tmp_path):
    templates = HERE.parent.parent / "overlays/usr/share/postcask/templates"
    subprocess.run([POSTCASK, "render", EXAMPLES[0], tmp_path], check=True, timeout=30)
    marks = {name for name in files(tmp_path) if name.parent == Path("etc/postcask/wanted")}
    assert files(templates) == files(tmp_path) - marks


def test_a_refused_file_writes_nothing(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("#cloud-config\nmail:\n  domains: [not a domain]\n")
    done = subprocess.run([POSTCASK, "render", bad, tmp_path / "out"], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 1 and "bad.yaml:3:" in done.stderr
    assert not (tmp_path / "out").exists()
