"""When to try again: arithmetic."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from notifications.pipeline.backoff import LONGEST, delay

BASE = timedelta(seconds=30)
tries = some.integers(0, 10_000)
asked = some.none() | some.floats(allow_nan=False)


@given(tries, asked)
def test_it_waits_an_hour_and_a_fifth_at_the_most(number: int, seconds: float | None) -> None:
    assert timedelta(0) <= delay(number, BASE, seconds) <= LONGEST * 1.2


@given(some.integers(1, 7))
def test_it_doubles_with_each_try_but_for_a_fifth(number: int) -> None:
    doubled = BASE * 2 ** (number - 1)
    assert doubled * 0.8 <= delay(number, BASE) <= doubled * 1.2


@given(tries, some.floats(0, 3600))
def test_it_waits_at_least_as_long_as_the_vendor_asked(number: int, seconds: float) -> None:
    assert delay(number, BASE, seconds) >= timedelta(seconds=seconds)


def test_a_vendor_that_asks_for_a_year_gets_an_hour() -> None:
    assert delay(1, BASE, 31_536_000) == LONGEST


def test_a_vendor_that_asks_for_less_than_nothing_is_not_heard() -> None:
    assert delay(1, BASE, -5) >= BASE * 0.8


def test_two_that_failed_together_do_not_come_back_together() -> None:
    assert len({delay(5, BASE) for _ in range(20)}) > 1
