# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine takes of memory, as the kernel's memory controller counts it, and machines that
may take only so much."""

import os
import re
from pathlib import Path
from unittest import mock

from machine import Machine, roots

MIB = 1024 * 1024


class Meter:
    """The memory controller's view of a machine; version 1 or 2."""

    def __init__(self, machine):
        one = Path("/sys/fs/cgroup/memory")
        self.old = one.is_dir()
        self.folder = (one if self.old else Path("/sys/fs/cgroup")) / f"postcask-{machine.name}"

    def pairs(self, name):
        return {key: int(value) for key, value in
                re.findall(r"^(\w+) (\d+)$", (self.folder / name).read_text(), re.M)}

    def used(self):
        """MiB that cannot be given back: processes' memory, tmpfs, the kernel's own."""
        found = self.pairs("memory.stat")
        if self.old:
            kernel = int((self.folder / "memory.kmem.usage_in_bytes").read_text())
            return (found["total_rss"] + found["total_shmem"] + kernel) / MIB
        return (found["anon"] + found["shmem"] + found["kernel"]) / MIB

    def limit(self, mib):
        """From now on it may take no more."""
        name = "memory.limit_in_bytes" if self.old else "memory.max"
        (self.folder / name).write_text(str(int(mib) * MIB))

    def killed(self):
        return self.pairs("memory.oom_control" if self.old else "memory.events")["oom_kill"]


def limited(name, net, limit, layer=None):
    """`limit` in bytes; `layer` is laid over the image's tree."""
    given = {"POSTCASK_NATIVE_MEMORY": str(limit)}
    if layer:
        given["POSTCASK_ROOTS"] = f"{layer}:{roots()}"
    with mock.patch.dict(os.environ, given):
        return Machine(name, net).start()
