"""Tests of the classroom need nbgrader; those that run student code also need bubblewrap."""

import os

import pytest

pytest.importorskip("nbgrader", reason="the extra 'classroom' is not installed")

from toolkit.classroom.sandbox import problem  # noqa: E402


@pytest.fixture(scope="session")
def sandbox():
    """Skips where student code cannot be isolated, unless TOOLKIT_REQUIRE_SANDBOX says that it must be."""
    if problem() and os.environ.get("TOOLKIT_REQUIRE_SANDBOX"):
        pytest.fail(problem())
    if problem():
        pytest.skip(problem())
