"""The providers: whether each may be asked, its secrets, and how to stop and resume it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.access import actor, needs
from dashboard.may import frame
from dashboard.secrets_form import SecretsForm
from notifications.actions import credentials
from notifications.actions.audit import Refused
from notifications.models import Credential, Project, Role
from notifications.queries.credentials import Standing, base_url, is_registered, secrets_kept, standings


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def credential_list(request: HttpRequest, project: Project) -> HttpResponse:
    """One card for each registered provider."""
    return _page(request, project)


@needs(Role.ADMIN)
@require_POST
def save(request: HttpRequest, project: Project, provider: str) -> HttpResponse:
    """Keep new secrets; a field left empty keeps what it has. Secrets are never shown again."""
    standing = _find(project, provider)
    form = SecretsForm(standing, request.POST)
    if not form.is_valid():
        return _page(request, project, form)
    credential = _row(project, provider)
    facts = credentials.set_secrets(actor(request), credential, form.merged_with(secrets_kept(credential)))
    if "paused" in facts:
        messages.success(
            request, f"Saved. {standing.label} stays paused until you resume it: {facts['paused']}."
        )
    else:
        messages.success(request, f"Saved. {standing.label} is asked with it from now on.")
    return redirect("dashboard:providers", project_slug=project.slug)


@needs(Role.SENDER)
@require_POST
def pause(request: HttpRequest, project: Project, provider: str) -> HttpResponse:
    """Stop sending with it; what waits goes on waiting."""
    standing = _find(project, provider)
    try:
        credentials.pause(actor(request), _row(project, provider))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"{standing.label} is paused. What waits goes on waiting until you resume it."
        )
    return redirect("dashboard:providers", project_slug=project.slug)


@needs(Role.SENDER)
@require_POST
def resume(request: HttpRequest, project: Project, provider: str) -> HttpResponse:
    """Send with it again."""
    standing = _find(project, provider)
    try:
        credentials.resume(actor(request), get_object_or_404(Credential, project=project, provider=provider))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{standing.label} is asked again.")
    return redirect("dashboard:providers", project_slug=project.slug)


def _page(request: HttpRequest, project: Project, wrong: SecretsForm | None = None) -> HttpResponse:
    """The page; with a form that was filled in wrongly, in its place and with status 422."""
    cards = [_card(project, each, wrong) for each in standings(project)]
    context = {**frame(request, project), "cards": cards}
    template = "_cards.html" if request.htmx else "credential_list.html"  # type: ignore[attr-defined]
    return render(request, f"dashboard/providers/{template}", context, status=422 if wrong else 200)


def _card(project: Project, standing: Standing, wrong: SecretsForm | None) -> dict[str, Any]:
    key = standing.provider.key
    address = base_url(project, key)
    return {
        "standing": standing,
        "form": wrong if wrong and wrong.standing.provider.key == key else SecretsForm(standing),
        "address": address,
        "is_sandbox": _is_sandbox(address),
    }


def _is_sandbox(address: str) -> bool:
    """Does this server's own simulator answer there? Told by the path: the port may have been chosen at the start."""
    sandbox = settings.CARILLON_SANDBOX_URL
    return bool(sandbox) and urlsplit(address).path == urlsplit(sandbox).path


def _find(project: Project, provider: str) -> Standing:
    if not is_registered(provider):
        raise Http404("No such provider")
    return next(each for each in standings(project) if each.provider.key == provider)


def _row(project: Project, provider: str) -> Credential:
    """The project's credential at this provider, made when it is first needed."""
    return Credential.objects.get_or_create(project=project, provider=provider)[0]
