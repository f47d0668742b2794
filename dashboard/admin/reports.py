"""What an operator is told of an action over the rows that were picked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from dashboard.access import actor
from notifications.actions.audit import Actor, Refused
from notifications.actions.by_hand import Picked

Action = Callable[[Actor, QuerySet[Any]], Picked]


def do(request: HttpRequest, action: Action, rows: QuerySet[Any], taken: str, left: str) -> None:
    """Do it, and say with how many rows (`taken`, `left`: what follows the number), or why it was refused."""
    try:
        picked = action(actor(request), rows)
    except Refused as refused:
        messages.error(request, str(refused))
        return
    if picked.taken or not picked.left:
        messages.success(request, f"{picked.taken} {taken}")
    if picked.left:
        messages.warning(request, f"{picked.left} {left}")
