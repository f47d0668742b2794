"""Notified: the notifications of one event as a list that is read when somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

from django.db.models import QuerySet

from notifications.models import Notification

CHUNK = 2000
"""Rows that are read together."""


class Notified(Sequence[Notification]):
    """Acts as a list; a hundred thousand of them take no memory until they are asked for."""

    def __init__(self, key: str) -> None:
        """`key`: of the event."""
        self._key = key

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return self._rows().count()

    def __iter__(self) -> Iterator[Notification]:
        return self._rows().iterator(chunk_size=CHUNK)

    @overload
    def __getitem__(self, at: int) -> Notification: ...
    @overload
    def __getitem__(self, at: slice) -> list[Notification]: ...
    def __getitem__(self, at: int | slice) -> Notification | list[Notification]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step < 0:
                return list(self)[at]
            return list(self._rows()[start:stop:step])
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError("There are not so many notifications.")
        found: Notification = self._rows()[place]
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | Notified) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} notifications>"

    def _rows(self) -> QuerySet[Any]:
        return Notification.objects.filter(key=self._key).select_related("user").order_by("pk")
