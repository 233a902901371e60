# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what nobody tells: looked at again and again, with an end."""

import time


def wait_until(true, what, timeout=20):
    """The seconds it took."""
    begin = time.monotonic()
    while not true():
        if time.monotonic() > begin + timeout:
            raise TimeoutError(what)
        time.sleep(0.02)            # who is waited for tells nobody
    return time.monotonic() - begin
