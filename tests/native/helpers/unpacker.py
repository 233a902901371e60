# SPDX-License-Identifier: GPL-3.0-or-later
"""An unpacker of the filter that does something else."""

import contextlib

HANGS, HANGING = "exec sleep 1000", "^sleep 1000"


@contextlib.contextmanager
def unpacker_doing(machine, command):
    """While 7z of this machine begins with a command of the shell."""
    unpacker = machine.tree / "usr/bin/7z"
    program = unpacker.read_text()
    first, _, rest = program.partition("\n")
    unpacker.write_text(f"{first}\n{command}\n{rest}")
    try:
        yield
    finally:
        unpacker.write_text(program)
