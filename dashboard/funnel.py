"""The funnel of the broadcast page: from people to delivered copies, each number with the rows behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.addresses import rows_of
from dashboard.templatetags.figures import number
from notifications.models import MessageState, Reason
from notifications.queries.groups import NEVER_LEFT
from notifications.queries.messages import FAILED_LATER, NO_RECEIPTS, RECEIPT_PENDING, REFUSED, TAKEN_OVER
from notifications.queries.numbers import Progress

Step = dict[str, Any]
AWAY = {
    MessageState.CANCELLED: "cancelled",
    MessageState.EXPIRED: "too old",
    MessageState.SUPPRESSED: "stopped while waiting",
}


def steps(progress: Progress, page: str, not_sent: str) -> list[Step]:
    """The steps for the tag `funnel`. `page` and `not_sent` are the addresses of the rows behind the numbers."""
    handed = progress.expected - progress.messages(*NEVER_LEFT)
    accepted = handed - progress.refused - progress.unknown
    delivered = accepted - progress.failed_later - progress.receipts_missing - progress.receipts_never
    found = [
        ("", "Copies", progress.copies, progress.expected, _copies),
        ("handed_over", "Handed over", progress.handed_over, handed, _handed_over),
        (TAKEN_OVER, "Accepted", progress.accepted, accepted, _accepted),
        (MessageState.DELIVERED, "Delivered", progress.delivered, delivered, _delivered),
    ]
    shown: list[Step] = [{"label": "People", "done": progress.addressed, "note": _people(progress, not_sent)}]
    for state, label, done, plan, note in found:
        # The rows are messages. A number that counts bells too is more than they are: its parts stand below it.
        messages, href = done - progress.in_app, rows_of(page, state)
        parts = _parts(messages, progress.in_app, href) if progress.makes_messages else ""
        step = {
            "label": label,
            "done": done,
            "plan": max(plan, done),
            "note": note(progress, page, parts),
            "href": href if messages and not progress.in_app else "",
        }
        shown.append(step)
    return shown


def _parts(messages: int, in_app: int, href: str) -> SafeString | str:
    """`7,316 messages + 9,588 in app`; nothing where all are messages."""
    if not in_app:
        return ""
    bell = f"{number(in_app)} in app"
    if not messages:
        return bell
    return format_html("{} + {}", _link(messages, "message" if messages == 1 else "messages", href), bell)


def _people(progress: Progress, not_sent: str) -> SafeString:
    where = urlencode({"channel": progress.widest_channel})
    return _and(
        f"{number(progress.meant)} meant" if progress.meant != progress.addressed else "",
        _link(progress.people_left_out, "left out", f"{not_sent}?{where}"),
    )


def _copies(progress: Progress, page: str, parts: SafeString | str) -> SafeString:
    per_person = progress.expected / progress.addressed if progress.addressed else 0
    rest = progress.copies < progress.expected
    return _and(
        f"of {number(progress.expected)}" if rest else f"{per_person:.2f} per person" if per_person else "",
        parts,
        _link(progress.waiting, "waiting", rows_of(page, "waiting")),
    )


def _handed_over(progress: Progress, page: str, parts: SafeString | str) -> SafeString:
    return _and(
        parts,
        _link(progress.on_the_wire, "on the wire", rows_of(page, MessageState.SENDING)),
        *[_link(progress.messages(state), words, rows_of(page, state)) for state, words in AWAY.items()],
    )


def _accepted(progress: Progress, page: str, parts: SafeString | str) -> SafeString:
    return _and(
        parts,
        _link(progress.refused, "refused", rows_of(page, REFUSED), "bad-ink"),
        _link(progress.unknown, "without an answer", rows_of(page, MessageState.UNKNOWN), "warn-ink"),
    )


def _delivered(progress: Progress, page: str, parts: SafeString | str) -> SafeString:
    pending = progress.receipts_pending
    missing = rows_of(page, MessageState.ACCEPTED, cause=Reason.RECEIPT_MISSING)
    return _and(
        parts,
        _link(pending, f"receipt{'' if pending == 1 else 's'} pending", rows_of(page, RECEIPT_PENDING)),
        _link(progress.failed_later, "failed", rows_of(page, FAILED_LATER), "bad-ink"),
        _link(progress.receipts_missing, "without a receipt", missing),
        _link(progress.receipts_never, "accepted for good, no receipts given", rows_of(page, NO_RECEIPTS)),
    )


def _link(count: int, words: str, href: str, css: str = "") -> SafeString | str:
    """`38 failed`, leading to those rows; nothing where there are none."""
    if not count:
        return ""
    return format_html('<a href="{}" class="{}">{} {}</a>', href, css, number(count), words)


def _and(*parts: SafeString | str) -> SafeString:
    return format_html_join(", ", "{}", ((part,) for part in parts if part))
