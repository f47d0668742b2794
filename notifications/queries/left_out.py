"""The people a broadcast was not sent to, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from notifications.models import Broadcast, Suppression

PAGE = 50
Place = tuple[str, str]
"""Channel and uid: where in the list a row stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutPage:
    """One page of people, by channel and uid."""

    rows: Sequence[Suppression] = field(default_factory=list)
    after: Place | None = None
    """Where the next page begins; None where there is none."""
    before: Place | None = None
    """Where the page before this one ends; None where there is none."""


def left_out_page(
    broadcast: Broadcast,
    *,
    channel: str = "",
    reason: str = "",
    after: Place | None = None,
    before: Place | None = None,
    size: int = PAGE,
) -> LeftOutPage:
    """People not sent to, on one channel or for one reason where those are named. One query, without an offset.

    The list follows the unique index over broadcast, channel and uid. A place that leads nowhere leads to the top.
    """
    found = Suppression.objects.filter(broadcast=broadcast).select_related("user__recipient")
    if channel:
        found = found.filter(channel=channel)
    if reason:
        found = found.filter(reason=reason)
    if before:
        rows = list(_up_to(found, before).order_by("-channel", "-uid")[: size + 1])
        has_before, has_after = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        rows = list((_from(found, after) if after else found).order_by("channel", "uid")[: size + 1])
        has_before, has_after = after is not None, len(rows) > size
        rows = rows[:size]
    if not rows and (after or before):
        return left_out_page(broadcast, channel=channel, reason=reason, size=size)
    return LeftOutPage(
        rows=rows,
        after=(rows[-1].channel, rows[-1].uid) if rows and has_after else None,
        before=(rows[0].channel, rows[0].uid) if rows and has_before else None,
    )


def _from(rows: QuerySet[Suppression], place: Place) -> QuerySet[Suppression]:
    channel, uid = place
    return rows.filter(Q(channel__gt=channel) | Q(channel=channel, uid__gt=uid))


def _up_to(rows: QuerySet[Suppression], place: Place) -> QuerySet[Suppression]:
    channel, uid = place
    return rows.filter(Q(channel__lt=channel) | Q(channel=channel, uid__lt=uid))
