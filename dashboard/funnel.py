"""The funnel of the broadcast page: from people to delivered copies, each number with the rows behind it."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.addresses import rows_of
from dashboard.templatetags.figures import number
from notifications.models import MessageState
from notifications.queries.groups import NEVER_LEFT
from notifications.queries.messages import TAKEN_OVER
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
        ("", "Copies", progress.copies, progress.expected, _copies(progress, page)),
        ("handed_over", "Handed over", progress.handed_over, handed, _handed_over(progress, page)),
        (TAKEN_OVER, "Accepted", progress.accepted, accepted, _accepted(progress, page)),
        (MessageState.DELIVERED, "Delivered", progress.delivered, delivered, _delivered(progress, page)),
    ]
    # The table holds messages: copies in the bell alone have no rows there.
    has_rows = progress.messages() > 0
    return [
        {"label": "People", "done": progress.addressed, "note": _people(progress, not_sent)},
        *[
            _step(label, done, plan, note, rows_of(page, state) if has_rows else "")
            for state, label, done, plan, note in found
        ],
    ]


def _step(label: str, done: int, plan: int, note: SafeString, href: str) -> Step:
    return {"label": label, "done": done, "plan": max(plan, done), "note": note, "href": href}


def _people(progress: Progress, not_sent: str) -> SafeString:
    return _and(
        f"{number(progress.meant)} meant" if progress.meant != progress.addressed else "",
        _link(progress.people_left_out, "left out", not_sent),
    )


def _copies(progress: Progress, page: str) -> SafeString:
    per_person = progress.expected / progress.addressed if progress.addressed else 0
    rest = progress.copies < progress.expected
    return _and(
        f"of {number(progress.expected)}" if rest else f"{per_person:.2f} per person" if per_person else "",
        _link(progress.waiting, "waiting", rows_of(page, MessageState.QUEUED)),
    )


def _handed_over(progress: Progress, page: str) -> SafeString:
    return _and(
        _link(progress.on_the_wire, "on the wire", rows_of(page, MessageState.SENDING)),
        *[_link(progress.messages(state), words, rows_of(page, state)) for state, words in AWAY.items()],
    )


def _accepted(progress: Progress, page: str) -> SafeString:
    return _and(
        _link(progress.refused, "refused", rows_of(page, MessageState.FAILED), "bad-ink"),
        _link(progress.unknown, "without an answer", rows_of(page, MessageState.UNKNOWN), "warn-ink"),
    )


def _delivered(progress: Progress, page: str) -> SafeString:
    accepted = rows_of(page, MessageState.ACCEPTED)
    pending = progress.receipts_pending
    return _and(
        _link(pending, f"receipt{'' if pending == 1 else 's'} pending", accepted),
        _link(progress.failed_later, "failed", rows_of(page, MessageState.FAILED), "bad-ink"),
        _link(progress.receipts_missing, "without a receipt", accepted),
        _link(progress.receipts_never, "accepted for good, no receipts given", accepted),
    )


def _link(count: int, words: str, href: str, css: str = "") -> SafeString | str:
    """`38 failed`, leading to those rows; nothing where there are none."""
    if not count:
        return ""
    return format_html('<a href="{}" class="{}">{} {}</a>', href, css, number(count), words)


def _and(*parts: SafeString | str) -> SafeString:
    return format_html_join(", ", "{}", ((part,) for part in parts if part))
