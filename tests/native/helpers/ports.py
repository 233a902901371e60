# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of mail, as the project's own tables have them."""

import re
from pathlib import Path

COMPONENTS = Path(__file__).resolve().parents[3] / "src/component"

# name -> number, of those that are on when nobody asks for others
PORTS = {name: int(number) for name, number in re.findall(
    r'\[PORT_\w+\] = \{"(\w+)", (\d+),', (COMPONENTS / "ports.c").read_text())}
WEB = PORTS.pop("web")
# "INCOMING" -> 10024
INNER = {name: int(number) for name, number in re.findall(
    r"INNER_(\w+) = (\d+),", (COMPONENTS / "inner.h").read_text())}
FORWARDING = [INNER[name] for name in ("SRS_FORWARD", "SRS_REVERSE", "FORWARDED")]
FILTER = [INNER[name] for name in ("INCOMING", "SUBMITTED", "LOCAL")]

assert len(PORTS) >= 8 and len(INNER) >= 6
