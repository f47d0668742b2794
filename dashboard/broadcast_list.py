"""The list of broadcasts: which rows a reader asked for, one page of them, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet

from dashboard.whole import whole
from notifications.models import Broadcast, BroadcastState, Project
from notifications.queries.progress import Progress, progress_of_many

PAGE = 25
STARRED = "starred"
TABS = {
    "": "All",
    STARRED: "Starred",
    BroadcastState.DRAFT: "Drafts",
    BroadcastState.SENDING: "Sending",
    BroadcastState.PAUSED: "Paused",
    BroadcastState.SENT: "Sent",
    BroadcastState.CANCELLED: "Cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the reader asked for. Anything unknown is no filter."""

    state: str = ""
    """A state of a broadcast, or STARRED."""
    text: str = ""
    """Part of a title."""
    before: int | None = None
    """Rows older than this one."""
    after: int | None = None
    """Rows newer than this one."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Read the words of an address."""
        state = query.get("state", "")
        return cls(
            state=state if state in TABS else "",
            text=query.get("q", "").replace("\0", "").strip()[:200],
            before=whole(query.get("before", "")),
            after=whole(query.get("after", "")),
        )

    @property
    def is_filtered(self) -> bool:
        """Are some rows left out?"""
        return bool(self.state or self.text)

    def address(self, **changes: Any) -> str:
        """The query of the list under the same filters, changed; always on its first page unless a place is named."""
        pairs = {"state": self.state, "q": self.text, **changes}
        return f"?{urlencode({name: value for name, value in pairs.items() if value})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One broadcast of the list."""

    broadcast: Broadcast
    progress: Progress

    @property
    def is_draft(self) -> bool:
        """Is there nothing to count yet?"""
        return self.broadcast.state == BroadcastState.DRAFT

    @property
    def chip_words(self) -> str:
        """`Sending 68%`; nothing where the state's own word says all."""
        if self.broadcast.state != BroadcastState.SENDING or not self.progress.expected:
            return ""
        return f"Sending {int(self.progress.handed_over / self.progress.expected * 100)}%"


def list_context(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """What the list shows. Four queries, whatever the number of rows."""
    wanted = Wanted.of(query)
    shown, newer, older = _page(_filtered(project, wanted), wanted)
    progress = progress_of_many(shown)
    return {
        "wanted": wanted,
        "rows": [Row(broadcast=each, progress=progress[each.pk]) for each in shown],
        "tabs": _tabs(project, wanted),
        "newer": wanted.address(after=newer) if newer else "",
        "older": wanted.address(before=older) if older else "",
    }


def _tabs(project: Project, wanted: Wanted) -> list[dict[str, Any]]:
    """Each state with how many there are, and the address of its rows."""
    counts = {state: Count("pk", filter=Q(state=state)) for state in BroadcastState}
    starred = Count("pk", filter=Q(starred=True))
    found = Broadcast.objects.filter(project=project).aggregate(
        all=Count("pk"), starred=starred, **{state.value: count for state, count in counts.items()}
    )
    return [
        {
            "label": label,
            "count": found[key or "all"],
            "href": wanted.address(state=key),
            "is_here": key == wanted.state,
            "is_moving": key == BroadcastState.SENDING and found[key],
        }
        for key, label in TABS.items()
    ]


def _filtered(project: Project, wanted: Wanted) -> QuerySet[Broadcast]:
    rows = Broadcast.objects.filter(project=project).select_related("created_by")
    rows = rows.defer("audience_uids", "data", "body")
    if wanted.state == STARRED:
        rows = rows.filter(starred=True)
    elif wanted.state:
        rows = rows.filter(state=wanted.state)
    return rows.filter(title__icontains=wanted.text) if wanted.text else rows


def _page(rows: QuerySet[Broadcast], wanted: Wanted) -> tuple[list[Broadcast], int | None, int | None]:
    """The rows of one page, newest first, and the ids that the newer and the older page start from, if there are any.

    By key, not by offset: the thousandth page is as quick as the first. A place whose rows are gone, or that has not a
    page full of newer ones, is the first page.
    """
    if wanted.after is not None:
        found = list(rows.filter(pk__gt=wanted.after).order_by("pk")[: PAGE + 1])
        if len(found) > PAGE:
            shown = found[:PAGE][::-1]
            return shown, shown[0].pk, shown[-1].pk
    if wanted.before is not None:
        found = list(rows.filter(pk__lt=wanted.before).order_by("-pk")[: PAGE + 1])
        if found:
            return found[:PAGE], found[0].pk, _older(found)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return found[:PAGE], None, _older(found)


def _older(found: list[Broadcast]) -> int | None:
    """Where the older page starts, if one more row than a page holds was found."""
    return found[PAGE - 1].pk if len(found) > PAGE else None
