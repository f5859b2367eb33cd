"""What a machine lacks for a test."""

import os
from typing import NoReturn

import pytest


def absent(what: str) -> NoReturn:
    """Skip the test, saying so; where `CI` is set (.ci/run) it fails: there nobody reads what was skipped."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
