"""What every page of the dashboard shows around its content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.models import Broadcast, BroadcastState, Credential, Project


def shell(request: HttpRequest) -> dict[str, Any]:
    """Theme, sandbox, project and navigation. Pages outside a project, and error pages, ask no database."""
    around: dict[str, Any] = {
        "theme": request.COOKIES.get("theme", ""),
        "sandbox": bool(settings.CARILLON_SANDBOX_URL),
    }
    project: Project | None = getattr(request, "project", None)
    if project is None:
        return around
    return around | {
        "project": project,
        "role": request.role,  # type: ignore[attr-defined]  # set by access.needs
        "operator": request.user.get_username(),
        "projects": Project.objects.open_to(request.user).order_by("name"),
        # Counted when the navigation is drawn: fragments and error pages have none.
        "nav_counts": SimpleLazyObject(lambda: _nav_counts(project)),
    }


def _nav_counts(project: Project) -> dict[str, int]:
    return {
        "sending": Broadcast.objects.filter(project=project, state=BroadcastState.SENDING).count(),
        "paused": Credential.objects.filter(project=project).exclude(paused_reason="").count(),
    }
