"""Rows for tests: plain functions, each making one thing with sensible defaults."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from notifications.models import (
    Broadcast,
    BroadcastState,
    Credential,
    Device,
    Identity,
    Membership,
    Message,
    MessageState,
    Project,
    Role,
)

_numbers = count(1)


def make_project(slug: str = "", **fields: Any) -> Project:
    """A project of its own."""
    slug = slug or f"project-{next(_numbers)}"
    return Project.objects.create(slug=slug, name=fields.pop("name", slug.title()), **fields)


def make_operator(name: str = "", project: Project | None = None, role: Role | None = None) -> User:
    """An account that may sign in; with a role in a project, or a superuser without one."""
    name = name or f"operator-{next(_numbers)}"
    if project is None:
        return get_user_model().objects.create_superuser(name, password="correct horse")
    user = get_user_model().objects.create_user(name, password="correct horse")
    Membership.objects.create(user=user, project=project, role=role or Role.VIEWER)
    return user


def make_account(project: Project, uid: str = "", **fields: Any) -> User:
    """A person that the project knows by this uid."""
    uid = uid or f"uid-{next(_numbers)}"
    user = get_user_model().objects.create_user(f"{uid}@{project.slug}", **fields)
    Identity.objects.create(project=project, uid=uid, user=user)
    return user


def make_token(word: str = "") -> str:
    """An Expo token that nobody else has."""
    return f"ExponentPushToken[{word}{next(_numbers):08}]"


def make_device(project: Project, user: User | None = None, token: str = "", **fields: Any) -> Device:
    """An active Expo device; without a user it belongs to nobody."""
    return Device.objects.create(project=project, user=user, push_token=token or make_token(), **fields)


def make_people(project: Project, number: int, token: str = "") -> list[Device]:
    """So many people with one device each, made in bulk."""
    start = next(_numbers) * 1_000_000
    names = [f"p{start + n}" for n in range(number)]
    users = get_user_model().objects.bulk_create([get_user_model()(username=name) for name in names])
    return Device.objects.bulk_create(
        [
            Device(
                project=project,
                user=user,
                uid=user.username,
                push_token=f"ExponentPushToken[{token}{user.username}]",
            )
            for user in users
        ]
    )


def make_credential(project: Project, **fields: Any) -> Credential:
    """The project's key at Expo."""
    return Credential.objects.get_or_create(project=project, provider="expo", defaults=fields)[0]


def make_broadcast(project: Project, **fields: Any) -> Broadcast:
    """A broadcast by push and bell to everyone; a draft unless another state is named."""
    defaults: dict[str, Any] = {
        "title": "The coast line reopens",
        "body": "Trains run again.",
        "channels": ["bell", "push"],
        "state": BroadcastState.DRAFT,
    }
    return Broadcast.objects.create(project=project, **{**defaults, **fields})


def make_message(device: Device, broadcast: Broadcast | None = None, **fields: Any) -> Message:
    """One copy to a device, queued unless another state is named."""
    defaults: dict[str, Any] = {
        "project": device.project,
        "channel": "push",
        "provider": device.provider,
        "device": device,
        "user": device.user,
        "broadcast": broadcast,
        "key": f"t:{next(_numbers)}",
        "title": "" if broadcast else "Hello",
        "state": MessageState.QUEUED,
    }
    return Message.objects.create(**{**defaults, **fields})
