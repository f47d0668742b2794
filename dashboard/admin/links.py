"""Columns that lead from a row to the rows beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html

from dashboard.admin.lists import count_related

Column = Callable[[Any], str]


def link_to(field: str) -> Column:
    """A column with the row that a foreign key names. The list selects it too (`list_select_related`)."""

    @admin.display(description=field.replace("_", " "), empty_value="-")
    def column(row: Model) -> str:
        other = getattr(row, field)
        return format_html('<a href="{}">{}</a>', page_of(other), other) if other else ""

    column.__name__ = f"{field}_link"
    return column


def link_to_many(relation: str) -> Column:
    """A column with how many rows of another table belong to this one, leading to their list."""

    @admin.display(description=relation.replace("_", " "))
    def column(row: Model) -> str:
        if not hasattr(row, f"{relation}_count"):
            count_related([row], relation)
        key = row._meta.get_field(relation).field  # type: ignore[union-attr]  # a relation has one
        names, count = key.model._meta, getattr(row, f"{relation}_count")
        word = names.verbose_name if count == 1 else names.verbose_name_plural
        address = f"{list_of(key.model)}?{key.name}__id__exact={row.pk}"
        return format_html('<a href="{}">{} {}</a>', address, f"{count:,}", word)

    column.__name__ = f"{relation}_link"
    return column


def page_of(row: Model) -> str:
    """The address of a row in the administration."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type[Model]) -> str:
    """The address of a list in the administration."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
