"""The devices of a project: which are wanted, how many there are of each sort, and the last copy that each was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import Count, Max, Q, QuerySet

from notifications.models import Device, InactiveReason, Message, Project
from notifications.queries import snapshots

ACTIVE, RETIRED = "active", "retired"
STATES = (ACTIVE, RETIRED, *InactiveReason)
"""Words of the filter: whether a device is sent to, and if not, why."""
SHOWN_END = 4
"""Characters of a token's end that pages show, a bracket included."""
NONE = Q(pk__in=())
"""No device at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    """Devices that differ in nothing that is counted."""

    is_active: bool
    reason: str
    provider: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFilter:
    """What of a project's devices is wanted; an empty word means all."""

    state: str = ""
    """One of STATES."""
    provider: str = ""
    text: str = ""
    """How the owner's uid or account begins, a part of the name, a whole token, or what pages show of one."""

    @property
    def is_empty(self) -> bool:
        """Is everything wanted?"""
        return not (self.state or self.provider or self.text)

    def rows(self, project: Project) -> QuerySet[Device]:
        """Those devices of the project that are wanted."""
        devices: QuerySet[Device] = Device.objects.filter(project=project)
        if self.state:
            devices = devices.filter(is_active=self.state == ACTIVE)
        if self.state in list(InactiveReason):
            devices = devices.filter(inactive_reason=self.state)
        if self.provider:
            devices = devices.filter(provider=self.provider)
        return devices.filter(_named(self.text)) if self.text else devices

    def count(self, groups: Iterable[DeviceGroup]) -> int:
        """How many devices are wanted, whatever the text says."""
        return sum(group.count for group in groups if self._holds(group))

    def _holds(self, group: DeviceGroup) -> bool:
        if self.provider not in ("", group.provider):
            return False
        if self.state in ("", ACTIVE, RETIRED):
            return not self.state or group.is_active == (self.state == ACTIVE)
        return not group.is_active and group.reason == self.state


def device_groups(project: Project) -> list[DeviceGroup]:
    """The project's devices counted by what the list can filter: one query, or none where it was dear a moment ago."""
    return snapshots.snapshot(
        _key(project), lambda groups: DeviceFilter().count(groups), lambda: _count(project)
    )


def forget_device_groups(project: Project) -> None:
    """Somebody switched a device, and wants to see it counted."""
    snapshots.forget(_key(project))


def last_copies(devices: Sequence[Device]) -> dict[int, Message]:
    """Device → the newest message to it, for those that were ever sent one. Two queries, however many devices."""
    copies = Message.objects.filter(device__in=[device.pk for device in devices]).order_by()
    newest = list(copies.values("device").annotate(last=Max("pk")).values_list("last", flat=True))
    found = Message.objects.filter(pk__in=newest)
    return {message.device_id: message for message in found if message.device_id}


def _key(project: Project) -> str:
    return f"carillon:devices:{project.pk}"


def _count(project: Project) -> list[DeviceGroup]:
    columns = ("is_active", "inactive_reason", "provider")
    rows = Device.objects.filter(project=project).order_by().values_list(*columns).annotate(n=Count("pk"))
    return [
        DeviceGroup(is_active=is_active, reason=reason, provider=provider, count=n)
        for is_active, reason, provider, n in rows
    ]


def _named(text: str) -> Q:
    """Devices that this text names, by their owner or by their token."""
    people = get_user_model().objects.filter(
        Q(username__istartswith=text) | Q(recipient__name__icontains=text)
    )
    return Q(uid__istartswith=text) | Q(user__in=people.values("pk")) | _addressed(text)


def _addressed(text: str) -> Q:
    """Devices with this token, or with this end of one: typed, or copied from a page with the mark of what is cut.

    No other piece of a token finds anything: a reader could make one longer letter by letter, until he had the token.
    """
    start, mark, end = text.rpartition("…")
    if not mark:
        return Q(push_token=text) | _ending(text)
    is_shown = start == "" or (start.endswith("[") and start.count("[") == 1)
    return Q(push_token__startswith=start) & _ending(end) if is_shown else NONE


def _ending(end: str) -> Q:
    if len(end) == SHOWN_END:
        return Q(push_token__endswith=end)
    return Q(push_token__endswith=f"{end}]") if len(end) == SHOWN_END - 1 else NONE
