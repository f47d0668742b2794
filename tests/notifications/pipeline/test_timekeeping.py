"""Whose clock a worker goes by."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from notifications import clock
from notifications.pipeline import timekeeping

pytestmark = pytest.mark.django_db
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def _ahead() -> None:
    """This machine's clock is five minutes ahead."""
    clock.follow(datetime.now(UTC) + FIVE_MINUTES, timedelta(0))


@pytest.mark.usefixtures("_ahead")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no clock of its own")
class TestWithPostgreSQL:
    def test_a_clock_that_is_ahead_goes_by_the_databases(self) -> None:
        timekeeping.step()
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)

    def test_every_new_connection_sets_it(self) -> None:
        fresh = connection.copy()
        fresh.ensure_connection()
        fresh.close()
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)

    def test_it_is_said_to_whoever_keeps_the_machine(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            timekeeping.step()
        assert "-300.0 seconds off the database's" in caplog.text


@pytest.mark.usefixtures("_ahead")
@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL has a clock of its own")
def test_with_sqlite_a_worker_goes_by_its_own() -> None:
    timekeeping.step()
    assert clock.now() - datetime.now(UTC) > FIVE_MINUTES / 2
