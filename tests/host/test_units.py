# SPDX-License-Identifier: GPL-3.0-or-later
"""The units as files: one sandbox, and an order in which no unit lists the others.  What systemd
makes of them on a machine is tests/native/test_machine.py's."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
FOLDER = TOP / "overlays/usr/lib/systemd/system"
SANDBOX = FOLDER / "postcask-.service.d/10-sandbox.conf"
SERVICES = sorted(FOLDER.glob("postcask-*.service"))
# Lists: a later line adds to them, so a unit's own and the sandbox's both count.
LISTS = {"RestrictAddressFamilies", "SystemCallFilter"}


def lines(path):
    """A unit's settings in their order; a line that goes on below is one."""
    text = path.read_text().replace("\\\n", " ")
    return [tuple(line.split("=", 1)) for line in text.splitlines()
            if re.match(r"\w+=", line)]


def drop_ins(unit):
    """The files that systemd reads after a unit, in its order."""
    found = {path.name: path for folder in ("postcask-.service.d", unit.name + ".d")
             for path in (FOLDER / folder).glob("*.conf")}
    return [found[name] for name in sorted(found)]


def daemons():
    """The unit files and drop-ins of what belongs to the mail server, by the unit's name."""
    found = {}
    for path in (*FOLDER.glob("*.service.d/*.conf"), *TOP.glob("overlays/etc/systemd/system/*.service")):
        if ("WantedBy", "postcask-mail.target") in lines(path):
            found[path.parent.name.removesuffix(".d") if path.suffix == ".conf" else path.name] = path
    return found


FLOOR = dict(lines(SANDBOX))


def test_there_are_units():
    assert len(SERVICES) >= 19 and len(daemons()) >= 6
    assert FLOOR["NoNewPrivileges"] == "yes" and FLOOR["ProtectSystem"] == "strict"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.stem)
def test_no_unit_repeats_the_sandbox(unit):
    """Nor says otherwise: systemd reads the sandbox after the unit, and the last one counts."""
    assert not {key for key, _ in lines(unit)} & (set(FLOOR) - LISTS)
    assert not set(lines(unit)) & set(FLOOR.items())
    assert "SystemCallFilter" not in dict(lines(unit)), "the list would begin anew after it"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.stem)
def test_every_unit_says_what_it_may_do(unit):
    """Without a word about capabilities it would have all of them."""
    read = drop_ins(unit)
    bare = not any(lines(path) for path in read if path.name == "10-sandbox.conf")
    said = [path for path in (unit, *read) if "CapabilityBoundingSet" in dict(lines(path))]
    assert said or bare
    assert not bare or re.search(r"^# .+: .+", read[0].read_text(), re.M), "it says why"


@pytest.mark.parametrize("unit", [path for path in sorted(FOLDER.glob("postcask-*.*"))
                                  if path.is_file()], ids=lambda path: path.name)
def test_every_unit_leads_to_a_page(unit):
    """That there is: tests/host/test_commands.py looks at every page that is named."""
    assert re.fullmatch(r"man:postcask[a-z-]*\([578]\)", dict(lines(unit))["Documentation"])


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.stem)
def test_less_of_the_sandbox_has_a_reason(unit):
    for path in drop_ins(unit):
        if path != SANDBOX:
            assert re.match(r"# SPDX.*\n# \w", path.read_text()), path
            assert re.fullmatch(r"10-sandbox\.conf|20-[a-z]+\.conf", path.name), path


@pytest.mark.parametrize("unit", sorted(FOLDER.glob("postcask-*.*")), ids=lambda path: path.name)
def test_no_unit_of_ours_lists_the_daemons(unit):
    """They say themselves what comes after them.  One that is about a daemon names that one."""
    named = {word for key, value in lines(unit) if key in ("After", "Before", "Wants", "Requires")
             for word in value.split() if word in daemons()} if unit.is_file() else set()
    about = {value for key, value in lines(unit) if key == "Requisite"} if unit.is_file() else set()
    assert named <= about


@pytest.mark.parametrize("name,path", sorted(daemons().items()), ids=lambda part: str(part)[-40:])
def test_every_daemon_orders_itself(name, path):
    said = lines(path)
    after = [word for key, value in said if key == "After" for word in value.split()]
    before = [word for key, value in said if key == "Before" for word in value.split()]
    wants = [word for key, value in said if key == "Wants" for word in value.split()]
    # Proved when it runs, or not before the report; but amavis, whose probes wait for it.
    assert "postcask-verify.service" in before or "postcask-report.service" in after or \
        name == "amavis.service"
    # What it wants at its start is ordered after it.
    assert {word for word in wants if word.startswith("postcask-")} <= set(before)
