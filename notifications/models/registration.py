"""Registration: a push address has one active owner. Whoever registers it takes it over, and that is written down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, OperationalError, models, transaction

from notifications import clock
from notifications.models.access import AuditEntry
from notifications.models.owners import name

log = logging.getLogger(__name__)
ONE_OWNER = "one_active_owner_per_token"
"""The constraint that stands behind all this, should two register the same address at the same moment."""
DEADLOCK = "40P01"
"""PostgreSQL's word for two who wait for each other: each has registered an address that the other wants as well."""
TRIES = 20
"""Of those who register an address at the same moment one is first, then the next; so many may do it at once."""
REGISTRATION = "registration"
"""Who did it, in the audit log: no operator, but the app that registered."""
FEW = 100
"""Addresses that a database looks up one by one."""
SAID_BEFORE = ("lang", "timezone", "tags")
"""What a device that is registered once more need not say again."""


class InactiveReason(StrEnum):
    """Why a device is not sent to any more."""

    GONE = "gone"
    """The provider says this address is dead."""
    MOVED = "moved"
    """The same address was registered for somebody else."""
    REMOVED = "removed"
    """Its owner or an operator removed it."""


class Registered:
    """The columns of a device that registering it is about, and what follows from one for the others."""

    pk: Any
    project_id: Any
    provider: Any
    push_token: Any
    user_id: Any
    uid: Any
    is_active: Any
    inactive_reason: Any
    date_registered: Any
    date_retired: Any
    _state: Any

    moved_from: Any = None
    """The device that had this address until this very object was saved, and is off now; mostly None."""

    @property
    def address(self) -> tuple[int, str, str]:
        """What only one active device may have."""
        return self.project_id, self.provider, self.push_token

    def belongs_with(self, other: Registered) -> bool:
        """Have both the same owner? What belongs to nobody has the same owner as what belongs to nobody."""
        if self.user_id and other.user_id:
            return bool(self.user_id == other.user_id)
        return bool(self.uid == other.uid)

    def note_activity(self) -> list[str]:
        """Keep what goes with being active or not. Returns the columns that were changed for it."""
        if self.is_active and (self.date_retired or self.inactive_reason):
            self.inactive_reason, self.date_retired, self.date_registered = "", None, clock.now()
            return ["inactive_reason", "date_retired", "date_registered"]
        if not self.is_active and not self.date_retired:
            self.retire(self.inactive_reason or InactiveReason.REMOVED)
            return ["inactive_reason", "date_retired"]
        return []

    def retire(self, reason: str) -> None:
        """It is not sent to any more; to be saved by the caller."""
        self.is_active, self.inactive_reason, self.date_retired = False, str(reason), clock.now()

    def begin_anew(self) -> None:
        """Become a row of its own when saved."""
        self.pk, self._state.adding, self.date_registered = None, True, clock.now()

    def stand_for(self, earlier: Any) -> None:
        """Be that row when saved: the same owner had this address before. What is not said again stays as it was."""
        self.pk, self._state.adding = earlier.pk, False
        if earlier.is_active:
            self.date_registered = earlier.date_registered
        self.user_id = self.user_id or earlier.user_id
        for column in SAID_BEFORE:
            setattr(self, column, getattr(self, column) or getattr(earlier, column))


Rows = models.QuerySet[Any]
Move = tuple[Registered, Registered]
"""A device that lost its address, and the one that has it now."""


def with_one_owner(devices: Sequence[Any], write: Callable[[], object]) -> None:
    """Take the addresses of those that are active from whoever has them, and let `write` save them; all or nothing.

    Of several with one address the last has it. The number of queries does not depend on how many there are.
    """
    settled = _leave_to_the_last(devices)
    before = [(device, device.pk, device._state.adding) for device in devices]
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                moves = _take_over(devices)
                write()
                write_down([*settled, *moves])
            return
        except (IntegrityError, OperationalError) as error:
            if not tries_left or not _is_race(error):
                raise
            for device, pk, adding in before:
                device.pk, device._state.adding = pk, adding


def _is_race(error: Exception) -> bool:
    """Did somebody register one of these addresses just now? At the next look he can be seen."""
    return ONE_OWNER in str(error) or getattr(error.__cause__, "sqlstate", "") == DEADLOCK


def _leave_to_the_last(devices: Sequence[Any]) -> list[Move]:
    last = {device.address: device for device in devices if device.is_active}
    moves = [(each, last[each.address]) for each in devices if each.is_active]
    moves = [(earlier, device) for earlier, device in moves if earlier is not device]
    for earlier, _ in moves:
        earlier.retire(InactiveReason.MOVED)
    return moves


def _take_over(devices: Sequence[Any]) -> list[Move]:
    """Make room for these devices: whoever has their addresses is off from now on."""
    active = {device.address: device for device in devices if device.is_active}
    if not active:
        return []
    every: Rows = type(devices[0])._base_manager.all()
    held = every.select_for_update(of=("self",), no_key=True).order_by("pk")
    lost = _change_hands(held, [device for device in active.values() if not device._state.adding])
    owners = [row for row in held.filter(is_active=True, **_of(active)) if row.address in active]
    _return_to_earlier_rows(held, active, owners)
    lost |= {row.pk: (row, active[row.address]) for row in owners if row.pk != active[row.address].pk}
    for row, device in lost.values():
        row.retire(InactiveReason.MOVED)
        device.moved_from = row
    if lost:
        every.filter(pk__in_list=list(lost)).update(
            is_active=False, inactive_reason=InactiveReason.MOVED, date_retired=clock.now()
        )
    return list(lost.values())


def _change_hands(held: Rows, saved: Sequence[Any]) -> dict[int, Move]:
    """A row that is given to somebody else stays with its first owner, whose messages may wait for it; the other begins
    one of his own. Returns the rows that are active, by number."""
    by_pk = {device.pk: device for device in saved}
    stored = [(row, by_pk[row.pk]) for row in held.filter(pk__in_list=list(by_pk))] if by_pk else []
    given = [(row, d) for row, d in stored if (row.user_id or row.uid) and not row.belongs_with(d)]
    for row, device in given:
        device.begin_anew()
        device.uid = "" if device.uid == row.uid else device.uid
    name([device for _, device in given])
    return {row.pk: (row, device) for row, device in given if row.is_active}


def _return_to_earlier_rows(
    held: Rows, active: dict[tuple[int, str, str], Any], owners: Iterable[Any]
) -> None:
    """Whoever registers an address again gets the row that he had for it, of several the active or the latest one."""
    new = {address: device for address, device in active.items() if device._state.adding}
    uids = {device.uid for device in new.values() if device.uid}
    by_uid = {"uid__in" if len(uids) <= FEW else "uid__in_list": uids}
    given_up = held.filter(is_active=False, **by_uid, **_of(new)) if uids else ()
    for row in (*given_up, *owners):
        if row.address in new and new[row.address].belongs_with(row):
            new[row.address].stand_for(row)


def _of(addresses: Iterable[tuple[int, str, str]]) -> dict[str, Any]:
    """The look-ups that find these addresses: by index where they are few, else in one pass through the project."""
    projects, providers, tokens = zip(*addresses, strict=True)
    by_token = "push_token__in" if len(tokens) <= FEW else "push_token__in_list"
    return {"project__in": set(projects), "provider__in": set(providers), by_token: tokens}


def write_down(moves: Sequence[Move], by: str = REGISTRATION) -> None:
    """In the audit log and in the server's, without the address. One query at most."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            project_id=device.project_id,
            actor_name=by,
            verb="device.move",
            target=f"device:{device.pk}",
            detail={"from": f"device:{earlier.pk}"},
        )
        for earlier, device in moves
    )
    for earlier, device in moves:
        log.info(
            "Device %s took over the push address of device %s, which is off now.", device.pk, earlier.pk
        )
