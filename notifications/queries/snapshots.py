"""Counts that are dear are not taken again at once: kept for a moment, the longer the more rows they looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

Value = TypeVar("Value")
SMALL = 20_000
"""Rows below which every look counts anew."""
ROWS_A_SECOND = 50_000
"""A count of so many rows is kept for a second."""
LONGEST = 15.0
"""Seconds that a count is kept while it may change."""
SETTLED = 600.0
"""Seconds that a count is kept when it hardly can."""


def progress_key(broadcast_id: int) -> str:
    """Everything counted of a broadcast."""
    return f"carillon:progress:{broadcast_id}"


def summary_key(broadcast_id: int) -> str:
    """What a list shows of a broadcast."""
    return f"carillon:summary:{broadcast_id}"


def again_key(broadcast_id: int) -> str:
    """How much of a broadcast can be sent again."""
    return f"carillon:again:{broadcast_id}"


def snapshot(key: str, rows: Callable[[Value], int], count: Callable[[], Value]) -> Value:
    """What `count` returns, or returned a moment ago in this process. `rows` says how many rows it looked at."""
    found: Value | None = cache.get(key)
    return counted(key, rows, count()) if found is None else found


def counted(key: str, rows: Callable[[Value], int], value: Value, is_settled: bool = False) -> Value:
    """Keep a value that was counted just now, if counting it was dear; longer where hardly anything can change it."""
    seconds = lifetime(rows(value), is_settled)
    if seconds:
        cache.set(key, value, seconds)
    return value


def lifetime(rows: int, is_settled: bool = False) -> float:
    """Seconds that a count of so many rows is kept; 0 where it is taken every time."""
    if rows < SMALL:
        return 0.0
    return SETTLED if is_settled else min(LONGEST, rows / ROWS_A_SECOND)


def kept(keys: list[str]) -> dict[str, object]:
    """Those of the values that are still kept."""
    return cache.get_many(keys)


def forget(*keys: str) -> None:
    """Somebody changed what was counted, and wants to see it."""
    cache.delete_many(keys)
