"""Whatever a test of the machine's steps does, every invariant holds afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications import invariants


@pytest.fixture(autouse=True)
def _without_a_limit(settings: Settings) -> None:
    """Two batches in a row, as fast as they can; what the pace does is a matter of test_rate.py."""
    settings.EXPO_NOTIFICATIONS_RATE = 0


@pytest.fixture
def crooked_rows() -> None:
    """For a test that begins with rows no step would leave behind."""


@pytest.fixture(autouse=True)
def _invariants_hold(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    names = set(request.fixturenames)
    if not names & {"db", "transactional_db"} or "crooked_rows" in names:
        yield
        return
    request.getfixturevalue("committed" if "committed" in names else "db")
    yield
    assert [(each.number, rows) for each, rows in invariants.check()] == []
