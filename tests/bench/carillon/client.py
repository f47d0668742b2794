"""Carillon's client: it makes devices, queues messages, and looks when their tickets and receipts are saved.

    python -m tests.bench.carillon.client        with the environment of the worker

It is told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

import os
import time

import django

from tests.bench import content
from tests.bench.obedience import obey, wait_for

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import transaction  # noqa: E402

from notifications.models import Credential, Device, Message, Project, Receipt, Ticket  # noqa: E402

_built: list[Message] = []


def make_devices(number: int) -> None:
    """So many people with one device each, and the key at Expo."""
    project = Project.objects.default()
    Credential.objects.get_or_create(project=project, provider="expo")
    users = User.objects.bulk_create(
        [User(username=f"person-{each}", password="!") for each in range(number)], batch_size=1000
    )
    Device.objects.bulk_create(
        [
            Device(project=project, push_token=content.token(each), uid=user.username, user=user)
            for each, user in enumerate(users)
        ],
        batch_size=1000,
    )


def build(number: int) -> None:
    """Make the objects, not the rows."""
    devices = Device.objects.order_by("pk")[:number]
    _built[:] = [Message(device=device, **content.words(each)) for each, device in enumerate(devices)]


def queue() -> dict[str, float]:
    """Queue what was built; the moments of the call and of the commit (seconds, monotonic)."""
    called = time.monotonic()
    with transaction.atomic():
        committed: list[float] = []
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        Message.objects.bulk_send(_built)
    return {"called": called, "committed": committed[0]}


def make_due() -> dict[str, float]:
    """Have the receipts of all tickets asked for now."""
    called = time.monotonic()
    with transaction.atomic():
        committed: list[float] = []
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        Ticket.objects.all().check_receipts()
    return {"called": called, "committed": committed[0]}


def wait_for_tickets(number: int) -> float:
    """The moment when so many tickets are saved."""
    return wait_for(Ticket.objects.filter(is_success=True).count, number)


def wait_for_receipts(number: int) -> float:
    """The moment when so many receipts are saved."""
    return wait_for(Receipt.objects.count, number)


VERBS = {
    verb.__name__: verb
    for verb in (make_devices, build, queue, make_due, wait_for_tickets, wait_for_receipts)
}

if __name__ == "__main__":
    obey(VERBS)
