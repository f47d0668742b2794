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
    """The messages of one broadcast in groups."""
    return groups_of_many([broadcast.pk]).get(broadcast.pk, [])


def groups_of_many(broadcast_ids: Sequence[int]) -> dict[int, list[Group]]:
    """The messages of these broadcasts in groups, by broadcast. One query, by the index `message_count` alone."""
    rows = (
        Message.objects.filter(broadcast__in=broadcast_ids)
        .order_by()
        .values_list("broadcast_id", "channel", "provider", "state", "reason", "code")
        .annotate(count=Count("pk"))
    )
    found: dict[int, list[Group]] = {}
    for broadcast_id, channel, provider, state, reason, code, count in rows:
        group = Group(channel=channel, provider=provider, state=state, reason=reason, code=code, count=count)
        found.setdefault(broadcast_id or 0, []).append(group)
    return found


def total(groups: Iterable[Group], states: Sequence[str] = ()) -> int:
    """How many copies these groups hold; only those in `states` where any are named."""
    return sum(group.count for group in groups if not states or group.state in states)
