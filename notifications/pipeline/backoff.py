"""When to try again: arithmetic only."""

from __future__ import annotations

import random
from datetime import timedelta

LONGEST = timedelta(hours=1)


def delay(tries: int, base: timedelta, retry_after: float | None = None) -> timedelta:
    """The pause after so many tries: doubling from `base`, at most an hour, a fifth up or down at random.

    What the vendor asked for (seconds) is a floor, itself at most an hour.
    """
    doubled = min(base * 2 ** min(max(tries - 1, 0), 20), LONGEST)
    jittered = doubled * random.uniform(0.8, 1.2)  # noqa: S311 (spreads load; nobody gains by guessing it)
    asked = timedelta(seconds=min(max(retry_after or 0.0, 0.0), LONGEST.total_seconds()))
    pause: timedelta = max(jittered, asked)
    return pause
