"""The one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from notifications import clock


def test_it_is_right() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_turns_add_up() -> None:
    clock.turn(timedelta(days=1))
    clock.turn(timedelta(hours=-1))
    assert clock.now() - datetime.now(UTC) > timedelta(hours=22)


def test_it_can_be_set_right_again() -> None:
    clock.turn(timedelta(days=1))
    clock.reset()
    assert clock.now() - datetime.now(UTC) < timedelta(seconds=5)
