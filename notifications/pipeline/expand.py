"""Expand: writes a broadcast's audience out into notifications and messages, just ahead of sending."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from notifications import channels, clock
from notifications.audience import Audience
from notifications.channels.base import Cursor, Slice
from notifications.models import Broadcast, BroadcastState, Message, Suppression, SuppressionReason
from notifications.models.bulk import insert_rows
from notifications.pipeline import Done, topics

log = logging.getLogger(__name__)
GROWN = ["cursors", "expanded_at", "expanded_notifications", "expanded_messages", "expanded_suppressions"]
"""What a slice changes on the broadcast's row; its state is the operators'."""


def step() -> Done:
    """One slice of every broadcast that has room, and the end of those that are through.

    A broadcast that cannot be written out holds back no other: its error is logged, and raised when nobody moves.
    """
    finished = finish()
    grown, errors = [], []
    for pk in Broadcast.objects.to_expand().order_by("priority", "id").values_list("id", flat=True):
        try:
            grown.append(_slice(pk))
        except Exception as error:
            log.warning("Broadcast %s cannot be written out now: %s", pk, type(error).__name__)
            errors.append(error)
    changed = [broadcast for broadcast, moved in grown if broadcast and moved] + finished
    if errors and not changed:
        raise errors[0]
    return Done(
        messages=sum(moved for _, moved in grown),
        more=any(moved for _, moved in grown),
        topics=topics({b.project_id for b in changed}, {b.pk for b in changed}),
    )


def finish() -> list[Broadcast]:
    """Close the broadcasts whose copies have all been handed over."""
    waiting = Message.objects.open().filter(broadcast=OuterRef("pk"))
    through = Broadcast.objects.filter(state=BroadcastState.SENDING, expanded_at__isnull=False).exclude(
        Exists(waiting)
    )
    done = list(through.only("id", "project_id"))
    if done:
        Broadcast.objects.filter(pk__in=[b.pk for b in done], state=BroadcastState.SENDING).update(
            state=BroadcastState.SENT, finished_at=clock.now()
        )
    return done


@transaction.atomic
def _slice(broadcast_id: int) -> tuple[Broadcast | None, int]:
    """Write out one slice for each channel that has room. Returns the broadcast and how many steps its cursors took.

    The row lock is the lease: rows and cursor are saved together, and a worker that dies takes both with it.
    """
    broadcast = (
        Broadcast.objects.to_expand()
        .select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        .filter(pk=broadcast_id)
        .first()
    )
    if broadcast is None:
        return None, 0
    moved = _grow(broadcast, Audience.of(broadcast), clock.now())
    if moved:
        broadcast.save(update_fields=GROWN)
    return broadcast, moved


def _grow(broadcast: Broadcast, audience: Audience, now: datetime) -> int:
    """One slice on each channel that has room, and the end when all are through. Returns how many steps were taken."""
    moved = 0
    for key in broadcast.channels:
        cursor = _cursor(broadcast, key)
        if not cursor.is_done and _has_room(broadcast, key):
            size = settings.CARILLON_SLICE
            _apply(broadcast, key, channels.get(key).expand(broadcast, audience, cursor, size, now))
            moved += 1
    if all(_cursor(broadcast, key).is_done for key in broadcast.channels):
        _suppress_unknown(broadcast, audience, now)
        broadcast.expanded_at = now
        moved += 1
    return moved


def _cursor(broadcast: Broadcast, key: str) -> Cursor:
    return Cursor(**broadcast.cursors.get(key, {}))


def _has_room(broadcast: Broadcast, channel: str) -> bool:
    """Is the channel's queue short enough for another slice?"""
    waiting = Message.objects.filter(broadcast=broadcast, channel=channel, state__in=["queued", "held"])
    return waiting[: settings.CARILLON_WINDOW].count() < settings.CARILLON_WINDOW


def _apply(broadcast: Broadcast, key: str, part: Slice) -> None:
    """Note what a slice did on the broadcast."""
    broadcast.cursors = {**broadcast.cursors, key: asdict(part.cursor)}
    broadcast.expanded_notifications += part.notifications
    broadcast.expanded_messages += part.messages
    broadcast.expanded_suppressions += part.suppressions


def _suppress_unknown(broadcast: Broadcast, audience: Audience, now: datetime) -> None:
    """Say of each uid that nobody answers to that nobody does."""
    rows = [
        {
            "broadcast": broadcast.pk,
            "uid": uid,
            "channel": key,
            "reason": SuppressionReason.UNKNOWN_UID.value,
            "at": now,
        }
        for uid in audience.unknown_uids()
        for key in broadcast.channels
    ]
    broadcast.expanded_suppressions += insert_rows(
        Suppression, rows, conflict=["broadcast", "channel", "uid"]
    )
