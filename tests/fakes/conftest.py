"""The fakes that the tests of the fakes stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.process import FakeExpo


@pytest.fixture(scope="session")
def _running_expo() -> Iterator[FakeExpo]:
    with FakeExpo() as fake:
        yield fake


@pytest.fixture
def expo(_running_expo: FakeExpo) -> FakeExpo:
    """A fake Expo to which nothing has happened yet."""
    _running_expo.reset()
    return _running_expo
