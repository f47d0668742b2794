"""The list of broadcasts, newest first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import needs
from dashboard.may import frame
from notifications.models import Broadcast, BroadcastState, Project, Role
from notifications.queries.progress import progress_of_many

PAGE = 25


@require_safe
@needs(Role.VIEWER)
@vary_on_headers("HX-Request")
def broadcast_list(request: HttpRequest, project: Project) -> HttpResponse:
    """One page of the list; for htmx the table alone."""
    state = request.GET.get("state", "")
    state = state if state in list(BroadcastState) else ""
    text = request.GET.get("q", "").replace("\0", "").strip()[:200]
    rows = _filtered(project, state, text)
    shown, older, newer = _page(rows, request.GET.get("before", ""), request.GET.get("after", ""))
    progress = progress_of_many(shown)
    page = frame(request, project) | {
        "rows": [(broadcast, progress[broadcast.pk]) for broadcast in shown],
        "states": [each.value for each in BroadcastState],
        "state": state,
        "q": text,
        "is_filtered": bool(state or text),
        "older": _address(state, text, before=older),
        "newer": _address(state, text, after=newer),
    }
    template = "_table.html" if request.htmx else "broadcast_list.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/broadcasts/{template}", page)


@require_POST
@needs(Role.EDITOR)
def star(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Star or unstar; htmx gets the new button, a form is sent back to the list."""
    broadcast = get_object_or_404(
        Broadcast.objects.only("id", "starred", "title"), project=project, pk=broadcast_id
    )
    broadcast.starred = not broadcast.starred
    broadcast.save(update_fields=["starred"])
    if request.htmx:  # type: ignore[attr-defined]
        return render(
            request, "dashboard/broadcasts/_star.html", {"project": project, "broadcast": broadcast}
        )
    return redirect("dashboard:broadcasts", project_slug=project.slug)


def _filtered(project: Project, state: str, text: str) -> QuerySet[Broadcast]:
    rows = (
        Broadcast.objects.filter(project=project).select_related("created_by").defer("audience_uids", "data")
    )
    if state:
        rows = rows.filter(state=state)
    return rows.filter(title__icontains=text) if text else rows


def _page(
    rows: QuerySet[Broadcast], before: str, after: str
) -> tuple[list[Broadcast], int | None, int | None]:
    """The rows of one page, and the ids that older and newer pages start from (None: there are none).

    By key, not by offset: the thousandth page is as quick as the first.
    """
    if _is_id(after):
        found = list(rows.filter(pk__gt=int(after)).order_by("pk")[: PAGE + 1])
        shown, more_newer, more_older = found[:PAGE][::-1], len(found) > PAGE, True
    else:
        older_than = rows.filter(pk__lt=int(before)) if _is_id(before) else rows
        found = list(older_than.order_by("-pk")[: PAGE + 1])
        shown, more_newer, more_older = found[:PAGE], _is_id(before), len(found) > PAGE
    if not shown:
        return [], None, None
    return shown, shown[-1].pk if more_older else None, shown[0].pk if more_newer else None


def _address(state: str, text: str, **place: int | None) -> str:
    """The address of a neighbouring page under the same filters; "" where there is none."""
    if None in place.values():
        return ""
    pairs: dict[str, Any] = {"state": state, "q": text, **place}
    return f"?{urlencode({name: value for name, value in pairs.items() if value})}"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
