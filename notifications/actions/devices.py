"""Bringing people and their devices into a project, many at a time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from notifications import clock
from notifications.actions.audit import Actor, Facts, write_down
from notifications.actions.device_rows import DeviceRow
from notifications.models import Device, Identity, InactiveReason, Project, Recipient
from notifications.models.bulk import update_rows

CHUNK = 2_000
"""Rows that one transaction takes in: large enough to be quick, short enough not to hold up the sending."""


def import_rows(actor: Actor, project: Project, rows: Iterable[DeviceRow]) -> Facts:
    """Take in rows chunk by chunk; each chunk is all or nothing. Returns how many devices were added, updated, …

    The same rows again change nothing. A token that belonged to somebody else moves, and is counted as moved; a
    device that its provider declared gone stays off.
    """
    totals: Counter[str] = Counter(people=0, added=0, updated=0, unchanged=0, moved=0, left_off=0)
    chunk: list[DeviceRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= CHUNK:
            totals += _take_in(project, chunk)
            chunk = []
    if chunk:
        totals += _take_in(project, chunk)
    facts = {name: totals[name] for name in ("people", "added", "updated", "unchanged", "moved", "left_off")}
    write_down(actor, "devices.import", project, facts)
    return facts


@transaction.atomic
def _take_in(project: Project, rows: Sequence[DeviceRow]) -> Counter[str]:
    """One chunk, in a fixed number of statements."""
    owners, new_people = _accounts(project, rows)
    _profiles(rows, owners)
    standing = {(d.provider, d.push_token): d for d in _standing(project, rows)}
    counts: Counter[str] = Counter(people=new_people)
    fresh, changed, moved = [], [], []
    for row in rows:
        device = standing.get((row.provider, row.token))
        verdict = _verdict(device, row)
        counts[verdict] += 1
        if verdict in ("added", "moved"):
            fresh.append(_device(project, row, owners[row.uid]))
        if verdict == "moved":
            moved.append(device)
        if verdict == "updated" and device:
            changed.append({"id": device.pk, **_details(row)})
    now = clock.now()
    Device.objects.filter(pk__in=[device.pk for device in moved if device]).update(
        is_active=False, inactive_reason=InactiveReason.MOVED, date_retired=now
    )
    update_rows(Device, changed)
    Device.objects.bulk_create(fresh, ignore_conflicts=True)
    return counts


def _verdict(device: Device | None, row: DeviceRow) -> str:
    """What this row does to the device that stands with its token."""
    if device is None:
        return "added"
    if device.is_active and device.uid != row.uid:
        return "moved"
    if not device.is_active:
        return "left_off" if device.uid == row.uid else "added"
    same = all(getattr(device, name) == value for name, value in _details(row).items())
    return "unchanged" if same else "updated"


def _standing(project: Project, rows: Sequence[DeviceRow]) -> Iterable[Device]:
    """The device of each token that matters: the active one, else the latest; later ones win in a dict."""
    devices = Device.objects.filter(project=project, push_token__in_list=[row.token for row in rows])
    found: Iterable[Device] = devices.order_by("is_active", "id")
    return found


def _details(row: DeviceRow) -> dict[str, Any]:
    return {"lang": row.language, "timezone": row.timezone, "tags": list(row.tags)}


def _device(project: Project, row: DeviceRow, user_id: int) -> Device:
    return Device(
        project=project,
        provider=row.provider,
        push_token=row.token,
        uid=row.uid,
        user_id=user_id,
        **_details(row),
    )


def _accounts(project: Project, rows: Sequence[DeviceRow]) -> tuple[dict[str, int], int]:
    """uid → account, made where the project knows none. Returns also how many were made known."""
    by_uid = {row.uid: row for row in rows}
    known = _known(project, by_uid)
    missing = {uid: row for uid, row in by_uid.items() if uid not in known}
    if not missing:
        return known, 0
    accounts = _usernames_to_accounts(project, missing)
    Identity.objects.bulk_create(
        [Identity(project=project, uid=uid, user_id=accounts[uid]) for uid in missing], ignore_conflicts=True
    )
    return known | _known(project, missing), len(missing)


def _known(project: Project, uids: Iterable[str]) -> dict[str, int]:
    identities = Identity.objects.filter(project=project, uid__in_list=list(uids))
    return dict(identities.values_list("uid", "user_id"))


def _usernames_to_accounts(project: Project, missing: dict[str, DeviceRow]) -> dict[str, int]:
    """An account for each of these uids: the one of that name, unless another project knows it; else a new one."""
    user_model = get_user_model()
    named = user_model.objects.filter(username__in_list=[_username(uid) for uid in missing])
    elsewhere = set(named.filter(identities__isnull=False).values_list("username", flat=True))
    names = {uid: _username(uid, project if _username(uid) in elsewhere else None) for uid in missing}
    nobody = make_password(None)
    user_model.objects.bulk_create(
        [user_model(username=names[uid], email=row.email, password=nobody) for uid, row in missing.items()],
        ignore_conflicts=True,
    )
    ids = dict(
        user_model.objects.filter(username__in_list=list(names.values())).values_list("username", "pk")
    )
    return {uid: ids[name] for uid, name in names.items()}


def _username(uid: str, project: Project | None = None) -> str:
    """The account name for a uid: the uid itself, with the project where the plain one is another's; 150 letters."""
    name = f"{uid}.{project.slug}" if project else uid
    if len(name) <= 150:
        return name
    return f"{name[:100]}~{hashlib.sha256(name.encode()).hexdigest()[:40]}"


def _profiles(rows: Sequence[DeviceRow], owners: dict[str, int]) -> None:
    """Write what the rows say of the people; a row that says nothing changes nothing."""
    told = {owners[row.uid]: row for row in rows if row.name or row.language or row.timezone or row.tags}
    Recipient.objects.bulk_create(
        [
            Recipient(
                user_id=pk, name=row.name, locale=row.language, timezone=row.timezone, tags=list(row.tags)
            )
            for pk, row in told.items()
        ],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["name", "locale", "timezone", "tags"],
    )
