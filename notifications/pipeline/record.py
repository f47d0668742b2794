"""Record: what the provider answered becomes tickets, states, retired devices and the credential's health. Fenced."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
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
from notifications.models.bulk import insert_columns, update_columns, update_rows, update_where
from notifications.models.copy import Copy
from notifications.pipeline import Done, backoff, topics
from notifications.pipeline.flights import Answer, Arrival, Flight

log = logging.getLogger(__name__)
OUTCOMES = {outcome: outcome.value for outcome in wire.Outcome}
_TRIED_AGAIN = (wire.Outcome.RETRY, wire.Outcome.AMBIGUOUS)
SAVE_AGAIN = 0.5
"""Seconds between tries to save answers while the database is away."""


def save(arrivals: Sequence[Arrival]) -> Done:
    """Save answers to batches of one credential, and again when the database was away for a moment.

    They are known here and nowhere else. Raises OperationalError once the lease is over; the sweep has the word then.
    """
    batch = arrivals[0].flight.batch
    while True:
        try:
            _write(arrivals)
            return _done(arrivals)
        except OperationalError:
            if clock.now() >= batch.leased_until:
                raise
            log.warning("The answers to batch %s could not be saved; trying again.", batch.pk)
            connection.close()
            time.sleep(SAVE_AGAIN)


def _done(arrivals: Sequence[Arrival]) -> Done:
    """What saving these did."""
    messages = [message for each in arrivals for message, _ in each.answers]
    broadcasts = {message.broadcast_id for message in messages if message.broadcast_id}
    return Done(
        messages=len(messages),
        is_room=bool(broadcasts),
        topics=topics({arrivals[0].flight.credential.project_id}, broadcasts),
    )


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
    return _retire(Q(pk__in=device_ids, date_registered__lt=registered_before), now)


def _retire(which: Q, now: datetime) -> int:
    gone = Device.objects.filter(which, is_active=True)
    retired: int = gone.update(is_active=False, inactive_reason=InactiveReason.GONE, date_retired=now)
    return retired


@transaction.atomic
def _write(arrivals: Sequence[Arrival]) -> None:
    """Save answers to batches of one credential, once, in one transaction: states, tickets and what follows from them;
    and the end of the batches that are through.

    What comes after the sweep has freed a batch changes nothing: neither states, nor devices, nor the credential.
    """
    now = clock.now()
    credential = arrivals[0].flight.credential
    # Before the messages, in the sweep's order: the two must not wait for each other.
    _end([each.flight for each in arrivals if each.is_last], now)
    rules, base = policy(credential), credential.setting("SENDING_TASK_RETRY_DELAY", timedelta(seconds=30))
    kept = _still_held(arrivals, _move(arrivals, rules, base, now))
    _write_tickets(kept, now)
    _retire_gone(kept, now)
    for flight, mine in kept:
        # Its own: a batch that left with the old key says nothing of the new one.
        _note_trouble(flight.credential, [t for _, t in mine], base, now)


def _still_held(arrivals: Sequence[Arrival], held: set[int]) -> list[tuple[Flight, Sequence[Answer]]]:
    """The answers to messages that were neither freed by the sweep nor deleted meanwhile."""
    if len(held) == sum(len(each.answers) for each in arrivals):
        return [(each.flight, each.answers) for each in arrivals]
    return [(each.flight, [(m, t) for m, t in each.answers if m.id in held]) for each in arrivals]


def _retire_gone(kept: Sequence[tuple[Flight, Sequence[Answer]]], now: datetime) -> None:
    """Switch off devices that the provider does not know, but those registered anew since their batch was claimed."""
    gone = Q()
    for flight, mine in kept:
        ids = [m.device_id for m, t in mine if t.outcome == wire.Outcome.GONE and m.device_id]
        if ids:
            gone |= Q(pk__in=ids, date_registered__lt=flight.batch.created_at)
    if gone:
        _retire(gone, now)


def _end(flights: Sequence[Flight], now: datetime) -> None:
    """Batches whose answers are all there are over; the commonest outcome stands for each."""
    rows = [
        {"id": each.batch.pk, "finished_at": now, "outcome": each.outcomes.most_common(1)[0][0].value}
        for each in flights
    ]
    update_rows(Batch, rows, where="finished_at IS NULL")


def _move(arrivals: Sequence[Arrival], rules: RetryPolicy, base: timedelta, now: datetime) -> set[int]:
    """Give messages the states that their answers mean. Returns the ids of those that were still being sent in their
    batch."""
    ids, changes, batches = [], [], []
    fates = _Fates(rules, base, now)
    for each in arrivals:
        ids += [message.id for message, _ in each.answers]
        changes += fates.of_all(each)
        batches += [each.flight.batch.pk] * len(each.answers)
    if all(change is changes[0] for change in changes) and all(map(_is_whole, arrivals)):
        return _move_alike(ids, set(batches), changes[0], now)
    columns = {**_columns(ids, changes, now), "batch": batches}
    return set(update_columns(Message, columns, where="state = 'sending' AND batch_id = new_batch"))


def _is_whole(arrival: Arrival) -> bool:
    return len(arrival.answers) == arrival.flight.batch.size


def _move_alike(ids: Sequence[int], batches: set[int], change: Change, now: datetime) -> set[int]:
    """The same for all messages of these batches, to whom the same happened: no need to name them."""
    values = {name: value for name, (value,) in _columns([0], [change], now).items() if name != "id"}
    numbers = ", ".join(map(str, batches))
    moved = update_where(Message, values, f"batch_id IN ({numbers}) AND state = 'sending'")
    if moved in (0, len(ids)):
        return set(ids if moved else ())
    held = Message.objects.filter(pk__in_list=ids, batch__in=batches, state=change.state)
    return set(held.values_list("pk", flat=True))


def apply(changes: Sequence[Change], now: datetime, *, where: str, params: Sequence[Any] = ()) -> list[int]:
    """Write changes to those messages that still are where `where` says. Returns the ids that were."""
    columns = _columns([each.id for each in changes], changes, now)
    return update_columns(Message, columns, where=where, params=params)


def _columns(ids: list[int], changes: Sequence[Change], now: datetime) -> dict[str, list[Any]]:
    return {
        "id": ids,
        "state": [each.state.value for each in changes],
        "reason": [each.reason for each in changes],
        "code": [each.code for each in changes],
        "available_at": [each.available_at for each in changes],
        "attempts": [each.attempts for each in changes],
        "changed_at": [now] * len(changes),
    }


class _Fates:
    """What becomes of messages; worked out once for all that fared alike."""

    def __init__(self, rules: RetryPolicy, base: timedelta, now: datetime) -> None:
        self._rules, self._base, self._now = rules, base, now
        self._seen: dict[tuple[Any, ...], Change] = {}

    def of_all(self, arrival: Arrival) -> list[Change]:
        """The changes of its messages, in their order."""
        batch, answers = arrival.flight.batch, arrival.answers
        attempts = {message.attempts for message, _ in answers}
        if len(attempts) == 1 and all(ticket.outcome is wire.Outcome.ACCEPTED for _, ticket in answers):
            return [self.of(batch, *answers[0])] * len(answers)
        return [self.of(batch, message, ticket) for message, ticket in answers]

    def of(self, batch: Batch, message: Copy, ticket: wire.Ticket) -> Change:
        """The change, but for its `id`: that is the first one's who fared so."""
        fared: tuple[Any, ...] = (ticket.outcome, message.attempts)
        if ticket.outcome is not wire.Outcome.ACCEPTED:
            fared = (*fared, ticket.code, ticket.retry_after, ticket.throttled, message.lane, batch.pk)
        change = self._seen.get(fared)
        if change is None:
            wait = self._wait(batch, message, ticket)
            change = self._seen[fared] = message.after_ticket(ticket, self._rules, self._now, wait)
        return change

    def _wait(self, batch: Batch, message: Copy, ticket: wire.Ticket) -> timedelta:
        """The pause, where its answer asks for one. A message that may be on its way waits until its lease is over."""
        if ticket.outcome not in _TRIED_AGAIN:
            return timedelta(0)
        pause = backoff.delay(message.attempts + 1, self._base, ticket.retry_after)
        left = batch.leased_until - self._now
        return max(pause, left) if ticket.outcome == wire.Outcome.AMBIGUOUS else pause


def _write_tickets(kept: Sequence[tuple[Flight, Sequence[Answer]]], now: datetime) -> None:
    """One ticket for each answer; an accepted one says when to ask for its receipt, where there are any."""
    credential = kept[0][0].credential
    tickets = [ticket for _, mine in kept for _, ticket in mine]
    check_at = now + credential.setting("RECEIPT_CHECK_DELAY", timedelta(minutes=30))
    has_receipts = credential.provider_class.has_receipts
    accepted = [t.outcome is wire.Outcome.ACCEPTED for t in tickets]
    asks = [has_receipts and good and t.external_id != "" for good, t in zip(accepted, tickets, strict=True)]
    columns: dict[str, Sequence[Any]] = {
        "message": [m.id for _, mine in kept for m, _ in mine],
        "batch": [pk for flight, mine in kept for pk in [flight.batch.pk] * len(mine)],
        "outcome": [OUTCOMES[t.outcome] for t in tickets],
        "is_success": accepted,
        "external_id": [t.external_id[:128] for t in tickets],
        "error_code": [t.code[:64] for t in tickets],
        "error_message": [t.detail for t in tickets],
        "date_received": [now] * len(tickets),
        "check_at": [check_at if each else None for each in asks],
        "asked_with": [credential.pk if each else None for each in asks],
    }
    insert_columns(Ticket, columns, conflict=["message", "batch"])


def _note_trouble(
    credential: Credential, tickets: Sequence[wire.Ticket], base: timedelta, now: datetime
) -> None:
    """Pause, slow down or clear the credential, as the answers say."""
    wrong = next((t for t in tickets if t.outcome == wire.Outcome.MISCONFIGURED), None)
    if wrong:
        pause_credential(credential, wrong.code, wrong.detail, now)
    asked_to_wait = any(t.throttled or t.retry_after for t in tickets)
    if tickets and (asked_to_wait or all(t.outcome in _TRIED_AGAIN for t in tickets)):
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
