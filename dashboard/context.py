"""What every page of the dashboard shows around its content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Theme, sandbox, project and navigation."""
    return {"theme": request.COOKIES.get("theme", ""), "sandbox": bool(settings.CARILLON_SANDBOX_URL)}
