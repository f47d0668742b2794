"""Receipts: asks the provider later what became of what it accepted, until it says or a day has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from notifications import clock, encryption, wire
from notifications.models import (
    Batch,
    Broadcast,
    Change,
    Credential,
    Device,
    MessageState,
    Reason,
    Receipt,
)
from notifications.models.bulk import insert_columns
from notifications.pipeline import Done, backoff, questions, record, topics
from notifications.pipeline.questions import Asked

GIVE_UP_AFTER = timedelta(hours=24)
"""Expo forgets receipts after a day (docs.expo.dev, push receipts)."""
HOPELESS_AFTER = timedelta(hours=48)
"""By then no receipt is left, even if each question since has failed."""
LAST_AFTER_TROUBLE = timedelta(minutes=1)
"""How long a credential comes last whose question failed: one that hangs would keep the others waiting for ever."""

_last: dict[int, datetime] = {}
"""Credentials that come last, and until when. Forgotten with the process: it decides about the order alone."""


def step() -> Done:
    """Ask one question for one credential with receipts due."""
    now = clock.now()
    credential = _credential_with_questions(now)
    if credential is None:
        return Done()
    tickets = questions.claim(credential, now)
    if not tickets:
        return Done(more=True)
    answer = _ask(credential, tickets)
    _give_others_their_turn(credential, answer.trouble)
    changes = _record(credential, tickets, answer)
    return Done(
        messages=len(tickets),
        more=True,
        requeued=any(change.state == MessageState.QUEUED for change in changes),
        topics=topics({credential.project_id}, {t.broadcast_id for t in tickets if t.broadcast_id}),
    )


def _credential_with_questions(now: datetime) -> Credential | None:
    """The credential whose ticket waits longest, of those that may be asked; after trouble, the others first."""
    waiting = questions.with_due(now)
    return min(waiting, key=lambda c: (_last.get(c.pk, now) > now, c.waits_since), default=None)  # type: ignore[attr-defined]


def _give_others_their_turn(credential: Credential, trouble: wire.Ticket | None) -> None:
    if trouble:
        _last[credential.pk] = clock.now() + LAST_AFTER_TROUBLE
    else:
        _last.pop(credential.pk, None)


def _ask(credential: Credential, tickets: Sequence[Asked]) -> wire.ReceiptAnswer:
    """The provider's answer, or its trouble as a value."""
    try:
        return credential.opened_provider().receipts([ticket.external_id for ticket in tickets])
    except encryption.UnreadableSecret as error:
        trouble = wire.Ticket(outcome=wire.Outcome.MISCONFIGURED, code="UnreadableSecret", detail=str(error))
        return wire.ReceiptAnswer(trouble=trouble)


@transaction.atomic
def _record(credential: Credential, tickets: Sequence[Asked], answer: wire.ReceiptAnswer) -> list[Change]:
    """Save what was answered; plan the next question for what was not. What comes after the lease changes nothing."""
    now = clock.now()
    trouble = answer.trouble
    known = [(t, answer.receipts[t.external_id]) for t in tickets if t.external_id in answer.receipts]
    changes = _changes(credential, known, now)
    silent = [t for t in tickets if t.external_id not in answer.receipts]
    asked_in_vain = trouble is None or trouble.outcome == wire.Outcome.REJECTED
    patience = GIVE_UP_AFTER if asked_in_vain else HOPELESS_AFTER
    over = questions.received_before(silent, now - patience)
    changes += [_missing(t, now) for t in over]
    _reopen(known, changes)
    record.apply(changes, now, where="state = 'accepted'")
    _write_receipts(known, now)
    _retire(known, now)
    closed = {t.id for t, _ in known} | {t.id for t in over}
    questions.plan(credential, tickets, closed, trouble, now)
    wrong = next((r for _, r in known if r.outcome == wire.Outcome.MISCONFIGURED), None)
    if wrong is None and answer.doubt and answer.doubt.code != credential.tolerated_code:
        wrong = answer.doubt
    if wrong:
        record.pause_credential(credential, wrong.code, wrong.detail, now)
    if trouble:
        _note(credential, trouble, now)
    # At the end, so that nobody who sends with the credential waits for the rest.
    if questions.let_go(credential):
        return changes
    transaction.set_rollback(True)
    return []


def _note(credential: Credential, trouble: wire.Ticket, now: datetime) -> None:
    """A wrong key, or patience that was asked for, holds back all that is asked and sent with the credential.

    Any other trouble is the question's own: it is asked again later, and says nothing against sending.
    """
    if trouble.outcome == wire.Outcome.MISCONFIGURED:
        record.pause_credential(credential, trouble.code, trouble.detail, now)
    elif trouble.throttled or trouble.retry_after:
        record.slow_down(credential, [trouble], questions.shortest_pause(credential), now)


def _changes(
    credential: Credential, known: Sequence[tuple[Asked, wire.Receipt]], now: datetime
) -> list[Change]:
    rules = record.policy(credential)
    base: timedelta = credential.setting("SENDING_TASK_RETRY_DELAY", timedelta(seconds=30))
    return [
        t.after_receipt(r, rules, now, _wait(t, r, base))
        for t, r in known
        if t.message_batch_id == t.batch_id
    ]


def _wait(ticket: Asked, receipt: wire.Receipt, base: timedelta) -> timedelta:
    """The pause before another try, where the receipt asks for one."""
    is_good = receipt.outcome == wire.Outcome.ACCEPTED
    return timedelta(0) if is_good else backoff.delay(ticket.attempts, base)


def _reopen(known: Sequence[tuple[Asked, wire.Receipt]], changes: Sequence[Change]) -> None:
    """A broadcast whose copies are queued again is sending again."""
    queued = {change.id for change in changes if change.state == MessageState.QUEUED}
    Broadcast.objects.filter(pk__in={t.broadcast_id for t, _ in known if t.pk in queued}).reopen()


def _missing(ticket: Asked, now: datetime) -> Change:
    """The provider never said more: the message stays accepted, and says so."""
    return Change(
        id=ticket.pk,
        state=MessageState.ACCEPTED,
        reason=Reason.RECEIPT_MISSING,
        available_at=now,
        attempts=ticket.attempts,
    )


def _write_receipts(known: Sequence[tuple[Asked, wire.Receipt]], now: datetime) -> None:
    """One row for each answer."""
    columns: dict[str, Sequence[Any]] = {
        "ticket": [t.id for t, _ in known],
        "is_success": [r.outcome == wire.Outcome.ACCEPTED for _, r in known],
        "error_code": [r.code[:64] for _, r in known],
        "error_message": [r.detail for _, r in known],
        "date_checked": [now] * len(known),
    }
    insert_columns(Receipt, columns)


def _retire(known: Sequence[tuple[Asked, wire.Receipt]], now: datetime) -> None:
    """Switch off devices whose address is dead, unless they registered anew after their message had left."""
    gone = [
        (t.device_id, t.batch_id)
        for t, r in known
        if r.outcome == wire.Outcome.GONE and t.device_id is not None
    ]
    batches = Batch.objects.filter(pk__in={batch for _, batch in gone})
    claimed = dict(batches.values_list("pk", "created_at"))
    left: dict[int, datetime] = {}
    for device, batch in gone:
        left[device] = max(claimed[batch], left.get(device, claimed[batch]))
    if left:
        held = Device.objects.filter(pk__in=left).order_by("pk").select_for_update(of=("self",), no_key=True)
        registered = held.values_list("pk", "date_registered")
        record.retire([device for device, moment in registered if moment < left[device]], now, now)
