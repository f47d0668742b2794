"""New copies: a message that code makes says to which device and what; the rest is filled in here."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from notifications import clock
from notifications.models.copy_rules import CopyRules, MessageState
from notifications.models.device import Device
from notifications.models.reasons import Reason

LANE_SINGLE = 3
"""The queue of messages that belong to no broadcast: before all but the critical ones."""
PUSH = "push"
SOUND_PARTS = {"critical": "sound_critical", "name": "sound", "volume": "sound_volume"}
"""The parts of Expo's sound object, and our columns for them."""


class NewCopy(CopyRules):
    """The columns of a message that are filled in when it is made."""

    _state: Any
    device: Any
    project_id: Any
    channel: Any
    provider: Any
    user_id: Any
    key: Any
    address: Any
    state: Any
    reason: Any
    available_at: Any
    expires_at: Any
    changed_at: Any


class Address(NamedTuple):
    """What a message takes over from its device."""

    project_id: int
    provider: str
    user_id: int | None


LOADED = {"id", *Address._fields}


def complete(copies: Sequence[NewCopy]) -> None:
    """Fill in project, provider, channel, person and key where they are missing. One query at most.

    Raises ValueError for one that names neither a device that exists nor a project, has a sound of unknown parts, or a
    time that is none.
    """
    addresses = _addresses(copies)
    for copy, key in zip(copies, _keys(len(copies)), strict=True):
        told = vars(copy)  # Django's descriptors would take most of the time for tens of thousands
        address = addresses.get(told["device_id"])
        if address:
            _address(copy, told, address)
        elif told["project_id"] is None:
            raise ValueError("A message needs a device that exists: Message(device=…, title=…).")
        told["key"] = told["key"] or key
        told["priority"] = told["priority"] or ""
        if told["ttl"] is not None or told["expiration"] is not None:
            _check_times(told["ttl"], told["expiration"])
        if not isinstance(told["sound"], str):
            take_sound_apart(copy)
        if told["state"] == MessageState.HELD and not told["reason"] and told["broadcast_id"] is None:
            told["reason"] = Reason.UNSENT.value


def _address(copy: NewCopy, told: dict[str, Any], address: Address) -> None:
    if told["project_id"] is None:
        copy.project_id = address.project_id
    if told["user_id"] is None and address.user_id is not None:
        copy.user_id = address.user_id
    told["provider"] = told["provider"] or address.provider
    told["channel"] = told["channel"] or PUSH


def _check_times(ttl: Any, expiration: Any) -> None:
    if not isinstance(ttl, timedelta | None):
        raise ValueError(f"A ttl is a timedelta: ttl=timedelta(seconds=60), not {ttl!r}.")
    if expiration is not None and (not isinstance(expiration, datetime) or timezone.is_naive(expiration)):
        raise ValueError(
            "An expiration is a datetime with a time zone: django.utils.timezone.now() + timedelta(hours=1), "
            f"not {expiration!r}."
        )


def take_sound_apart(copy: NewCopy) -> None:
    """Spread Expo's sound object, such as {"critical": True, "name": "bell.wav", "volume": 0.8}, over its columns.

    None is no sound. Raises ValueError for anything else that is not its file's name.
    """
    sound = {} if copy.sound is None else copy.sound
    if not isinstance(sound, Mapping) or not set(sound) <= set(SOUND_PARTS):
        raise ValueError(
            "A sound is the name of its file, or an object of “critical”, “name” and “volume”: "
            '{"critical": True, "name": "bell.wav", "volume": 0.8}.'
        )
    copy.sound = sound.get("name") or ""
    copy.sound_critical = bool(sound.get("critical", copy.sound_critical))
    copy.sound_volume = sound.get("volume", copy.sound_volume)


def _addresses(copies: Sequence[NewCopy]) -> dict[int, Address]:
    """Of their devices: those that are loaded are taken at their word, the others are asked for."""
    found: dict[int, Address] = {}
    missing: set[int] = set()
    for copy in copies:
        device = copy._state.fields_cache.get("device")
        if device is None:
            missing.add(copy.device_id)
            continue
        if copy.device_id is None:  # it was saved after the message was made
            copy.device = device
        told = vars(device)
        if told["id"] is None:
            raise ValueError("A message needs a device that exists: save its device first.")
        if told.keys() >= LOADED:
            found[told["id"]] = Address(told["project_id"], told["provider"], told["user_id"])
        else:
            missing.add(told["id"])
    return found | _asked_for(missing - {None} - found.keys())


def _asked_for(device_ids: Iterable[int]) -> dict[int, Address]:
    ids = list(device_ids)
    rows = Device.objects.filter(pk__in_list=ids).values_list("pk", *Address._fields) if ids else ()
    return {pk: Address(*address) for pk, *address in rows}


def _keys(number: int) -> list[str]:
    """So many keys `m:<uuid>`. They begin with the time (UUID version 7), so that a large table grows at one end."""
    moment = f"{int(clock.now().timestamp() * 1000):012x}"
    start = f"m:{moment[:8]}-{moment[8:]}-7"
    noise = secrets.token_hex(9 * number)
    parts = (noise[at : at + 18] for at in range(0, len(noise), 18))
    return [f"{start}{part[:3]}-8{part[3:6]}-{part[6:]}" for part in parts]
