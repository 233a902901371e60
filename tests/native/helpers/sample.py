# SPDX-License-Identifier: GPL-3.0-or-later
"""What is large is tested in parts, and one run of all tests takes one part of each: tests/run gives
it a number, which goes up with each commit, and prints it.  POSTCASK_SAMPLE repeats a run's parts by
its number; `all` takes the whole, as make soak does, and whoever names a file."""

import os

SAMPLE = os.environ.get("POSTCASK_SAMPLE", "all")
WHOLE = SAMPLE == "all"


def part(things, of):
    """Every one of `of` things: the next of them with the next number, so that as many runs as there
    are parts have seen all."""
    things = list(things)
    return things if WHOLE else things[int(SAMPLE) % of::of]


def part_of(things, of):
    """The same of a mapping."""
    return {name: things[name] for name in part(things, of)}


# Files of tests/native with a machine of their own for a minute, about as long together in each
# third: a third of them in a run.
BY_TURNS = ["lists", "guard", "acme",
            "outward", "tokens", "grey",
            "roles", "relay_roles", "door",
            "web", "vacation", "limits",
            "learning", "rotation", "sharing",
            "search", "signatures", "import",
            "recover", "ldap", "formats",
            "shared", "choices", "children",
            "judge", "signing", "waiting",
            "backends"]


def has_its_turn(name):
    """Such a file, or one that always has."""
    return name not in BY_TURNS or name in part(BY_TURNS, 3)
