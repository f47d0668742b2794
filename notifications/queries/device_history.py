"""What happened to one device: its messages with all that was answered, and what took it out of service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from notifications import wire
from notifications.models import AuditEntry, Batch, Device, InactiveReason, Message, Reason, Receipt, Ticket
from notifications.models.reasons import ReasonWords
from notifications.queries.attempts import Attempt, attempts_of_many
from notifications.queries.causes import words
from notifications.queries.keyset import Page, keyset_page
from notifications.queries.names import provider

PAGE = 20
OF_A_BROADCAST = ("audience_uids", "body", "cursors", "data", "push_options", "reach")
"""What may be large and is not shown beside a device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer that took a device out of service."""

    message: Message
    batch: Batch
    at: datetime
    code: str
    """The vendor's own code."""
    quote: str
    """The vendor's own words."""
    in_receipt: bool
    """Did it come later, in a receipt? Else in the ticket."""

    @property
    def words(self) -> ReasonWords:
        """What happened and what to do, for people."""
        return words(self.message.provider, Reason.GONE, self.code)


def history(
    device: Device, *, before: int | None = None, after: int | None = None
) -> tuple[Page[Message], Mapping[int, list[Attempt]]]:
    """A page of its messages, and the attempts of each by the message's id. Four queries at most."""
    messages = Message.objects.filter(device=device).select_related("broadcast", "batch")
    found = keyset_page(
        messages.defer(*(f"broadcast__{name}" for name in OF_A_BROADCAST)), PAGE, before=before, after=after
    )
    return found, attempts_of_many(found.rows)


def tally(device: Device) -> dict[str, int]:
    """State → how many of its messages are in it."""
    rows = Message.objects.filter(device=device).order_by().values_list("state")
    return dict(rows.annotate(count=Count("pk")))


def verdict(device: Device) -> Verdict | None:
    """The ticket or receipt by which its provider retired it; None where there is none (any more). Two queries.

    It was saved together with the end of the device: the latest one that is not younger than that.
    """
    if device.inactive_reason != InactiveReason.GONE or device.date_retired is None:
        return None
    found = [each for each in (_in_ticket(device), _in_receipt(device)) if each]
    return max(found, key=lambda each: each.at, default=None)


def _in_ticket(device: Device) -> Verdict | None:
    tickets = Ticket.objects.filter(
        message__device=device, outcome=wire.Outcome.GONE, date_received__lte=device.date_retired
    )
    ticket = tickets.select_related("message__broadcast", "batch").order_by("-date_received", "-id").first()
    if ticket is None:
        return None
    return Verdict(
        message=ticket.message,
        batch=ticket.batch,
        at=ticket.date_received,
        code=ticket.error_code,
        quote=ticket.error_message,
        in_receipt=False,
    )


def _in_receipt(device: Device) -> Verdict | None:
    codes = [
        key for key, code in provider(device.provider).codes.items() if code.outcome == wire.Outcome.GONE
    ]
    receipts = Receipt.objects.filter(
        ticket__message__device=device, error_code__in=codes, date_checked__lte=device.date_retired
    )
    rows = receipts.select_related("ticket__message__broadcast", "ticket__batch")
    receipt = rows.order_by("-date_checked", "-id").first()
    if receipt is None:
        return None
    return Verdict(
        message=receipt.ticket.message,
        batch=receipt.ticket.batch,
        at=receipt.date_checked,
        code=receipt.error_code,
        quote=receipt.error_message,
        in_receipt=True,
    )


def heir(device: Device) -> Device | None:
    """The device that has its token now."""
    rows = Device.objects.active.filter(
        project=device.project_id, provider=device.provider, push_token=device.push_token
    )
    found: Device | None = rows.exclude(pk=device.pk).select_related("user__recipient").first()
    return found


def switched_off_by(device: Device) -> AuditEntry | None:
    """The operator's deed that switched it off last, if an operator did."""
    deeds = AuditEntry.objects.filter(
        project=device.project_id, target=f"device:{device.pk}", verb="device.switch_off"
    )
    return deeds.order_by("-id").first()
