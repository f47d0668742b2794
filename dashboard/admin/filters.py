"""Filters by the words of a text column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Field, Model
from django.http import HttpRequest


class Words(admin.FieldListFilter):
    """Rows whose column has exactly this word."""

    words: tuple[str, ...] = ()

    def __init__(
        self,
        field: Field[Any, Any],
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: admin.ModelAdmin[Any],
        field_path: str,
    ) -> None:
        self.chosen = (params.get(field_path) or [""])[-1]
        if "\0" in self.chosen:  # PostgreSQL knows no such text
            raise IncorrectLookupParameters
        super().__init__(field, request, params, model, model_admin, field_path)
        self.offered = [word for word in self.offer(model) if word]
        if self.chosen and self.chosen not in self.offered:
            self.offered.append(self.chosen)

    def offer(self, model: type[Model]) -> Iterable[str]:
        """The words to choose from."""
        return self.words

    def expected_parameters(self) -> list[str | None]:
        """Its name in the address."""
        return [self.field_path]

    def has_output(self) -> bool:
        """Is there anything to choose?"""
        return bool(self.offered)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """All, then word by word."""
        every = changelist.get_query_string(remove=[self.field_path])
        yield {"selected": not self.chosen, "query_string": every, "display": "All"}
        for word in self.offered:
            address = changelist.get_query_string({self.field_path: word})
            yield {"selected": word == self.chosen, "query_string": address, "display": word}


def among(words: Iterable[str]) -> type[Words]:
    """A filter by the words of a closed list."""
    return type("Among", (Words,), {"words": tuple(str(word) for word in words)})


class LatelySeen(Words):
    """The words that the newest rows have: to read a whole table for a menu would hold up the page."""

    LOOKED_AT = 1_000

    def offer(self, model: type[Model]) -> Iterable[str]:
        """The words of those rows, in order. One query."""
        newest = model._default_manager.order_by("-pk").values_list(self.field_path, flat=True)
        return sorted(set(newest[: self.LOOKED_AT]))
