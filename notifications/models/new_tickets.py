"""New tickets: one that code writes says of which message it is and what was answered; the rest is filled in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from notifications import wire
from notifications.models.batch import Batch
from notifications.models.bulk import insert_for_ids
from notifications.models.message import Message
from notifications.models.outbox import open_accounts, without_credential
from notifications.models.project import Credential


@contextmanager
def completed(tickets: Sequence[Any]) -> Iterator[None]:
    """Fill in the outcome and the batch of new tickets where they are missing, around the writing of them.

    Each gets a batch of its own, since a batch has one ticket of a message. A few queries, however many there are, in
    one transaction with the writing; where that fails, they name no batch again. Raises ValueError for one whose
    message does not exist or is of a provider that nobody speaks here.
    """
    for ticket in tickets:
        if not ticket.outcome and ticket.is_success is not None:
            ticket.outcome = (wire.Outcome.ACCEPTED if ticket.is_success else wire.Outcome.REJECTED).value
    alone = [ticket for ticket in tickets if _names_no_batch(ticket)]
    try:
        with transaction.atomic():
            _open_batches(alone)
            numbered = [ticket.batch_id for ticket in alone if ticket.pk is not None]
            yield
            _close_unused(numbered)
    except BaseException:
        for ticket in alone:
            ticket.batch_id = None
        raise


def _names_no_batch(ticket: Any) -> bool:
    """One that is not saved yet is named too: Django says what is wrong with that."""
    return ticket.batch_id is None and ticket._state.fields_cache.get("batch") is None


def _open_batches(tickets: Sequence[Any]) -> None:
    """A finished batch for each: it never started, so that nobody counts it as sent from here."""
    if not tickets:
        return
    messages = [_message_id(ticket) for ticket in tickets]
    credentials = _credentials(set(messages) - {None})
    if not all(map(credentials.get, messages)):
        raise ValueError(
            "A ticket without a batch needs a message that exists, of a provider that is spoken here: "
            "Ticket(message=…, is_success=True)."
        )
    # As the database has it: code may give a text, as it may to Django.
    answered = [Batch._meta.get_field("finished_at").to_python(ticket.date_received) for ticket in tickets]
    columns: dict[str, Sequence[Any]] = {
        "credential": [credentials[message] for message in messages],
        "size": [1] * len(tickets),
        "created_at": answered,
        "leased_until": answered,
        "finished_at": answered,
        "outcome": [Batch.BY_CODE] * len(tickets),
    }
    for ticket, pk in zip(tickets, insert_for_ids(Batch, columns), strict=True):
        ticket.batch_id = pk


def _message_id(ticket: Any) -> Any:
    """Also of a message that was saved after the ticket was made."""
    message = ticket._state.fields_cache.get("message")
    return message.pk if message else ticket.message_id


def _credentials(message_ids: set[Any]) -> dict[int, int | None]:
    """Message → the credential of its project and provider, opened where there is none yet."""
    messages = Message.objects.filter(pk__in_list=message_ids)
    open_accounts(without_credential(messages))
    own = Credential.objects.filter(project=OuterRef("project"), provider=OuterRef("provider"))
    return dict(messages.values_list("pk", Subquery(own.values("pk"))))


def _close_unused(batch_ids: Sequence[int]) -> None:
    """Take back what was opened for tickets that stand already, where `bulk_create` was told to leave those alone."""
    if batch_ids:
        Batch.objects.filter(pk__in_list=batch_ids, tickets=None).delete()
