"""Lifetime: until when a message may wait for its turn. The rule, once for rows in memory and once in SQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, DurationField, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest, Least

from notifications.models.project import Project

HANDING_OVER = timedelta(minutes=5)
"""Time that even the most short-lived message has to reach its provider.

`ttl` is what a provider may spend on looking for the phone: 0 says "now or never" to it, not to our queue, where tens
of thousands may stand before it. An `expiration` is a moment, and is kept to the second.
"""


def expires_at(
    start: datetime, ttl: timedelta | None, expiration: datetime | None, longest: timedelta
) -> datetime:
    """When a message expires that may leave from `start` on: after its project's `longest` time, or sooner.

    Of `ttl` and `expiration` the former counts, as it does for Expo.
    """
    if ttl is not None:
        return start + min(max(ttl, HANDING_OVER), longest)
    end = start + longest
    return end if expiration is None else min(expiration, end)


def expires_at_sql(start: Any) -> Case:
    """The same over the columns of messages; `start` is an expression."""
    own = Project.objects.filter(pk=OuterRef("project_id")).values("message_ttl")
    longest = Subquery(own, output_field=DurationField())
    least = Value(HANDING_OVER, output_field=DurationField())
    life = Case(
        When(ttl__isnull=False, then=Least(Greatest(F("ttl"), least), longest)),
        default=longest,
        output_field=DurationField(),
    )
    end = start + life
    by_date = Q(ttl__isnull=True, expiration__isnull=False)
    return Case(When(by_date, then=Least(F("expiration"), end)), default=end, output_field=DateTimeField())
