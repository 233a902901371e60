# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs as a person or a script on any host meets them: the fixed interfaces."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
BIN = TOP / "build" / "bin"
EXAMPLE = TOP / "image" / "example-user-data.yaml"
# The Makefile says which program a source is; postcask-image has a rule of its own.
SOURCES = dict(re.findall(r"^(postcask[\w-]*)_MAIN = (\S+)$", (TOP / "Makefile").read_text(), re.M),
               **{"postcask-image": "image/image_main.c"})
PROGRAMS = sorted(SOURCES)
COMMANDS = [["postcask", name] for name in re.findall(
    r'^    \{"([a-z-]+)", command_', (TOP / "src/command/postcask_main.c").read_text(), re.M)]
COMMANDS += [["postcask-image", name] for name in re.findall(
    r'^    \{"([a-z-]+)", \w+_main', (TOP / "image/image_main.c").read_text(), re.M)]
MANUALS = sorted(path for path in TOP.glob("*/**/*.[1-8]")
                 if not {"build", "corpus"} & set(path.relative_to(TOP).parts))


def run(*command, stdin=None, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=60, input=stdin, **options)


@pytest.mark.parametrize("program", PROGRAMS)
def test_version_and_help(program):
    version = run(BIN / program, "--version")
    assert version.returncode == 0
    assert re.fullmatch(program + r" \d+\.\d+\.\d+", version.stdout.strip())
    shown = run(BIN / program, "--help")
    assert shown.returncode == 0 and "usage: " + program in shown.stdout and not shown.stderr


def test_every_program_is_made():
    mains = {str(path.relative_to(TOP)) for folder in ("src", "firstboot", "firewall", "image")
             for path in (TOP / folder).rglob("*_main.c")}
    assert set(SOURCES.values()) == mains
    assert all(os.access(BIN / program, os.X_OK) for program in PROGRAMS)


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["no-such-word"], ["--help=yes"],
                                       ["one", "two", "three", "four"]], ids=" ".join)
@pytest.mark.parametrize("program", PROGRAMS)
def test_bad_usage_is_2_everywhere(program, arguments):
    done = run(BIN / program, *arguments)
    assert done.returncode == 2 and not done.stdout
    assert program in done.stderr and "--" in done.stderr or "usage: " + program in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command):
    shown = run(BIN / command[0], command[1], "--help")
    assert shown.returncode == 0 and "usage: " + " ".join(command) in shown.stdout
    version = run(BIN / command[0], command[1], "--version")
    assert version.stdout == run(BIN / command[0], "--version").stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_bad_usage_of_every_command_is_2(command):
    done = run(BIN / command[0], command[1], "--no-such-option")
    assert done.returncode == 2 and not done.stdout
    assert "usage: " + " ".join(command) in done.stderr


def test_what_does_not_reach_the_reader_is_a_failure():
    with open("/dev/full", "w") as full:
        for program in PROGRAMS:
            for option in ("--help", "--version"):
                done = subprocess.run([BIN / program, option], stdout=full, timeout=60)
                assert done.returncode == 1, (program, option)


@pytest.mark.parametrize("arguments", [
    ["check"], ["check", "a", "b"], ["check", "--jsn", "a"], ["render", "a"],
    ["render", "a", "b", "c"], ["explain", "--man", "mail.domains"], ["explain", "a", "b"],
    ["schema", "a"], ["schema", "--cloud-init"], ["cert"], ["cert", "show", "ca"],
    ["cert", "sow"], ["cert", "ca", "--json"], ["status", "a"], ["verify", "a"]])
def test_bad_usage_says_the_right_one(arguments):
    done = run(BIN / "postcask", *arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert "usage: postcask " + arguments[0] in done.stderr


def test_the_last_of_two_options_counts():
    example = run(BIN / "postcask", "explain", "--man", "--example")
    assert example.returncode == 0 and example.stdout.startswith("#cloud-config\n")


def test_an_accepted_file_is_silent():
    done = run(BIN / "postcask", "check", EXAMPLE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_ten_lines_of_the_readme_are_accepted(tmp_path):
    text = re.search(r"```yaml\n(.*?)```", (TOP / "README.md").read_text(), re.S).group(1)
    made = run("openssl", "passwd", "-6", "-stdin", stdin="secret\n").stdout.strip()
    (tmp_path / "mine.yaml").write_text(text.replace("$6$...", made))
    assert len(text.splitlines()) <= 10
    done = run(BIN / "postcask", "check", tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stderr


def test_a_refused_file_has_one_line_an_error(tmp_path):
    (tmp_path / "bad.yaml").write_text("#cloud-config\nfqdn: mail.example.org\nmail:\n"
                                       "  domains: [not_a domain]\n  usres: []\n")
    done = run(BIN / "postcask", "check", "bad.yaml", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    lines = done.stderr.splitlines()
    assert all(re.match(r"postcask: bad\.yaml:\d+:\d+: .+; .+", line) for line in lines), lines
    assert any(":4:" in line for line in lines) and any(":5:3:" in line for line in lines)


def test_check_reads_standard_input_and_speaks_json():
    done = run(BIN / "postcask", "check", "--json", "-", stdin="#cloud-config\nmail: {domains: 3}\n")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"][0]["line"] == 2


def test_a_missing_file_is_an_error():
    done = run(BIN / "postcask", "check", "/nonexistent/file.yaml")
    assert done.returncode == 1 and "/nonexistent/file.yaml" in done.stderr


def test_the_example_of_explain_is_accepted(tmp_path):
    example = tmp_path / "example.yaml"
    example.write_text(run(BIN / "postcask", "explain", "--example").stdout)
    assert run(BIN / "postcask", "check", example).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody")
def test_render_works_as_any_user(tmp_path):
    tmp_path.chmod(0o777)
    program, templates = tmp_path / "postcask", tmp_path / "templates"
    run("cp", BIN / "postcask", program)
    run("cp", "-r", TOP / "overlays/usr/share/postcask/templates", templates)
    run("cp", EXAMPLE, tmp_path / "example.yaml")
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/tmp") and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "render",
               tmp_path / "example.yaml", tmp_path / "out",
               env=dict(os.environ, POSTCASK_TEMPLATES=str(templates)))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/etc/postfix/main.cf").stat().st_uid == 65534


def test_status_outside_a_machine_says_so():
    done = run(BIN / "postcask", "status")
    assert done.returncode != 0 and "report" in done.stderr


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.name)
def test_manuals_are_well_formed(manual):
    done = run("groff", "-man", "-Tutf8", "-ww", "-z", manual)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION"):
        assert f".SH {section}" in manual.read_text()


def test_every_program_has_a_manual():
    names = {path.stem for path in MANUALS}
    assert set(PROGRAMS) <= names, set(PROGRAMS) - names


def test_every_unit_names_a_manual_that_exists():
    names = {f"{path.stem}({path.suffix[1:]})" for path in MANUALS} | {"postcask-settings(5)"}
    for unit in TOP.glob("overlays/usr/lib/systemd/system/postcask-*.*"):
        for name in re.findall(r"man:(postcask\S*)", unit.read_text()):
            assert name in names, (unit.name, name)


def test_the_builder_refuses_what_it_cannot_do(tmp_path):
    for arguments, reason in ((["build", "--format=vhdx"], "vhdx"),
                              (["build", "--output=/proc/image.qcow2"], "/proc"),
                              (["run", "--image=/nonexistent.qcow2"], "/nonexistent.qcow2"),
                              (["seed", "/nonexistent.yaml", tmp_path / "seed.iso"],
                               "/nonexistent.yaml")):
        done = run(BIN / "postcask-image", *arguments, cwd=TOP)
        assert done.returncode != 0 and reason in done.stderr, (arguments, done.stderr)


@pytest.mark.image
def test_the_image_is_described_and_hashed():
    manifest = json.loads((TOP / "build/postcask.manifest.json").read_text())
    text = json.dumps(manifest)
    for package in ("postfix", "dovecot-core", "amavisd-new", "clamav-daemon", "spamassassin"):
        assert package in text
    for name in ("postcask.qcow2", "postcask.raw"):
        hashed = (TOP / "build" / (name + ".sha256")).read_text().split()
        assert len(hashed[0]) == 64 and hashed[1].lstrip("*") == name
    done = run("sha256sum", "--check", "--quiet", "postcask.qcow2.sha256", cwd=TOP / "build")
    assert done.returncode == 0, done.stderr


def test_the_firewall_links_no_mail_client():
    """It knows the ports by the table alone: neither TLS nor a resolver is in what root runs
    before everything else."""
    linked = run("ldd", BIN / "postcask-firewall").stdout
    assert "libnftnl" in linked
    assert not re.search(r"libssl|libcrypto|libresolv", linked), linked
