"""How many copies of a broadcast stand where: one grouped count, and the sums that pages take from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from notifications.models import Broadcast, Message, MessageState

WAITING = (MessageState.QUEUED, MessageState.HELD)
"""States of a copy that nobody has claimed yet."""
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
        # In the order of the index, so that SQLite need not sort.
        .values_list("broadcast_id", "state", "reason", "code", "channel", "provider")
        .annotate(count=Count("*"))
    )
    found: dict[int, list[Group]] = {}
    for broadcast_id, *row in rows:
        found.setdefault(broadcast_id or 0, []).append(_group(*row))
    return found


def grouped(messages: QuerySet[Message]) -> list[Group]:
    """Any messages in groups. One query."""
    rows = messages.order_by().values_list("state", "reason", "code", "channel", "provider")
    return [_group(*row) for row in rows.annotate(count=Count("*"))]


def merged(groups: Iterable[Group]) -> list[Group]:
    """Groups of several broadcasts as if they were one."""
    found: dict[tuple[str, str, str, str, str], int] = {}
    for group in groups:
        key = (group.state, group.reason, group.code, group.channel, group.provider)
        found[key] = found.get(key, 0) + group.count
    return [_group(*key, count) for key, count in found.items()]


def _group(state: str, reason: str, code: str, channel: str, provider: str, count: int) -> Group:
    return Group(channel=channel, provider=provider, state=state, reason=reason, code=code, count=count)


def total(groups: Iterable[Group], states: Sequence[str] = ()) -> int:
    """How many copies these groups hold; only those in `states` where any are named."""
    return sum(group.count for group in groups if not states or group.state in states)
