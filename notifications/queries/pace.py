"""How fast a project sends: its batches over some minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Min, OuterRef, Subquery

from notifications import clock
from notifications.models import Batch, Credential, Project, Ticket

POINTS = 24
"""Of the line, at the most."""
AT_MOST = 20_000
"""Batches looked at; the newest count."""
LATELY = 15.0
"""Seconds that count as "now"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The batches of a project that started between two moments."""

    since: datetime
    until: datetime
    sizes: Sequence[tuple[datetime, int]]
    """When each batch started, and how many messages it carried."""
    in_flight: int
    """Batches without an answer as yet."""
    milliseconds: Sequence[float]
    """From the first byte to the saved answer, for each batch that has one, ascending."""

    @property
    def answered(self) -> int:
        """Batches that are over."""
        return len(self.sizes) - self.in_flight

    @property
    def messages(self) -> int:
        """Messages that left with them."""
        return sum(size for _, size in self.sizes)

    @property
    def average(self) -> float | None:
        """Messages a second from the first batch to the last answer; None where nothing left."""
        if not self.sizes:
            return None
        first = min(at for at, _ in self.sizes)
        return self.messages / max(1.0, (self.until - first).total_seconds())

    @property
    def lately(self) -> float:
        """Messages a second in the last seconds."""
        begin = max(self.since, self.until - timedelta(seconds=LATELY))
        recent = sum(size for at, size in self.sizes if at >= begin)
        return recent / max(1.0, (self.until - begin).total_seconds())

    @property
    def p95(self) -> float | None:
        """Milliseconds within which 95 of 100 batches were answered; None where none was."""
        return self.milliseconds[ceil(len(self.milliseconds) * 0.95) - 1] if self.milliseconds else None

    @property
    def line(self) -> list[float]:
        """Messages a second in equal spans of a second or more from `since` to `until`."""
        seconds = max(2.0, (self.until - self.since).total_seconds())
        counted = [0] * min(POINTS, int(seconds))
        span = seconds / len(counted)
        for at, size in self.sizes:
            place = int((at - self.since).total_seconds() / span)
            counted[min(max(place, 0), len(counted) - 1)] += size
        return [count / span for count in counted]


def pace(project: Project, since: datetime, until: datetime | None = None) -> Pace:
    """The batches of these minutes, `until` now where it is not said. One query over a table with a row per batch."""
    until = until or clock.now()
    rows = (
        Batch.objects.filter(credential__project=project, started_at__gte=since, started_at__lte=until)
        .order_by("-id")
        .values_list("started_at", "finished_at", "size")[:AT_MOST]
    )
    found = [(start, finish, size) for start, finish, size in rows if start]
    return Pace(
        since=since,
        until=until,
        sizes=[(start, size) for start, _, size in found],
        in_flight=sum(finish is None for _, finish, _ in found),
        milliseconds=sorted((finish - start).total_seconds() * 1000 for start, finish, _ in found if finish),
    )


def next_question(project: Project) -> datetime | None:
    """When receipts are asked for next; None when there is nothing to ask. One look into an index per credential."""
    waiting = Ticket.objects.filter(asked_with=OuterRef("pk"), check_at__isnull=False).order_by("check_at")
    firsts = Credential.objects.filter(project=project).annotate(
        first=Subquery(waiting.values("check_at")[:1])
    )
    found: datetime | None = firsts.aggregate(next=Min("first"))["next"]
    return found
