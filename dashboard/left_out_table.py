"""The table of people a broadcast was not sent to: which of them, page by page, each with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from dashboard.message_table import Option
from dashboard.templatetags.figures import number
from notifications.models import Broadcast, Suppression
from notifications.queries.left_out import LeftOutPage, Place, left_out_page
from notifications.queries.names import channel_label
from notifications.queries.numbers import LeftOut, suppression_words
from notifications.queries.progress import left_out

LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person on one channel."""

    name: str
    uid: str
    channel: str
    channel_label: str
    reason: str
    at: datetime


def left_out_table(broadcast: Broadcast, query: QueryDict, url: str) -> dict[str, Any]:
    """Everything that the table shows. Two queries."""
    wanted = {name: query.get(name, "").replace("\0", "")[:LONGEST] for name in ("reason", "channel")}
    counted = left_out(broadcast)
    page = left_out_page(
        broadcast,
        reason=wanted["reason"],
        channel=wanted["channel"],
        after=_place(query.get("after", "")),
        before=_place(query.get("before", "")),
    )
    return {
        "people": [_person(row) for row in page.rows],
        "wanted": wanted,
        "list_url": url,
        "reason_options": _reasons(counted),
        "channel_options": _channels(counted),
        "summary": _summary(page, counted, wanted),
        "newer": _address(url, wanted, before=page.before),
        "older": _address(url, wanted, after=page.after),
    }


def _place(word: str) -> Place | None:
    """`push:ada` → ("push", "ada"); None for anything else."""
    channel, colon, uid = word.replace("\0", "")[: 2 * LONGEST].partition(":")
    return (channel, uid) if colon else None


def _address(url: str, wanted: dict[str, str], **place: Place | None) -> str:
    words = {name: value for name, value in wanted.items() if value}
    if None in place.values():
        return ""
    places = {name: ":".join(value) for name, value in place.items() if value}
    return f"{url}?{urlencode({**words, **places}, safe=':')}" if words or places else url


def _person(row: Suppression) -> Person:
    recipient = getattr(row.user, "recipient", None) if row.user else None
    name = recipient.name if recipient else ""
    return Person(
        name=name or row.uid,
        uid=row.uid if name else "",
        channel=row.channel,
        channel_label=channel_label(row.channel),
        reason=row.words,
        at=row.at,
    )


def _reasons(counted: list[LeftOut]) -> list[Option]:
    found: dict[str, int] = {}
    for each in counted:
        found[each.reason] = found.get(each.reason, 0) + each.count
    return [Option(value=key, label=suppression_words(key), count=count) for key, count in found.items()]


def _channels(counted: list[LeftOut]) -> list[Option]:
    found: dict[str, int] = {}
    for each in counted:
        found[each.channel] = found.get(each.channel, 0) + each.count
    return [Option(value=key, label=channel_label(key), count=count) for key, count in found.items()]


def _summary(page: LeftOutPage, counted: list[LeftOut], wanted: dict[str, str]) -> str:
    total = sum(
        each.count
        for each in counted
        if wanted["reason"] in ("", each.reason) and wanted["channel"] in ("", each.channel)
    )
    return f"{number(len(page.rows))} of {number(total)}"
