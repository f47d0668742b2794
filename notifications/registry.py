"""Registry: the kinds of notification that the apps of this installation know, each registered once at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Recipients = Callable[[Any], Iterable[Any]]
"""From a domain object to the users who are to hear of it: a queryset, or anything with users in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInfo:
    """One kind: what people call it, how much it matters, and who may refuse it."""

    kind: str
    display_name: str
    default_priority: int
    can_suppress: bool = True
    """May a user switch it off? If not, preferences are never asked."""
    default_opt_in: bool = True
    """Does a user who never said anything get it?"""
    recipients: Recipients | None = field(default=None, compare=False)
    """For `notify_for`."""


LONGEST_KIND = 200


class Registry:
    """The kinds, by their dotted names."""

    def __init__(self) -> None:
        self._kinds: dict[str, KindInfo] = {}

    def register(
        self,
        kind: str,
        display_name: str,
        default_priority: int,
        can_suppress: bool = True,
        default_opt_in: bool = True,
        recipients: Recipients | None = None,
    ) -> None:
        """Make a kind known: once, from `AppConfig.ready()`. Raises ValueError for one that is known already, and for a
        name that is none."""
        if not kind or len(kind) > LONGEST_KIND or ":" in kind or not kind.isprintable():
            raise ValueError(f"A kind is a dotted name such as 'users.password_changed', not {kind!r}.")
        if kind in self._kinds:
            raise ValueError(f"Notification kind '{kind}' is already registered.")
        self._kinds[kind] = KindInfo(
            kind=kind,
            display_name=display_name,
            default_priority=int(default_priority),
            can_suppress=can_suppress,
            default_opt_in=default_opt_in,
            recipients=recipients,
        )

    def get(self, kind: str) -> KindInfo | None:
        """What is known of a kind; None where nobody registered it."""
        return self._kinds.get(kind)

    def all(self) -> list[KindInfo]:
        """All kinds, sorted by name."""
        return [self._kinds[kind] for kind in sorted(self._kinds)]

    def __contains__(self, kind: object) -> bool:
        return kind in self._kinds


registry = Registry()
