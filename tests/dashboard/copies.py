"""Copies of broadcasts in every state, with the tickets and receipts that led there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from notifications import clock
from notifications.models import (
    Batch,
    Broadcast,
    BroadcastState,
    Message,
    MessageState,
    Notification,
    Project,
    Receipt,
    Suppression,
    Ticket,
)
from tests.factories import make_account, make_broadcast, make_credential, make_device, make_message

ALL_STATES = [
    ("queued", "", ""),
    ("queued", "", "MessageRateExceeded"),
    ("sending", "", ""),
    ("accepted", "", ""),
    ("accepted", "receipt_missing", ""),
    ("delivered", "", ""),
    ("failed", "gone", "DeviceNotRegistered"),
    ("failed", "attempts_used_up", "ProviderError"),
    ("unknown", "no_answer", "NoAnswer"),
    ("suppressed", "muted", ""),
    ("expired", "expired", ""),
    ("cancelled", "cancelled", ""),
    ("held", "", ""),
]
REACH = {
    "people": 9,
    "bell_people": 8,
    "push_people": 7,
    "push_devices": 13,
    "loose_devices": 0,
    "unknown_uids": 0,
}


def started(project: Project, state: BroadcastState = BroadcastState.SENDING, **fields: Any) -> Broadcast:
    """A broadcast under way, with the numbers its operator confirmed."""
    now = clock.now()
    return make_broadcast(project, **{"state": state, "started_at": now, "reach": REACH, **fields})


def copy(
    broadcast: Broadcast, state: str = "delivered", reason: str = "", code: str = "", **fields: Any
) -> Message:
    """A message of a broadcast, to a device of its own."""
    device = fields.pop("device", None) or make_device(broadcast.project)
    return make_message(device, broadcast, state=state, reason=reason, code=code, **fields)


def copies_in_every_state(broadcast: Broadcast) -> list[Message]:
    """One message in each state and for several reasons, with the evidence for it."""
    # Not just now: what a page says of their age would change from one second to the next.
    due = clock.now() - timedelta(minutes=10)
    messages = [copy(broadcast, *each, available_at=due) for each in ALL_STATES]
    for message in messages:
        if message.state in ("accepted", "delivered"):
            answer(message, receipt="" if message.state == "delivered" else None)
        elif message.state == "failed":
            answer(message, "gone", message.code)
        elif message.state == "unknown":
            answer(message, "ambiguous", message.code)
    return messages


def answer(message: Message, outcome: str = "accepted", code: str = "", receipt: str | None = None) -> Ticket:
    """An attempt with its ticket; with `receipt`, a receipt too: "" says delivered, anything else is its code."""
    now = clock.now()
    batch = Batch.objects.create(
        credential=make_credential(message.project),
        size=1,
        created_at=now,
        leased_until=now,
        started_at=now,
        finished_at=now + timedelta(milliseconds=214),
    )
    ticket = Ticket.objects.create(
        message=message,
        batch=batch,
        outcome=outcome,
        is_success=outcome == "accepted",
        external_id=f"ticket-{message.pk}" if outcome == "accepted" else "",
        error_code=code,
        error_message=f"The words about {code}" if code else "",
        date_received=now + timedelta(milliseconds=214),
    )
    if receipt is not None:
        Receipt.objects.create(
            ticket=ticket, is_success=not receipt, error_code=receipt, error_message=receipt
        )
    return ticket


def ring(broadcast: Broadcast, user: User | None = None) -> Notification:
    """A copy in somebody's bell."""
    user = user or make_account(broadcast.project)
    return Notification.objects.create(
        user=user, project=broadcast.project, broadcast=broadcast, kind=broadcast.kind
    )


def leave_out(
    broadcast: Broadcast, uid: str, channel: str = "push", reason: str = "no_device"
) -> Suppression:
    """Somebody the broadcast is not sent to."""
    return Suppression.objects.create(broadcast=broadcast, uid=uid, channel=channel, reason=reason)


def in_state(broadcast: Broadcast, state: str) -> int:
    """How many messages are in this state."""
    return Message.objects.filter(broadcast=broadcast, state=MessageState(state)).count()
