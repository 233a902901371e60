# SPDX-License-Identifier: GPL-3.0-or-later
import os

import pytest

from firewall_pair import Pair
from machine import Machine


@pytest.fixture(scope="session")
def machine():
    """One machine for all tests that leave it as it was."""
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("check", "10.81.0") as booted:
        yield booted


@pytest.fixture
def pair(tmp_path):
    """A machine behind the firewall and a stranger."""
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    with Pair(tmp_path) as both:
        yield both
