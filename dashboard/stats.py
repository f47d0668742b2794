"""The numbers of the overview: one project, one stretch of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet, TextField
from django.db.models.functions import Cast, Substr

from notifications import clock
from notifications.models import Message, MessageState, Notification, Project, Reason
from notifications.queries.causes import TROUBLE
from notifications.queries.groups import Group, total
from notifications.queries.names import provider

BELL = "bell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time up to now, cut into equal spans; all in UTC, as the rows are."""

    key: str
    label: str
    span: timedelta
    spans: int
    digits: int
    """How many characters of a written time name its span: `2026-11-22 00` for an hour."""

    def since(self, now: datetime) -> datetime:
        """The beginning: `spans` spans, the last of which has only begun."""
        start = now.replace(minute=0, second=0, microsecond=0)
        if self.span >= timedelta(days=1):
            start = start.replace(hour=0)
        return start - self.span * (self.spans - 1)

    def starts(self, now: datetime) -> list[datetime]:
        """When each span begins."""
        since = self.since(now)
        return [since + self.span * place for place in range(self.spans)]

    def name(self, start: datetime) -> str:
        """What the database calls the span that begins then."""
        return f"{start:%Y-%m-%d %H}"[: self.digits]


WINDOWS = {
    window.key: window
    for window in (
        Window(key="24h", label="24 hours", span=timedelta(hours=1), spans=24, digits=13),
        Window(key="7d", label="7 days", span=timedelta(days=1), spans=7, digits=10),
        Window(key="30d", label="30 days", span=timedelta(days=1), spans=30, digits=10),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One hour or day: copies by channel, and how many of them failed."""

    start: datetime
    by_channel: Mapping[str, int]
    """Copies by channel, those that failed not among them."""
    failed: int

    @property
    def copies(self) -> int:
        """All copies of this span."""
        return sum(self.by_channel.values()) + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What a project wrote out in a window, and what has become of it."""

    spans: Sequence[Span]
    groups: Sequence[Group]
    in_app: int

    @property
    def messages(self) -> int:
        """Messages to addresses."""
        return total(self.groups)

    @property
    def delivered(self) -> int:
        """Messages that arrived, as receipts say."""
        return total(self.groups, [MessageState.DELIVERED])

    @property
    def trouble(self) -> int:
        """Messages that failed, got no answer or grew too old."""
        return total(self.groups, TROUBLE)

    @property
    def decided(self) -> int:
        """Messages of which it is known whether they arrived."""
        return self.delivered + self.trouble

    @property
    def receipts_pending(self) -> int:
        """Accepted messages whose receipt may still come."""
        accepted = [
            g for g in self.groups if g.state == MessageState.ACCEPTED and g.reason != Reason.RECEIPT_MISSING
        ]
        return total([group for group in accepted if provider(group.provider).has_receipts])

    @property
    def channels(self) -> list[str]:
        """The channels that occur, the bell last."""
        found = {channel for span in self.spans for channel in span.by_channel}
        return sorted(found, key=lambda channel: (channel == BELL, channel))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits in a project right now."""

    waiting: int
    oldest: float | None
    """Seconds for which the first of those that are due has waited; None where nothing is due."""
    on_the_wire: int


def volume(project: Project, window: Window) -> Volume:
    """What was written out in a window. Two queries over rows of that time.

    Served by an index over project and time of each table; without one they read the whole table.
    """
    now = clock.now()
    since = window.since(now)
    messages = Message.objects.filter(project=project, date_created__gte=since)
    bells = Notification.objects.filter(project=project, created_at__gte=since)
    rows = _counted(messages, "date_created", window, "channel", "provider", "state", "reason", "code")
    rung = {row["written"]: row["count"] for row in _counted(bells, "created_at", window)}
    return Volume(
        spans=[_span(start, window.name(start), rows, rung) for start in window.starts(now)],
        groups=_merged(rows),
        in_app=sum(rung.values()),
    )


def queue(project: Project) -> Queue:
    """What waits now. Two queries, by the partial indexes `message_queue` and `message_sending`."""
    now = clock.now()
    queued = Message.objects.filter(project=project, state=MessageState.QUEUED)
    found = queued.aggregate(count=Count("pk"), first=Min("available_at"))
    first = found["first"]
    return Queue(
        waiting=found["count"],
        oldest=(now - first).total_seconds() if first and first <= now else None,
        on_the_wire=Message.objects.filter(project=project, state=MessageState.SENDING).count(),
    )


def broadcasts_in_trouble(project: Project, window: Window) -> dict[tuple[str, str, str, str], list[int]]:
    """For each cause (state, reason, code, provider) the broadcasts in which it occurs, the worst first."""
    since = window.since(clock.now())
    rows = (
        Message.objects.filter(
            project=project, date_created__gte=since, state__in=TROUBLE, broadcast__isnull=False
        )
        .order_by()
        .values_list("state", "reason", "code", "provider", "broadcast_id")
        .annotate(count=Count("pk"))
        .order_by("-count", "-broadcast_id")
    )
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for state, reason, code, provider_key, broadcast_id, _ in rows:
        found.setdefault((state, reason, code, provider_key), []).append(broadcast_id)
    return found


def _counted(rows: QuerySet[Any], column: str, window: Window, *more: str) -> list[dict[str, Any]]:
    """Rows counted by the span they were written in, and by more columns."""
    # Cut as text, which both databases do by themselves; SQLite would call back into Python to truncate a date.
    written = Substr(Cast(column, TextField()), 1, window.digits)
    return list(
        rows.order_by().annotate(written=written).values("written", *more).annotate(count=Count("pk"))
    )


def _span(start: datetime, name: str, rows: Sequence[dict[str, Any]], rung: Mapping[str, int]) -> Span:
    own = [row for row in rows if row["written"] == name]
    by_channel: dict[str, int] = {}
    for row in own:
        if row["state"] not in TROUBLE:
            by_channel[row["channel"]] = by_channel.get(row["channel"], 0) + row["count"]
    if name in rung:
        by_channel[BELL] = rung[name]
    return Span(
        start=start, by_channel=by_channel, failed=sum(row["count"] for row in own if row["state"] in TROUBLE)
    )


def _merged(rows: Sequence[dict[str, Any]]) -> list[Group]:
    """The rows of all spans together."""
    names = ("channel", "provider", "state", "reason", "code")
    found: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        found[key] = found.get(key, 0) + row["count"]
    return [Group(**dict(zip(names, key, strict=True)), count=count) for key, count in found.items()]
