"""Device: one push address at one provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from notifications import clock, providers
from notifications.models.bulk import update_rows
from notifications.models.owners import introduce, name, settle
from notifications.models.project import Project
from notifications.models.registration import Registered, with_one_owner

WHOSE = {"is_active", "push_token", "provider", "project", "project_id", "user", "user_id", "uid"}
"""Columns that decide who has an address."""
PLACED = {"project", "project_id", "pk", "id"}
"""Look-ups that say in which project to look."""
RENEWED = (
    "uid",
    "lang",
    "timezone",
    "tags",
    "is_active",
    "inactive_reason",
    "date_registered",
    "date_retired",
)


class DeviceQuerySet(models.QuerySet["Device"]):
    """Reads and bulk writes of devices."""

    @property
    def active(self) -> DeviceQuerySet:
        """Devices that may be sent to."""
        return self.filter(is_active=True)

    def bulk_create(self, objs: Iterable[Device], *args: Any, **kwargs: Any) -> list[Device]:
        """Like Django's; every device is registered as `save` does it, in a fixed number of queries."""
        devices = list(objs)
        settle(devices)
        name(devices)
        for device in devices:
            device.note_activity()
        with_one_owner(devices, lambda: self._write(devices, *args, **kwargs))
        return devices

    def get_or_create(self, defaults: Mapping[str, Any] | None = None, **kwargs: Any) -> tuple[Device, bool]:
        """Like Django's, in the default project where none is named. Of several rows of one owner and address, which
        remain where it was given up and taken back, the active or else the latest one is meant."""
        if "push_token" in kwargs and not PLACED & {lookup.partition("__")[0] for lookup in kwargs}:
            kwargs["project"] = Project.objects.default()
        found = self.filter(**kwargs).order_by("-is_active", "-pk").first()
        return (found, False) if found else super().get_or_create(defaults, **kwargs)

    def _write(self, devices: Sequence[Device], *args: Any, **kwargs: Any) -> None:
        standing = [device for device in devices if not device._state.adding]
        super().bulk_create([device for device in devices if device._state.adding], *args, **kwargs)
        update_rows(Device, [_columns(device) for device in standing])
        introduce(devices)


def _columns(device: Device) -> dict[str, Any]:
    """What registering a device once more may change."""
    return {
        "id": device.pk,
        "user": device.user_id,
        **{column: getattr(device, column) for column in RENEWED},
    }


class DeviceManager(models.Manager.from_queryset(DeviceQuerySet)):  # type: ignore[misc]
    """`Device.objects.active` is a property, as in django-expo-notifications."""

    @property
    def active(self) -> DeviceQuerySet:
        """Devices that may be sent to."""
        queryset: DeviceQuerySet = self.get_queryset()
        return queryset.active


class Device(Registered, models.Model):
    """One push address at one provider; it belongs to a project and usually to an account.

    To save an active one registers it: see registration.py.
    """

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
        """Like Django's; without a project it gets the default one, and the project gets to know the owner.

        An active one takes its address over from whoever had it (`moved_from`, and an audit entry); its own earlier row
        is taken up again, and one that was given to somebody else becomes a row of its own.
        """
        settle([self])
        name([self])
        columns = kwargs.get("update_fields")
        if columns is None or WHOSE & set(columns):
            changed = self.note_activity()
            if columns is not None:
                kwargs["update_fields"] = {*columns, *changed, "uid"}
            is_new = self._state.adding
            with_one_owner([self], lambda: self._write(is_new, args, kwargs))
        else:
            super().save(*args, **kwargs)

    def clean(self) -> None:
        """Raises ValidationError for an address that its provider would not know."""
        if self.provider in providers.PROVIDERS:
            problem = providers.get(self.provider).check_token(self.push_token)
            if problem:
                raise ValidationError({"push_token": problem})

    def _write(self, was_new: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if was_new == self._state.adding:
            super().save(*args, **kwargs)
        else:  # it takes up an earlier row, or begins one: what was asked for a new or a standing row is void
            super().save(using=kwargs.get("using"))
        introduce([self])

    @property
    def short_token(self) -> str:
        """The address, cut so that it can be recognised but not used."""
        form, bracket, _ = self.push_token.partition("[")
        start = f"{form}[" if bracket else ""
        return f"{start}…{self.push_token[-4:]}" if len(self.push_token) > 12 else "…"
