"""The front door: leads to the project an operator was in last."""

from __future__ import annotations

from django.db.models import F, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.access import LAST_PROJECT, OPEN_TO_OPERATORS, open_to
from notifications.models import Project


@open_to(OPEN_TO_OPERATORS)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the last project visited, else to the one with the newest broadcast, else to any."""
    projects = Project.objects.open_to(request.user)
    last = projects.filter(slug=request.session.get(LAST_PROJECT, "")).first()
    busiest = projects.annotate(newest=Max("broadcasts__id")).order_by(
        F("newest").desc(nulls_last=True), "id"
    )
    project = last or busiest.first()
    if project is None:
        return render(request, "dashboard/home/nowhere.html", status=403)
    return redirect("dashboard:overview", project_slug=project.slug)
