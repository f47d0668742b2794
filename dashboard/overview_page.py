"""What the overview says: volume, delivery, queue, failures, recent broadcasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.addresses import page_of, rows_of
from dashboard.chart import Bar, Chart, chart
from dashboard.spans import Window
from dashboard.stats import PUSH, Queue, Span, Volume, queue, volume
from dashboard.templatetags.figures import number
from notifications.models import Broadcast, BroadcastState, Project
from notifications.queries.causes import Cause, causes
from notifications.queries.credentials import Standing, standings
from notifications.queries.names import channel_label
from notifications.queries.numbers import Progress
from notifications.queries.progress import progress_of_many

RECENT = 5
MOST_CAUSES = 6
SLOW = 60.0
"""Seconds that a message may wait before the queue is no longer called flowing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCause:
    """One cause of the window, and where to see it."""

    cause: Cause
    href: str
    """The rows in the broadcast where it is commonest; "" where no broadcast has any."""
    broadcasts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """One of the latest broadcasts."""

    broadcast: Broadcast
    progress: Progress


def overview_context(project: Project, window: Window) -> dict[str, Any]:
    """Everything the page shows. Ten queries, whatever the number of rows."""
    counted, waiting, providers = volume(project, window), queue(project), standings(project)
    recent = _recent(project)
    return {
        "window": window,
        "volume": counted,
        "per_notification": counted.messages / counted.in_app if counted.in_app else None,
        "chart": _chart(counted, window),
        "channels": [(key, channel_label(key)) for key in counted.channels],
        "spans": [
            (span, [span.by_channel.get(key, 0) for key in counted.channels]) for span in counted.spans
        ],
        "queue": waiting,
        "flow": _flow(waiting, providers),
        "providers": providers,
        "causes": _causes(project, counted),
        "recent": recent,
        "is_new": not any(each.broadcast.started_at for each in recent) and not _ever_sent(project),
    }


def _chart(counted: Volume, window: Window) -> Chart:
    bars = [_bar(span, window, counted.channels) for span in counted.spans]
    return chart([*bars[:-1], Bar(title=bars[-1].title, label="now", parts=bars[-1].parts)])


def _bar(span: Span, window: Window, channels: Sequence[str]) -> Bar:
    """One column: its channels, the failures of messages taken off them and put on top."""
    name = f"{span.start.day} {span.start:%b}" if window.is_daily else f"{span.start:%H}:00"
    parts = {key: span.by_channel.get(key, 0) for key in channels}
    if PUSH in parts:
        parts[PUSH] = max(0, parts[PUSH] - span.failed)
    return Bar(
        title=f"{name} UTC: {number(span.handed_over)} handed over, {number(span.failed)} failed",
        label=name,
        parts={**parts, "bad": span.failed},
    )


def _flow(waiting: Queue, providers: Sequence[Standing]) -> tuple[str, str]:
    """A chip for the queue: its look and its word."""
    if waiting.waiting and not all(each.is_open for each in providers):
        return "warn", "Held up"
    if waiting.oldest is not None and waiting.oldest > SLOW:
        return "warn", "Behind"
    return ("sending", "Flowing") if waiting.waiting or waiting.on_the_wire else ("ok", "Nothing waits")


def _causes(project: Project, counted: Volume) -> list[ShownCause]:
    """The commonest causes of the window; what is still being tried again is no failure."""
    found = [cause for cause in causes(counted.groups) if not cause.is_retrying][:MOST_CAUSES]
    shown = []
    for cause in found:
        ids = counted.worst.get((cause.state, cause.reason, cause.code, cause.provider), [])
        href = rows_of(page_of(project, ids[0]), cause.state, cause=cause.key) if ids else ""
        shown.append(ShownCause(cause=cause, href=href, broadcasts=len(ids)))
    return shown


def _recent(project: Project) -> list[Recent]:
    latest = list(
        Broadcast.objects.filter(project=project)
        .order_by("-id")
        .defer("audience_uids", "body", "data")[:RECENT]
    )
    counted = progress_of_many(latest)
    return [Recent(broadcast=broadcast, progress=counted[broadcast.pk]) for broadcast in latest]


def _ever_sent(project: Project) -> bool:
    return Broadcast.objects.filter(project=project).exclude(state=BroadcastState.DRAFT).exists()
