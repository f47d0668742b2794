"""Questions: which receipts to ask for now, taken by one worker; and when to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField

from notifications import wire
from notifications.models import Credential, Ticket
from notifications.models.bulk import update_columns
from notifications.models.copy_rules import CopyRules
from notifications.models.prepared import Parameter, Prepared
from notifications.pipeline import backoff

LONGEST_GAP = timedelta(hours=4)
"""Between two questions for the same receipt, at the most."""
AFTER_RETRIES = timedelta(hours=1)
"""How long a question rests that failed more often than CHECKING_TASK_MAX_RETRIES allows."""

_TICKET = ("id", "external_id", "batch_id", "date_received", "checks")
_MESSAGE = tuple(
    f"message__{name}" for name in ("id", "batch_id", "device_id", "broadcast_id", "lane", "attempts")
)


class _Columns(NamedTuple):
    id: int
    """The ticket's."""
    external_id: str
    batch_id: int
    date_received: datetime
    checks: int
    """How often it was asked for before."""
    message_id: int
    message_batch_id: int | None
    device_id: int | None
    broadcast_id: int | None
    lane: int
    attempts: int
    batch_created_at: datetime
    asked_until: datetime
    """When this worker's turn to ask for it is over."""


class Asked(_Columns, CopyRules):
    """A ticket whose receipt is asked for, and what of its message decides about the answer."""

    __slots__ = ()

    @property
    def pk(self) -> int:
        """The message's number: its rules are about the message."""
        return self.message_id


@transaction.atomic
def claim(credential: Credential, now: datetime) -> list[Asked]:
    """Take the due tickets for this worker: nobody else asks for them until the lease is over."""
    rows = _due(credential.provider_class.receipt_batch_size).rows(now=now, credential=credential.pk)
    until = now + settings.CARILLON_LEASE
    due = [Asked._make((*row, until)) for row in rows]
    update_columns(Ticket, {"id": [each.id for each in due], "check_at": [until] * len(due)})
    return sorted(due)


@lru_cache(maxsize=8)
def _due(most: int) -> Prepared:
    """So many tickets of a credential whose receipts are due, with what is asked of their messages and batches."""
    return Prepared(
        lambda: (
            Ticket.objects.filter(
                asked_with_id=Parameter("credential", BigIntegerField()),
                check_at__lte=Parameter("now", DateTimeField()),
            )
            .order_by("check_at", "id")
            .select_for_update(of=("self",))
            .values_list(*_TICKET, *_MESSAGE, "batch__created_at")[:most]
        )
    )


def still_mine(tickets: Sequence[Asked]) -> list[Asked]:
    """Those that nobody else has asked about since: they still carry the time that this worker's claim gave them."""
    held = Ticket.objects.select_for_update().filter(
        pk__in_list=[t.id for t in tickets], check_at=tickets[0].asked_until
    )
    mine = set(held.order_by("pk").values_list("pk", flat=True))
    return [t for t in tickets if t.id in mine]


def plan(
    credential: Credential,
    tickets: Sequence[Asked],
    closed: set[int],
    trouble: wire.Ticket | None,
    now: datetime,
) -> None:
    """When to ask for each ticket again; never, once it is closed."""
    patience = _Patience(credential, trouble)
    columns: dict[str, Sequence[Any]] = {
        "id": [t.id for t in tickets],
        "check_at": [None if t.id in closed else now + patience.after(t.checks) for t in tickets],
        "checks": [t.checks + 1 for t in tickets],
    }
    update_columns(Ticket, columns)


class _Patience:
    """The pauses between questions, one for all tickets that were asked for as often."""

    def __init__(self, credential: Credential, trouble: wire.Ticket | None) -> None:
        self._pause = shortest_pause(credential)
        # The first question may come at once; one that brought nothing must not be followed by the next at once.
        self._first = max(credential.setting("RECEIPT_CHECK_DELAY", timedelta(minutes=30)), self._pause)
        self._retries = credential.setting("CHECKING_TASK_MAX_RETRIES", 3)
        self._trouble = trouble
        self._seen: dict[int, timedelta] = {}

    def after(self, checks: int) -> timedelta:
        """The pause after so many questions before this one."""
        if checks not in self._seen:
            self._seen[checks] = self._after_trouble(checks) if self._trouble else self._after_nothing(checks)
        return self._seen[checks]

    def _after_nothing(self, checks: int) -> timedelta:
        pause: timedelta = min(self._first * 2 ** min(checks, 20), LONGEST_GAP)
        return pause

    def _after_trouble(self, checks: int) -> timedelta:
        """The receipts are there for a day: after the quick retries comes patience, not surrender."""
        asked = self._trouble.retry_after if self._trouble else None
        pause = backoff.delay(checks + 1, self._pause, asked)
        return pause if checks < self._retries else max(pause, AFTER_RETRIES)


def shortest_pause(credential: Credential) -> timedelta:
    """The shortest pause between two questions for the same ticket."""
    pause: timedelta = credential.setting("CHECKING_TASK_RETRY_DELAY", timedelta(minutes=1))
    return pause
