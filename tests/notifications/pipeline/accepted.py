"""Messages that the vendor has accepted, whose receipts are due."""

from __future__ import annotations

from datetime import timedelta

from notifications import clock
from notifications.models import Message, Project
from tests.notifications.rows import queue_messages
from tests.notifications.stepping import send_step

DELAY = timedelta(minutes=30)


def send(project: Project, number: int = 1) -> list[Message]:
    """So many of them."""
    messages = queue_messages(project, number)
    send_step()
    clock.turn(DELAY)
    return messages


def standing(message: Message) -> tuple[str, str]:
    """Its state and reason now."""
    message.refresh_from_db()
    return message.state, message.reason
