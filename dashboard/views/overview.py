"""The overview: how much was sent, what arrived, what waits, what went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import needs
from dashboard.may import frame
from dashboard.overview_page import overview_context
from dashboard.spans import WINDOWS
from notifications import clock
from notifications.models import Project, Role


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def overview(request: HttpRequest, project: Project) -> HttpResponse:
    """The whole page; for htmx the part that changes. `?window=`: 24h (also for anything unknown), 7d or 30d."""
    window = WINDOWS.get(request.GET.get("window", ""), WINDOWS["24h"])
    context = {
        **frame(request, project),
        **overview_context(project, window),
        "windows": list(WINDOWS.values()),
        "now": clock.now(),
    }
    template = "_live.html" if request.htmx else "overview.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/overview/{template}", context)
