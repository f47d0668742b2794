"""Owners: which project a device belongs to, and what its owner is called there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model

from notifications.models.project import Project
from notifications.models.recipient import Identity


def settle(devices: Sequence[Any]) -> None:
    """Put devices that name no project into the default one."""
    homeless = [device for device in devices if not device.project_id]
    if homeless:
        home = Project.objects.default()
        for device in homeless:
            device.project = home


def name(devices: Sequence[Any]) -> None:
    """Call owners what their project calls them, else by their account's name, numbered where somebody else has it."""
    nameless = [(device, device.user_id) for device in devices if device.user_id and not device.uid]
    if not nameless:
        return
    owners = {user_id for _, user_id in nameless}
    accounts = get_user_model().objects.filter(pk__in=owners)
    names = {account.pk: account.get_username() for account in accounts}
    identities = Identity.objects.filter(project__in={device.project_id for device, _ in nameless})
    known = identities.filter(user__in=owners).order_by("-id").values_list("project_id", "user_id", "uid")
    called = {(project_id, user_id): uid for project_id, user_id, uid in known}
    taken = set(identities.filter(uid__in_list=names.values()).values_list("project_id", "uid"))
    for device, user_id in nameless:
        username = names[user_id]
        free = f"{username}~{user_id}" if (device.project_id, username) in taken else username
        device.uid = called.get((device.project_id, user_id), free)


def introduce(devices: Sequence[Any]) -> None:
    """Let the projects know the accounts that own these devices, under the names they have there. One query at most."""
    known = {(device.project_id, device.uid): device for device in devices if device.uid and device.user_id}
    if known:
        Identity.objects.bulk_create(
            [Identity(project_id=d.project_id, uid=d.uid, user_id=d.user_id) for d in known.values()],
            ignore_conflicts=True,
        )
