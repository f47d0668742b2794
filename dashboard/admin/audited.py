"""Whoever changes a row in the administration leaves an audit entry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from dashboard.access import actor
from notifications.actions.audit import Facts, write_down, write_down_each


class Audited(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes none at run time
    """Wherever Django notes something in its own log, it is audited too."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Called for a new row."""
        self._audit(request, "admin.add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Called for a changed row, a new password among them."""
        self._audit(request, "admin.change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Called before rows are deleted."""
        rows = [(row, {"changes": "", **self.facts(row)}) for row in queryset]
        write_down_each(actor(request), "admin.delete", rows)
        return super().log_deletions(request, queryset)

    def facts(self, row: Any) -> Facts:
        """What else an entry says of a row: what somebody may do from now on. No names, no values."""
        return {}

    def _audit(self, request: HttpRequest, verb: str, row: Model, changes: Any) -> None:
        write_down(actor(request), verb, row, {"changes": changes, **self.facts(row)})
