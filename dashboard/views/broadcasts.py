"""The list of broadcasts, newest first; and their stars."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import actor, needs
from dashboard.broadcast_list import list_context
from dashboard.may import frame
from notifications.actions import broadcasts
from notifications.models import Broadcast, Project, Role


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def broadcast_list(request: HttpRequest, project: Project) -> HttpResponse:
    """One page of the list; for htmx what changes: the rows, and the tabs with their counts."""
    context = frame(request, project) | list_context(project, request.GET)
    template = "_live.html" if request.htmx else "broadcast_list.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/broadcasts/{template}", context)


@needs(Role.EDITOR)
@require_POST
def star(request: HttpRequest, project: Project, broadcast_id: int) -> HttpResponse:
    """Star it or take the star away (`starred`: 1 or 0); htmx gets the new button, a form is sent back to the list."""
    rows = Broadcast.objects.only("title", "project_id")
    broadcast = get_object_or_404(rows, project=project, pk=broadcast_id)
    broadcasts.star(actor(request), broadcast, starred=request.POST.get("starred") == "1")
    if request.htmx:  # type: ignore[attr-defined]
        context = {"project": project, "broadcast": broadcast, "may_edit": True}
        return render(request, "dashboard/broadcasts/_star.html", context)
    found = redirect("dashboard:broadcasts", project_slug=project.slug)
    found.status_code = 303
    return found
