"""What operators do by hand with rows they picked, to find out what is wrong: send messages, ask for receipts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet

from notifications import live
from notifications.actions.audit import Actor, Refused, write_down_each
from notifications.models import BroadcastState, Message, Project, Ticket

MOST = 10_000
"""Rows that may be picked at once: who wants more sends a broadcast."""


class Picked(NamedTuple):
    """What became of the rows that were picked."""

    taken: int
    left: int
    """Those that stay as they are."""


@transaction.atomic
def send(actor: Actor, picked: QuerySet[Message]) -> Picked:
    """Queue these messages, those that were sent already too; what is on its way stays so.

    Copies of a cancelled broadcast are left. Each project gets an audit entry: {"messages": n}. Raises Refused for more
    than MOST. The number of queries depends neither on the messages nor on their projects.
    """
    ids = _ids(picked)
    messages = Message.objects.filter(pk__in=ids).exclude(broadcast__state=BroadcastState.CANCELLED)
    by_project = _count(messages, "project")
    broadcasts = messages.exclude(broadcast=None).order_by().values_list("broadcast", flat=True).distinct()
    topics = [*(f"project:{each}" for each in by_project), *(f"broadcast:{each}" for each in broadcasts)]
    messages.send()
    _write_down(actor, "messages.send", by_project, "messages")
    live.publish(*topics)
    return _picked(ids, by_project)


@transaction.atomic
def check(actor: Actor, picked: QuerySet[Ticket]) -> Picked:
    """Ask for the receipts of these tickets now. Those without an id to ask with are left.

    Each project gets an audit entry: {"tickets": n}. Raises Refused for more than MOST. The number of queries depends
    neither on the tickets nor on their projects.
    """
    ids = _ids(picked)
    tickets = Ticket.objects.filter(pk__in=ids).exclude(external_id="")
    by_project = _count(tickets, "message__project")
    tickets.check_receipts()
    _write_down(actor, "tickets.check", by_project, "tickets")
    return _picked(ids, by_project)


def _ids(picked: QuerySet[Any]) -> list[int]:
    ids = list(picked.values_list("pk", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        raise Refused(f"Nothing was done: no more than {MOST:,} at once. Filter or search for fewer.")
    return ids


def _count(rows: QuerySet[Any], project: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(project).annotate(Count("pk")))


def _picked(ids: list[int], by_project: Mapping[int, int]) -> Picked:
    taken = sum(by_project.values())
    return Picked(taken, len(ids) - taken)


def _write_down(actor: Actor, verb: str, by_project: Mapping[int, int], what: str) -> None:
    projects = Project.objects.in_bulk(list(by_project))
    write_down_each(actor, verb, [(projects[pk], {what: n}) for pk, n in by_project.items()])
