"""Dispatcher: keeps batches on their way, while answers to others are saved.

One transaction for the answers of several batches costs little more than one for those of a single one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from notifications.pipeline import Done, dispatch, record
from notifications.pipeline.flights import Arrival, Flight, one_by_one

log = logging.getLogger(__name__)
REST = 1.0
"""Seconds until it looks again, where nothing tells it sooner."""
GATHER = 0.002
"""Seconds in which answers that come nearly together are gathered."""


class Dispatcher:
    """Sends as many batches side by side as it may: one thread calls `send` and another `save`, or one calls `turn`."""

    def __init__(self, most: int, arrived: Callable[[], None]) -> None:
        """`most`: batches on their way at once. `arrived`: called by another thread when answers have come."""
        self._most = most
        self._ring = arrived
        self._answers: SimpleQueue[Arrival] = SimpleQueue()
        self._flying: set[int] = set()
        self._landed: dict[int, Flight] = {}
        """Those whose answers are all there, by their batch, until they are saved."""
        self._pool = ThreadPoolExecutor(most, "carillon-flight")

    def send(self) -> Done:
        """Send what may go, of one credential; before what has landed is saved, while that is not too much."""
        self._gather()
        landed = list(self._landed.values())
        room = self._most - len(self._flying) - max(0, len(landed) - self._most)
        # Trouble is saved first: that may be a reason to send less.
        if room <= 0 or any(flight.is_trouble for flight in landed):
            return Done(wait=REST)
        return self._started(dispatch.take_off(room, [flight.batch.pk for flight in landed]))

    def turn(self) -> tuple[Done, list[Done]]:
        """Save what has arrived and send what may go, in one transaction: for a database that takes one at a time.

        It sends half of what may be on its way, so that one half flies while the other is saved and followed.
        """
        self._gather()
        together = _by_credential(self._drained())
        if not together:
            return self.send(), []
        room = min(self._most - len(self._flying), max(1, self._most // 2))
        if room <= 0:
            return Done(wait=REST), self._saved_apart(together)
        return self._saved_and_followed(together, room)

    def _saved_and_followed(
        self, together: Sequence[Sequence[Arrival]], room: int
    ) -> tuple[Done, list[Done]]:
        saved: list[Done] = []

        def after() -> None:
            self._forget(together)
            saved.extend(record.done(each) for each in together)

        try:
            flights = dispatch.take_off(room, before=lambda: _write(together), after=after)
        except Exception:
            if saved:  # it went wrong later
                raise
            log.warning(
                "Answers could not be saved together with a claim: they are saved alone.", exc_info=True
            )
            return Done(wait=0.0), self._saved_apart(together)
        return self._started(flights), saved

    @property
    def has_landed(self) -> bool:
        """Is there a batch whose answers are all there and not saved yet?"""
        return bool(self._landed)

    def save(self) -> list[Done]:
        """Save what has arrived."""
        return self._saved(self._drained())

    def land(self, seconds: float) -> list[Done]:
        """Send nothing more, and save what arrives within so many seconds of what is on its way."""
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

    def _started(self, flights: list[Flight] | Done) -> Done:
        if isinstance(flights, Done):
            return flights
        for flight in flights:
            self._flying.add(flight.batch.pk)
            self._pool.submit(self._fetch, flight)
        # Whether or not that was all of it: another credential may have something to send.
        return Done(messages=sum(len(each.messages) for each in flights), wait=0.0)

    def _fetch(self, flight: Flight) -> None:
        for arrival in one_by_one(flight):
            if arrival.is_last:
                self._landed[flight.batch.pk] = flight
                self._flying.discard(flight.batch.pk)
            self._answers.put(arrival)
            self._ring()

    def _gather(self) -> None:
        """Let answers that come nearly together make room together: one claim for several costs less."""
        if self._landed and self._flying:
            time.sleep(GATHER)

    def _drained(self) -> list[Arrival]:
        return [self._answers.get() for _ in range(self._answers.qsize())]

    def _saved(self, arrivals: Sequence[Arrival]) -> list[Done]:
        return self._saved_apart(_by_credential(arrivals))

    def _saved_apart(self, together: Sequence[Sequence[Arrival]]) -> list[Done]:
        """One transaction for each credential."""
        saved = [done for each in together for done in _save(each)]
        self._forget(together)
        return saved

    def _forget(self, together: Sequence[Sequence[Arrival]]) -> None:
        for arrivals in together:
            for each in arrivals:
                if each.is_last:
                    del self._landed[each.flight.batch.pk]


def _by_credential(arrivals: Sequence[Arrival]) -> list[list[Arrival]]:
    found: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        found.setdefault(arrival.flight.credential.pk, []).append(arrival)
    return list(found.values())


def _write(together: Sequence[Sequence[Arrival]]) -> None:
    for arrivals in together:
        record.write(arrivals)


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
