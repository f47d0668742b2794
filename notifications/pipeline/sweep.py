"""Sweep: frees what a dead worker held, and closes what waits in vain."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from notifications import clock, wire
from notifications.models import (
    Batch,
    BroadcastState,
    Change,
    Message,
    MessageState,
    Reason,
    RetryPolicy,
    Ticket,
)
from notifications.models.bulk import insert_rows
from notifications.pipeline import Done, record, topics

log = logging.getLogger(__name__)
LOST = "lost"
"""The outcome of a batch whose worker was never heard of again."""
AT_ONCE = 50
"""Lost batches freed in one round."""
MOST_CLOSED = 10_000
"""Messages closed in one round for one reason."""


def step() -> Done:
    """Free the messages of batches whose lease is over; close what must not go any more, whether or not it could."""
    now = clock.now()
    lost = list(
        Batch.objects.filter(finished_at=None, leased_until__lte=now)
        .order_by("id")
        .values_list("id", flat=True)[:AT_ONCE]
    )
    rescued = [_rescue_surely(pk) for pk in lost]
    freed = [message for messages in rescued for message in messages or ()]
    moved = freed + _close(now)
    return Done(
        messages=len(moved),
        more=len(lost) == AT_ONCE and None not in rescued,
        requeued=bool(freed),
        topics=topics({m.project_id for m in moved}, {m.broadcast_id for m in moved if m.broadcast_id}),
    )


def _rescue_surely(batch_id: int) -> list[Message] | None:
    """None when it cannot be freed now: that must not hold up the others."""
    try:
        return rescue(batch_id)
    except Exception:
        log.exception("The messages of batch %s could not be freed; tried again at the next sweep.", batch_id)
        return None


@transaction.atomic
def rescue(batch_id: int) -> list[Message]:
    """End a lost batch: what never left is queued again freely; what may have left gets an ambiguous ticket."""
    now = clock.now()
    batch = _hold(Batch.objects.filter(pk=batch_id, leased_until__lte=now))
    if batch is None:
        return []
    messages = _free(batch, now, LOST)
    _halve(batch, messages)
    return messages


@transaction.atomic
def give_back(batch_id: int) -> list[Message]:
    """End a batch that its own worker did not start: nobody died on it, so it is not halved."""
    batch = _hold(Batch.objects.filter(pk=batch_id, started_at=None))
    return [] if batch is None else _free(batch, clock.now(), "given_back")


def _hold(batches: QuerySet[Batch]) -> Batch | None:
    """The batch, locked, unless it is finished."""
    held: QuerySet[Batch] = batches.select_for_update(of=("self",), no_key=True).select_related("credential")
    return held.filter(finished_at=None).first()


def _free(batch: Batch, now: datetime, outcome: str) -> list[Message]:
    messages = list(Message.objects.filter(batch=batch, state=MessageState.SENDING))
    rules = record.policy(batch.credential)
    changes = [_after_loss(message, batch, rules, now, outcome) for message in messages]
    freed = set(record.apply(changes, now, where="state = 'sending' AND batch_id = %s", params=[batch.pk]))
    messages = [message for message in messages if message.pk in freed]  # the others were deleted meanwhile
    insert_rows(Ticket, [_ticket(batch, message, now) for message in messages], conflict=["message", "batch"])
    Batch.objects.filter(pk=batch.pk).update(finished_at=now, outcome=outcome)
    return messages


def _after_loss(message: Message, batch: Batch, rules: RetryPolicy, now: datetime, outcome: str) -> Change:
    if outcome == LOST and batch.size == 1 and message.rescues + 1 >= Message.RESCUES_ALONE:
        return Change(
            id=message.pk,
            state=MessageState.FAILED,
            reason=Reason.POISON,
            available_at=now,
            attempts=message.attempts,
        )
    if batch.started_at is None:
        # What was given back keeps its place; where a worker died, others go first.
        at = now if outcome == LOST else message.available_at
        return Change(id=message.pk, state=MessageState.QUEUED, available_at=at, attempts=message.attempts)
    return message.after_silence(rules, now, batch.leased_until - now, "LeaseLost")


def _ticket(batch: Batch, message: Message, now: datetime) -> dict[str, object]:
    left = batch.started_at is not None
    return {
        "message": message.pk,
        "batch": batch.pk,
        "outcome": (wire.Outcome.AMBIGUOUS if left else wire.Outcome.RETRY).value,
        "is_success": False,
        "error_code": "LeaseLost" if left else "NotStarted",
        "error_message": "The worker stopped before it could save an answer."
        if left
        else "Nothing had been sent when its worker gave it up.",
        "date_received": now,
    }


def _halve(batch: Batch, messages: Sequence[Message]) -> None:
    """Send them in halves next time, so that one message that kills workers is found."""
    rows = Message.objects.filter(pk__in=[m.pk for m in messages])
    if batch.size == 1:
        rows.update(rescues=F("rescues") + 1, batch_limit=1)
    else:
        rows.update(batch_limit=max(1, batch.size // 2))


def _close(now: datetime) -> list[Message]:
    """Close queued messages past their expiry, and those that came back to a broadcast cancelled meanwhile."""
    queued = Message.objects.filter(state=MessageState.QUEUED)
    cancelled = queued.filter(broadcast__state=BroadcastState.CANCELLED)
    return [
        *_end(queued.filter(expires_at__lte=now), MessageState.EXPIRED, Reason.EXPIRED, now),
        *_end(cancelled, MessageState.CANCELLED, Reason.CANCELLED, now),
    ]


def _end(messages: QuerySet[Message], state: MessageState, reason: Reason, now: datetime) -> list[Message]:
    found = list(messages.only("id", "project_id", "broadcast_id")[:MOST_CLOSED])
    still_queued = Message.objects.filter(pk__in=[m.pk for m in found], state=MessageState.QUEUED)
    still_queued.update(state=state, reason=reason, changed_at=now)
    return found
