"""A message on its way: the few columns of its row that travel through the pipeline."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Case, F, JSONField, When
from django.db.models.functions import JSONObject

from notifications import wire
from notifications.models.copy_rules import CopyRules
from notifications.models.prepared import EpochSeconds, Seconds


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
    rich_content: Any
    more: dict[str, Any] | None
    """What else it says, see `more_words`; None where that is nothing."""
    token: str | None
    """Its device's address."""
    blocked: str
    """Why it may not go: `<state>:<reason>`, or ""."""
    under_way: int
    """Batches of its credential that held a lease at this moment, but those that had landed."""


class Copy(_Columns, CopyRules):
    """A claimed message on its way."""

    __slots__ = ()

    @property
    def pk(self) -> int:
        """The message's number, under the name that its row gives it."""
        return self.id

    def own_content(self) -> wire.PushContent:
        """What this copy says by itself."""
        more = self.more or {}
        if more:
            more = {**more, **{name: bool(more[name]) for name in FLAGS}}  # 0 and 1 in SQLite
        return wire.PushContent(
            title=self.title, body=self.body, data=self.data, rich_content=self.rich_content, **more
        )


TEXTS = (
    "subtitle",
    "sound",
    "priority",
    "channel_id",
    "category_id",
    "interruption_level",
    "icon",
    "collapse_id",
    "tag",
)
FLAGS = ("mutable_content", "content_available", "sound_critical")
VALUES = ("badge", "sound_volume")
TIMES = {"ttl": Seconds("ttl"), "expiration": EpochSeconds("expiration")}


def more_words() -> Case:
    """What a message says beside its title, body, data and picture, in one value: most say no more.

    To read sixteen columns that are empty takes longer than all the others.
    """
    blank = {
        **dict.fromkeys(TEXTS, ""),
        **dict.fromkeys(FLAGS, False),
        **{f"{name}__isnull": True for name in (*VALUES, *TIMES)},
    }
    said = JSONObject(**{name: F(name) for name in (*TEXTS, *FLAGS, *VALUES)}, **TIMES)
    return Case(When(**blank, then=None), default=said, output_field=JSONField())
