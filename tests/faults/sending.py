"""Broadcasts to many devices, made quickly, and how far they have come."""

from __future__ import annotations

from django.db.models import F, Value
from django.db.models.functions import Mod

from notifications.actions import broadcasts
from notifications.actions.audit import Actor
from notifications.models import (
    Batch,
    Broadcast,
    Device,
    Message,
    MessageState,
    NotificationPriority,
    Project,
)
from notifications.models.copy_rules import OPEN_STATES
from notifications.pipeline import expand

ACTOR = Actor("fault tests")


def make_devices(project: Project, count: int, name: str = "fault") -> None:
    """So many devices without an account."""
    Device.objects.bulk_create(
        [
            Device(
                project=project, push_token=f"ExponentPushToken[{name}-{number:05}]", uid=f"{name}-{number}"
            )
            for number in range(count)
        ],
        batch_size=1_000,
    )


def start_broadcast(project: Project, priority: int = NotificationPriority.NORMAL) -> Broadcast:
    """Compose a push to everybody and start it."""
    draft = broadcasts.Draft(title="Hello", body="From the fault tests", channels=["push"], priority=priority)
    broadcast = Broadcast.objects.get(pk=broadcasts.compose(ACTOR, project, draft)["broadcast"])
    broadcasts.start(ACTOR, broadcast)
    return broadcast


def write_out() -> None:
    """Expand what was started, here and now."""
    while expand.step().more:
        pass


def limit_batches(size: int, *, but_each: int = 0) -> None:
    """Let at most `size` messages travel together, but leave each so many-th hundred as it is."""
    messages = Message.objects.all()
    if but_each:
        messages = messages.annotate(hundred=Mod(F("pk") / 100, Value(but_each))).exclude(hundred=0)
    messages.update(batch_limit=size)


def messages_left() -> int:
    """How many messages still wait, or travel."""
    return Message.objects.filter(state__in=OPEN_STATES).count()


def all_is_settled(messages: int = 1) -> bool:
    """Is every batch over, and has every one of so many messages (or more) its last word?

    Whether all are there is asked first: those that are written between two questions would have no state in one and
    be counted in the other.
    """
    if Message.objects.count() < messages:
        return False
    if Message.objects.filter(state__in=[*OPEN_STATES, MessageState.ACCEPTED]).exists():
        return False
    return not Batch.objects.filter(finished_at=None).exists()
