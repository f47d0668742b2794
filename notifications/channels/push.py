"""Push: one Message for each active device, handed to the device's provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import CharField, F, Max, QuerySet, Value
from django.db.models.functions import Cast, Concat

from notifications import clock, providers, wire
from notifications.audience import Audience
from notifications.channels.base import BaseChannel, Cursor, Slice
from notifications.channels.walk import account_slice, is_expired, suppress
from notifications.models import Broadcast, Credential, Device, Message, MessageState, SuppressionReason
from notifications.models.bulk import insert_select
from notifications.models.copy import Copy


class PushChannel(BaseChannel):
    """On the phone or in the browser, through a vendor."""

    key = "push"
    label = "Push"

    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        """First the devices of accounts, then devices that belong to none."""
        if cursor.phase == "accounts":
            return self._expand_accounts(broadcast, audience, cursor.after, size, now)
        return self._expand_devices(broadcast, audience, cursor.after, size, now)

    def check_content(self, broadcast: Broadcast) -> list[wire.Problem]:
        """What any provider with devices in this project would refuse."""
        used = (
            Device.objects.active.filter(project_id=broadcast.project_id)
            .values_list("provider", flat=True)
            .distinct()
        )
        keys = [key for key in used if key in providers.PROVIDERS] or list(providers.PROVIDERS)
        content = broadcast.push_content(clock.now())  # any moment: each is as long as another
        return [p for key in keys for p in providers.get(key).check_content(content)]

    def send(
        self, credential: Credential, messages: Sequence[Copy]
    ) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """Hand the messages to the provider of the credential. Each carries its address as `token`."""
        batch = [
            wire.PushMessage(id=message.id, token=message.token or "", content=_content(message))
            for message in messages
        ]
        return credential.opened_provider().send(batch)

    def _expand_accounts(
        self, broadcast: Broadcast, audience: Audience, after: int, size: int, now: datetime
    ) -> Slice:
        part = account_slice(broadcast, self.key, audience, after, size, now)
        if part is None:
            return Slice(cursor=Cursor(phase="devices"))
        # Their ids rather than a subquery: a database that has not counted a fresh import yet guesses badly at one.
        people = list(part.accounts.values_list("user_id", flat=True))
        newest = _copies(broadcast).order_by("-id").values_list("id", flat=True).first() or 0
        messages = _insert(broadcast, _sendable(broadcast).filter(user_id__in=people), now)
        # Asked of the messages, not of the devices again: one that registers meanwhile must not fall between.
        reached = set(_copies(broadcast).filter(id__gt=newest).values_list("user_id", flat=True))
        bare = part.accounts.exclude(user_id__in=reached)
        without = suppress(broadcast, self.key, bare, SuppressionReason.NO_DEVICE.value, now)
        return Slice(
            cursor=Cursor(phase="accounts", after=part.last),
            messages=messages,
            suppressions=part.suppressions + without,
        )

    def _expand_devices(
        self, broadcast: Broadcast, audience: Audience, after: int, size: int, now: datetime
    ) -> Slice:
        rest = audience.loose_devices().filter(id__gt=after).order_by("id")
        last = rest.values("id")[:size].aggregate(last=Max("id"))["last"]
        if last is None:
            return Slice(cursor=Cursor(phase="done"))
        devices, cursor = rest.filter(id__lte=last), Cursor(phase="devices", after=last)
        if is_expired(broadcast, now):
            reason = SuppressionReason.EXPIRED.value
            named = suppress(broadcast, self.key, devices.exclude(uid=""), reason, now)
            return Slice(cursor=cursor, suppressions=named)
        return Slice(cursor=cursor, messages=_insert(broadcast, devices, now))


def _sendable(broadcast: Broadcast) -> QuerySet[Device]:
    """Active devices of the broadcast's project whose provider we speak."""
    devices: QuerySet[Device] = Device.objects.filter(
        project_id=broadcast.project_id, is_active=True, provider__in=list(providers.PROVIDERS)
    )
    return devices


def _copies(broadcast: Broadcast) -> QuerySet[Message]:
    """Those that were written out for it so far; the highest numbers are this slice's own."""
    copies: QuerySet[Message] = Message.objects.filter(broadcast=broadcast, channel=PushChannel.key)
    return copies


def _insert(broadcast: Broadcast, devices: QuerySet[Device], now: datetime) -> int:
    """One queued Message for each device; a device that has one already keeps it."""
    columns: dict[str, Any] = {
        "project": broadcast.project_id,
        "channel": PushChannel.key,
        "provider": F("provider"),
        "device": F("id"),
        "user": F("user_id"),
        "broadcast": broadcast.pk,
        "key": Concat(Value(f"b:{broadcast.pk}:"), Cast("id", CharField())),
        "lane": broadcast.lane,
        "state": MessageState.QUEUED.value,
        "available_at": now,
        "expires_at": broadcast.expires_at,
        "date_created": now,
        "changed_at": now,
    }
    return insert_select(Message, devices.order_by("id"), columns, conflict=["key"])


def _content(message: Copy) -> wire.PushContent:
    if message.has_own_words or message.broadcast_id is None:
        return message.own_content()
    return _broadcast_content(message.broadcast_id, message.expires)


@lru_cache(maxsize=64)
def _broadcast_content(broadcast_id: int, until: int | None) -> wire.PushContent:
    """What the copies of a broadcast say that expire then (Unix seconds); it keeps its words once it has started."""
    moment = None if until is None else datetime.fromtimestamp(until, UTC)
    return Broadcast.objects.get(pk=broadcast_id).push_content(moment)


forget = _broadcast_content.cache_clear
"""Forget what broadcasts say (tests, whose databases reuse numbers)."""
