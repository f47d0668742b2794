"""What every page of a project starts with, and what its reader may do: no page offers what the server would refuse."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from notifications.models import Project, Role


def frame(request: HttpRequest, project: Project) -> dict[str, Any]:
    """The project, the reader's role, and whether it covers an editor's, a sender's, an admin's work."""
    role: Role = request.role  # type: ignore[attr-defined]  # set by access.needs
    return {
        "project": project,
        "role": role,
        "may_edit": role.covers(Role.EDITOR),
        "may_send": role.covers(Role.SENDER),
        "may_admin": role.covers(Role.ADMIN),
    }
