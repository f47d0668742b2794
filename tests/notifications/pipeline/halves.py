"""The halves of a dispatch step, for what happens in between; and several workers at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import monotonic
from typing import TypeVar

from django.db import connection, connections

from notifications.pipeline import Done, dispatch, record
from notifications.pipeline.claims import Claim
from notifications.pipeline.dispatcher import Dispatcher
from notifications.pipeline.flights import Flight, one_by_one

Value = TypeVar("Value")


def claim() -> Claim:
    """Claim a batch; there must be one."""
    claimed = try_to_claim()
    assert isinstance(claimed, Claim)
    return claimed


def try_to_claim() -> Claim | Done:
    """Claim a batch, or hear why there is none."""
    claims = dispatch.claim()
    return claims if isinstance(claims, Done) else claims[0]


def carry_out(*claims: Claim) -> None:
    """Start all that was claimed; then send and record one after the other."""
    for each in claims:
        assert start(each)
    for each in claims:
        save_answers(each)


def start(claimed: Claim) -> bool:
    """Start what was claimed; did it?"""
    return not dispatch.start([claimed])


def save_answers(claimed: Claim) -> None:
    """Send and record what was started."""
    flight = Flight(claimed.batch, claimed.credential, claimed.messages, dispatch.send(claimed))
    for arrival in one_by_one(flight):
        record.save([arrival])


def one_round(dispatcher: Dispatcher) -> list[Done]:
    """Save what has arrived, then send what may go."""
    return [*dispatcher.save(), dispatcher.send()]


def together(threads: int, work: Callable[[], Value]) -> list[Value]:
    """Do the same in so many threads at the same moment; what each of them returned."""
    barrier = Barrier(threads)

    def run(_: int) -> Value:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def alone(work: Callable[[], Value]) -> Value:
    """Do this in another thread, and leave no connection behind."""
    try:
        return work()
    finally:
        connections.close_all()


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until this is so; it is a failure when it never is."""
    tick, end = Event(), monotonic() + seconds
    while not condition():
        assert monotonic() < end, "It never came to be."
        tick.wait(0.01)
