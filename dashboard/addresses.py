"""Where the rows behind a number are."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from notifications.models import Project

MESSAGES_ID = "messages"
"""The id of the table of messages on a broadcast's page."""


def page_of(project: Project, broadcast_id: int) -> str:
    """A broadcast's page."""
    return reverse("dashboard:broadcast", kwargs={"project_slug": project.slug, "broadcast_id": broadcast_id})


def not_sent_of(project: Project, broadcast_id: int) -> str:
    """The people a broadcast left out."""
    where = {"project_slug": project.slug, "broadcast_id": broadcast_id}
    return reverse("dashboard:broadcast_suppressions", kwargs=where)


def rows_of(page: str, state: str = "", **more: str) -> str:
    """The table on a broadcast's page, showing only these messages."""
    query = urlencode({name: value for name, value in {"state": state, **more}.items() if value}, safe=":")
    return f"{page}{'?' if query else ''}{query}#{MESSAGES_ID}"
