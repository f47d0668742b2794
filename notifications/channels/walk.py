"""Walking an audience slice by slice: what the channels that write out accounts share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max, QuerySet

from notifications.audience import Audience, blocked
from notifications.models import Broadcast, NotificationPriority, Suppression, SuppressionReason
from notifications.models.bulk import insert_rows, insert_select

CONFLICT = ["broadcast", "channel", "uid"]


@dataclass(frozen=True, slots=True)
class AccountSlice:
    """Consecutive accounts of an audience: those that are to get a copy, and how many got a reason instead."""

    accounts: QuerySet[Any]
    suppressions: int
    last: int


def account_slice(
    broadcast: Broadcast, channel: str, audience: Audience, after: int, size: int, now: datetime
) -> AccountSlice | None:
    """The next accounts after an identity's id; None when there are no more.

    Who is blocked is asked once, and those get their Suppression at once: asked again for the copies, somebody who is
    unblocked between the two statements would get neither a copy nor a reason.
    """
    rest = audience.identities().filter(id__gt=after).order_by("id")
    last = rest.values("id")[:size].aggregate(last=Max("id"))["last"]
    if last is None:
        return None
    accounts = rest.filter(id__lte=last)
    judged = blocked(
        accounts,
        now,
        critical=broadcast.priority == NotificationPriority.CRITICAL,
        otherwise=SuppressionReason.EXPIRED if is_expired(broadcast, now) else "",
    )
    out = judged.exclude(blocked="").values("id", "user_id", "uid", "blocked")
    told = {"broadcast": broadcast.pk, "channel": channel, "at": now}
    rows = [{**told, "user": who["user_id"], "uid": who["uid"], "reason": who["blocked"]} for who in out]
    suppressions = insert_rows(Suppression, rows, conflict=CONFLICT)
    return AccountSlice(accounts.exclude(pk__in=[who["id"] for who in out]), suppressions, last)


def is_expired(broadcast: Broadcast, now: datetime) -> bool:
    """Is it too late for another copy?"""
    return broadcast.expires_at is not None and broadcast.expires_at <= now


def suppress(broadcast: Broadcast, channel: str, owners: QuerySet[Any], reason: Any, now: datetime) -> int:
    """Write a Suppression for each of these identities or devices. Returns how many were new."""
    return insert_select(
        Suppression,
        owners,
        {
            "broadcast": broadcast.pk,
            "user": F("user_id"),
            "uid": F("uid"),
            "channel": channel,
            "reason": reason,
            "at": now,
        },
        conflict=CONFLICT,
    )
