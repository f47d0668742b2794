"""The messages of a broadcast page by page, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications import providers
from notifications.models import Broadcast, Device, Identity, Message, MessageState, Reason, Receipt, Ticket
from notifications.queries.groups import HANDED_OVER, WAITING, Group, total

PAGE = 50
SHORTEST_SUFFIX = 4
"""Characters of a push address that are worth searching for."""
MOST_LISTED = 500
"""Devices, accounts or tickets that a search names one by one."""
WIDE = {"waiting": WAITING, "handed_over": HANDED_OVER}
"""Words of the filter that stand for several states."""
TAKEN_OVER, REFUSED, FAILED_LATER = "taken_over", "refused", "failed_later"
RECEIPT_PENDING, NO_RECEIPTS = "receipt_pending", "no_receipts"
ASKING = (TAKEN_OVER, REFUSED, FAILED_LATER, RECEIPT_PENDING, NO_RECEIPTS)
"""Words of the filter that ask more than the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of a broadcast's messages is wanted; an empty word means all."""

    state: str = ""
    """A message state, or one of the words in WIDE and ASKING."""
    via: str = ""
    """`<channel>:<provider>`, or `<channel>` for all of its providers."""
    cause: str = ""
    """`<reason>:<code>`, or `<reason>` whatever the code."""
    text: str = ""
    """The beginning of a uid, a whole ticket id, or the end of a push address."""

    @property
    def is_empty(self) -> bool:
        """Is everything wanted?"""
        return not (self.state or self.via or self.cause or self.text)

    def rows(self, broadcast: Broadcast) -> QuerySet[Message]:
        """Those messages of the broadcast that are wanted."""
        messages = Message.objects.filter(broadcast=broadcast, **self._columns())
        if self.state in ASKING:
            messages = messages.filter(_asking(self.state))
        elif self.state:
            messages = messages.filter(state__in=WIDE.get(self.state, [self.state]))
        return messages.filter(_named(self.text, broadcast)) if self.text else messages

    def count(self, groups: Iterable[Group]) -> int | None:
        """How many messages are wanted; None where only counting them one by one would tell."""
        if self.text or self.state in ASKING:
            return None
        states = WIDE.get(self.state, [self.state] if self.state else [])
        return total([group for group in groups if self._holds(group)], states)

    def _holds(self, group: Group) -> bool:
        return all(getattr(group, column) == value for column, value in self._columns().items())

    def _columns(self) -> dict[str, str]:
        """What must stand in which column of a message, or of a group."""
        given = (("channel", "provider"), self.via), (("reason", "code"), self.cause)
        return {
            column: value
            for columns, words in given
            if words
            for column, value in zip(columns, words.split(":", 1), strict=False)
        }


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
    """The messages with ids below `after`, or above `before`, or the newest: seven queries at most, never an offset.

    A cursor that leads nowhere leads to the newest.
    """
    found = wanted.rows(broadcast)
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


def _asking(word: str) -> Q:
    """What a message must be to answer to this word: the same as in the numbers of a broadcast's progress."""
    taken = Q(Exists(Ticket.objects.filter(message=OuterRef("pk"), is_success=True)))
    failed, accepted = Q(state=MessageState.FAILED), Q(state=MessageState.ACCEPTED)
    tells = Q(provider__in=[key for key in providers.PROVIDERS if providers.get(key).has_receipts])
    return {
        TAKEN_OVER: Q(state__in=[MessageState.ACCEPTED, MessageState.DELIVERED]) | (failed & taken),
        REFUSED: failed & ~taken,
        FAILED_LATER: failed & taken,
        RECEIPT_PENDING: accepted & tells & ~Q(reason=Reason.RECEIPT_MISSING),
        NO_RECEIPTS: accepted & ~tells,
    }[word]


def _named(text: str, broadcast: Broadcast) -> Q:
    """Messages that this text names: by its ticket, else by the uid's beginning or the address's end.

    Three queries at most. The second and third look through the project's devices and uids until they have found more
    than can be listed.
    """
    # The further condition is that of the index over external ids.
    tickets = Ticket.objects.filter(external_id=text, message__broadcast=broadcast).exclude(external_id="")
    if named := list(tickets.values_list("message_id", flat=True)[:MOST_LISTED]):
        return Q(pk__in=named)
    part = Q(uid__startswith=text)
    if len(text) >= SHORTEST_SUFFIX:
        part |= Q(push_token__endswith=text)
    devices = Device.objects.filter(part, project_id=broadcast.project_id)
    people = Identity.objects.filter(project_id=broadcast.project_id, uid__startswith=text)
    return _of(devices, "pk", "device_id") | _of(people, "user_id", "user_id")


def _of(rows: QuerySet[Any], column: str, ours: str) -> Q:
    """Messages of these rows: by index where the rows are few; else each message is asked, and many soon say yes."""
    listed = list(rows.order_by().values_list(column, flat=True)[: MOST_LISTED + 1])
    if len(listed) <= MOST_LISTED:
        return Q(**{f"{ours}__in": listed})
    return Q(Exists(rows.filter(**{column: OuterRef(ours)})))
