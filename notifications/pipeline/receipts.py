"""Receipts: asks the provider later what became of what it accepted, until it says or a day has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from notifications import clock, encryption, wire
from notifications.models import (
    Broadcast,
    Change,
    Credential,
    Device,
    Message,
    MessageState,
    Reason,
    Receipt,
    Ticket,
)
from notifications.models.bulk import update_rows
from notifications.pipeline import Done, backoff, record, topics

GIVE_UP_AFTER = timedelta(hours=24)
"""Expo forgets receipts after a day (docs.expo.dev, push receipts)."""
HOPELESS_AFTER = timedelta(hours=48)
"""By then no receipt is left, even if each question since has failed."""
LONGEST_GAP = timedelta(hours=4)
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
    tickets = _claim(credential, now)
    if not tickets:
        return Done(more=True)
    answer = _ask(credential, tickets)
    _give_others_their_turn(credential, answer.trouble)
    changes = _record(credential, tickets, answer)
    return Done(
        messages=len(tickets),
        more=True,
        requeued=any(change.state == MessageState.QUEUED for change in changes),
        topics=topics(
            {credential.project_id}, {t.message.broadcast_id for t in tickets if t.message.broadcast_id}
        ),
    )


def _credential_with_questions(now: datetime) -> Credential | None:
    """The credential whose ticket waits longest, of those that may be asked; after trouble, the others first."""
    due = Ticket.objects.filter(asked_with=OuterRef("pk"), check_at__lte=now).order_by("check_at")
    waiting: QuerySet[Any] = (
        Credential.objects.spoken()
        .filter(Q(not_before=None) | Q(not_before__lte=now), paused_reason="")
        .annotate(waits_since=Subquery(due.values("check_at")[:1]))
        .filter(waits_since__isnull=False)
    )
    return min(waiting, key=lambda c: (_last.get(c.pk, now) > now, c.waits_since), default=None)


def _give_others_their_turn(credential: Credential, trouble: wire.Ticket | None) -> None:
    if trouble:
        _last[credential.pk] = clock.now() + LAST_AFTER_TROUBLE
    else:
        _last.pop(credential.pk, None)


@transaction.atomic
def _claim(credential: Credential, now: datetime) -> list[Ticket]:
    """Take the due tickets for this worker: nobody else asks for them until the lease is over."""
    size = credential.provider_class.receipt_batch_size
    due = Ticket.objects.filter(asked_with=credential, check_at__lte=now).order_by("check_at", "id")
    chosen = list(due.select_for_update(of=("self",)).values_list("pk", flat=True)[:size])
    Ticket.objects.filter(pk__in=chosen).update(check_at=now + settings.CARILLON_LEASE)
    return list(Ticket.objects.filter(pk__in=chosen).select_related("message", "batch").order_by("id"))


def _ask(credential: Credential, tickets: Sequence[Ticket]) -> wire.ReceiptAnswer:
    """The provider's answer, or its trouble as a value."""
    try:
        return credential.opened_provider().receipts([ticket.external_id for ticket in tickets])
    except encryption.UnreadableSecret as error:
        trouble = wire.Ticket(outcome=wire.Outcome.MISCONFIGURED, code="UnreadableSecret", detail=str(error))
        return wire.ReceiptAnswer(trouble=trouble)


@transaction.atomic
def _record(credential: Credential, tickets: Sequence[Ticket], answer: wire.ReceiptAnswer) -> list[Change]:
    """Save what was answered; plan the next question for what was not. What comes after the lease changes nothing."""
    tickets = _still_mine(tickets)
    if not tickets:
        return []
    now = clock.now()
    trouble = answer.trouble
    known = [(t, answer.receipts[t.external_id]) for t in tickets if t.external_id in answer.receipts]
    changes = _changes(credential, known, now)
    silent = [t for t in tickets if t.external_id not in answer.receipts]
    asked_in_vain = trouble is None or trouble.outcome == wire.Outcome.REJECTED
    patience = GIVE_UP_AFTER if asked_in_vain else HOPELESS_AFTER
    over = [t for t in silent if t.date_received + patience <= now]
    changes += [_missing(t, now) for t in over]
    _reopen(known, changes)
    record.apply(changes, now, where="state = 'accepted'")
    Receipt.objects.bulk_create([_receipt(t, r, now) for t, r in known])
    _retire(known, now)
    closed = {t.pk for t, _ in known} | {t.pk for t in over}
    rows = [_next_question(credential, t, t.pk in closed, trouble, now) for t in tickets]
    update_rows(Ticket, rows)
    wrong = next((r for _, r in known if r.outcome == wire.Outcome.MISCONFIGURED), None)
    if wrong:
        record.pause_credential(credential, wrong.code, wrong.detail, now)
    if trouble:
        _note(credential, trouble, now)
    return changes


def _still_mine(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Those that nobody else has asked about since: they still carry the time that this worker's claim gave them."""
    held = Ticket.objects.select_for_update().filter(
        pk__in=[t.pk for t in tickets], check_at=tickets[0].check_at
    )
    mine = set(held.order_by("pk").values_list("pk", flat=True))
    return [t for t in tickets if t.pk in mine]


def _note(credential: Credential, trouble: wire.Ticket, now: datetime) -> None:
    """A wrong key, or patience that was asked for, holds back all that is asked and sent with the credential.

    Any other trouble is the question's own: it is asked again later, and says nothing against sending.
    """
    if trouble.outcome == wire.Outcome.MISCONFIGURED:
        record.pause_credential(credential, trouble.code, trouble.detail, now)
    elif trouble.throttled or trouble.retry_after:
        record.slow_down(credential, [trouble], _pause(credential), now)


def _changes(
    credential: Credential, known: Sequence[tuple[Ticket, wire.Receipt]], now: datetime
) -> list[Change]:
    rules = record.policy(credential)
    base: timedelta = credential.setting("SENDING_TASK_RETRY_DELAY", timedelta(seconds=30))
    return [
        t.message.after_receipt(r, rules, now, backoff.delay(t.message.attempts, base))
        for t, r in known
        if t.message.batch_id == t.batch_id
    ]


def _reopen(known: Sequence[tuple[Ticket, wire.Receipt]], changes: Sequence[Change]) -> None:
    """A broadcast whose copies are queued again is sending again."""
    queued = {change.id for change in changes if change.state == MessageState.QUEUED}
    Broadcast.objects.filter(
        pk__in={t.message.broadcast_id for t, _ in known if t.message_id in queued}
    ).reopen()


def _missing(ticket: Ticket, now: datetime) -> Change:
    """The provider never said more: the message stays accepted, and says so."""
    message: Message = ticket.message
    return Change(
        id=message.pk,
        state=MessageState.ACCEPTED,
        reason=Reason.RECEIPT_MISSING,
        available_at=now,
        attempts=message.attempts,
    )


def _receipt(ticket: Ticket, receipt: wire.Receipt, now: datetime) -> Receipt:
    return Receipt(
        ticket=ticket,
        is_success=receipt.outcome == wire.Outcome.ACCEPTED,
        error_code=receipt.code[:64],
        error_message=receipt.detail,
        date_checked=now,
    )


def _retire(known: Sequence[tuple[Ticket, wire.Receipt]], now: datetime) -> None:
    """Switch off devices whose address is dead, unless they registered anew after their message had left."""
    left: dict[int, datetime] = {}
    for ticket, receipt in known:
        if receipt.outcome == wire.Outcome.GONE and ticket.message.device_id:
            device = ticket.message.device_id
            left[device] = max(ticket.batch.created_at, left.get(device, ticket.batch.created_at))
    if left:
        held = Device.objects.filter(pk__in=left).order_by("pk").select_for_update(of=("self",), no_key=True)
        registered = held.values_list("pk", "date_registered")
        record.retire([device for device, moment in registered if moment < left[device]], now, now)


def _next_question(
    credential: Credential, ticket: Ticket, closed: bool, trouble: wire.Ticket | None, now: datetime
) -> dict[str, Any]:
    """When to ask for this ticket again; never, once it is closed."""
    if closed:
        at: datetime | None = None
    elif trouble:
        at = now + backoff.delay(ticket.checks + 1, _pause(credential), trouble.retry_after)
    else:
        # The first question may come at once; one that brought nothing must not be followed by the next at once.
        first = max(credential.setting("RECEIPT_CHECK_DELAY", timedelta(minutes=30)), _pause(credential))
        at = now + min(first * 2 ** min(ticket.checks, 20), LONGEST_GAP)
    return {"id": ticket.pk, "check_at": at, "checks": ticket.checks + 1}


def _pause(credential: Credential) -> timedelta:
    """The shortest pause between two questions for the same ticket."""
    pause: timedelta = credential.setting("CHECKING_TASK_RETRY_DELAY", timedelta(minutes=1))
    return pause
