"""Takes checked rows in: accounts, profiles and devices, a chunk at a time, in a fixed number of statements."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from notifications import clock
from notifications.importing.device_rows import DeviceRow
from notifications.models import Device, Identity, InactiveReason, Project, Recipient
from notifications.models.bulk import count_anew, insert_rows, update_rows
from notifications.models.registration import write_down

CHUNK = 2_000
"""Rows that one transaction takes in: large enough to be quick, short enough not to hold up the sending."""
FACTS = {
    "people": "people new to the project",
    "added": "devices added",
    "updated": "updated",
    "unchanged": "unchanged",
    "moved": "moved from another owner",
    "left_off": "left off (switched off before, by their provider or by hand)",
}
"""What is counted, with its words."""
PROFILE = ("name", "locale", "timezone", "tags")
IMPORT = "import"
"""Who did it, in the audit log: the file, whoever brought it."""


def count_tables_anew() -> None:
    """Let the database plan by the rows that were just taken in."""
    count_anew(Device, Identity, Recipient, get_user_model())


def is_time_to_count(chunks: int) -> bool:
    """After the first chunk, and whenever there are twice as many: plans for empty tables are slow on full ones."""
    return chunks.bit_count() == 1


@transaction.atomic
def take_in(project: Project, rows: Sequence[DeviceRow]) -> Counter[str]:
    """One chunk, all or nothing. Returns what became of its rows, under the names of FACTS.

    The same rows again change nothing, and neither does an empty cell. A token that belonged to somebody else moves,
    is counted as moved and written down; a device that its provider declared gone stays off.
    """
    owners, new_people = _accounts(project, rows)
    _profiles(rows, owners)
    standing = {(d.provider, d.push_token): d for d in _standing(project, rows)}
    counts: Counter[str] = Counter(people=new_people)
    fresh, changed, moved = [], [], []
    for row in rows:
        device, owner = standing.get((row.provider, row.token)), owners[row.uid]
        verdict = _verdict(device, row, owner)
        counts[verdict] += 1
        if verdict in ("added", "moved"):
            fresh.append(_new_device(project, row, owner))
        if device and verdict == "moved":
            moved.append(device)
        if device and verdict == "updated":
            changed.append({"id": device.pk, "user": owner, **_details(row, device)})
    if moved:
        _retire(moved)
    update_rows(Device, changed)
    insert_rows(Device, fresh)
    if moved:
        _write_down(project, moved)
    return counts


def _retire(moved: Sequence[Device]) -> None:
    Device.objects.filter(pk__in_list=[device.pk for device in moved]).update(
        is_active=False, inactive_reason=InactiveReason.MOVED, date_retired=clock.now()
    )


def _write_down(project: Project, moved: Sequence[Device]) -> None:
    """Which device has whose address now: as when an app registers it."""
    tokens = [device.push_token for device in moved]
    active = Device.objects.active.filter(project=project, push_token__in_list=tokens)
    heirs = {(device.provider, device.push_token): device for device in active}
    write_down([(device, heirs[device.provider, device.push_token]) for device in moved], by=IMPORT)


def _verdict(device: Device | None, row: DeviceRow, owner: int) -> str:
    """What this row does to the device that stands with its token."""
    if device is None:
        return "added"
    if device.is_active and device.uid != row.uid:
        return "moved"
    if not device.is_active:
        return "left_off" if device.uid == row.uid else "added"
    same = all(getattr(device, name) == value for name, value in _details(row, device).items())
    return "unchanged" if same and device.user_id == owner else "updated"


def _standing(project: Project, rows: Sequence[DeviceRow]) -> Iterable[Device]:
    """The device of each token that matters: the active one, else the latest; later ones win in a dict."""
    devices = Device.objects.filter(project=project, push_token__in_list=[row.token for row in rows])
    found: Iterable[Device] = devices.order_by("is_active", "id")
    return found


def _details(row: DeviceRow, device: Device) -> dict[str, Any]:
    """What the row says of the device; where it says nothing, what the device says already."""
    return {
        "lang": row.language or device.lang,
        "timezone": row.timezone or device.timezone,
        "tags": list(row.tags) or device.tags,
    }


def _new_device(project: Project, row: DeviceRow, owner: int) -> dict[str, Any]:
    return {
        "project": project.pk,
        "provider": row.provider,
        "push_token": row.token,
        "uid": row.uid,
        "user": owner,
        **_details(row, Device()),
    }


def _accounts(project: Project, rows: Sequence[DeviceRow]) -> tuple[dict[str, int], int]:
    """uid → account, made where the project knows none. Returns also how many were made known."""
    by_uid = {row.uid: row for row in rows}
    known = _known(project, by_uid)
    missing = {uid: row for uid, row in by_uid.items() if uid not in known}
    if not missing:
        return known, 0
    accounts = _usernames_to_accounts(missing)
    identities = [{"project": project.pk, "uid": uid, "user": accounts[uid]} for uid in missing]
    insert_rows(Identity, identities, conflict=["project", "uid"])
    return known | _known(project, missing), len(missing)


def _known(project: Project, uids: Iterable[str]) -> dict[str, int]:
    identities = Identity.objects.filter(project=project, uid__in_list=list(uids))
    return dict(identities.values_list("uid", "user_id"))


def _usernames_to_accounts(missing: dict[str, DeviceRow]) -> dict[str, int]:
    """An account for each of these uids: the one of that name, unless it is taken; else a new one.

    Taken are accounts that a project knows already, and those of operators: no file makes a person of them.
    """
    users = get_user_model().objects
    plain = {uid: _username(uid) for uid in missing}
    taken = (
        Q(identities__isnull=False) | Q(is_staff=True) | Q(is_superuser=True) | Q(memberships__isnull=False)
    )
    named = users.filter(taken, username__in_list=plain.values())
    names = _different(plain, set(named.values_list("username", flat=True)))
    nobody = make_password(None)
    new = [{"username": names[uid], "email": row.email, "password": nobody} for uid, row in missing.items()]
    insert_rows(get_user_model(), new, conflict=["username"])
    ids = dict(users.filter(username__in_list=names.values()).values_list("username", "pk"))
    return {uid: ids[name] for uid, name in names.items()}


def _username(uid: str) -> str:
    """The account name for a uid: the uid itself as far as 150 letters hold it."""
    return uid if len(uid) <= 150 else f"{uid[:100]}~{hashlib.sha256(uid.encode()).hexdigest()[:40]}"


def _different(names: dict[str, str], taken: set[str]) -> dict[str, str]:
    """The names, with one that nobody could have guessed where somebody else has it: two people never become one."""
    found = {}
    for uid, name in names.items():
        found[uid] = f"{name[:100]}~{secrets.token_hex(16)}" if name in taken else name
        taken.add(name)
    return found


def _profiles(rows: Sequence[DeviceRow], owners: dict[str, int]) -> None:
    """Write what the rows say of the people; of several rows the last that says something counts."""
    told: dict[int, dict[str, Any]] = {}
    for row in rows:
        said = {"name": row.name, "locale": row.language, "timezone": row.timezone, "tags": list(row.tags)}
        told.setdefault(owners[row.uid], {}).update({name: value for name, value in said.items() if value})
    told = {owner: said for owner, said in told.items() if said}
    standing = {each.user_id: each for each in Recipient.objects.filter(user__in=told)}
    blank = Recipient()
    known = {owner: {name: getattr(standing.get(owner, blank), name) for name in PROFILE} for owner in told}
    new = [{"user": owner, **known[owner], **said} for owner, said in told.items() if owner not in standing]
    changed = [
        {"id": standing[owner].pk, **known[owner], **said}
        for owner, said in told.items()
        if owner in standing and {**known[owner], **said} != known[owner]
    ]
    insert_rows(Recipient, new, conflict=["user"])
    update_rows(Recipient, changed)
