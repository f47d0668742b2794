"""Dispatch: claim a batch, send it, record the answers: no transaction across the call, no call without a lease."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from notifications import channels, clock, encryption, providers, wire
from notifications.models import Batch, Broadcast, BroadcastState, Credential, Message, MessageState
from notifications.models.message import MessageQuerySet
from notifications.pipeline import Done, record, sweep, topics

log = logging.getLogger(__name__)
FARTHEST_SLOT = timedelta(seconds=10)
"""No slot is so far ahead, unless a clock was wrong when it was taken."""
FLUSH = 100
"""Answers recorded together at the most."""
BREATH = 0.02
"""Seconds until the next look at messages that somebody else holds just now."""


@dataclass(slots=True)
class Claim:
    """What one worker may send now, alone."""

    batch: Batch
    credential: Credential
    messages: list[Message]
    slot: datetime
    """The moment that was reserved for it."""


def step() -> Done:
    """Claim, send and record one batch of whichever credential has work."""
    claimed = claim()
    if not isinstance(claimed, Claim):
        return claimed
    arriving = send(claimed)  # only made ready: what goes wrong before the start has sent nothing
    if start(claimed):
        record.answers(claimed.batch, claimed.credential, claimed.messages, arriving, FLUSH)
    else:
        sweep.give_back(claimed.batch.pk)
    return Done(
        messages=len(claimed.messages),
        wait=0.0,
        topics=topics(
            {claimed.credential.project_id}, {m.broadcast_id for m in claimed.messages if m.broadcast_id}
        ),
    )


def claim() -> Claim | Done:
    """Take the next batch for this worker, in one transaction; Done with the time to wait when there is none."""
    with transaction.atomic():
        credential = _next_credential(clock.now())
        if credential is None:
            return Done(wait=_until_next_slot(clock.now()))
        now = clock.now()  # anew: to lock a credential may have taken its time
        size = credential.largest_batch(now)
        candidates = _candidates(credential, size, now)
        if not candidates:
            return Done(wait=BREATH)  # an operator moves them just now, or somebody was quicker
        if candidates[0].under_way >= credential.connections():  # type: ignore[attr-defined]
            return Done(wait=0.0)  # somebody was quicker while we waited for the credential
        blocked = [m for m in candidates if m.blocked]  # type: ignore[attr-defined]
        if blocked:
            return _close(credential, blocked, now)
        messages = _that_may_travel_together(candidates, size)
        batch = Batch.objects.create(
            credential=credential,
            size=len(messages),
            created_at=now,
            leased_until=now + settings.CARILLON_LEASE,
        )
        taken = Message.objects.filter(pk__in=[m.pk for m in messages])
        taken.update(state=MessageState.SENDING, batch=batch, changed_at=now)
        _take_slot(credential, len(messages), now)
    return Claim(batch, credential, messages, slot=now)


def start(claimed: Claim) -> bool:
    """Commit that bytes are about to leave; False when too little of the lease is left for a whole call.

    A worker that was held up since it took its slot takes another one: it would come too close to those that were not.
    """
    while (next_slot := _start(claimed)) is not None:
        if next_slot + settings.CARILLON_CALL_DEADLINE >= claimed.batch.leased_until:
            break
        time.sleep(max(0.0, (next_slot - clock.now()).total_seconds()))
    return claimed.batch.started_at is not None


@transaction.atomic
def _start(claimed: Claim) -> datetime | None:
    """Start in the batch's slot, or else in that of this moment; where it is not free, when the next one is."""
    now = clock.now()  # not before: on SQLite the transaction may have waited for its turn
    if now > claimed.slot + Credential.SLACK and claimed.credential.most_a_second():
        credential = Credential.objects.select_for_update().get(pk=claimed.credential.pk)
        now = clock.now()
        credential.leave_slot(claimed.batch.size, claimed.slot)
        room_at = credential.room_at(claimed.batch.size, now)
        if room_at > now:
            return room_at
        _take_slot(credential, claimed.batch.size, now)
    mine = Batch.objects.filter(
        pk=claimed.batch.pk, finished_at=None, leased_until__gt=now + settings.CARILLON_CALL_DEADLINE
    )
    if mine.update(started_at=now):
        claimed.batch.started_at = now
    return None


def send(claimed: Claim) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
    """Hand the batch to its channel. The bytes leave when the first answer is asked of what this returns."""
    try:
        return channels.get(claimed.messages[0].channel).send(claimed.credential, claimed.messages)
    except encryption.UnreadableSecret as error:
        ticket = wire.Ticket(outcome=wire.Outcome.MISCONFIGURED, code="UnreadableSecret", detail=str(error))
        nothing = wire.PushContent()
        return iter(
            [(wire.PushMessage(id=m.pk, token="", content=nothing), ticket) for m in claimed.messages]
        )


def _next_credential(now: datetime) -> Credential | None:
    """Lock the one credential whose most urgent message may go now and that has a connection to spare."""
    chosen: Credential | None = (
        _credentials_with_work(now)
        .filter(Q(next_slot_at=None) | Q(next_slot_at__lte=now) | Q(next_slot_at__gt=now + FARTHEST_SLOT))
        .order_by("first_lane", F("next_slot_at").asc(nulls_first=True), "id")
        .select_for_update(of=("self",))
        .first()
    )
    return chosen


def _credentials_with_work(now: datetime) -> QuerySet[Any]:
    """Credentials that may be asked, have messages due and a connection to spare."""
    due = _sendable(now).filter(project_id=OuterRef("project_id"), provider=OuterRef("provider"))
    return (
        Credential.objects.spoken()
        .filter(Q(not_before=None) | Q(not_before__lte=now), paused_reason="")
        .annotate(first_lane=Subquery(due.order_by("lane", "available_at").values("lane")[:1]))
        .annotate(under_way=_under_way(OuterRef("pk"), now))
        .filter(_with_a_connection_to_spare(), first_lane__isnull=False)
    )


def _with_a_connection_to_spare() -> Q:
    """In SQL, so that a worker locks the one credential that it can use, and no other on the way there."""
    spare = Q(under_way=0)
    for key in providers.PROVIDERS:
        spare |= Q(
            provider=key,
            under_way__lt=providers.get(key).connections,
            failures__lt=Credential.FAILURES_THAT_OPEN_THE_BREAKER,
        )
    return spare


def _under_way(credential: Any, now: datetime) -> Coalesce:
    """How many batches of a credential hold a lease."""
    batches = Batch.objects.filter(credential=credential, finished_at=None, leased_until__gt=now)
    counted = batches.order_by().values("credential").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _sendable(now: datetime) -> MessageQuerySet:
    """Due messages, but those of a paused broadcast. A subquery, not a join: so the queue's index serves the order."""
    paused = Broadcast.objects.filter(state=BroadcastState.PAUSED).values("pk")
    return Message.objects.due(now).exclude(broadcast_id__in=paused)


def _until_next_slot(now: datetime) -> float:
    """Seconds until the rate limit lets somebody go on; a second when nobody waits for it.

    None at all where somebody was only quicker than we are.
    """
    slots = _credentials_with_work(now).values_list("next_slot_at", flat=True)
    return min([1.0, *[max(0.0, (slot - now).total_seconds()) if slot else 0.0 for slot in slots]])


def _candidates(credential: Credential, size: int, now: datetime) -> list[Message]:
    """The next messages of this credential, each with its `token`, why it may not go (`blocked`), and how many
    batches are `under_way`: a count made before the credential was locked may be outdated.

    Locked, but for those that somebody else has locked: a claim that waited for a cancel could be waited for by it.
    """
    queue = _sendable(now).filter(project_id=credential.project_id, provider=credential.provider)
    return list(
        queue.with_blocked(now)
        .annotate(token=F("device__push_token"), under_way=_under_way(credential.pk, now))
        .order_by("lane", "available_at", "id")
        .select_for_update(of=("self",), skip_locked=True)[:size]
    )


def _close(credential: Credential, blocked: Sequence[Message], now: datetime) -> Done:
    """Close messages that must not be attempted any more."""
    for verdict in {m.blocked for m in blocked}:  # type: ignore[attr-defined]
        state, _, reason = verdict.partition(":")
        ids = [m.pk for m in blocked if m.blocked == verdict]  # type: ignore[attr-defined]
        Message.objects.filter(pk__in=ids).update(state=state, reason=reason, changed_at=now)
    return Done(
        messages=len(blocked),
        wait=0.0,
        topics=topics({credential.project_id}, {m.broadcast_id for m in blocked if m.broadcast_id}),
    )


def _that_may_travel_together(candidates: Sequence[Message], size: int) -> list[Message]:
    """The longest run that respects every message's `batch_limit` (a worker died on it before) and one channel."""
    chosen: list[Message] = []
    for message in candidates:
        size = min(size, message.batch_limit or size)
        if len(chosen) >= size or (chosen and message.channel != chosen[0].channel):
            break
        chosen.append(message)
    return chosen


def _take_slot(credential: Credential, messages: int, now: datetime) -> None:
    """Reserve this moment for so many messages; the credential's row is locked."""
    credential.take_slot(messages, now)
    credential.save(update_fields=["next_slot_at", "slots"])
