"""Ahead: batches that are claimed while all connections are taken, so that they leave the moment one is free."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from notifications.pipeline import Done, dispatch, sweep
from notifications.pipeline.claims import Claim, claim
from notifications.pipeline.flights import Flight

QUICK = 0.25
"""Seconds within which a vendor answers behind whom others may wait. Behind a slow one they would be late to hear of a
pause, and what is more urgent would leave after them."""
LONGEST = 1.0
"""Seconds that they wait at the most."""


class Ahead:
    """Claimed, not started, and kept by this process alone. Others count them as under way."""

    def __init__(self) -> None:
        self._claims: list[Claim] = []
        self._since = 0.0

    def __bool__(self) -> bool:
        return bool(self._claims)

    @property
    def is_late(self) -> bool:
        """Have they waited too long?"""
        return bool(self._claims) and time.monotonic() > self._since + LONGEST

    def claim(self, most: int, own: Sequence[int]) -> Done:
        """Claim at most so many of one credential. `own`: batches whose connections will be free by then."""
        claims = claim(most, own, ahead=True)
        if isinstance(claims, Done):
            return claims
        self._claims, self._since = claims, time.monotonic()
        return Done()

    def start(self, room: int, flying: Counter[int]) -> list[Flight]:
        """Start those for whom there is a connection now. `flying`: how many batches of each credential are on their
        way."""
        if not self._claims:
            return []
        first = self._claims[0]
        most = max(0, min(room, first.connections - flying[first.credential.pk]))
        leaving, self._claims = self._claims[:most], self._claims[most:]
        return dispatch.started(leaving) if leaving else []

    def give_back(self) -> None:
        """Queue their messages again."""
        for each in self._claims:
            sweep.give_back(each.batch.pk)
        self._claims = []
