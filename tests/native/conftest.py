import os

import pytest

from machine import Machine


@pytest.fixture(scope="session")
def machine():
    """One machine for all tests that leave it as it was."""
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces")
    with Machine("check", "10.81.0") as booted:
        yield booted
