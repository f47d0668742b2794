"""Stretches of time, cut into hours or days, and rows counted by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Func, QuerySet, Sum, TextField


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time up to now, cut into equal spans; all in UTC, as the rows are."""

    key: str
    label: str
    span: timedelta
    spans: int

    @property
    def is_daily(self) -> bool:
        """Is a span a day? Otherwise it is an hour."""
        return self.span >= timedelta(days=1)

    def since(self, now: datetime) -> datetime:
        """The beginning: `spans` spans, the last of which has only begun."""
        return self.span_of(now) - self.span * (self.spans - 1)

    def span_of(self, moment: datetime) -> datetime:
        """The beginning of the span that a moment lies in."""
        start = moment.replace(minute=0, second=0, microsecond=0)
        return start.replace(hour=0) if self.is_daily else start

    def starts(self, now: datetime) -> list[datetime]:
        """When each span begins."""
        since = self.since(now)
        return [since + self.span * place for place in range(self.spans)]


WINDOWS = {
    window.key: window
    for window in (
        Window(key="24h", label="24 hours", span=timedelta(hours=1), spans=24),
        Window(key="7d", label="7 days", span=timedelta(days=1), spans=7),
        Window(key="30d", label="30 days", span=timedelta(days=1), spans=30),
    )
}


class _SpanOf(Func):
    """The beginning of the span that a time lies in.

    SQLite keeps times as text and only has to cut them; Django's own truncation would call Python for every row.
    """

    output_field = TextField()

    def __init__(self, column: str, window: Window) -> None:
        super().__init__(F(column))
        self.is_daily = window.is_daily

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """`SUBSTR(column, 1, 13)`: "2026-11-22 14"."""
        return self.as_sql(
            compiler, connection, template=f"SUBSTR(%(expressions)s, 1, {10 if self.is_daily else 13})"
        )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """`DATE_TRUNC('hour', column)` in UTC."""
        unit = "day" if self.is_daily else "hour"
        return self.as_sql(
            compiler, connection, template=f"DATE_TRUNC('{unit}', %(expressions)s AT TIME ZONE 'UTC')"
        )


def by_span(rows: QuerySet[Any], column: str, window: Window, sized: str = "") -> dict[datetime, int]:
    """How many of the rows lie in each span, by a column of times; the sum of the column `sized` where one is named."""
    count = Sum(sized) if sized else Count("*")
    found = rows.order_by().annotate(span=_SpanOf(column, window)).values_list("span").annotate(count=count)
    return {_moment(span): number for span, number in found}


def _moment(written: str | datetime) -> datetime:
    moment = datetime.fromisoformat(written) if isinstance(written, str) else written
    return moment.replace(tzinfo=UTC)
