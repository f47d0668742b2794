"""The list of devices: which rows a reader asked for, one page of them, and the last copy that each was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dashboard.device_words import owner, reason_words
from dashboard.message_table import Option, shown_state
from dashboard.templatetags.figures import number
from dashboard.whole import whole
from notifications.models import Device, InactiveReason, Message, Project
from notifications.queries.devices import (
    ACTIVE,
    RETIRED,
    DeviceFilter,
    DeviceGroup,
    device_groups,
    last_copies,
)
from notifications.queries.keyset import keyset_page
from notifications.queries.names import provider_label

PAGE = 50
LONGEST = 2048
"""Characters of what is searched for; no token is longer."""
TABS = {
    "": "All",
    ACTIVE: "Active",
    RETIRED: "Switched off",
    InactiveReason.GONE: "Gone",
    InactiveReason.MOVED: "Moved",
    InactiveReason.REMOVED: "Removed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One device of the list."""

    device: Device
    name: str
    uid: str
    why: str
    provider: str
    last: Message | None
    last_state: str


def list_context(project: Project, query: Mapping[str, str], url: str) -> dict[str, Any]:
    """What the list shows. Five queries at most, whatever the number of rows."""
    wanted = filter_in(query)
    before, after = whole(query.get("before", "")), whole(query.get("after", ""))
    rows = wanted.rows(project).select_related("user__recipient")
    page = keyset_page(rows, PAGE, before=before, after=after)
    groups, copies = device_groups(project), last_copies(page.rows)
    here = url + _query(wanted)
    return {
        "wanted": wanted,
        "list_url": url,
        "self_url": here,
        "is_on_top": not (before or after or wanted.text),
        "rows": [_row(device, copies.get(device.pk)) for device in page.rows],
        "tabs": _tabs(wanted, groups, url),
        "provider_options": _providers(wanted, groups),
        "summary": _summary(len(page.rows), wanted, groups, bool(page.newer or page.older)),
        "newer": url + _query(wanted, after=page.newer) if page.newer else "",
        "older": url + _query(wanted, before=page.older) if page.older else "",
    }


def filter_in(query: Mapping[str, str]) -> DeviceFilter:
    """What an address asks for; words that mean nothing are left out."""
    given = {name: query.get(name, "").replace("\0", "").strip() for name in ("state", "provider", "q")}
    return DeviceFilter(
        state=given["state"] if given["state"] in TABS else "",
        provider=given["provider"][:20],
        text=given["q"][:LONGEST],
    )


def _query(wanted: DeviceFilter, **place: int | None) -> str:
    """The words of an address under these filters: `?state=active&before=12`."""
    given = {"state": wanted.state, "provider": wanted.provider, "q": wanted.text, **place}
    pairs = {name: value for name, value in given.items() if value}
    return f"?{urlencode(pairs)}" if pairs else ""


def _row(device: Device, last: Message | None) -> Row:
    name, uid = owner(device)
    return Row(
        device=device,
        name=name,
        uid=uid,
        why=reason_words(device),
        provider=provider_label(device.provider),
        last=last,
        last_state=shown_state(last) if last else "",
    )


def _tabs(wanted: DeviceFilter, groups: Sequence[DeviceGroup], url: str) -> list[dict[str, Any]]:
    """Each state with how many there are of the provider that is wanted, and the address of its rows."""
    return [
        {
            "label": label,
            "count": replace(wanted, state=str(key)).count(groups),
            "href": url + _query(replace(wanted, state=str(key))),
            "is_here": key == wanted.state,
        }
        for key, label in TABS.items()
    ]


def _providers(wanted: DeviceFilter, groups: Sequence[DeviceGroup]) -> list[Option]:
    """Providers that occur, and the one the reader came with."""
    keys = {group.provider for group in groups} | {wanted.provider} - {""}
    return [
        Option(value=key, label=provider_label(key), count=replace(wanted, provider=key).count(groups))
        for key in sorted(keys)
    ]


def _summary(shown: int, wanted: DeviceFilter, groups: Sequence[DeviceGroup], has_more: bool) -> str:
    if wanted.text:
        return f"{shown} found{', and more' if has_more else ''}"
    count = wanted.count(groups)
    if has_more:
        return f"{shown} of {number(count)}, newest first"
    return f"{number(shown)} device{'' if shown == 1 else 's'}"
