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
    ["schema", "a"], ["schema", "--cloud-init"], ["cert", "show", "ca"],
    ["cert", "sow"], ["dkim"], ["dkim", "spin"],
    ["dkim", "rotate", "--json"], ["dkim", "list", "--force"], ["cert", "ca", "--json"],
    ["status", "a"], ["verify", "a"],
    ["lists", "a"],
    ["dns", "check", "a", "b"], ["dns", "a", "b"], ["dns", "--zone", "--json"], ["dns", "--yes"],
    ["dns", "update", "--zone"], ["dns", "check", "--replace"]])
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
    done = run("groff", "-t", "-man", "-Tutf8", "-ww", "-z", manual)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    text = manual.read_text()
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION"):
        assert f".SH {section}" in text
    title = f'.TH {manual.stem.upper()} {manual.suffix[1:]} "@DATE@" "postcask @VERSION@" '
    assert title in text, "date and version come from the Makefile"


def test_the_pages_satisfy_mandoc():
    done = run(TOP / "tests/lint-man")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# A manual page's name with its section, as people and roff write it.
REFERENCE = re.compile(r"\b(postcask(?:\\?-[a-z]+)*)[\"*]*,? ?\(([1-8])\)")
PAGES = {f"{path.stem}({path.suffix[1:]})" for path in MANUALS} | {"postcask-settings(5)"}


def test_every_program_has_a_manual():
    assert {f"{program}(8)" for program in PROGRAMS} <= PAGES


def test_every_page_that_is_named_exists():
    """In units, messages, comments and pages: who reads "see postcask-x(8)" can see it."""
    wrong = {}
    for path in (path for folder in ("src", "firstboot", "firewall", "image", "overlays", "docs")
                 for path in (TOP / folder).rglob("*") if path.is_file()):
        named = {f"{name}({section})".replace("\\", "")
                 for name, section in REFERENCE.findall(path.read_text(errors="replace"))}
        if named - PAGES:
            wrong[str(path.relative_to(TOP))] = named - PAGES
    assert not wrong


def test_the_overview_leads_to_every_page():
    text = (TOP / "docs/man/postcask.7").read_text()
    named = {f"{name}({section})".replace("\\", "") for name, section in REFERENCE.findall(text)}
    assert PAGES - {"postcask(7)"} <= named


def test_help_lists_every_page_and_shows_it():
    listed = run(BIN / "postcask", "help")
    assert listed.returncode == 0
    assert set(re.findall(r"^(\S+)  +\S.{10}", listed.stdout, re.M)) == PAGES
    for page in PAGES:
        shown = run(BIN / "postcask", "help", page)
        assert shown.returncode == 0 and shown.stdout.startswith(page.upper()), page
        assert "\b" not in shown.stdout and "\nNAME\n" in shown.stdout
        assert "@" + "DATE@" not in shown.stdout and re.search(r"20\d\d-\d\d-\d\d", shown.stdout)


@pytest.mark.parametrize("given,page", [
    ("settings", "POSTCASK-SETTINGS(5)"), ("postcask-mail.7", "POSTCASK-MAIL(7)"),
    ("quarantine", "POSTCASK-QUARANTINE(8)"), ("postcask", "POSTCASK(8)"), ("mail(7)", "POSTCASK-MAIL(7)")])
def test_help_takes_short_names(given, page):
    assert run(BIN / "postcask", "help", given).stdout.startswith(page + " ")


@pytest.mark.parametrize("given", ["nosuch", "mail(8)", "", "../help/postcask", "cer"])
def test_help_of_a_page_that_is_not_there(given):
    done = run(BIN / "postcask", "help", given)
    assert done.returncode == 1 and not done.stdout
    assert "postcask help" in done.stderr


@pytest.mark.parametrize("found", [True, False])
def test_help_on_a_terminal_is_shown_by_less(tmp_path, found):
    """Which may not start a shell: who may run this by sudo is not root.  Without it, as text."""
    if found:
        (tmp_path / "less").write_text('#!/bin/sh\necho "less $LESSSECURE ${2##*/}"\n')
        (tmp_path / "less").chmod(0o755)
    mine, terminal = os.openpty()
    done = subprocess.run([BIN / "postcask", "help", "watch"], stdout=terminal, timeout=60,
                          env={"PATH": str(tmp_path)})
    os.close(terminal)
    said = os.read(mine, 65536).decode()
    os.close(mine)
    assert done.returncode == 0
    assert said.startswith("less 1 postcask-watch.8\r\n" if found else "POSTCASK-WATCH(8)")
    assert "\b" not in said


def test_install_gives_a_host_programs_and_manual(tmp_path):
    done = run("make", "--no-print-directory", "-C", TOP, "install", f"DESTDIR={tmp_path}",
               "PREFIX=/opt/mail")
    assert done.returncode == 0, done.stderr
    top = tmp_path / "opt/mail"
    assert sorted(path.name for path in (top / "bin").iterdir()) == ["postcask", "postcask-image"]
    pages = {f"{path.stem}({path.suffix[1:]})" for path in top.glob("share/man/man*/*")}
    assert pages == PAGES
    assert run(top / "bin/postcask", "help", "settings").returncode == 0
    done = run(top / "bin/postcask", "render", EXAMPLE, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"opt", "out"}


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
