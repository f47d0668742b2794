"""The list of devices, newest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import needs
from dashboard.device_list import list_context
from dashboard.may import frame
from notifications.models import Project, Role


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def device_list(request: HttpRequest, project: Project) -> HttpResponse:
    """One page of the list; for htmx what changes: the rows, and the tabs with their counts."""
    context = frame(request, project) | list_context(project, request.GET, request.path)
    template = "_live.html" if request.htmx else "device_list.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/devices/{template}", context)
