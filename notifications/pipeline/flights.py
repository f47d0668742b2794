"""Flights: batches on their way, and their answers as they arrive."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from notifications import wire
from notifications.models import Batch, Credential
from notifications.models.copy import Copy

log = logging.getLogger(__name__)
TROUBLE = (wire.Outcome.RETRY, wire.Outcome.AMBIGUOUS, wire.Outcome.MISCONFIGURED)
FLUSH = 100
"""Answers of one batch recorded together at the most."""
Answer = tuple[Copy, wire.Ticket]


@dataclass(slots=True)
class Flight:
    """A batch on its way, and the answers to it as they arrive."""

    batch: Batch
    credential: Credential
    messages: Sequence[Copy]
    arriving: Iterator[tuple[wire.PushMessage, wire.Ticket]]
    outcomes: Counter[wire.Outcome] = field(default_factory=Counter)
    """How often each was the answer so far."""
    left_at: float = 0.0
    """When it was sent on its way (`time.monotonic`)."""

    @property
    def is_trouble(self) -> bool:
        """Was there an answer that may be the provider's or the credential's fault, rather than a message's own?"""
        return any(self.outcomes[each] for each in TROUBLE)


@dataclass(slots=True)
class Arrival:
    """Answers to one batch that are to be saved together."""

    flight: Flight
    answers: list[Answer]
    is_last: bool


def one_by_one(flight: Flight, flush: int = FLUSH) -> Iterator[Arrival]:
    """The answers to one batch, in groups."""
    waiting = {message.id: message for message in flight.messages}
    group: list[Answer] = []
    for number, outcome, ticket in _guarded(flight):
        if number not in waiting:
            continue
        group.append((waiting.pop(number), ticket))
        flight.outcomes[outcome] += 1
        if len(group) >= flush and waiting:
            yield Arrival(flight, group, is_last=False)
            group = []
    silent = wire.Ticket(
        outcome=wire.Outcome.AMBIGUOUS, code="NoTicket", detail="The provider gave no answer to it."
    )
    flight.outcomes[wire.Outcome.AMBIGUOUS] += len(waiting)
    yield Arrival(flight, [*group, *((message, silent) for message in waiting.values())], is_last=True)


def _guarded(flight: Flight) -> Iterator[tuple[int, wire.Outcome, wire.Ticket]]:
    """An exception of a provider is a bug; what it had not answered by then is ambiguous, and nothing is lost."""
    try:
        # Taken apart in here: an answer without these parts is a bug as well.
        for answered, ticket in flight.arriving:
            yield answered.id, ticket.outcome, ticket
    except Exception:
        log.exception(
            "The provider failed on batch %s; its unanswered messages count as ambiguous.", flight.batch.pk
        )
