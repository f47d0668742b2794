"""People in the administration: their profiles, and what projects call them."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from dashboard.admin.links import link_to
from dashboard.admin.lists import GoesWithItsAccount
from notifications.models import Identity, Recipient


@admin.register(Recipient)
class Recipients(GoesWithItsAccount):
    """Profiles. Somebody who asks for quiet, or for an end of it, can be helped here."""

    list_display = ("__str__", link_to("user"), "name", "locale", "timezone", "muted_until")
    list_select_related = ("user",)
    search_fields = ("user__username", "name")
    readonly_fields = ("user", "name", "locale", "timezone", "tags", "attributes")

    def has_change_permission(self, request: HttpRequest, obj: Recipient | None = None) -> bool:
        """Django's own permission decides."""
        return admin.ModelAdmin.has_change_permission(self, request, obj)


@admin.register(Identity)
class Identities(GoesWithItsAccount):
    """What projects call accounts. Nobody changes it here: devices and audiences go by these words."""

    list_display = ("uid", link_to("project"), link_to("user"), "created_at")
    list_filter = ("project",)
    list_select_related = ("project", "user")
    search_fields = ("uid", "user__username")
