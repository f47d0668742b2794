"""Compose: write a broadcast, see whom it reaches, confirm the number, send."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import actor, needs
from dashboard.forms import UID_SEPARATORS, ComposeForm, initial_of
from dashboard.may import frame
from notifications import audience
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.models import AudienceKind, Broadcast, BroadcastState, Project, Role, SuppressionReason
from notifications.models.notification import SUPPRESSION_WORDS
from notifications.queries.names import channel_label

FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
@needs(Role.EDITOR)
def new(request: HttpRequest, project: Project) -> HttpResponse:
    """An empty form (with `?from=<id>` a copy of another broadcast); POST saves a draft and goes on to confirm it."""
    if request.method != "POST":
        wanted = request.GET.get("from", "")
        model = Broadcast.objects.filter(project=project, pk=int(wanted)).first() if _is_id(wanted) else None
        return _form(request, project, ComposeForm(project, initial=initial_of(model)))
    form = ComposeForm(project, request.POST)
    if not form.is_valid():
        return _form(request, project, form, status=422)
    facts = broadcasts.compose(actor(request), project, form.draft())
    return redirect("dashboard:broadcast_confirm", project_slug=project.slug, broadcast_id=facts["broadcast"])


@require_http_methods(FORM_METHODS)
@needs(Role.EDITOR)
def edit(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """A draft's form; POST saves it. One that has started leads to its page."""
    broadcast = get_object_or_404(Broadcast, project=project, pk=broadcast_id)
    if broadcast.state != BroadcastState.DRAFT:
        messages.info(request, "It has started: it can be duplicated, not changed.")
        return redirect("dashboard:broadcast", project_slug=project.slug, broadcast_id=broadcast.pk)
    if request.method != "POST":
        return _form(request, project, ComposeForm(project, initial=initial_of(broadcast)), broadcast)
    form = ComposeForm(project, request.POST)
    if not form.is_valid():
        return _form(request, project, form, broadcast, status=422)
    try:
        broadcasts.edit(actor(request), broadcast, form.draft())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("dashboard:broadcast", project_slug=project.slug, broadcast_id=broadcast.pk)
    return redirect("dashboard:broadcast_confirm", project_slug=project.slug, broadcast_id=broadcast.pk)


@require_POST
@needs(Role.EDITOR)
def reach(request: HttpRequest, project: Project) -> HttpResponse:
    """The reach panel for what is in the form now; a form half filled in is no error here."""
    kind = AudienceKind.UIDS if request.POST.get("audience") == AudienceKind.UIDS else AudienceKind.EVERYONE
    typed = UID_SEPARATORS.split(request.POST.get("uids", "")) if kind == AudienceKind.UIDS else []
    uids = list(dict.fromkeys(uid for uid in typed if uid))[: broadcasts.MOST_UIDS]
    panel = _reach_panel(project, kind, uids, request.POST.getlist("channels"))
    return render(request, "dashboard/compose/_reach.html", {"project": project, **panel})


@require_safe
@needs(Role.EDITOR)
def confirm(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """What will be sent to how many, and the button that does it."""
    broadcast = get_object_or_404(Broadcast, project=project, pk=broadcast_id)
    if broadcast.state != BroadcastState.DRAFT:
        return redirect("dashboard:broadcast", project_slug=project.slug, broadcast_id=broadcast.pk)
    return _confirm(request, project, broadcast)


@require_POST
@needs(Role.SENDER)
def send(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Start it. The number that was confirmed travels along: when it is another by now, ask again (409)."""
    broadcast = get_object_or_404(Broadcast, project=project, pk=broadcast_id)
    there = redirect("dashboard:broadcast", project_slug=project.slug, broadcast_id=broadcast.pk)
    if broadcast.state != BroadcastState.DRAFT:
        return there
    panel = _panel_of(broadcast)
    if request.POST.get("people", "") != str(panel["addressed"]):
        words = "The number has changed since you saw it. Look again, then send."
        return _confirm(request, project, broadcast, words, status=409)
    try:
        broadcasts.start(actor(request), broadcast)
    except Refused as refusal:
        return _confirm(request, project, broadcast, str(refusal), status=422)
    return there


def _form(
    request: HttpRequest,
    project: Project,
    form: ComposeForm,
    broadcast: Broadcast | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = AudienceKind.UIDS if form["audience"].value() == AudienceKind.UIDS else AudienceKind.EVERYONE
    uids = [uid for uid in UID_SEPARATORS.split(form["uids"].value() or "") if uid]
    panel = _reach_panel(project, kind, uids[: broadcasts.MOST_UIDS], form["channels"].value() or [])
    page = frame(request, project) | {"form": form, "broadcast": broadcast, **panel}
    return render(request, "dashboard/compose/form.html", page, status=status)


def _confirm(
    request: HttpRequest, project: Project, broadcast: Broadcast, refusal: str = "", status: int = 200
) -> HttpResponse:
    page = frame(request, project) | {"broadcast": broadcast, "refusal": refusal, **_panel_of(broadcast)}
    return render(request, "dashboard/compose/confirm.html", page, status=status)


def _panel_of(broadcast: Broadcast) -> dict[str, Any]:
    kind = AudienceKind(broadcast.audience_kind)
    return _reach_panel(broadcast.project, kind, broadcast.audience_uids, broadcast.channels)


def _reach_panel(
    project: Project, kind: AudienceKind, uids: list[str], channels: list[str]
) -> dict[str, Any]:
    """The numbers that the form and the confirm page show."""
    numbers = audience.reach(project, kind, uids)
    left_out = [(SUPPRESSION_WORDS[SuppressionReason(reason)], n) for reason, n in numbers.left_out.items()]
    return {
        "reach": numbers,
        "addressed": numbers.addressed(channels),
        "left_out": left_out,
        "unknown": numbers.unknown_uids[:20],
        "channel_names": [channel_label(key) for key in channels],
        "by_push": "push" in channels,
        "by_bell": "bell" in channels,
    }


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
