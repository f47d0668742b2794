"""Dispatcher: keeps batches on their way while one thread does all that touches the database.

On SQLite only one may write at a time, and everywhere one transaction for the answers of several batches costs little
more than one for those of a single one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from notifications.pipeline import Done, dispatch, record
from notifications.pipeline.claims import Claim, claim
from notifications.pipeline.flights import Arrival, Flight, one_by_one

log = logging.getLogger(__name__)
REST = 1.0
"""Seconds until it looks again, where nothing tells it sooner."""
GATHER = 0.002
"""Seconds in which answers that come nearly together are gathered."""


class Dispatcher:
    """Sends as many batches side by side as it may; whoever calls `save` and `send` is the one thread."""

    def __init__(self, most: int, arrived: Callable[[], None]) -> None:
        """`most`: batches on their way at once. `arrived`: called by another thread when answers have come."""
        self._most = most
        self._ring = arrived
        self._answers: SimpleQueue[Arrival] = SimpleQueue()
        self._flying = 0
        self._pool = ThreadPoolExecutor(most, "carillon-flight")

    def save(self) -> list[Done]:
        """Save what has arrived."""
        return self._saved(self._arrivals())

    def send(self) -> Done:
        """Send what may go, of one credential."""
        if self._flying >= self._most:
            return Done(wait=REST)
        claims = claim(self._most - self._flying)
        if isinstance(claims, Done):
            return claims
        self._start(claims)
        # Whether or not that was all of it: another credential may have something to send.
        return Done(messages=sum(len(each.messages) for each in claims), wait=0.0)

    def land(self, seconds: float) -> list[Done]:
        """Send nothing more, and save what arrives within so many seconds of what is on its way."""
        ends = time.monotonic() + seconds
        saved: list[Done] = []
        while self._flying:
            try:
                first = self._answers.get(timeout=max(0.0, ends - time.monotonic()))
            except Empty:
                break
            saved += self._saved([first, *self._drained()])
        self._pool.shutdown(wait=False)
        return saved

    def _start(self, claims: Sequence[Claim]) -> None:
        for flight in dispatch.started(claims):
            self._flying += 1
            self._pool.submit(self._fetch, flight)

    def _fetch(self, flight: Flight) -> None:
        for arrival in one_by_one(flight, dispatch.FLUSH):
            self._answers.put(arrival)
            self._ring()

    def _arrivals(self) -> list[Arrival]:
        arrived = self._drained()
        if arrived and self._flying > len(arrived):
            time.sleep(GATHER)
            arrived += self._drained()
        return arrived

    def _drained(self) -> list[Arrival]:
        return [self._answers.get() for _ in range(self._answers.qsize())]

    def _saved(self, arrivals: Iterable[Arrival]) -> list[Done]:
        """One transaction for each credential."""
        by_credential: dict[int, list[Arrival]] = {}
        for arrival in arrivals:
            self._flying -= arrival.is_last
            by_credential.setdefault(arrival.flight.credential.pk, []).append(arrival)
        return [done for together in by_credential.values() for done in _save(together)]


def _save(together: Sequence[Arrival]) -> list[Done]:
    """In one transaction; one by one where that fails, so that none is lost for the sake of another."""
    try:
        return [record.save(together)]
    except Exception:
        if len(together) > 1:
            return [done for each in together for done in _save([each])]
        batch = together[0].flight.batch.pk
        log.exception(
            "Answers to batch %s cannot be saved; once its lease is over, they count as lost.", batch
        )
        return []
