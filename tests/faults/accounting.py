"""Compares what a vendor took over with what our rows say of it: is a message lost, or sent twice without a reason?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from notifications import wire
from notifications.models import Message, MessageState
from tests.fakes.history import Entry

ARRIVED = (MessageState.ACCEPTED, MessageState.DELIVERED)
FINAL = (*ARRIVED, MessageState.FAILED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Balance:
    """The messages that do not add up, each with what is wrong, and some totals."""

    lost: list[str]
    unexplained: list[str]
    unknown: int
    twice: int
    """Messages that the vendor took over more than once."""

    def summary(self) -> str:
        """One line for people and for `grep`."""
        return (
            f"lost={len(self.lost)} unexplained_duplicates={len(self.unexplained)} "
            f"unknown={self.unknown} twice={self.twice}"
        )


def balance(history: Iterable[Entry]) -> Balance:
    """Compare a history with the messages of this database. They are matched by push token: one message for each."""
    taken = Counter(entry.token for entry in history if entry.is_accepted)
    messages: Iterable[Any] = Message.objects.annotate(
        token=F("device__push_token"),
        ambiguous=Count("tickets", filter=Q(tickets__outcome=wire.Outcome.AMBIGUOUS)),
        accepted=Count("tickets", filter=Q(tickets__outcome=wire.Outcome.ACCEPTED)),
    )
    counted = [(message, taken[message.token]) for message in messages]
    return Balance(
        lost=[f"{message}: {why}" for message, times in counted for why in _losses(message, times)],
        unexplained=[f"{message}: {why}" for message, times in counted for why in _repeats(message, times)],
        unknown=sum(message.state == MessageState.UNKNOWN for message, _ in counted),
        twice=sum(times > 1 for times in taken.values()),
    )


def _losses(message: Any, taken: int) -> Iterator[str]:
    """Why this message, which the vendor has taken over so many times, counts as lost."""
    if message.state not in FINAL:
        yield f"still {message.state}"
    if message.state in ARRIVED and not taken:
        yield f"{message.state}, but the vendor never had it"
    if message.state not in ARRIVED and not message.reason:
        yield f"{message.state} without a reason"
    if message.state == MessageState.UNKNOWN and not message.ambiguous:
        yield "unknown without an ambiguous ticket"
    if message.accepted > taken:
        yield f"accepted by {message.accepted} tickets, but the vendor had it {taken} times"
    if taken > message.accepted + message.ambiguous:
        yield f"taken over {taken} times, and no ticket says so"


def _repeats(message: Any, taken: int) -> Iterator[str]:
    """Why it counts as sent twice without a reason."""
    if taken - 1 > message.ambiguous + message.replays:
        yield f"taken over {taken} times with {message.ambiguous} ambiguous tickets and {message.replays} replays"
