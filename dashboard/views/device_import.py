"""One import: how its first rows would fare, how far it has come, what was rejected; and what may be done about it."""

from __future__ import annotations

from pathlib import PurePath
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import actor, needs
from dashboard.import_page import live
from dashboard.may import frame
from dashboard.templatetags.figures import number
from notifications.actions import imports
from notifications.actions.audit import Refused
from notifications.models import DeviceImport, Project, Role
from notifications.queries.imports import reject_file


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def detail(request: HttpRequest, project: Project, import_id: int) -> HttpResponse:
    """The whole page; for htmx the part that changes."""
    context = {**frame(request, project), **live(_find(project, import_id))}
    template = "_live.html" if request.htmx else "detail.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/device_import/{template}", context)


@needs(Role.ADMIN)
@require_POST
def start(request: HttpRequest, project: Project, import_id: int) -> HttpResponse:
    """Take its lines in."""
    device_import = _find(project, import_id)
    try:
        imports.start(actor(request), device_import)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back(device_import)


@needs(Role.ADMIN)
@require_POST
def cancel(request: HttpRequest, project: Project, import_id: int) -> HttpResponse:
    """Take nothing more in."""
    device_import = _find(project, import_id)
    try:
        facts = imports.cancel(actor(request), device_import)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        read = facts["lines_read"]
        done = f"{number(read)} line{pluralize(read)} had been read" if read else "Nothing was imported"
        messages.success(request, f"Cancelled. {done}.")
    return _back(device_import)


@needs(Role.ADMIN)
@require_safe
def rejects(request: HttpRequest, project: Project, import_id: int) -> HttpResponse:
    """The rejected lines as a file, to be mended and imported. The cells are those of the file, untouched."""
    device_import = _find(project, import_id)
    name = f"{PurePath(device_import.file_name).stem}.rejected.csv"
    answer = StreamingHttpResponse(reject_file(device_import), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer.headers["Cache-Control"] = "private, no-store"
    return cast(HttpResponse, answer)  # who asks looks at its status and its headers


def _back(device_import: DeviceImport) -> HttpResponse:
    return redirect(
        "dashboard:import_detail", project_slug=device_import.project.slug, import_id=device_import.pk
    )


def _find(project: Project, import_id: int) -> DeviceImport:
    """The project's own import; anybody else's does not exist."""
    rows = DeviceImport.objects.select_related("project", "created_by")
    return get_object_or_404(rows, project=project, pk=import_id)
