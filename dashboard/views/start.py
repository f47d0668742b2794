"""First steps: what is left to do until the first broadcast has arrived, read from the rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import needs
from dashboard.may import frame
from notifications.models import (
    Broadcast,
    BroadcastState,
    Device,
    Message,
    MessageState,
    Notification,
    Project,
    Role,
)
from notifications.queries.credentials import Health, standings


@dataclass(frozen=True, slots=True)
class Step:
    """One step; its text is the fragment `_<name>.html`."""

    name: str
    title: str
    is_done: bool
    done_words: str = ""


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def checklist(request: HttpRequest, project: Project) -> HttpResponse:
    """The checklist, or for htmx its steps alone."""
    steps = _steps(project)
    page = frame(request, project) | {
        "steps": steps,
        "done": sum(step.is_done for step in steps),
        "next": next((step.name for step in steps if not step.is_done), ""),
    }
    template = "dashboard/start/_steps.html" if request.htmx else "dashboard/start/checklist.html"  # type: ignore[attr-defined]
    return render(request, template, page)


def _steps(project: Project) -> list[Step]:
    devices = Device.objects.filter(project=project, is_active=True).count()
    sent = Broadcast.objects.filter(project=project).exclude(state=BroadcastState.DRAFT).exists()
    return [
        Step("sign_in", "Sign in", True, "You are in"),
        Step(
            "devices",
            "Bring people and their devices",
            devices > 0,
            f"{devices:,} device{pluralize(devices)}",
        ),
        Step("provider", "Connect a provider", _is_connected(project), "Ready"),
        Step("compose", "Send your first broadcast", sent, "Sent"),
        Step("watch", "Watch it arrive", _has_arrived(project), "Arrived"),
    ]


def _is_connected(project: Project) -> bool:
    """Can a push leave? A provider that was never used can, as long as nobody and nothing has paused it."""
    return any(each.health != Health.PAUSED for each in standings(project))


def _has_arrived(project: Project) -> bool:
    """Has any copy come through: a push that was taken over, or a notification in somebody's bell?"""
    through = [MessageState.ACCEPTED, MessageState.DELIVERED]
    pushed = Message.objects.filter(broadcast__project=project, state__in=through)
    return pushed.exists() or Notification.objects.filter(broadcast__project=project).exists()
