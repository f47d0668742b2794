"""Rows that the tests of the engine begin with, many at a time; tests/factories.py makes them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import F

from notifications import clock
from notifications.actions.audit import Actor
from notifications.models import (
    AudienceKind,
    Broadcast,
    BroadcastState,
    Device,
    Identity,
    Message,
    MessageState,
    Project,
    Recipient,
)
from tests.factories import make_broadcast, make_credential, make_token

ACTOR = Actor("engine tests")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def make_crowd(project: Project, number: int, devices: int = 1, name: str = "p") -> list[User]:
    """So many people, whom the project calls p0, p1, …, each with so many devices."""
    uids = [f"{name}{each}" for each in range(number)]
    users = get_user_model().objects.bulk_create(
        [User(username=f"{uid}@{project.slug}", password="!") for uid in uids]
    )
    known = list(zip(uids, users, strict=True))
    Identity.objects.bulk_create([Identity(project=project, uid=uid, user=user) for uid, user in known])
    Device.objects.bulk_create(
        [
            Device(project=project, push_token=make_token(), uid=uid, user=user)
            for uid, user in known
            for _ in range(devices)
        ]
    )
    return users


def make_devices(project: Project, number: int = 1, **fields: Any) -> list[Device]:
    """Devices that belong to no account."""
    devices = [Device(project=project, push_token=make_token(), **fields) for _ in range(number)]
    Device.objects.bulk_create(devices)
    return devices


def sending(project: Project, *channels: str, uids: Sequence[str] | None = None, **fields: Any) -> Broadcast:
    """A broadcast that has started and is not written out yet: to everyone, unless uids are named."""
    now = clock.now()
    defaults: dict[str, Any] = {
        "channels": list(channels or ("bell", "push")),
        "state": BroadcastState.SENDING,
        "started_at": now,
        "expires_at": now + timedelta(days=3),
        "audience_kind": AudienceKind.EVERYONE if uids is None else AudienceKind.UIDS,
        "audience_uids": list(uids or []),
    }
    return make_broadcast(project, **{**defaults, **fields})


def queue_messages(project: Project, number: int = 1, **fields: Any) -> list[Message]:
    """Queued copies, each to a device of its own; the project gets its credential, the broadcast its count."""
    make_credential(project)
    if "broadcast" in fields:
        grown = F("expanded_messages") + number
        Broadcast.objects.filter(pk=fields["broadcast"].pk).update(expanded_messages=grown)
    now = clock.now()
    defaults: dict[str, Any] = {
        "channel": "push",
        "provider": "expo",
        "state": MessageState.QUEUED,
        "title": "" if "broadcast" in fields else "Hello",
        "available_at": now,
        "expires_at": now + timedelta(days=3),
    }
    return Message.objects.bulk_create(
        [
            Message(
                project=project,
                device=device,
                key=f"test:{device.pk}",
                **{**defaults, **fields},
            )
            for device in make_devices(project, number)
        ]
    )


def queue_message(project: Project, **fields: Any) -> Message:
    """One queued copy."""
    return queue_messages(project, 1, **fields)[0]


def mute(user: User, by: timedelta = HOUR) -> None:
    """This person wants quiet for so long."""
    Recipient.objects.update_or_create(user=user, defaults={"muted_until": clock.now() + by})
