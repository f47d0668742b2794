"""What the broadcast page says above its table: progress in words, funnel, channels, pace, causes, who was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from dashboard import funnel
from dashboard.addresses import not_sent_of, page_of, rows_of
from dashboard.message_table import way
from dashboard.progress_words import in_words
from dashboard.templatetags.figures import duration, number
from notifications import clock
from notifications.models import AuditEntry, Broadcast, MessageState
from notifications.queries.causes import TROUBLE, Cause, causes, words
from notifications.queries.credentials import Standing, standings
from notifications.queries.names import channel_label
from notifications.queries.numbers import Line, Progress
from notifications.queries.pace import Pace, next_question, pace
from notifications.queries.retries import next_tries, sendable_again

WINDOW = timedelta(minutes=3)
"""How far back the pace of a broadcast that is sending looks."""
NOTICEABLE = timedelta(seconds=2)
"""Age from which numbers that were not counted just now say so."""
BY = {"bell": "in app", "push": "by push"}
"""Channels as they are said in a sentence, where their label would sound odd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One row of the table of channels, ready to be drawn."""

    label: str
    line: Line
    handed_over_href: str
    """The rows behind its numbers; "" where it has none, as in the bell."""
    delivered_href: str
    failed_href: str
    trouble: Standing | None
    """Its provider, where that is not accepting."""

    @property
    def settled(self) -> int:
        """What its bar shows as arrived: delivered, or accepted where no more is ever said."""
        return self.line.delivered if self.line.has_receipts else self.line.delivered + self.line.pending

    @property
    def soft(self) -> int:
        """What its bar shows as waiting for a receipt."""
        return self.line.pending if self.line.has_receipts else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number, and the rows behind it."""

    count: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSentRow:
    """One reason: how many were left out on each channel."""

    words: str
    was_waiting: bool
    """Was there a copy already, stopped before it left?"""
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The table of reasons and channels."""

    channels: Sequence[str]
    rows: Sequence[NotSentRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCause:
    """One cause, with the rows behind it and the time of the next try."""

    cause: Cause
    href: str
    next_try: datetime | None
    """None where none is to come, or where it is due."""


def live(broadcast: Broadcast, progress: Progress) -> dict[str, Any]:
    """Everything that changes while a broadcast is sent. The number of queries does not depend on its size."""
    project = broadcast.project
    page, not_sent = page_of(project, broadcast.pk), not_sent_of(project, broadcast.pk)
    providers = standings(project)
    speed = _pace(broadcast)
    found = causes(progress.groups)
    nexts = next_tries(broadcast) if any(cause.is_retrying for cause in found) else {}
    return {
        "progress": progress,
        "is_kept": clock.now() - progress.counted_at > NOTICEABLE,
        "said": in_words(progress, speed),
        "starter": _starter(broadcast),
        "channel_words": _listed([BY.get(key, f"by {channel_label(key)}") for key in broadcast.channels]),
        "notices": _notices(progress, providers),
        "steps": funnel.steps(progress, page, not_sent),
        "lines": _lines(progress, providers, page),
        "failed_href": rows_of(page, MessageState.FAILED),
        **_speed(broadcast, speed),
        "next_receipts": next_question(project) if progress.receipts_pending else None,
        "causes": [_cause(cause, page, nexts) for cause in found],
        "trouble": _trouble_in_words(progress, found),
        "again": {state.value: count for state, count in sendable_again(progress).items() if count},
        "left_out": progress.left_out,
        "not_sent": _not_sent(progress, page, not_sent),
        "not_sent_url": not_sent,
    }


def _starter(broadcast: Broadcast) -> str:
    """Who started it, as the audit log has it."""
    entries = AuditEntry.objects.filter(
        project=broadcast.project_id, target=f"broadcast:{broadcast.pk}", verb="broadcast.start"
    )
    return entries.order_by("id").values_list("actor_name", flat=True).first() or ""


def _pace(broadcast: Broadcast) -> Pace:
    """The last minutes while it is under way, all of its time once it is over."""
    now = clock.now()
    start = broadcast.started_at or now
    if broadcast.finished_at and not broadcast.is_live:
        return pace(broadcast.project, start, broadcast.finished_at)
    return pace(broadcast.project, max(start, now - WINDOW), now)


def _notices(progress: Progress, providers: Sequence[Standing]) -> list[Standing]:
    """Providers that keep copies of this broadcast waiting."""
    held_up = {g.provider for g in progress.groups if g.state in (MessageState.QUEUED, MessageState.SENDING)}
    return [each for each in providers if not each.is_open and each.provider.key in held_up]


def _lines(progress: Progress, providers: Sequence[Standing], page: str) -> list[ShownLine]:
    troubled = {each.provider.key: each for each in providers if not each.is_open}
    return [_line(line, troubled.get(line.provider), page) for line in progress.lines]


def _line(line: Line, trouble: Standing | None, page: str) -> ShownLine:
    def href(state: str) -> str:
        return rows_of(page, state, via=f"{line.channel}:{line.provider}") if line.is_of_messages else ""

    return ShownLine(
        label=way(line.channel, line.provider),
        line=line,
        handed_over_href=href("handed_over"),
        delivered_href=href(MessageState.DELIVERED),
        failed_href=href(MessageState.FAILED),
        trouble=trouble,
    )


def _cause(cause: Cause, page: str, nexts: dict[tuple[str, str], datetime]) -> ShownCause:
    at = nexts.get((cause.provider, cause.code)) if cause.is_retrying else None
    return ShownCause(
        cause=cause,
        href=rows_of(page, cause.state, cause=cause.key),
        next_try=at if at and at > clock.now() else None,
    )


def _trouble_in_words(progress: Progress, found: Sequence[Cause]) -> str:
    """`154 failed, 12 without an answer, 27 are tried again`."""
    failed, unknown, expired = (progress.messages(state) for state in TROUBLE)
    retrying = sum(cause.count for cause in found if cause.is_retrying)
    parts = {
        "failed": failed,
        "without an answer": unknown,
        "too old to send": expired,
        "to be tried again": retrying,
    }
    return ", ".join(f"{number(count)} {words}" for words, count in parts.items() if count)


def _not_sent(progress: Progress, page: str, people: str) -> NotSent | None:
    """Everybody left out, and every message stopped while it waited, by reason and channel; None where nobody was."""
    counted: dict[tuple[str, bool], dict[str, Cell]] = {}
    for each in progress.left_out:
        href = f"{people}?{urlencode({'reason': each.reason, 'channel': each.channel})}"
        counted.setdefault((each.words, False), {})[each.channel] = Cell(count=each.count, href=href)
    for group in progress.groups:
        if group.state == MessageState.SUPPRESSED:
            # Other codes and providers of the same reason stand in the same cell.
            cells = counted.setdefault((words(group.provider, group.reason, "").title, True), {})
            before = cells.get(group.channel, Cell()).count
            href = rows_of(page, group.state, via=group.channel, cause=group.reason)
            cells[group.channel] = Cell(count=before + group.count, href=href)
    channels = progress.broadcast.channels
    rows = [
        NotSentRow(words=said, was_waiting=waited, cells=[cells.get(key, Cell()) for key in channels])
        for (said, waited), cells in counted.items()
    ]
    return NotSent(channels=[channel_label(key) for key in channels], rows=rows) if rows else None


def _speed(broadcast: Broadcast, speed: Pace) -> dict[str, Any]:
    """The card of the pace: one number, over which time, and the line in words."""
    is_over = broadcast.finished_at is not None and not broadcast.is_live
    rate = speed.average if is_over else speed.lately
    shown = None if rate is None else round(rate, 1) if 0 < rate < 10 else round(rate)
    span = duration((speed.until - speed.since).total_seconds())
    return {
        "pace": speed,
        "rate": shown,
        "pace_words": f"whole project, {'its ' if is_over else 'last '}{span}",
        "pace_label": f"At most {number(round(max(speed.line)))} messages a second in these {span}",
    }


def _listed(words: Sequence[str]) -> str:
    """`in-app and push`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
