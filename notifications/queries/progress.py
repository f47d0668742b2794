"""How far broadcasts have come: counts their rows, anew or as of a moment ago where that is dear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db.models import Count, Exists, OuterRef

from notifications import clock
from notifications.models import Broadcast, Message, MessageState, Notification, Suppression, Ticket
from notifications.queries.groups import Group, groups_of, groups_of_many
from notifications.queries.numbers import LeftOut, Progress
from notifications.queries.snapshots import (
    again_key,
    counted,
    forget,
    kept,
    progress_key,
    snapshot,
    summary_key,
)

RECEIPTS_ARE_IN = timedelta(days=2)
__all__ = ["Progress", "forget_progress", "groups_lately", "left_out", "progress_of", "progress_of_many"]


def progress_of(broadcast: Broadcast) -> Progress:
    """Count a broadcast: four queries, or none where it is large and was counted a moment ago.

    The groups come from the index `message_count`, the bell from its unique index, the people left out from
    `suppression_count`, and the failures that a provider had accepted from one look-up each.
    """
    found = snapshot(progress_key(broadcast.pk), _rows, lambda: _count(broadcast))
    return replace(found, broadcast=broadcast)


def _count(broadcast: Broadcast) -> Progress:
    return Progress(
        broadcast=_bare(broadcast),
        groups=groups_of(broadcast),
        in_app=Notification.objects.filter(broadcast=broadcast).count(),
        failed_later=_accepted_once(broadcast, MessageState.FAILED),
        left_out=left_out(broadcast),
    )


def progress_of_many(broadcasts: Sequence[Broadcast]) -> dict[int, Progress]:
    """Count several broadcasts, by id, without who was left out and what failed late. Two queries, however many."""
    known = _lately([broadcast.pk for broadcast in broadcasts])
    rest = [broadcast.pk for broadcast in broadcasts if broadcast.pk not in known]
    groups = groups_of_many(rest) if rest else {}
    bells = Notification.objects.filter(broadcast__in=rest).order_by().values_list("broadcast")
    in_app: dict[int, int] = dict(bells.annotate(count=Count("*"))) if rest else {}
    for broadcast in broadcasts:
        if (pk := broadcast.pk) not in known:
            fresh = Progress(broadcast=Broadcast(pk=pk), groups=groups.get(pk, ()), in_app=in_app.get(pk, 0))
            known[pk] = counted(summary_key(pk), _rows, fresh, _is_settled(broadcast, fresh))
    return {broadcast.pk: replace(known[broadcast.pk], broadcast=broadcast) for broadcast in broadcasts}


def groups_lately(broadcast: Broadcast) -> Sequence[Group]:
    """The messages in groups, for the filters of a table: those counted a moment ago will do. One query or none."""
    known = _lately([broadcast.pk]).get(broadcast.pk)
    return known.groups if known else groups_of(broadcast)


def forget_progress(broadcast: Broadcast) -> None:
    """Somebody acted on it: the next look counts anew."""
    forget(progress_key(broadcast.pk), summary_key(broadcast.pk), again_key(broadcast.pk))


def _lately(broadcast_ids: Sequence[int]) -> dict[int, Progress]:
    """What is still kept of these, the whole count before the summary."""
    names = {key(pk): pk for key in (summary_key, progress_key) for pk in broadcast_ids}
    found = kept(list(names))
    return {pk: value for key, pk in names.items() if isinstance(value := found.get(key), Progress)}


def _is_settled(broadcast: Broadcast, found: Progress) -> bool:
    """Is it over, also what was sent again, and are its last receipts in? Only an operator's retry changes it then."""
    if broadcast.is_live or found.waiting or found.on_the_wire or found.receipts_pending:
        return False
    return broadcast.finished_at is not None and broadcast.finished_at < clock.now() - RECEIPTS_ARE_IN


def _rows(found: Progress) -> int:
    return found.copies


def _bare(broadcast: Broadcast) -> Broadcast:
    """A stand-in without content: what is kept holds numbers only."""
    return Broadcast(pk=broadcast.pk)


def _accepted_once(broadcast: Broadcast, state: MessageState) -> int:
    taken = Exists(Ticket.objects.filter(message=OuterRef("pk"), is_success=True))
    return Message.objects.filter(taken, broadcast=broadcast, state=state).count()


def left_out(broadcast: Broadcast) -> list[LeftOut]:
    """How many people were left out, by channel and reason, the most first."""
    rows = (
        Suppression.objects.filter(broadcast=broadcast)
        .order_by()
        .values("channel", "reason")
        .annotate(count=Count("*"))
    )
    return sorted((LeftOut(**row) for row in rows), key=lambda each: (-each.count, each.channel, each.reason))
