"""How many copies of a broadcast stand where: one grouped count, and the sums that pages take from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count

from notifications.models import Broadcast, Message, MessageState

HANDED_OVER = (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.FAILED, MessageState.UNKNOWN)
"""States of a copy that left us for good, whatever became of it."""
NEVER_LEFT = (MessageState.SUPPRESSED, MessageState.EXPIRED, MessageState.CANCELLED)
"""Final states of a copy that no provider got to see (this time)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Copies that are alike: same channel, provider, state, reason and vendor's code."""

    channel: str
    provider: str
    state: str
    reason: str
    code: str
    count: int


def groups_of(broadcast: Broadcast) -> list[Group]:
    """The messages of a broadcast in groups. Read from the index `message_count` alone."""
    rows = (
        Message.objects.filter(broadcast=broadcast)
        .order_by()
        .values("channel", "provider", "state", "reason", "code")
        .annotate(count=Count("pk"))
    )
    return [Group(**row) for row in rows]


def total(groups: Iterable[Group], states: Sequence[str] = ()) -> int:
    """How many copies these groups hold; only those in `states` where any are named."""
    return sum(group.count for group in groups if not states or group.state in states)
