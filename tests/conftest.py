"""Small checkouts with toy chapters, for tests of the whole way from request to ledger."""

import pytest
from toy_checkout import Checkout


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory) -> Checkout:
    """A checkout for all tests of a module."""
    return Checkout(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def one_chapter(tmp_path_factory) -> Checkout:
    """A checkout with the single chapter ``good-one``, shared by tests that change nothing."""
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    made.add("good-one")
    return made
