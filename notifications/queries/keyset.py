"""One page of a long list by key, not by offset: the thousandth page is as quick as the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Rows with the newest first, and where its neighbours start."""

    rows: list[Row]
    newer: int | None
    """The page before this one holds the ids above; None where there is none."""
    older: int | None
    """The page after this one holds the ids below; None where there is none."""


def keyset_page(
    rows: QuerySet[Row], size: int, *, before: int | None = None, after: int | None = None
) -> Page[Row]:
    """Rows older than `before`, or newer than `after`, else the newest ones. Two queries at most.

    A place whose rows are gone, or that has not a page full of newer ones, is the first page.
    """
    if after is not None:
        newer = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        if len(newer) > size:
            shown = newer[:size][::-1]
            return Page(rows=shown, newer=shown[0].pk, older=shown[-1].pk)
    elif before is not None:
        older = list(rows.filter(pk__lt=before).order_by("-pk")[: size + 1])
        if older:
            return Page(rows=older[:size], newer=older[0].pk, older=_older(older, size))
    newest = list(rows.order_by("-pk")[: size + 1])
    return Page(rows=newest[:size], newer=None, older=_older(newest, size))


def _older(found: list[Row], size: int) -> int | None:
    """Where the older page starts, if one more row than a page holds was found."""
    return found[size - 1].pk if len(found) > size else None
