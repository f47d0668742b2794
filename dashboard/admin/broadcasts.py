"""Broadcasts, notifications and suppressions in the administration, to look up; broadcasts are run in the dashboard."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from dashboard.admin.filters import LatelySeen, among
from dashboard.admin.links import link_to
from dashboard.admin.lists import GoesWithItsAccount, ReadOnly
from notifications.models import Broadcast, BroadcastState, Notification, Suppression, SuppressionReason

UNWIELDY = ("audience_uids", "cursors", "form_key")
"""A pasted list may be megabytes, and a page lists fifty of them."""


@admin.register(Broadcast)
class Broadcasts(ReadOnly):
    """What was sent to whom, as it was written."""

    list_display = (
        "title",
        link_to("project"),
        "state",
        "created_by",
        "created_at",
        "started_at",
        "finished_at",
        "expanded_messages",
    )
    list_filter = (("state", among(BroadcastState)), "project", "starred", "created_at")
    list_select_related = ("project", "created_by")
    search_fields = ("title",)
    exclude = UNWIELDY

    def get_queryset(self, request: HttpRequest) -> QuerySet[Broadcast]:
        """Without what no page here shows."""
        rows: QuerySet[Broadcast] = super().get_queryset(request).defer(*UNWIELDY)
        return rows

    def view_on_site(self, row: Broadcast) -> str:
        """Its page in the dashboard."""
        return reverse("dashboard:broadcast", args=[row.project.slug, row.pk])


@admin.register(Notification)
class Notifications(GoesWithItsAccount):
    """What people's bells show."""

    list_display = (
        "__str__",
        link_to("user"),
        link_to("project"),
        "kind",
        "priority",
        "locale",
        "created_at",
        "read_at",
    )
    list_filter = ("project", ("kind", LatelySeen), "created_at")
    list_select_related = ("user", "project")
    search_fields = ("user__username",)


@admin.register(Suppression)
class Suppressions(ReadOnly):
    """Who was not sent to, and why."""

    list_display = ("__str__", link_to("user"), "channel", link_to("broadcast"), link_to("project"), "at")
    list_filter = (("reason", among(SuppressionReason)), ("channel", LatelySeen), ("kind", LatelySeen), "at")
    list_select_related = ("user", "broadcast", "project")
    search_fields = ("uid", "user__username")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the audiences of their broadcasts."""
        return super().get_queryset(request).defer(*(f"broadcast__{name}" for name in UNWIELDY))
