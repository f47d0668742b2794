"""Expand: writes a broadcast's audience out into notifications and messages, just ahead of sending."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from notifications import channels, clock
from notifications.audience import Audience
from notifications.channels.base import Cursor, Slice
from notifications.models import Broadcast, BroadcastState, Message, Suppression
from notifications.models.bulk import insert_rows
from notifications.pipeline import Done, topics

log = logging.getLogger(__name__)
GROWN = ["cursors", "expanded_at", "expanded_notifications", "expanded_messages", "expanded_suppressions"]
"""What a slice changes on the broadcast's row; its state is the operators'."""


class Resting:
    """Broadcasts that could not be written out, each left alone for a while: twice as long after each failure."""

    LONGEST = timedelta(seconds=30)

    def __init__(self) -> None:
        self._failures: dict[int, int] = {}
        self._until: dict[int, datetime] = {}

    def __contains__(self, broadcast_id: int) -> bool:
        return broadcast_id in self._until and clock.now() < self._until[broadcast_id]

    def failed(self, broadcast_id: int, error: Exception) -> None:
        """It failed (again): say so, the first time with the traceback."""
        failures = self._failures[broadcast_id] = self._failures.get(broadcast_id, 0) + 1
        rest = min(timedelta(seconds=2 ** min(failures - 1, 10)), self.LONGEST)
        self._until[broadcast_id] = clock.now() + rest
        log.error(
            "Broadcast %s cannot be written out (%s); it is tried again in %g seconds.",
            broadcast_id,
            type(error).__name__,
            rest.total_seconds(),
            exc_info=error if failures == 1 else None,
        )

    def went_well(self, broadcast_id: int) -> None:
        """Whatever it was is over."""
        self._failures.pop(broadcast_id, None)
        self._until.pop(broadcast_id, None)


def step(resting: Resting | None = None) -> Done:
    """One slice of every broadcast that has room, and the end of those that are through.

    A broadcast that cannot be written out holds back no other: it is noted in `resting` and tried again later.
    """
    resting = Resting() if resting is None else resting
    finished = finish()
    waiting = Broadcast.objects.to_expand().order_by("priority", "id").values_list("id", flat=True)
    grown = [_slice_or_rest(pk, resting) for pk in waiting if pk not in resting]
    changed = [broadcast for broadcast, moved in grown if broadcast and moved] + finished
    return Done(
        messages=sum(moved for _, moved in grown),
        more=any(moved for _, moved in grown),
        topics=topics({b.project_id for b in changed}, {b.pk for b in changed}),
    )


def finish() -> list[Broadcast]:
    """Close the broadcasts whose copies have all been handed over."""
    candidates = list(_through().values_list("pk", flat=True))
    return _close(candidates) if candidates else []


def _through() -> QuerySet[Broadcast]:
    """Broadcasts that are written out and have no copy left to hand over."""
    waiting = Message.objects.open().filter(broadcast=OuterRef("pk"))
    written_out = Broadcast.objects.filter(state=BroadcastState.SENDING, expanded_at__isnull=False)
    return written_out.exclude(Exists(waiting))


@transaction.atomic
def _close(candidates: list[int]) -> list[Broadcast]:
    """Close those of them that are through still, now that nobody can queue their copies again.

    Whoever does that holds the broadcast's row first (`BroadcastQuerySet.reopen`). A statement that waited for the
    row would still see the copies as they were before, so they are asked for in another one.
    """
    held = list(_locked(Broadcast.objects.filter(pk__in=candidates)).values_list("pk", flat=True))
    done = list(_through().filter(pk__in=held).only("id", "project_id"))
    Broadcast.objects.filter(pk__in=[broadcast.pk for broadcast in done]).update(
        state=BroadcastState.SENT, finished_at=Coalesce("finished_at", clock.now())
    )
    return done


def _locked(broadcasts: QuerySet[Broadcast]) -> QuerySet[Broadcast]:
    """Those that nobody else holds just now."""
    return broadcasts.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def _slice_or_rest(broadcast_id: int, resting: Resting) -> tuple[Broadcast | None, int]:
    """Like `_slice`; one that fails takes no step and rests."""
    try:
        grown = _slice(broadcast_id)
    except Exception as error:
        resting.failed(broadcast_id, error)
        return None, 0
    resting.went_well(broadcast_id)
    return grown


@transaction.atomic
def _slice(broadcast_id: int) -> tuple[Broadcast | None, int]:
    """Write out one slice for each channel that has room. Returns the broadcast and how many steps its cursors took.

    The row lock is the lease: rows and cursor are saved together, and a worker that dies takes both with it.
    """
    broadcast = _locked(Broadcast.objects.to_expand()).filter(pk=broadcast_id).first()
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
        _suppress_unanswered(broadcast, audience, now)
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


def _suppress_unanswered(broadcast: Broadcast, audience: Audience, now: datetime) -> None:
    """Say of each uid that nobody answers to why; one whose device was retired since it was sent to got its copy."""
    reasons = audience.unanswered()
    sent_to = Message.objects.filter(broadcast=broadcast, device__uid__in_list=list(reasons))
    for uid in sent_to.values_list("device__uid", flat=True) if reasons else ():
        reasons.pop(uid, None)
    rows = [
        {"broadcast": broadcast.pk, "uid": uid, "channel": key, "reason": reason.value, "at": now}
        for uid, reason in reasons.items()
        for key in broadcast.channels
    ]
    broadcast.expanded_suppressions += insert_rows(
        Suppression, rows, conflict=["broadcast", "channel", "uid"]
    )
