"""Device: one push address at one provider."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q

from notifications import clock
from notifications.models.project import Project
from notifications.models.recipient import Identity


class InactiveReason(StrEnum):
    """Why a device is not sent to any more."""

    GONE = "gone"
    """The provider says this address is dead."""
    MOVED = "moved"
    """The same address was registered for somebody else."""
    REMOVED = "removed"
    """Its owner or an operator removed it."""


def _settle(devices: list[Device]) -> None:
    """Put devices that name no project into the default one."""
    homeless = [device for device in devices if not device.project_id]
    if homeless:
        home = Project.objects.default()
        for device in homeless:
            device.project = home


def _name(devices: list[Device]) -> None:
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
        name = names[user_id]
        free = f"{name}~{user_id}" if (device.project_id, name) in taken else name
        device.uid = called.get((device.project_id, user_id), free)


class DeviceQuerySet(models.QuerySet["Device"]):
    """Reads and bulk writes of devices."""

    @property
    def active(self) -> DeviceQuerySet:
        """Devices that may be sent to."""
        return self.filter(is_active=True)

    def bulk_create(self, objs: Iterable[Device], *args: Any, **kwargs: Any) -> list[Device]:
        """Like Django's; a device without a project gets the default one, and the projects get to know the accounts."""
        devices = list(objs)
        _settle(devices)
        _name(devices)
        Identity.objects.bulk_create(
            [
                Identity(project_id=d.project_id, uid=d.uid, user_id=d.user_id)
                for d in devices
                if d.uid and d.user_id
            ],
            ignore_conflicts=True,
        )
        return super().bulk_create(devices, *args, **kwargs)


class DeviceManager(models.Manager.from_queryset(DeviceQuerySet)):  # type: ignore[misc]
    """`Device.objects.active` is a property, as in django-expo-notifications."""

    @property
    def active(self) -> DeviceQuerySet:
        """Devices that may be sent to."""
        queryset: DeviceQuerySet = self.get_queryset()
        return queryset.active


class Device(models.Model):
    """One push address at one provider; it belongs to a project and usually to an account."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="devices", db_index=False)
    provider = models.CharField(max_length=20, default="expo")
    push_token = models.CharField(max_length=2048)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices", null=True, blank=True
    )
    uid = models.CharField(max_length=255, blank=True)
    """Whatever a service called the owner; usually it resolves to `user`."""
    lang = models.CharField(max_length=35, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    tags = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    inactive_reason = models.CharField(max_length=20, blank=True)
    date_registered = models.DateTimeField(default=clock.now)
    date_retired = models.DateTimeField(null=True, blank=True)

    objects = DeviceManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "provider", "push_token"],
                condition=Q(is_active=True),
                name="one_active_owner_per_token",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], name="device_walk"),
            models.Index(fields=["project", "uid"], name="device_of_uid"),
        ]

    def __str__(self) -> str:
        return f"Device #{self.pk} of {self.user or self.uid or 'nobody known'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Like Django's; without a project it gets the default one, and the project gets to know the owner."""
        _settle([self])
        _name([self])
        super().save(*args, **kwargs)
        if self.user_id:
            Identity.objects.get_or_create(
                project_id=self.project_id, uid=self.uid, defaults={"user_id": self.user_id}
            )

    @property
    def short_token(self) -> str:
        """The address, cut so that it can be recognised but not used."""
        form, bracket, _ = self.push_token.partition("[")
        start = f"{form}[" if bracket else ""
        return f"{start}…{self.push_token[-4:]}" if len(self.push_token) > 12 else "…"
