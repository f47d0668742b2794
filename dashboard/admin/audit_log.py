"""The audit log in the administration: read, and nothing else."""

from __future__ import annotations

from django.contrib import admin

from dashboard.admin.filters import LatelySeen
from dashboard.admin.lists import ReadOnly
from notifications.models import AuditEntry


@admin.register(AuditEntry)
class AuditLog(ReadOnly):
    """Who did what. Entries outlive the accounts and projects they tell of."""

    list_display = ("at", "actor_name", "verb", "target", "project", "ip")
    list_filter = (("verb", LatelySeen), "project", "at")
    list_select_related = ("project",)
    search_fields = ("actor_name", "target")
    search_help_text = "An operator's name, or what was acted on: broadcast:12."
