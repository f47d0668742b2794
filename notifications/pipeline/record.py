"""Record: what the provider answered becomes tickets, states, retired devices and the credential's health. Fenced."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest

from notifications import clock, wire
from notifications.models import (
    Batch,
    Change,
    Credential,
    Device,
    InactiveReason,
    Message,
    RetryPolicy,
    Ticket,
)
from notifications.models.bulk import insert_rows, update_rows
from notifications.pipeline import backoff

log = logging.getLogger(__name__)
Answer = tuple[Message, wire.Ticket]
SAVE_AGAIN = 0.5
"""Seconds between tries to save answers while the database is away."""


def answers(
    batch: Batch,
    credential: Credential,
    messages: Sequence[Message],
    arriving: Iterator[tuple[wire.PushMessage, wire.Ticket]],
    flush: int,
) -> None:
    """Record answers in groups as they arrive; a message without one gets an ambiguous ticket. Then end the batch."""
    waiting = {message.pk: message for message in messages}
    outcomes: Counter[wire.Outcome] = Counter()
    group: list[Answer] = []
    for answered, ticket in _guarded(arriving, batch):
        message = waiting.pop(answered.id, None)
        if message is None:
            continue
        group.append((message, ticket))
        outcomes[ticket.outcome] += 1
        if len(group) >= flush and waiting:
            _save_surely(batch, credential, group)
            group = []
    silent = wire.Ticket(
        outcome=wire.Outcome.AMBIGUOUS, code="NoTicket", detail="The provider gave no answer to it."
    )
    group += [(message, silent) for message in waiting.values()]
    outcomes[wire.Outcome.AMBIGUOUS] += len(waiting)
    _save_surely(batch, credential, group, outcomes)


def _save_surely(
    batch: Batch,
    credential: Credential,
    group: Sequence[Answer],
    closing: Counter[wire.Outcome] | None = None,
) -> None:
    """Save, and again when the database was away for a moment: answers are known here and nowhere else.

    Raises OperationalError once the lease is over; the sweep has the word then.
    """
    while True:
        try:
            return _save(batch, credential, group, closing)
        except OperationalError:
            if clock.now() >= batch.leased_until:
                raise
            log.warning("The answers to batch %s could not be saved; trying again.", batch.pk)
            connection.close()
            time.sleep(SAVE_AGAIN)


def policy(credential: Credential) -> RetryPolicy:
    """How often and how long messages of this credential are tried."""
    return RetryPolicy(
        max_attempts=credential.setting("SENDING_TASK_MAX_RETRIES", 5) + 1,
        resend_ambiguous=credential.merges_copies,
    )


def pause_credential(credential: Credential, code: str, detail: str, now: datetime) -> None:
    """Stop sending with this credential until an operator acts; what waits goes on waiting.

    Not where the operator acted while the answer was under way: it speaks of the key that was sent.
    """
    reason = f"{code}: {detail}"[:500]
    same_key = Credential.objects.filter(pk=credential.pk, sealed_secrets=credential.sealed_secrets)
    same_key.filter(paused_reason="").update(paused_reason=reason, paused_at=now)


def retire(device_ids: Sequence[int], registered_before: datetime, now: datetime) -> int:
    """Switch off devices whose address is dead, but those registered anew since. Returns how many."""
    gone = Device.objects.filter(pk__in=device_ids, is_active=True, date_registered__lt=registered_before)
    retired: int = gone.update(is_active=False, inactive_reason=InactiveReason.GONE, date_retired=now)
    return retired


def _guarded(
    arriving: Iterator[tuple[wire.PushMessage, wire.Ticket]], batch: Batch
) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
    """An exception of a provider is a bug; what it had not answered by then is ambiguous, and nothing is lost."""
    try:
        yield from arriving
    except Exception:
        log.exception(
            "The provider failed on batch %s; its unanswered messages count as ambiguous.", batch.pk
        )


@transaction.atomic
def _save(
    batch: Batch,
    credential: Credential,
    group: Sequence[Answer],
    closing: Counter[wire.Outcome] | None = None,
) -> None:
    """One transaction: states, tickets and what follows from them; with `closing`, the end of the batch.

    What comes after the sweep has freed the batch changes nothing: neither states, nor devices, nor the credential.
    """
    now = clock.now()
    if closing is not None:
        # Before the messages, in the sweep's order: the two must not wait for each other.
        outcome = closing.most_common(1)[0][0] if closing.total() else wire.Outcome.AMBIGUOUS
        Batch.objects.filter(pk=batch.pk, finished_at=None).update(finished_at=now, outcome=outcome)
    rules, base = policy(credential), credential.setting("SENDING_TASK_RETRY_DELAY", timedelta(seconds=30))
    waits = _waits(group, base, batch.leased_until - now)
    changes = [m.after_ticket(t, rules, now, wait) for (m, t), wait in zip(group, waits, strict=True)]
    held = set(apply(changes, now, where="state = 'sending' AND batch_id = %s", params=[batch.pk]))
    mine = [(m, t) for m, t in group if m.pk in held]
    insert_rows(
        Ticket, [_ticket(batch, m, t, credential, now) for m, t in mine], conflict=["message", "batch"]
    )
    gone = [m.device_id for m, t in mine if t.outcome == wire.Outcome.GONE and m.device_id]
    if gone:
        retire(gone, batch.created_at, now)
    _note_trouble(credential, [t for _, t in mine], base, now)


def apply(changes: Sequence[Change], now: datetime, *, where: str, params: Sequence[Any] = ()) -> list[int]:
    """Write changes to those messages that still are where `where` says. Returns the ids that were."""
    rows = [
        {
            "id": c.id,
            "state": c.state.value,
            "reason": c.reason,
            "code": c.code,
            "available_at": c.available_at,
            "attempts": c.attempts,
            "changed_at": now,
        }
        for c in changes
    ]
    return update_rows(Message, rows, where=where, params=params)


def _waits(group: Sequence[Answer], base: timedelta, lease: timedelta) -> list[timedelta]:
    """The pause before another try, per message; one for all where the whole batch failed alike.

    A message that may still be on its way waits for the end of its lease at least.
    """
    seen: dict[tuple[int, float | None], timedelta] = {}
    keys = [(m.attempts + 1, t.retry_after) for m, t in group]
    waits = [seen.setdefault(key, backoff.delay(key[0], base, key[1])) for key in keys]
    return [
        max(wait, lease) if t.outcome == wire.Outcome.AMBIGUOUS else wait
        for (_, t), wait in zip(group, waits, strict=True)
    ]


def _ticket(
    batch: Batch, message: Message, ticket: wire.Ticket, credential: Credential, now: datetime
) -> dict[str, Any]:
    asks = (
        ticket.outcome == wire.Outcome.ACCEPTED
        and ticket.external_id
        and credential.provider_class.has_receipts
    )
    delay: timedelta = credential.setting("RECEIPT_CHECK_DELAY", timedelta(minutes=30))
    return {
        "message": message.pk,
        "batch": batch.pk,
        "outcome": ticket.outcome.value,
        "is_success": ticket.outcome == wire.Outcome.ACCEPTED,
        "external_id": ticket.external_id[:128],
        "error_code": ticket.code[:64],
        "error_message": ticket.detail,
        "date_received": now,
        "check_at": now + delay if asks else None,
        "asked_with": credential.pk if asks else None,
    }


def _note_trouble(
    credential: Credential, tickets: Sequence[wire.Ticket], base: timedelta, now: datetime
) -> None:
    """Pause, slow down or clear the credential, as the answers say."""
    wrong = next((t for t in tickets if t.outcome == wire.Outcome.MISCONFIGURED), None)
    if wrong:
        pause_credential(credential, wrong.code, wrong.detail, now)
    in_trouble = {wire.Outcome.RETRY, wire.Outcome.AMBIGUOUS}
    asked_to_wait = any(t.throttled or t.retry_after for t in tickets)
    if tickets and (asked_to_wait or all(t.outcome in in_trouble for t in tickets)):
        slow_down(credential, tickets, base, now)
    elif tickets and credential.failures:
        # Not `not_before`: another worker may have been told to wait since this batch left.
        Credential.objects.filter(pk=credential.pk).update(failures=0)


def slow_down(credential: Credential, tickets: Sequence[wire.Ticket], base: timedelta, now: datetime) -> None:
    """These answers were trouble: count it, and wait where asked or where it happens too often.

    What was under way when a wait began meets the same trouble; it is not counted again and shortens no wait. One
    statement, so that batches which fail at the same moment are all counted.
    """
    waits = Q(not_before__gt=now)
    not_before: Case | Greatest = Case(
        When(waits, then=F("not_before")), *_breaker(credential, now), default=F("not_before")
    )
    if any(t.throttled or t.retry_after for t in tickets):
        asked = max((t.retry_after or 0.0) for t in tickets)
        pause = backoff.delay(credential.failures + 1, base, asked)
        not_before = Greatest(Coalesce(not_before, Value(now)), Value(now + pause))
    Credential.objects.filter(pk=credential.pk).update(
        failures=Case(When(waits, then=F("failures")), default=F("failures") + 1), not_before=not_before
    )


def _breaker(credential: Credential, now: datetime) -> list[When]:
    """Until when the provider is left alone, for each number of failures before this one that opens the breaker."""
    opens = credential.FAILURES_THAT_OPEN_THE_BREAKER
    longest = next(n for n in count(opens) if credential.breaker_wait(n) == credential.BREAKER_LONGEST_WAIT)
    steps = [
        When(failures=n - 1, then=Value(now + credential.breaker_wait(n))) for n in range(opens, longest)
    ]
    return [*steps, When(failures__gte=longest - 1, then=Value(now + credential.BREAKER_LONGEST_WAIT))]
