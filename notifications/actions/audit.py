"""Who acts, and the decorator that writes down what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import transaction
from django.db.models import Model

from notifications.models import AuditEntry, Project

P = ParamSpec("P")
Row = TypeVar("Row", bound=Model)
Facts = dict[str, Any]


class Refused(Exception):
    """An action that cannot be done now; its text tells a person why and what to do."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, or a command on the server (no account)."""

    name: str
    user_id: int | None = None
    ip: str | None = None


def audited(
    verb: str,
) -> Callable[
    [Callable[Concatenate[Actor, Row, P], Facts]],
    Callable[Concatenate[Actor, Row, P], Facts],
]:
    """Make an action audited: what it returns is saved as the entry's detail, in the same transaction.

    An audited action takes (actor, row, …) and returns facts fit for JSON, without secrets and personal text.
    """

    def decorate(
        action: Callable[Concatenate[Actor, Row, P], Facts],
    ) -> Callable[Concatenate[Actor, Row, P], Facts]:
        @wraps(action)
        @transaction.atomic
        def run(actor: Actor, row: Row, /, *args: P.args, **kwargs: P.kwargs) -> Facts:
            facts = action(actor, row, *args, **kwargs)
            write_down(actor, verb, row, facts)
            return facts

        run.audited_verb = verb  # type: ignore[attr-defined]
        return run

    return decorate


def write_down(actor: Actor, verb: str, row: Model, facts: Facts) -> None:
    """Add an entry by itself: for work of many transactions, which no decorator can hold together."""
    write_down_each(actor, verb, [(row, facts)])


def write_down_each(actor: Actor, verb: str, rows: Iterable[tuple[Model, Facts]]) -> None:
    """Add an entry for each row, with facts of its own. One query."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            project_id=_project_of(row),
            actor_id=actor.user_id,
            actor_name=actor.name,
            ip=actor.ip,
            verb=verb,
            target=f"{row._meta.model_name}:{row.pk}",
            detail=facts,
        )
        for row, facts in rows
    )


def _project_of(row: Model) -> int | None:
    return row.pk if isinstance(row, Project) else getattr(row, "project_id", None)
