"""Dispatcher: keeps batches on their way, while answers to others are saved.

One transaction for the answers of several batches costs little more than one for those of a single one.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import Empty, SimpleQueue

from notifications.pipeline import Done, dispatch, record
from notifications.pipeline.ahead import QUICK, Ahead
from notifications.pipeline.flights import Arrival, Flight, one_by_one

log = logging.getLogger(__name__)
REST = 1.0
"""Seconds until it looks again, where nothing tells it sooner."""
GATHER = 0.002
"""Seconds in which answers that come nearly together are gathered."""


class Dispatcher:
    """Sends as many batches side by side as it may, and claims the next meanwhile.

    One thread calls `send`; the same one, or another, calls `save`.
    """

    def __init__(self, most: int, arrived: Callable[[], None]) -> None:
        """`most`: batches on their way at once. `arrived`: called by another thread when answers have come."""
        self._most = most
        self._ring = arrived
        self._answers: SimpleQueue[Arrival] = SimpleQueue()
        self._flying: dict[int, Flight] = {}
        self._landed: dict[int, Flight] = {}
        """Those whose answers are all there, by their batch, until they are saved."""
        self._ahead = Ahead()
        self._took = REST
        """Seconds from start to end of what landed last; before that, a guess."""
        self._pool = ThreadPoolExecutor(most, "carillon-flight")

    def send(self) -> Done:
        """Send what may go; before what has landed is saved, while that is not too much."""
        self._gather()
        if self._ahead.is_late:
            self._ahead.give_back()
        # Trouble is saved first: that may be a reason to send less.
        if any(flight.is_trouble for flight in list(self._landed.values())):
            return Done(wait=REST)
        flying = Counter(flight.credential.pk for flight in list(self._flying.values()))
        left = self._leave(self._ahead.start(self._room(), flying))
        found = self._find()
        return replace(found, messages=found.messages + left)

    def _find(self) -> Done:
        """Claim for connections that are free, or else for those that soon will be."""
        landed, room = list(self._landed), self._room()
        if room > 0:
            flights = dispatch.take_off(room, landed)
            if isinstance(flights, Done):
                return flights
            # Whether or not that was all of it: another credential may have something to send.
            return Done(messages=self._leave(flights), wait=0.0)
        if self._ahead or not self._is_quick() or len(landed) > self._most:
            return Done(wait=REST)
        return self._ahead.claim(self._most, [*landed, *self._flying])

    def _room(self) -> int:
        """Batches that may leave now: what has landed makes room for others, but not without end."""
        return self._most - len(self._flying) - max(0, len(self._landed) - self._most)

    def _is_quick(self) -> bool:
        """Will there soon be a connection to spare?"""
        oldest = min((flight.left_at for flight in list(self._flying.values())), default=0.0)
        return self._took <= QUICK and time.monotonic() - oldest <= QUICK

    @property
    def has_landed(self) -> bool:
        """Is there a batch whose answers are all there and not saved yet?"""
        return bool(self._landed)

    def save(self) -> list[Done]:
        """Save what has arrived."""
        return self._saved(self._drained())

    def land(self, seconds: float) -> list[Done]:
        """Send nothing more, and save what arrives within so many seconds of what is on its way."""
        self._ahead.give_back()
        ends = time.monotonic() + seconds
        saved: list[Done] = []
        while self._flying or self._landed:
            try:
                first = self._answers.get(timeout=max(0.0, ends - time.monotonic()))
            except Empty:
                break
            saved += self._saved([first, *self._drained()])
        self._pool.shutdown(wait=False)
        return saved

    def _leave(self, flights: Sequence[Flight]) -> int:
        """Send these side by side. Returns how many messages that are."""
        for flight in flights:
            flight.left_at = time.monotonic()
            self._flying[flight.batch.pk] = flight
            self._pool.submit(self._fetch, flight)
        return sum(len(each.messages) for each in flights)

    def _fetch(self, flight: Flight) -> None:
        for arrival in one_by_one(flight):
            if arrival.is_last:
                self._took = time.monotonic() - flight.left_at
                self._landed[flight.batch.pk] = flight
                del self._flying[flight.batch.pk]
            self._answers.put(arrival)
            self._ring()

    def _gather(self) -> None:
        """Let answers that come nearly together make room together: one claim for several costs less."""
        if self._landed and self._flying:
            time.sleep(GATHER)

    def _drained(self) -> list[Arrival]:
        return [self._answers.get() for _ in range(self._answers.qsize())]

    def _saved(self, arrivals: Sequence[Arrival]) -> list[Done]:
        """One transaction for each credential."""
        saved = [done for each in _by_credential(arrivals) for done in _save(each)]
        for each in arrivals:
            if each.is_last:
                del self._landed[each.flight.batch.pk]
        return saved


def _by_credential(arrivals: Sequence[Arrival]) -> list[list[Arrival]]:
    found: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        found.setdefault(arrival.flight.credential.pk, []).append(arrival)
    return list(found.values())


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
