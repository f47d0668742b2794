"""One message: the facts, everything that happened to it, what was sent, and another try."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import actor, needs
from dashboard.coloured_json import coloured_json
from dashboard.may import frame
from dashboard.message_table import person, way
from dashboard.timeline import timeline
from notifications.actions.audit import Refused
from notifications.actions.broadcasts import retry_message
from notifications.models import BroadcastState, Message, Project, Role
from notifications.queries.attempts import PAYLOAD_LIMIT, attempts_of, payload_bytes, payload_of, replays_of
from notifications.queries.names import channel_label, provider_label
from notifications.queries.retries import can_be_sent_again


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def detail(request: HttpRequest, project: Project, message_id: int) -> HttpResponse:
    """The whole page; for htmx the part that changes. Five queries for the message, however often it was tried."""
    message = _find(project, message_id)
    attempts = attempts_of(message)
    name, uid = person(message)
    context = {
        **frame(request, project),
        "message": message,
        "name": name or uid or "nobody known",
        "uid": uid if name else "",
        "way": way(message.channel, message.provider),
        "way_words": _way_in_words(message),
        "attempts": attempts,
        "ticket": attempts[-1].ticket if attempts else None,
        "steps": timeline(message, attempts, replays_of(message)),
        "again": can_be_sent_again(message),
        "payload": coloured_json(payload_of(message)),
        "payload_bytes": payload_bytes(message),
        "payload_limit": PAYLOAD_LIMIT,
    }
    template = "_facts.html" if request.htmx else "detail.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/messages/{template}", context)


@needs(Role.SENDER)
@require_POST
def retry(request: HttpRequest, project: Project, message_id: int) -> HttpResponse:
    """Send this copy again."""
    message = _find(project, message_id)
    try:
        retry_message(actor(request), message)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        is_paused = message.broadcast is not None and message.broadcast.state == BroadcastState.PAUSED
        later = ", once you resume its broadcast" if is_paused else ""
        messages.success(request, f"It is queued and will be sent again{later}.")
    return redirect("dashboard:message", project_slug=project.slug, message_id=message.pk)


def _way_in_words(message: Message) -> str:
    """`by push through Expo`."""
    through = f" through {provider_label(message.provider)}" if message.provider else ""
    return f"by {channel_label(message.channel).lower()}{through}"


def _find(project: Project, message_id: int) -> Message:
    """The project's own message; anybody else's does not exist."""
    rows = Message.objects.select_related("device", "user__recipient", "broadcast__project", "batch")
    return get_object_or_404(rows, project=project, pk=message_id)
