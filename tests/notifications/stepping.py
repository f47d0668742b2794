"""One step of sending, without the dispatcher's threads: claim, send and record, one batch after the other."""

from __future__ import annotations

from notifications.pipeline import Done, dispatch, record
from notifications.pipeline.flights import one_by_one


def send_step(at_once: int = 1) -> Done:
    """Send what one credential has to send: so many batches at the most."""
    flights = dispatch.take_off(at_once)
    if isinstance(flights, Done):
        return flights
    saved = [record.save([arrival]) for each in flights for arrival in one_by_one(each)]
    return Done(
        messages=sum(len(each.messages) for each in flights),
        wait=0.0,
        is_room=any(done.is_room for done in saved),
        topics=frozenset().union(*(done.topics for done in saved)),
    )
