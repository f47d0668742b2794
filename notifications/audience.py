"""Who a broadcast is for, and how many of them it reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Case, CharField, Count, QuerySet, Value, When

from notifications import clock, providers
from notifications.models import AudienceKind, Broadcast, Device, Identity, Project, SuppressionReason
from notifications.models.storable import can_be_stored

Rows = TypeVar("Rows", QuerySet[Identity], QuerySet[Device])


@dataclass(frozen=True)
class Audience:
    """Everyone of a project, or those with these uids."""

    project_id: int
    kind: AudienceKind
    uids: Sequence[str] = ()

    @classmethod
    def of(cls, broadcast: Broadcast) -> Audience:
        """The audience of a broadcast."""
        return cls(broadcast.project_id, AudienceKind(broadcast.audience_kind), broadcast.audience_uids)

    def identities(self) -> QuerySet[Identity]:
        """The accounts meant, by what the project calls them."""
        return _narrowed(Identity.objects.filter(project_id=self.project_id), self)

    def loose_devices(self) -> QuerySet[Device]:
        """The active devices meant that belong to no account."""
        devices = Device.objects.filter(
            project_id=self.project_id, is_active=True, user=None, provider__in=list(providers.PROVIDERS)
        )
        return _narrowed(devices, self)

    def unanswered(self) -> dict[str, SuppressionReason]:
        """The uids meant that no account and no active device answers to, in the order given, each with the reason."""
        if self.kind == AudienceKind.EVERYONE:
            return {}
        answering = set(self.identities().values_list("uid", flat=True))
        answering.update(self.loose_devices().values_list("uid", flat=True))
        devices: QuerySet[Device] = Device.objects.filter(project_id=self.project_id)
        silent = set(_narrowed(devices, self).values_list("uid", flat=True))
        return {
            uid: SuppressionReason.NO_DEVICE if uid in silent else SuppressionReason.UNKNOWN_UID
            for uid in dict.fromkeys(self.uids)
            if uid not in answering
        }


def _narrowed(rows: Rows, audience: Audience) -> Rows:
    """Those of the rows that the audience names."""
    if audience.kind == AudienceKind.EVERYONE:
        return rows
    return rows.filter(uid__in_list=[uid for uid in audience.uids if can_be_stored(uid)])


def blocked(
    identities: QuerySet[Identity], now: datetime, *, critical: bool = False, otherwise: str = ""
) -> QuerySet[Any]:
    """Adds `blocked`: why this account is not sent to on any channel, or `otherwise`.

    What is critical passes a mute, which lasts until a time; nothing passes an account that is switched off.
    """
    reasons = [When(user__is_active=False, then=Value(SuppressionReason.ACCOUNT_INACTIVE.value))]
    if not critical:
        muted = When(user__recipient__muted_until__gt=now, then=Value(SuppressionReason.MUTED.value))
        reasons.append(muted)
    return identities.annotate(
        blocked=Case(*reasons, default=Value(str(otherwise)), output_field=CharField())
    )


def has_device(project_id: int) -> Case:
    """Has the account of this identity an active device in the project?

    One list for all, not a question for each: a database that has not counted a fresh import yet asks those badly.
    """
    devices = Device.objects.filter(
        project_id=project_id,
        user_id__isnull=False,
        is_active=True,
        provider__in=list(providers.PROVIDERS),
    )
    return Case(When(user_id__in=devices.values("user_id"), then=Value(True)), default=Value(False))


@dataclass(frozen=True)
class Reach:
    """What a broadcast would reach if it started now. People are accounts; a device without one counts as itself."""

    people: int = 0
    """Accounts meant, whether reachable or not."""
    bell_people: int = 0
    push_people: int = 0
    push_devices: int = 0
    """Devices of those people and devices without an account."""
    loose_devices: int = 0
    unknown_uids: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    """Accounts that no channel may reach, and uids whose devices are all switched off, by reason."""

    @property
    def is_empty(self) -> bool:
        """Would nobody at all get anything?"""
        return not (self.bell_people or self.push_devices)

    def addressed(self, channels: Sequence[str]) -> int:
        """People and loose devices that get at least one copy on these channels."""
        people = self.bell_people if "bell" in channels else self.push_people if "push" in channels else 0
        return people + (self.loose_devices if "push" in channels else 0)

    def as_dict(self) -> dict[str, object]:
        """For the broadcast's row; the uids only as a number."""
        return {**asdict(self), "unknown_uids": len(self.unknown_uids)}


def reach(project: Project, kind: AudienceKind, uids: Sequence[str] = (), *, critical: bool = False) -> Reach:
    """Count what a broadcast to this audience would reach now. A fixed number of queries, whatever the audience."""
    audience = Audience(project.pk, kind, uids)
    identities = blocked(audience.identities(), clock.now(), critical=critical)
    groups = (
        identities.annotate(reachable=has_device(project.pk))
        .values_list("blocked", "reachable")
        .annotate(n=Count("user_id", distinct=True))
    )
    people = {(why, reachable): n for why, reachable, n in groups}
    open_people = identities.filter(blocked="")
    devices = Device.objects.filter(
        project=project,
        is_active=True,
        provider__in=list(providers.PROVIDERS),
        user_id__in=open_people.values("user_id"),
    ).count()
    loose = audience.loose_devices().count()
    unanswered = audience.unanswered()
    left_out = Counter(str(why) for why in unanswered.values() if why != SuppressionReason.UNKNOWN_UID)
    for (why, _), n in people.items():
        if why:
            left_out[why] += n
    return Reach(
        people=sum(people.values()),
        bell_people=sum(n for (why, _), n in people.items() if not why),
        push_people=people.get(("", True), 0),
        push_devices=devices + loose,
        loose_devices=loose,
        unknown_uids=[uid for uid, why in unanswered.items() if why == SuppressionReason.UNKNOWN_UID],
        left_out=dict(left_out),
    )
