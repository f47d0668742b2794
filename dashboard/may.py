"""What the reader of a page may do, so that no page offers what the server would refuse."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from notifications.models import Project, Role


def frame(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What every page of a project starts with: the project, the reader's role and what it covers."""
    role: Role = request.role  # type: ignore[attr-defined]  # set by access.needs
    return {
        "project": project,
        "role": role,
        "may_edit": role.covers(Role.EDITOR),
        "may_send": role.covers(Role.SENDER),
        "may_admin": role.covers(Role.ADMIN),
    }
