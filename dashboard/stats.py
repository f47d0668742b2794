"""The numbers of the overview: one project, one stretch of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from dashboard.spans import Window, by_span
from notifications import clock
from notifications.models import (
    Batch,
    Broadcast,
    BroadcastState,
    Message,
    MessageState,
    Notification,
    Project,
    Reason,
)
from notifications.queries.causes import TROUBLE
from notifications.queries.groups import Group, grouped, merged, total
from notifications.queries.names import provider
from notifications.queries.numbers import Progress
from notifications.queries.progress import progress_of_many
from notifications.queries.snapshots import snapshot

PUSH = "push"
BELL = "bell"
Trouble = tuple[str, str, str, str]
"""State, reason, code and provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One hour or day: what was handed over on each channel, and what failed."""

    start: datetime
    by_channel: Mapping[str, int]
    """Messages by the time their batch left, copies in the bell by the time their broadcast started."""
    failed: int
    """Messages by the time their failure was known."""

    @property
    def handed_over(self) -> int:
        """Copies on all channels."""
        return sum(self.by_channel.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What a project sent in a window: all copies of its broadcasts that ran then, and single messages written then."""

    spans: Sequence[Span]
    groups: Sequence[Group]
    in_app: int
    worst: Mapping[Trouble, Sequence[int]]
    """For each cause the broadcasts in which it occurs, the worst first."""

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
    next_try: datetime | None
    """When the first of those that wait for another try is due; None where one is due already, or nothing waits."""
    on_the_wire: int


def queue(project: Project) -> Queue:
    """What waits now. Two queries, by the partial indexes `message_queue` and `message_sending`."""
    now = clock.now()
    queued = Message.objects.filter(project=project, state=MessageState.QUEUED)
    found = queued.aggregate(count=Count("*"), first=Min("available_at"))
    first = found["first"]
    return Queue(
        waiting=found["count"],
        oldest=(now - first).total_seconds() if first and first <= now else None,
        next_try=first if first and first > now else None,
        on_the_wire=Message.objects.filter(project=project, state=MessageState.SENDING).count(),
    )


def volume(project: Project, window: Window) -> Volume:
    """What was sent in a window: eight queries, or none where much was counted a moment ago.

    Broadcasts are counted by the indexes `message_count` and `one_notification_per_broadcast_and_user` alone; over time
    only batches (a row for up to a hundred messages) and failures are looked at, never every message.
    """
    key = f"carillon:volume:{project.pk}:{window.key}"
    return snapshot(key, lambda found: found.messages + found.in_app, lambda: _volume(project, window))


def _volume(project: Project, window: Window) -> Volume:
    now = clock.now()
    since = window.since(now)
    ran = list(_running(project, since))
    progress = progress_of_many(ran)
    alone = Message.objects.filter(project=project, broadcast=None, date_created__gte=since)
    alone = alone.exclude(state=MessageState.HELD, reason=Reason.UNSENT)  # nobody has sent them
    bells = Notification.objects.filter(project=project, broadcast=None, created_at__gte=since)
    rung = by_span(bells, "created_at", window)
    for each in ran:
        start = window.span_of(each.started_at or now)
        rung[start] = rung.get(start, 0) + progress[each.pk].in_app
    batches = Batch.objects.filter(credential__project=project, started_at__gte=since)
    left = by_span(batches, "started_at", window, "size")
    of_broadcasts = Message.objects.filter(broadcast__in=[each.pk for each in ran])
    failed = Counter[datetime]()
    for messages in (of_broadcasts, alone):
        failed.update(by_span(messages.filter(state__in=TROUBLE), "changed_at", window))
    groups = [group for each in ran for group in progress[each.pk].groups]
    return Volume(
        spans=[_span(start, left, rung, failed) for start in window.starts(now)],
        groups=merged([*groups, *grouped(alone)]),
        in_app=sum(progress[each.pk].in_app for each in ran) + bells.count(),
        worst=_worst(progress),
    )


def _running(project: Project, since: datetime) -> QuerySet[Broadcast]:
    """Broadcasts that were under way at some time since then."""
    is_live = Q(state__in=[BroadcastState.SENDING, BroadcastState.PAUSED])
    ran = Broadcast.objects.filter(
        is_live | Q(started_at__gte=since) | Q(finished_at__gte=since), project=project
    )
    return ran.defer("audience_uids", "body", "data")


def _span(
    start: datetime,
    left: Mapping[datetime, int],
    rung: Mapping[datetime, int],
    failed: Mapping[datetime, int],
) -> Span:
    by_channel = {PUSH: left.get(start, 0), BELL: rung.get(start, 0)}
    return Span(
        start=start,
        by_channel={channel: count for channel, count in by_channel.items() if count},
        failed=failed.get(start, 0),
    )


def _worst(progress: Mapping[int, Progress]) -> dict[Trouble, list[int]]:
    counted: dict[Trouble, dict[int, int]] = {}
    for pk, found in progress.items():
        for group in found.groups:
            if group.state in TROUBLE:
                own = counted.setdefault((group.state, group.reason, group.code, group.provider), {})
                own[pk] = own.get(pk, 0) + group.count
    return {trouble: sorted(own, key=lambda pk: (-own[pk], -pk)) for trouble, own in counted.items()}
