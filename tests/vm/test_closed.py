# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was given something wrong: closed, reachable by ssh, and plain about what to
write.  tests/native looks at that in each run; the virtual machine is for make soak."""

import re

from vm import VirtualMachine, in_soak_only


@in_soak_only
def test_refused_user_data_names_its_place(tmp_path):
    wrong = "#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [example.org]\n  usres: []\n"
    machine = VirtualMachine(tmp_path, wrong).boot()
    try:
        assert machine.wait_line().group(1) == "failed"
        assert re.search(r":5:3: .*usres", machine.console), machine.console[-4000:]
        assert machine.banner("smtp", 3) == b"" and machine.banner("imap", 3) == b""
        assert machine.ssh("echo works").strip() == "works"
    finally:
        machine.kill()
