"""Verdicts: what receipts make of messages, devices and broadcasts. Sets of rows where they say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F

from notifications import wire
from notifications.models import (
    Batch,
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
from notifications.models.bulk import insert_columns, insert_select
from notifications.models.copy_rules import CopyRules
from notifications.pipeline import backoff, record
from notifications.pipeline.questions import Asked

Told = tuple[Asked, wire.Receipt]


class _Columns(NamedTuple):
    pk: int
    attempts: int
    device_id: int | None


class _Accepted(_Columns, CopyRules):
    """What of a message decides about a receipt that is no good news."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """The tickets of one question by what was answered."""

    good: list[Asked] = field(default_factory=list)
    bad: list[Told] = field(default_factory=list)
    silent: list[Asked] = field(default_factory=list)
    """Those of which nothing was said."""


def sort(tickets: Sequence[Asked], receipts: Mapping[str, wire.Receipt]) -> Heard:
    """The tickets by what was answered, under their external ids."""
    heard = Heard()
    for ticket in tickets:
        receipt = receipts.get(ticket.external_id)
        if receipt is None:
            heard.silent.append(ticket)
        elif receipt.outcome == wire.Outcome.ACCEPTED:
            heard.good.append(ticket)
        else:
            heard.bad.append((ticket, receipt))
    return heard


def carry_out(credential: Credential, heard: Heard, over: Sequence[Asked], now: datetime) -> bool:
    """Change what follows from it. Were messages queued again? `over`: tickets whose receipts will never come."""
    messages = _accepted([t for t, _ in heard.bad])
    changes = _changes(credential, heard.bad, messages, now)
    queued = {change.id for change in changes if change.state == MessageState.QUEUED}
    # A broadcast whose copies are queued again is sending again.
    Broadcast.objects.filter(pk__in={t.broadcast_id for t, _ in heard.bad if t.message_id in queued}).reopen()
    record.apply(changes, now, where="state = 'accepted'")
    _settle(heard.good, MessageState.DELIVERED, "", now)
    _settle(over, MessageState.ACCEPTED, Reason.RECEIPT_MISSING, now)
    _write_good(heard.good, now)
    _write_bad(heard.bad, now)
    _retire(heard.bad, messages, now)
    return bool(queued)


def _settle(tickets: Sequence[Asked], state: MessageState, reason: str, now: datetime) -> None:
    """Give the messages that are still accepted a state or reason, the same to all."""
    latest = {t.message_id for t in tickets if t.is_latest}
    if latest:
        accepted = Message.objects.filter(pk__in_list=latest, state=MessageState.ACCEPTED)
        accepted.update(state=state, reason=reason, code="", available_at=now, changed_at=now)


def _accepted(tickets: Sequence[Asked]) -> dict[int, _Accepted]:
    if not tickets:
        return {}
    rows = Message.objects.filter(pk__in_list={t.message_id for t in tickets})
    return {row[0]: _Accepted._make(row) for row in rows.values_list("pk", "attempts", "device_id")}


def _changes(
    credential: Credential, told: Sequence[Told], messages: dict[int, _Accepted], now: datetime
) -> list[Change]:
    rules = record.policy(credential)
    base: timedelta = credential.setting("SENDING_TASK_RETRY_DELAY", timedelta(seconds=30))
    latest = [(messages[t.message_id], r) for t, r in told if t.is_latest and t.message_id in messages]
    return [m.after_receipt(r, rules, now, backoff.delay(m.attempts, base)) for m, r in latest]


def _write_good(tickets: Sequence[Asked], now: datetime) -> None:
    """One row for each, made from the tickets' own: none travels, and one that was deleted meanwhile is no error."""
    if tickets:
        written = Ticket.objects.filter(pk__in_list={t.id for t in tickets})
        columns = {"ticket": F("pk"), "is_success": True, "date_checked": now}
        insert_select(Receipt, written, columns, conflict=["id"])


def _write_bad(told: Sequence[Told], now: datetime) -> None:
    """One row for each ticket that is still there."""
    columns: dict[str, Sequence[Any]] = {
        "ticket": [t.id for t, _ in told],
        "is_success": [False] * len(told),
        "error_code": [r.code[:64] for _, r in told],
        "error_message": [r.detail for _, r in told],
        "date_checked": [now] * len(told),
    }
    tickets = Ticket._meta.db_table
    insert_columns(Receipt, columns, where=f"new_ticket IN (SELECT id FROM {tickets})")  # noqa: S608


def _retire(told: Sequence[Told], messages: dict[int, _Accepted], now: datetime) -> None:
    """Switch off devices whose address is dead, unless they registered anew after their message had left."""
    gone = [
        (messages[t.message_id].device_id, t.batch_id)
        for t, r in told
        if r.outcome == wire.Outcome.GONE and t.message_id in messages
    ]
    batches = Batch.objects.filter(pk__in={batch for _, batch in gone})
    claimed = dict(batches.values_list("pk", "created_at"))
    left: dict[int, datetime] = {}
    for device, batch in gone:
        if device is not None:
            left[device] = max(claimed[batch], left.get(device, claimed[batch]))
    if left:
        held = Device.objects.filter(pk__in=left).order_by("pk").select_for_update(of=("self",), no_key=True)
        registered = held.values_list("pk", "date_registered")
        record.retire([device for device, moment in registered if moment < left[device]], now, now)
