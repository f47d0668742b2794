"""What the lists of rows have in common: newest first, quick at a million rows, and no query for a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Count, Model, QuerySet, URLField
from django.http import HttpRequest
from django.utils.functional import cached_property

from dashboard.admin.audited import Audited

MOST_LISTED = 10_000
"""Rows that are counted and can be leafed through; beyond them one searches or filters."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # it takes none at run time
    """Leafs through the first rows only: to count a million and to skip most of them takes seconds."""

    @cached_property
    def count(self) -> int:
        """Rows that can be leafed through."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:MOST_LISTED].count()

    @property
    def end(self) -> int:
        """Where the list was cut off; 0 where it was not."""
        return MOST_LISTED if self.count == MOST_LISTED else 0


class CountedList(ChangeList):
    """A page of rows that know how many others belong to them."""

    def get_results(self, request: HttpRequest) -> None:
        """The page, and one query more for each relation that its admin counts."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        for relation in getattr(self.model_admin, "counted", ()):
            count_related(self.result_list, relation)


def count_related(rows: Sequence[Model], relation: str) -> None:
    """Note on each row, as `<relation>_count`, how many rows of another table point to it. One query."""
    if not rows:
        return
    key = rows[0]._meta.get_field(relation).field  # type: ignore[union-attr]  # a relation has one
    pointing = key.model._default_manager.filter(**{f"{key.name}__in": rows}).order_by()
    counts = dict(pointing.values_list(key.attname).annotate(Count("pk")))
    for row in rows:
        setattr(row, f"{relation}_count", counts.get(row.pk, 0))


class Listed(Audited):
    """A list of rows, newest first."""

    counted: Sequence[str] = ()
    """Relations whose rows are counted for each row of a page."""
    ordering = ("-id",)
    sortable_by = ()  # any other order would sort the whole table first
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/bounded_change_list.html"
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that counts."""
        return CountedList


class ReadOnly(Listed):
    """Rows that are looked at, and neither made, changed nor deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


class GoesWithItsAccount(ReadOnly):
    """Rows that are deleted with their account, and never by themselves."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asked by the page that deletes accounts, Django's own permission decides."""
        page = request.resolver_match.url_name if request.resolver_match else ""
        of_accounts = bool(page and page.startswith("auth_user_"))
        return of_accounts and admin.ModelAdmin.has_delete_permission(self, request, obj)
