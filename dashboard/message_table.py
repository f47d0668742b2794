"""The table of a broadcast's messages: which rows, under which filters, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from dashboard.templatetags.figures import number
from dashboard.templatetags.states import word
from notifications.models import Broadcast, Message, MessageState, Reason
from notifications.models.copy_rules import OPEN_STATES
from notifications.queries.causes import words
from notifications.queries.groups import NEVER_LEFT, Group, total
from notifications.queries.messages import (
    FAILED_LATER,
    NO_RECEIPTS,
    RECEIPT_PENDING,
    REFUSED,
    TAKEN_OVER,
    WIDE,
    Filter,
    Page,
    Row,
    message_page,
)
from notifications.queries.names import channel_label, provider, provider_label

LONGEST = 200
"""Characters of a filter's word; no uid, ticket or code is longer."""
WIDE_WORDS = {
    "waiting": "Waiting",
    "handed_over": "Handed over",
    TAKEN_OVER: "Accepted by a provider",
    REFUSED: "Refused",
    FAILED_LATER: "Failed after it was accepted",
    RECEIPT_PENDING: "Receipt pending",
    NO_RECEIPTS: "Accepted for good",
}
"""Words of the filter that are no state by themselves: those that the numbers of the page lead to."""
NAMES = {"state": "state", "via": "via", "cause": "cause", "q": "text"}
"""What a filter is called in the address, and in Filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    count: int | None
    """None where nobody counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One row, in the words of the page."""

    message: Message
    person: str
    uid: str
    way: str
    address: str
    state: str
    why: str
    ticket: str
    receipt: str
    is_quiet: bool
    """Do ticket and receipt only say that there is none?"""


def filter_in(query: QueryDict) -> Filter:
    """What of the messages an address asks for; words that mean nothing are left out."""
    given = {name: query.get(key, "").replace("\0", "").strip()[:LONGEST] for key, name in NAMES.items()}
    if given["state"] not in {*MessageState, *WIDE_WORDS}:
        given["state"] = ""
    return Filter(**given)


def cursor_in(query: QueryDict) -> dict[str, int]:
    """Where in the list an address stands: {"after": id}, {"before": id}, or at the top."""
    for name in ("after", "before"):
        value = query.get(name, "")
        if value.isdecimal() and len(value) < 19:
            return {name: int(value)}
    return {}


def table(broadcast: Broadcast, query: QueryDict, groups: Sequence[Group], page_url: str) -> dict[str, Any]:
    """Everything that the fragment `#messages` shows."""
    wanted, cursor = filter_in(query), cursor_in(query)
    found = message_page(broadcast, wanted, **cursor)
    return {
        "page_url": page_url,
        "wanted": wanted,
        "rows": [_shown(row) for row in found.rows],
        "all_messages": total(groups),
        "summary": _summary(found, wanted.count(groups)),
        "newer": _address(page_url, wanted, before=found.newer),
        "older": _address(page_url, wanted, after=found.older),
        "self_url": _address(page_url, wanted) or page_url,
        "is_on_top": not cursor,
        "state_options": _state_options(groups, wanted.state),
        "via_options": _via_options(groups, wanted.via),
        "cause_options": _cause_options(groups, wanted.cause),
    }


def _address(page_url: str, wanted: Filter, **cursor: int | None) -> str:
    """The address of another part of the same list; "" where there is none."""
    if None in cursor.values():
        return ""
    given = asdict(wanted)
    words_ = {key: given[name] for key, name in NAMES.items() if given[name]}
    return f"{page_url}?{urlencode({**words_, **cursor}, safe=':')}" if words_ or cursor else page_url


def _summary(page: Page, count: int | None) -> str:
    shown = len(page.rows)
    if count is None:
        return f"{shown} found{', and more' if page.older or page.newer else ''}"
    if shown >= count:
        return f"{number(count)} message{'' if count == 1 else 's'}"
    return f"{shown} of {number(count)}, newest first"


def _state_options(groups: Sequence[Group], chosen: str) -> list[Option]:
    """States that occur, and the wider word the reader came with."""
    counted = [(state.value, total(groups, [state])) for state in MessageState]
    options = [Option(value=s, label=word(s), count=n) for s, n in counted if n or s == chosen]
    if chosen in WIDE_WORDS:
        count = total(groups, WIDE[chosen]) if chosen in WIDE else None
        options.insert(0, Option(value=chosen, label=WIDE_WORDS[chosen], count=count))
    return options


def _via_options(groups: Sequence[Group], chosen: str) -> list[Option]:
    keys = {f"{group.channel}:{group.provider}" for group in groups} | {chosen} - {""}
    return [
        Option(value=key, label=way(*key.split(":", 1)), count=Filter(via=key).count(groups))
        for key in sorted(keys)
    ]


def _cause_options(groups: Sequence[Group], chosen: str) -> list[Option]:
    """Causes that occur, and what the reader came with: a reason alone, or one that does not occur any more."""
    labels = {chosen: _cause_label(chosen)} if chosen else {}
    for group in groups:
        if group.reason or group.code:
            labels[f"{group.reason}:{group.code}"] = words(group.provider, group.reason, group.code).title
    options = [
        Option(value=key, label=label, count=Filter(cause=key).count(groups)) for key, label in labels.items()
    ]
    return sorted(options, key=lambda option: (-(option.count or 0), option.label))


def _cause_label(cause: str) -> str:
    reason = cause.strip(":")
    return words("", reason, "").title if reason in set(Reason) else reason


def way(channel: str, provider_key: str = "") -> str:
    """How a copy travels: `Push, Expo`."""
    return ", ".join(filter(None, [channel_label(channel), provider_label(provider_key)]))


def person(message: Message) -> tuple[str, str]:
    """Whom a message is for: the name, and the uid (each "" where nobody knows it)."""
    uid = message.device.uid if message.device else ""
    if message.user is None:
        return "", uid
    recipient = getattr(message.user, "recipient", None)
    return recipient.name if recipient else "", uid or message.user.get_username()


def _shown(row: Row) -> Shown:
    message = row.message
    name, uid = person(message)
    ticket, receipt = _ticket_word(row), _receipt_word(row)
    return Shown(
        message=message,
        person=name or uid or "No account",
        uid=uid if name else "",
        way=way(message.channel, message.provider),
        address=message.device.short_token if message.device else message.address,
        state=shown_state(message),
        why=_why(message),
        ticket=ticket,
        receipt=receipt,
        is_quiet=row.ticket is None,
    )


def shown_state(message: Message) -> str:
    """The word of its chip: a copy that is queued for another try says so."""
    return "retrying" if message.state == MessageState.QUEUED and message.code else message.state


def _why(message: Message) -> str:
    """What its state leaves open. The code of a copy that was stopped is left over from an earlier try."""
    code = "" if message.state in NEVER_LEFT else message.code
    return code or (word(message.reason) if message.reason not in ("", message.state) else "")


def _ticket_word(row: Row) -> str:
    if row.ticket is None:
        return "none yet" if row.message.state in OPEN_STATES else "none"
    return shortened(row.ticket.external_id) or row.ticket.error_code or row.ticket.outcome


def _receipt_word(row: Row) -> str:
    if row.receipt:
        return "ok" if row.receipt.is_success else row.receipt.error_code or "error"
    if not provider(row.message.provider).has_receipts:
        return "not given"
    if row.message.state == MessageState.ACCEPTED:
        return "none came" if row.message.reason == Reason.RECEIPT_MISSING else "waiting"
    return "none"


def shortened(text: str) -> str:
    """A long id, cut so that it can still be told from others."""
    return f"{text[:9]}…{text[-4:]}" if len(text) > 16 else text
