"""The messages of a broadcast page by page, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications import providers
from notifications.models import Broadcast, Device, Identity, Message, MessageState, Receipt, Ticket
from notifications.models.message import OPEN_STATES
from notifications.queries.groups import HANDED_OVER, Group, total

PAGE = 50
SHORTEST_SUFFIX = 4
"""Characters of a push address that are worth searching for."""
MOST_HITS = 500
"""Devices and accounts that one search follows."""
TAKEN_OVER = "taken_over"
WIDE = {"waiting": OPEN_STATES, "handed_over": HANDED_OVER}
"""Words of the filter that stand for several states. `taken_over` is the third: it asks the tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of a broadcast's messages is wanted; an empty word means all."""

    state: str = ""
    """A message state, or one of the wider words."""
    via: str = ""
    """`<channel>:<provider>`."""
    cause: str = ""
    """`<reason>:<code>`."""
    text: str = ""
    """The beginning of a uid, a whole ticket id, or the end of a push address."""

    @property
    def is_empty(self) -> bool:
        """Is everything wanted?"""
        return not (self.state or self.via or self.cause or self.text)

    def narrow(self, messages: QuerySet[Message], project_id: int) -> QuerySet[Message]:
        """Those of the messages that are wanted."""
        if self.state == TAKEN_OVER:
            messages = messages.filter(_taken_over())
        elif self.state:
            messages = messages.filter(state__in=WIDE.get(self.state, [self.state]))
        if self.via:
            channel, _, provider = self.via.partition(":")
            messages = messages.filter(channel=channel, provider=provider)
        if self.cause:
            reason, _, code = self.cause.partition(":")
            messages = messages.filter(reason=reason, code=code)
        return messages.filter(_named(self.text, project_id)) if self.text else messages

    def count(self, groups: Iterable[Group]) -> int | None:
        """How many messages are wanted; None where only counting them one by one would tell."""
        if self.text or self.state == TAKEN_OVER:
            return None
        states = WIDE.get(self.state, [self.state] if self.state else [])
        return total([group for group in groups if self._holds(group)], states)

    def _holds(self, group: Group) -> bool:
        same_way = self.via in ("", f"{group.channel}:{group.provider}")
        return same_way and self.cause in ("", f"{group.reason}:{group.code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message with the latest that was said of it."""

    message: Message
    ticket: Ticket | None
    receipt: Receipt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of messages, newest first."""

    rows: Sequence[Row] = field(default_factory=list)
    older: int | None = None
    """The page after this one holds the ids below; None where there is none."""
    newer: int | None = None
    """The page before this one holds the ids above; None where there is none."""


def message_page(
    broadcast: Broadcast,
    wanted: Filter,
    *,
    after: int | None = None,
    before: int | None = None,
    size: int = PAGE,
) -> Page:
    """The messages with ids below `after`, or above `before`, or the newest: ten queries at most, never an offset.

    A cursor that leads nowhere leads to the newest.
    """
    found = wanted.narrow(Message.objects.filter(broadcast=broadcast), broadcast.project_id)
    if before is not None:
        chosen = list(found.filter(pk__gt=before).order_by("pk").values_list("pk", flat=True)[: size + 1])
        has_newer, has_older = len(chosen) > size, True
        ids = chosen[:size][::-1]
    else:
        below = found if after is None else found.filter(pk__lt=after)
        chosen = list(below.order_by("-pk").values_list("pk", flat=True)[: size + 1])
        has_newer, has_older = after is not None, len(chosen) > size
        ids = chosen[:size]
    if not ids and not (after is None and before is None):
        return message_page(broadcast, wanted, size=size)
    return Page(
        rows=_rows(ids),
        older=ids[-1] if ids and has_older else None,
        newer=ids[0] if ids and has_newer else None,
    )


def _rows(ids: Sequence[int]) -> list[Row]:
    messages = Message.objects.select_related("device", "user__recipient").in_bulk(ids)
    tickets = {t.message_id: t for t in Ticket.objects.filter(message__in=ids).order_by("id")}
    receipts = {
        r.ticket_id: r
        for r in Receipt.objects.filter(ticket__in=[t.pk for t in tickets.values()]).order_by("id")
    }
    return [
        Row(message=messages[pk], ticket=(t := tickets.get(pk)), receipt=receipts.get(t.pk) if t else None)
        for pk in ids
        if pk in messages
    ]


def _taken_over() -> Q:
    """Accepted at some time, and not waiting to be sent again."""
    refused_later = Q(
        Exists(Ticket.objects.filter(message=OuterRef("pk"), is_success=True)), state=MessageState.FAILED
    )
    return Q(state__in=[MessageState.ACCEPTED, MessageState.DELIVERED]) | refused_later


def _named(text: str, project_id: int) -> Q:
    """Messages that this text names: by index where it is a whole ticket or address, else by looking at uids and ends.

    At most four queries, each with a bound.
    """
    devices = Device.objects.filter(project_id=project_id)
    # The further conditions are those of the indexes over external ids and over addresses.
    tickets = Ticket.objects.filter(external_id=text).exclude(external_id="")
    addressed = devices.filter(is_active=True, provider__in=list(providers.PROVIDERS), push_token=text)
    whole = _of(devices=addressed, tickets=tickets)
    if whole:
        return whole
    part = Q(uid__startswith=text)
    if len(text) >= SHORTEST_SUFFIX:
        part |= Q(push_token__endswith=text)
    people = Identity.objects.filter(project_id=project_id, uid__startswith=text)
    return _of(devices=devices.filter(part), people=people) or Q(pk__in=[])


def _of(devices: QuerySet[Device], **more: QuerySet[Identity] | QuerySet[Ticket]) -> Q | None:
    """Messages to these devices, to these `people` and with these `tickets`; None where there is none of them."""
    found = {"device_id__in": _some(devices, "pk")}
    if "people" in more:
        found["user_id__in"] = _some(more["people"], "user_id")
    if "tickets" in more:
        found["pk__in"] = _some(more["tickets"], "message_id")
    parts = [Q(**{column: ids}) for column, ids in found.items() if ids]
    return reduce(or_, parts) if parts else None


def _some(rows: QuerySet[Device] | QuerySet[Identity] | QuerySet[Ticket], column: str) -> list[int]:
    return list(rows.order_by().values_list(column, flat=True)[:MOST_HITS])
