"""Accounts and groups in the administration."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from dashboard.admin.audited import Audited
from dashboard.admin.lists import BoundedPaginator
from notifications.actions.audit import Facts

admin.site.unregister([User, Group])


@admin.register(User)
class AuditedUsers(Audited, UserAdmin):  # type: ignore[type-arg]
    """Accounts."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/bounded_change_list.html"

    def facts(self, row: User) -> Facts:
        """What the account may do."""
        return {"superuser": row.is_superuser, "staff": row.is_staff}


@admin.register(Group)
class AuditedGroups(Audited, GroupAdmin):
    """Groups."""
