"""Walking an audience slice by slice: what the channels that write out accounts share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max, QuerySet

from notifications.audience import Audience, blocked
from notifications.models import Broadcast, Suppression
from notifications.models.bulk import insert_select


@dataclass(frozen=True, slots=True)
class AccountSlice:
    """Consecutive accounts of an audience, each with `blocked`."""

    accounts: QuerySet[Any]
    last: int


def account_slice(audience: Audience, after: int, size: int, now: datetime) -> AccountSlice | None:
    """The next accounts after an identity's id; None when there are no more."""
    rest = audience.identities().filter(id__gt=after).order_by("id")
    last = rest.values("id")[:size].aggregate(last=Max("id"))["last"]
    if last is None:
        return None
    return AccountSlice(blocked(rest.filter(id__lte=last), now), last)


def suppress(broadcast: Broadcast, channel: str, accounts: QuerySet[Any], reason: Any, now: datetime) -> int:
    """Write a Suppression for each of these accounts. Returns how many were new."""
    return insert_select(
        Suppression,
        accounts,
        {
            "broadcast": broadcast.pk,
            "user": F("user_id"),
            "uid": F("uid"),
            "channel": channel,
            "reason": reason,
            "at": now,
        },
        conflict=["broadcast", "channel", "uid"],
    )
