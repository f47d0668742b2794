"""Compose: write a broadcast, see whom it reaches, confirm the number, send."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import actor, needs
from dashboard.coloured_json import coloured_json
from dashboard.forms import ComposeForm, initial_of, split_uids
from dashboard.may import frame
from dashboard.reach_panel import ReachPanel, reach_panel, reach_panel_of
from dashboard.whole import whole
from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.actions.drafts import MOST_UIDS, fingerprint
from notifications.models import (
    AudienceKind,
    AuditEntry,
    Broadcast,
    BroadcastState,
    Message,
    NotificationPriority,
    Project,
    Role,
)
from notifications.models.broadcast import LONGEST_NUMBER
from notifications.queries.attempts import PAYLOAD_LIMIT, payload_bytes

FORM_METHODS = ["GET", "HEAD", "POST"]


@needs(Role.EDITOR)
@require_http_methods(FORM_METHODS)
def new(request: HttpRequest, project: Project) -> HttpResponse:
    """An empty form (with `?from=<id>` a copy of another broadcast); POST saves a draft and goes on to confirm it."""
    if request.method != "POST":
        model = _model(project, request.GET.get("from", ""))
        return _form(request, project, ComposeForm(project, initial=initial_of(model)))
    form = ComposeForm(project, request.POST)
    if not form.is_valid():
        return _form(request, project, form)
    key = request.POST.get("form_key", "")
    facts = broadcasts.compose(actor(request), project, form.draft(), form_key=key)
    return _see_other("dashboard:broadcast_confirm", project, facts["broadcast"])


@needs(Role.EDITOR)
@require_http_methods(FORM_METHODS)
def edit(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """A draft's form; POST saves it. Where somebody was quicker, the form comes back as it was typed (409)."""
    broadcast = get_object_or_404(Broadcast, project=project, pk=broadcast_id)
    if request.method != "POST":
        return _form_of(request, broadcast)
    form, seen = ComposeForm(project, request.POST), request.POST.get("seen", "")
    if not form.is_valid():
        return _form(request, project, form, broadcast, seen=seen)
    try:
        broadcasts.edit(actor(request), broadcast, form.draft(), seen=seen)
    except broadcasts.Changed as change:
        broadcast.refresh_from_db()
        more = {"seen": fingerprint(broadcast), "trouble": str(change), "latest": _latest_change(broadcast)}
        return _form(request, project, form, broadcast, status=409, **more)
    except Refused:
        return _form(request, project, form, started=broadcast, status=409)
    return _see_other("dashboard:broadcast_confirm", project, broadcast.pk)


@needs(Role.EDITOR)
@require_POST
def reach(request: HttpRequest, project: Project) -> HttpResponse:
    """The reach panel for what is in the form now; a form half filled in is no error here."""
    panel = _panel(ComposeForm(project, request.POST))
    return render(request, "dashboard/compose/_reach.html", {"project": project, "panel": panel})


@needs(Role.EDITOR)
@never_cache
@require_safe
def confirm(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """What will be sent to how many, and the button that does it."""
    broadcast = get_object_or_404(Broadcast, project=project, pk=broadcast_id)
    if broadcast.state != BroadcastState.DRAFT:
        return _see_other("dashboard:broadcast", project, broadcast.pk)
    return _confirm(request, broadcast)


@needs(Role.SENDER)
@require_POST
def send(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Start it. What was confirmed travels along: when the words or the number are others by now, ask again (409)."""
    broadcast = get_object_or_404(Broadcast, project=project, pk=broadcast_id)
    there = _see_other("dashboard:broadcast", project, broadcast.pk)
    if broadcast.state != BroadcastState.DRAFT:
        return there
    try:
        seen = request.POST.get("seen", "")
        broadcasts.start(actor(request), broadcast, seen=seen, people=_people_seen(request))
    except broadcasts.Changed as change:
        broadcast.refresh_from_db()
        return _confirm(request, broadcast, str(change), status=409)
    except Refused as refusal:
        return _confirm(request, broadcast, str(refusal), status=422)
    return there


def _people_seen(request: HttpRequest) -> int:
    """The number on the page with the button; one that nothing can have where there was none."""
    seen = whole(request.POST.get("people", ""))
    return -1 if seen is None else seen


def _form_of(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """The form with the words of a draft. One that has started leads to its page."""
    if broadcast.state != BroadcastState.DRAFT:
        messages.info(request, "It has started: it can be duplicated, not changed.")
        return _see_other("dashboard:broadcast", broadcast.project, broadcast.pk)
    form = ComposeForm(broadcast.project, initial=initial_of(broadcast))
    return _form(request, broadcast.project, form, broadcast, seen=fingerprint(broadcast))


def _form(
    request: HttpRequest,
    project: Project,
    form: ComposeForm,
    broadcast: Broadcast | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page with the form, of a draft or of a new one; what was typed wrongly is marked, with status 422."""
    page = frame(request, project) | {
        "form": form,
        "form_key": request.POST.get("form_key") or token_urlsafe(12),
        "broadcast": broadcast,
        "panel": _panel(form),
        "payload_besides": _weight(Broadcast(pk=broadcast.pk if broadcast else LONGEST_NUMBER)),
        "payload_limit": PAYLOAD_LIMIT,
        **more,
    }
    return render(request, "dashboard/compose/form.html", page, status=422 if form.errors else status)


def _weight(broadcast: Broadcast) -> int:
    """Bytes of a push copy. It will expire at some moment, and each is as long as another."""
    return payload_bytes(Message(broadcast=broadcast, expires_at=clock.now()))


def _latest_change(broadcast: Broadcast) -> AuditEntry | None:
    """Who changed a draft last, and when."""
    entries = AuditEntry.objects.filter(project=broadcast.project_id, target=f"broadcast:{broadcast.pk}")
    return entries.filter(verb="broadcast.edit").order_by("-id").first()


def _panel(form: ComposeForm) -> ReachPanel:
    """The reach of what is in a form, right or wrong."""
    kind = AudienceKind.UIDS if form["audience"].value() == AudienceKind.UIDS else AudienceKind.EVERYONE
    meant = split_uids(form["uids"].value() or "")[:MOST_UIDS] if kind == AudienceKind.UIDS else []
    critical = str(form["priority"].value()) == str(NotificationPriority.CRITICAL.value)
    return reach_panel(form.project, kind, meant, form["channels"].value() or [], critical=critical)


def _confirm(
    request: HttpRequest, broadcast: Broadcast, trouble: str = "", status: int = 200
) -> HttpResponse:
    page = frame(request, broadcast.project) | {
        "broadcast": broadcast,
        "panel": reach_panel_of(broadcast),
        "seen": fingerprint(broadcast),
        "trouble": trouble,
        "data": coloured_json(broadcast.data) if broadcast.data else "",
        "payload_bytes": _weight(broadcast),
        "payload_limit": PAYLOAD_LIMIT,
    }
    return render(request, "dashboard/compose/confirm.html", page, status=status)


def _model(project: Project, wanted: str) -> Broadcast | None:
    """The broadcast to start from; anybody else's, or none, is an empty form."""
    key = whole(wanted)
    return None if key is None else Broadcast.objects.filter(project=project, pk=key).first()


def _see_other(name: str, project: Project, broadcast_id: int) -> HttpResponseRedirect:
    """303: whatever was asked, what follows is a GET."""
    found = redirect(name, project_slug=project.slug, broadcast_id=broadcast_id)
    found.status_code = 303
    return found
