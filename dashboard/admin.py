"""Accounts and groups in the administration: whoever changes one leaves an audit entry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from dashboard.access import actor
from notifications.actions.audit import write_down


class Audited(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes none at run time
    """Wherever Django notes something in its own log, it is audited too."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Called for a new row."""
        _audit(request, "admin.add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Called for a changed row, a new password among them."""
        _audit(request, "admin.change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Called before rows are deleted."""
        for row in queryset:
            _audit(request, "admin.delete", row)
        return super().log_deletions(request, queryset)


def _audit(request: HttpRequest, verb: str, row: Model, changes: Any = "") -> None:
    """What was changed, and what an account may do from now on; no names, no values."""
    facts = {"superuser": row.is_superuser, "staff": row.is_staff} if isinstance(row, User) else {}
    write_down(actor(request), verb, row, {"changes": changes, **facts})


admin.site.unregister([User, Group])


@admin.register(User)
class AuditedUsers(Audited, UserAdmin):  # type: ignore[type-arg]
    """Accounts."""


@admin.register(Group)
class AuditedGroups(Audited, GroupAdmin):
    """Groups."""
