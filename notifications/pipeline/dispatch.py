"""Dispatch: what was claimed is made ready and started: no transaction across the call, no call without a lease."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from notifications import channels, clock, encryption, wire
from notifications.models import Batch, Credential
from notifications.models.bulk import commit_with_the_next, update_rows
from notifications.pipeline import Done, sweep
from notifications.pipeline.claims import Claim, claim
from notifications.pipeline.flights import Flight

log = logging.getLogger(__name__)
MAY_START = """
    finished_at IS NULL AND leased_until > %s AND credential_id IN (
        SELECT id FROM notifications_credential
        WHERE paused_reason = '' AND (not_before IS NULL OR not_before <= %s))"""


def take_off(most: int = 1, landed: Sequence[int] = ()) -> list[Flight] | Done:
    """Claim batches and commit their start: see `claim`. Where no rate limit is to be kept, in one transaction.

    What is made ready inside it is light: a provider writes its request when the first answer is asked.
    """
    with transaction.atomic():
        claims = claim(most, landed)
        flights = None if isinstance(claims, Done) else _started_with(claims)
    if isinstance(claims, Done):
        return claims
    return started(claims) if flights is None else flights


def _started_with(claims: Sequence[Claim]) -> list[Flight] | None:
    """Started in the transaction of their claim; None under a limit, where they wait for their slot outside of it."""
    if not claims[0].credential.most_a_second():
        return started(claims)
    # Nothing leaves before the start is on the disk, and so is this by then. Without it, all are queued again.
    commit_with_the_next()
    return None


def started(claims: Sequence[Claim]) -> list[Flight]:
    """Commit the start of what was claimed; what may not start any more goes back to the queue.

    The bytes leave when the first answer is asked of a flight.
    """
    ready = [(each, flight) for each in claims if (flight := _ready(each))]
    if not ready:
        return []
    for batch in start([each for each, _ in ready]):
        sweep.give_back(batch.pk)
    return [flight for _, flight in ready if flight.batch.started_at]


def _ready(claimed: Claim) -> Flight | None:
    """The batch, ready to leave: what goes wrong with that has sent nothing.

    None where it went wrong; the others must not wait for it. The sweep frees and halves it, as if a worker had died.
    """
    try:
        return Flight(claimed.batch, claimed.credential, claimed.messages, send(claimed))
    except Exception:
        log.exception(
            "Batch %s could not be made ready; its lease keeps it until the sweep.", claimed.batch.pk
        )
        return None


def start(claims: Sequence[Claim]) -> list[Batch]:
    """Commit that bytes are about to leave. Returns the batches that may not: too little of their lease is left, or
    their credential may not be used any more.

    A worker that was held up since it took its slot takes another one: it would come too close to those that were not.
    Only a claim without a limit holds several batches.
    """
    while (next_slot := _start(claims)) is not None:
        if next_slot + settings.CARILLON_CALL_DEADLINE >= claims[0].batch.leased_until:
            break
        time.sleep(max(0.0, (next_slot - clock.now()).total_seconds()))
    return [each.batch for each in claims if each.batch.started_at is None]


@transaction.atomic(savepoint=False)
def _start(claims: Sequence[Claim]) -> datetime | None:
    """Start in the batch's slot, or else in that of this moment; where it is not free, when the next one is."""
    now = clock.now()  # not before: on SQLite the transaction may have waited for its turn
    first = claims[0]
    if now > first.slot + Credential.SLACK and first.credential.most_a_second():
        credential = Credential.objects.select_for_update().get(pk=first.credential.pk)
        now = clock.now()
        credential.leave_slot(first.batch.size, first.slot)
        room_at = credential.room_at(first.batch.size, now)
        if room_at > now:
            return room_at
        credential.take_slot(first.batch.size, now)
        credential.save(update_fields=["next_slot_at", "slots"])
    _note_start([each.batch for each in claims], now)
    return None


def _note_start(batches: Sequence[Batch], now: datetime) -> None:
    """All that still are this worker's, have time enough left for a call, and whose credential may be used: since their
    claim it may have been paused, or told to wait."""
    rows = [{"id": batch.pk, "started_at": now} for batch in batches]
    moments = [now + settings.CARILLON_CALL_DEADLINE, now]
    params = [connection.ops.adapt_datetimefield_value(moment) for moment in moments]
    started = update_rows(Batch, rows, where=MAY_START, params=params)
    for batch in batches:
        if batch.pk in started:
            batch.started_at = now


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
