# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what nobody tells: looked at again and again, with an end."""

import time

# A machine that shares two slow processors with three others does everything later.  Who waits in
# vain waits that much longer, and nobody else.
PATIENCE = 3


def end_of(seconds):
    """When somebody who waits so long gives up, by time.monotonic()."""
    return time.monotonic() + PATIENCE * seconds


def wait_until(true, what, timeout=20):
    """The seconds it took."""
    begin, end = time.monotonic(), end_of(timeout)
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)            # who is waited for tells nobody
    return time.monotonic() - begin
