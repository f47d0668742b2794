"""Import: a form that takes a file of people and devices, and the files that were taken before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import actor, needs
from dashboard.import_page import ShownImport
from dashboard.may import frame
from dashboard.upload_form import UploadForm
from notifications.actions import imports
from notifications.actions.audit import Refused
from notifications.models import DeviceImport, Project, Role

LATEST = 25
"""Earlier imports on the page."""


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def import_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The form, and earlier imports; for htmx these alone."""
    return _page(request, project, UploadForm())


@needs(Role.ADMIN)
@require_POST
def upload(request: HttpRequest, project: Project) -> HttpResponse:
    """Store a file, and show how it would fare. Nobody is brought in yet."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            facts = imports.upload(actor(request), project, file.name, file.chunks())
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("dashboard:import_detail", project_slug=project.slug, import_id=facts["import"])
    return _page(request, project, form, status=422)


def _page(request: HttpRequest, project: Project, form: UploadForm, status: int = 200) -> HttpResponse:
    earlier = DeviceImport.objects.filter(project=project).select_related("created_by").order_by("-id")
    context = {
        **frame(request, project),
        "form": form,
        "imports": [ShownImport.of(each) for each in earlier[:LATEST]],
    }
    template = "_table.html" if request.htmx else "import_list.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/imports/{template}", context, status=status)
