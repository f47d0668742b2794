"""What was tried with one message, and what it said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from notifications import providers
from notifications.models import AuditEntry, Batch, Message, Receipt, Ticket

PAYLOAD_LIMIT = 4096
"""Bytes that the vendors of push carry in one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One batch that carried the message, and what came of it."""

    batch: Batch
    ticket: Ticket | None
    """None while the provider has not answered."""
    receipts: Sequence[Receipt]


def attempts_of(message: Message) -> list[Attempt]:
    """Every attempt, the first one first. Two queries, however many there were."""
    return attempts_of_many([message])[message.pk]


def attempts_of_many(messages: Sequence[Message]) -> dict[int, list[Attempt]]:
    """Message → its attempts, the first one first. Two queries for messages that come with their batch."""
    tickets = Ticket.objects.filter(message__in=[message.pk for message in messages])
    found: dict[int, list[Attempt]] = {message.pk: [] for message in messages}
    for ticket in tickets.select_related("batch").prefetch_related("receipts").order_by("id"):
        attempt = Attempt(batch=ticket.batch, ticket=ticket, receipts=list(ticket.receipts.all()))
        found[ticket.message_id].append(attempt)
    for message in messages:
        if message.batch and message.batch_id not in {each.batch.pk for each in found[message.pk]}:
            found[message.pk].append(Attempt(batch=message.batch, ticket=None, receipts=()))
    return found


def replays_of(message: Message) -> list[AuditEntry]:
    """When operators sent this one message again; replays of a whole broadcast are not among them."""
    entries = AuditEntry.objects.filter(project=message.project_id, target=f"message:{message.pk}")
    return list(entries.filter(verb="message.retry").order_by("id"))


def payload_of(message: Message) -> dict[str, Any]:
    """What the provider is handed for this copy, with the address masked."""
    address = message.device.short_token if message.device else message.address
    return {"to": address, **_payload(message)}


def payload_bytes(message: Message) -> int:
    """Bytes of it that count towards PAYLOAD_LIMIT: compact JSON in UTF-8, without the address."""
    compact = json.dumps(_payload(message), ensure_ascii=False, separators=(",", ":"))
    return len(compact.encode("utf-8", "surrogatepass"))


def _payload(message: Message) -> dict[str, Any]:
    """As its provider would send it; a copy that has none yet is weighed as the first one's."""
    key = message.provider if message.provider in providers.PROVIDERS else next(iter(providers.PROVIDERS))
    return providers.get(key).payload(message.content())
