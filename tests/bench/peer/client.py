"""The peer's client: it makes devices, queues messages, and looks when their tickets and receipts are saved.

    python -m tests.bench.peer.client        in the peer's environment

It is told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

import time
from typing import Any

from tests.bench import content
from tests.bench.obedience import obey, wait_for
from tests.bench.peer.project import handed_over  # sets Django up: before the models

from django.contrib.auth.models import User  # isort: skip
from django.core.management import call_command  # isort: skip
from expo_notifications.models import Device, Message, Receipt, Ticket  # isort: skip

_built: list[Message] = []


def make_devices(number: int) -> None:
    """Tables, and so many people with one device each."""
    call_command("migrate", verbosity=0)
    users = User.objects.bulk_create(
        [User(username=f"person-{each}", password="!") for each in range(number)], batch_size=1000
    )
    Device.objects.bulk_create(
        [Device(user=user, push_token=content.token(each)) for each, user in enumerate(users)],
        batch_size=1000,
    )


def build(number: int) -> None:
    """Make the objects, not the rows."""
    devices = Device.objects.order_by("pk")[:number]
    _built[:] = [Message(device=device, **content.words(each)) for each, device in enumerate(devices)]


def queue() -> dict[str, Any]:
    """Queue what was built: the moments of call and commit (seconds, monotonic), and what the task is given."""
    called = time.monotonic()
    Message.objects.bulk_send(_built)
    return {"called": called, **handed_over}


def make_due() -> dict[str, Any]:
    """Have the receipts of all tickets asked for; the same."""
    called = time.monotonic()
    Ticket.objects.all().check_receipts()
    return {"called": called, **handed_over}


def wait_for_tickets(number: int) -> float:
    """The moment when so many tickets are saved."""
    return wait_for(Ticket.objects.count, number)


def wait_for_receipts(number: int) -> float:
    """The moment when so many receipts are saved."""
    return wait_for(Receipt.objects.count, number)


VERBS = {
    verb.__name__: verb
    for verb in (make_devices, build, queue, make_due, wait_for_tickets, wait_for_receipts)
}

if __name__ == "__main__":
    obey(VERBS)
