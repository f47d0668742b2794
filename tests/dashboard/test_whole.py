"""Whole numbers out of anything."""

from __future__ import annotations

import pytest

from dashboard.whole import whole


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_plain_digits_are_a_number(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", ["", " 1", "-1", "+1", "1.0", "1e3", "²", "\u0661", "x", "9" * 19, "1\n"])
def test_anything_else_is_none(text: str) -> None:
    assert whole(text) is None
