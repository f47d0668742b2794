"""One broadcast: how far it has come, what went wrong, every message; and what may be done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import progress_words
from dashboard.access import actor, needs
from dashboard.addresses import MESSAGES_ID, page_of
from dashboard.broadcast_page import live
from dashboard.left_out_table import left_out_table
from dashboard.may import frame
from dashboard.message_table import table
from dashboard.templatetags.figures import number
from dashboard.whole import whole
from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.models import Broadcast, BroadcastState, MessageState, Project, Role
from notifications.models.copy_rules import REPLAYABLE_STATES
from notifications.queries.numbers import Progress
from notifications.queries.progress import forget_progress, groups_lately, progress_of


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def detail(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """The whole page; for htmx the part that changes, or the table of messages. The number of queries is fixed."""
    broadcast = _find(project, broadcast_id)
    context: dict[str, Any] = {
        **frame(request, project),
        "broadcast": broadcast,
        "time_form": _time_form(broadcast),
    }
    page_url = page_of(project, broadcast.pk)
    if _target(request) and request.GET.get("was") == BroadcastState.DRAFT != broadcast.state:
        # The page of a draft has neither table nor dialogs: somebody started it meanwhile.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if _target(request) == MESSAGES_ID:
        context |= table(broadcast, request.GET, groups_lately(broadcast), page_url)
        return render(request, "dashboard/broadcast/_messages.html", context)
    progress = progress_of(broadcast)
    context |= {"page_url": page_url, **live(broadcast, progress)}
    if request.htmx:  # type: ignore[attr-defined]
        context["is_update"] = True
        return render(request, "dashboard/broadcast/_live.html", context)
    context |= table(broadcast, request.GET, progress.groups, page_url)
    return render(request, "dashboard/broadcast/detail.html", context)


@needs(Role.VIEWER)
@require_safe
def message_rows(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """A lasting address for the rows of a broadcast: leads to the table on its page."""
    broadcast = _find(project, broadcast_id)
    query = request.GET.urlencode()
    return redirect(f"{page_of(project, broadcast.pk)}{'?' if query else ''}{query}#{MESSAGES_ID}")


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def suppressions(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """The people it was not sent to, each with the reason."""
    broadcast = _find(project, broadcast_id)
    context = {
        **frame(request, project),
        "broadcast": broadcast,
        **left_out_table(broadcast, request.GET, request.path),
    }
    template = "_people.html" if request.htmx else "suppressions.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/broadcast/{template}", context)


@needs(Role.SENDER)
@require_POST
def pause(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Stop handing over copies; those on the wire finish."""
    broadcast = _find(project, broadcast_id)
    try:
        broadcasts.pause(actor(request), broadcast)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, progress_words.paused(_counted_anew(broadcast)))
    return _back(broadcast)


@needs(Role.SENDER)
@require_POST
def resume(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Go on where it was paused."""
    broadcast = _find(project, broadcast_id)
    try:
        broadcasts.resume(actor(request), broadcast)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Sending goes on.")
    return _back(broadcast)


@needs(Role.SENDER)
@require_POST
def cancel(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Stop for good."""
    broadcast = _find(project, broadcast_id)
    try:
        broadcasts.cancel(actor(request), broadcast)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, progress_words.cancelled(_counted_anew(broadcast)))
    return _back(broadcast)


@needs(Role.SENDER)
@require_POST
def retry(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Send again what ended in one final state. `state`: failed, unknown or expired.

    Who sends `unknown` again risks second copies, so that the number that was read travels along as `copies`: when it
    is another one by now, nothing is sent.
    """
    broadcast = _find(project, broadcast_id)
    state = request.POST.get("state", "")
    if state not in REPLAYABLE_STATES:
        raise BadRequest("Only failed, unknown or expired messages can be sent again.")
    copies = _copies_seen(request) if state == MessageState.UNKNOWN else None
    try:
        facts = broadcasts.retry(actor(request), broadcast, MessageState(state), copies=copies)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        count, paused = facts["requeued"], broadcast.state == BroadcastState.PAUSED
        messages.success(
            request,
            f"{number(count)} message{'' if count == 1 else 's'} will be sent again"
            f"{', once you resume the broadcast' if paused else ''}.",
        )
    return _back(broadcast)


def _copies_seen(request: HttpRequest) -> int:
    """The number beside the button; one that nothing can have where there was none."""
    seen = whole(request.POST.get("copies", ""))
    return -1 if seen is None else seen


def _counted_anew(broadcast: Broadcast) -> Progress:
    """Its numbers after what was done to it."""
    forget_progress(broadcast)
    broadcast.refresh_from_db()
    return progress_of(broadcast)


def _back(broadcast: Broadcast) -> HttpResponse:
    """To the page, which counts anew after what was done."""
    forget_progress(broadcast)
    return redirect(page_of(broadcast.project, broadcast.pk))


def _find(project: Project, broadcast_id: int) -> Broadcast:
    """The project's own broadcast; anybody else's does not exist."""
    return get_object_or_404(Broadcast.objects.select_related("project"), project=project, pk=broadcast_id)


def _time_form(broadcast: Broadcast) -> str:
    """Seconds matter on the day it is sent, the day matters later."""
    is_fresh = broadcast.started_at and broadcast.started_at.date() == clock.now().date()
    return "clock" if is_fresh else "day"


def _target(request: HttpRequest) -> str:
    """The id of the element that htmx wants to fill; "" for a whole page."""
    target: str = (request.htmx.target or "") if request.htmx else ""  # type: ignore[attr-defined]
    return target.rpartition("#")[2]
