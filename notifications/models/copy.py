"""A message on its way: the few columns of its row that travel through the pipeline."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from notifications.models.copy_rules import CopyRules


class _Columns(NamedTuple):
    """What of a message's row travels; a whole row would take three times as long to make."""

    id: int
    channel: str
    device_id: int | None
    broadcast_id: int | None
    lane: int
    attempts: int
    batch_limit: int | None
    expires: int | None
    """When it is too late for it, in Unix seconds."""
    title: str
    body: str
    data: Any
    ttl: timedelta | None
    expiration: datetime | None
    priority: str
    subtitle: str
    sound: str
    badge: int | None
    channel_id: str
    category_id: str
    mutable_content: bool
    interruption_level: str
    rich_content: Any
    icon: str
    collapse_id: str
    tag: str
    content_available: bool
    sound_critical: bool
    sound_volume: float | None
    token: str | None
    """Its device's address."""
    blocked: str
    """Why it may not go: `<state>:<reason>`, or ""."""
    under_way: int
    """Batches of its credential that held a lease at this moment."""


class Copy(_Columns, CopyRules):
    """A claimed message on its way."""

    __slots__ = ()

    @property
    def pk(self) -> int:
        """The message's number, under the name that its row gives it."""
        return self.id
