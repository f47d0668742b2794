"""Ahead: batches that are claimed while all connections are taken, so that they leave the moment one is free."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence

from notifications.pipeline import Done, dispatch, sweep
from notifications.pipeline.claims import Claim, claim
from notifications.pipeline.flights import Flight

log = logging.getLogger(__name__)
QUICK = 0.25
"""Seconds within which a vendor answers behind whom others may wait. Behind a slow one they would be late to hear of a
pause, and what is more urgent would leave after them."""
LONGEST = 1.0
"""Seconds after which they may not start any more, and are given back at the next round."""


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
        if not most:
            return []
        # Should it fail, there is time to try once more before they are late.
        self._since = max(self._since, time.monotonic() - LONGEST / 2)
        flights = dispatch.started(self._claims[:most])
        self._claims = self._claims[most:]
        return flights

    def give_back(self) -> None:
        """Queue their messages again. One that cannot be given back is left to its lease, like a dead worker's."""
        claims, self._claims = self._claims, []
        for each in claims:
            try:
                sweep.give_back(each.batch.pk)
            except Exception:
                log.exception(
                    "Batch %s could not be given back; its lease keeps it until the sweep.", each.batch.pk
                )
