"""Questions: which receipts to ask for now, taken by one worker; and when to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import BigIntegerField, DateTimeField, F, OuterRef, Q, QuerySet, Subquery

from notifications import wire
from notifications.models import Credential, Ticket
from notifications.models.bulk import update_columns
from notifications.models.prepared import Parameter, Prepared
from notifications.pipeline import backoff

LONGEST_GAP = timedelta(hours=4)
"""Between two questions for the same receipt, at the most."""
AFTER_RETRIES = timedelta(hours=1)
"""How long a question rests that failed more often than CHECKING_TASK_MAX_RETRIES allows."""

MOST_AT_ONCE = 5
"""Questions whose tickets are read together."""

_COLUMNS = (
    "id",
    "external_id",
    "batch_id",
    "checks",
    "message_id",
    "message__batch_id",
    "message__broadcast_id",
)


class Asked(NamedTuple):
    """A ticket whose receipt is asked for."""

    id: int
    external_id: str
    batch_id: int
    checks: int
    """How often it was asked for before."""
    message_id: int
    message_batch_id: int | None
    broadcast_id: int | None

    @property
    def is_latest(self) -> bool:
        """Is it about the latest attempt at its message? What came of an earlier one changes nothing any more."""
        return self.message_batch_id == self.batch_id


def claim(credential: Credential, now: datetime) -> list[Asked]:
    """The due tickets, for this worker: nobody else asks with this credential until its lease is over.

    None where somebody else was quicker.
    """
    until = now + settings.CARILLON_LEASE
    if not _not_asking(now).filter(pk=credential.pk).update(asking_until=until):
        return []
    credential.asking_until = until
    rows = _due(credential.provider_class.receipt_batch_size * MOST_AT_ONCE).rows(
        now=now, credential=credential.pk
    )
    if not rows:
        hold(credential, None)
    return list(map(Asked._make, rows))


def with_due(now: datetime) -> QuerySet[Credential]:
    """Credentials that may be asked and have receipts due; `waits_since`: the longest of them."""
    due = Ticket.objects.filter(asked_with=OuterRef("pk"), check_at__lte=now).order_by("check_at")
    waiting: QuerySet[Credential] = (
        _not_asking(now)
        .filter(Q(not_before=None) | Q(not_before__lte=now), paused_reason="")
        .annotate(waits_since=Subquery(due.values("check_at")[:1]))
        .filter(waits_since__isnull=False)
    )
    return waiting


def _not_asking(now: datetime) -> QuerySet[Credential]:
    asking = Q(asking_until=None) | Q(asking_until__lte=now)
    credentials: QuerySet[Credential] = Credential.objects.spoken().filter(asking)
    return credentials


def hold(credential: Credential, until: datetime | None) -> bool:
    """Keep the lease until then, or end it (None); False where it was over already and somebody else may be asking."""
    mine = Credential.objects.filter(pk=credential.pk, asking_until=credential.asking_until)
    if not mine.update(asking_until=until):
        return False
    credential.asking_until = until
    return True


@lru_cache(maxsize=8)
def _due(most: int) -> Prepared:
    """So many tickets of a credential whose receipts are due, those that wait longest first.

    By nothing but the time: PostgreSQL would sort all that are due at the same moment for each read.
    """
    return Prepared(
        lambda: (
            Ticket.objects.filter(
                asked_with_id=Parameter("credential", BigIntegerField()),
                check_at__lte=Parameter("now", DateTimeField()),
            )
            .order_by("check_at")
            .values_list(*_COLUMNS)[:most]
        )
    )


def received_before(tickets: Sequence[Asked], moment: datetime) -> list[Asked]:
    """Those of them that the provider gave us so long ago."""
    if not tickets:
        return []
    old = Ticket.objects.filter(pk__in_list={t.id for t in tickets}, date_received__lte=moment)
    ids = set(old.values_list("pk", flat=True))
    return [t for t in tickets if t.id in ids]


def close(tickets: Sequence[Asked]) -> None:
    """Never ask for these again."""
    if not tickets:
        return
    closed = Ticket.objects.filter(pk__in_list={t.id for t in tickets})
    closed.update(check_at=None, checks=F("checks") + 1)


def plan(
    credential: Credential, tickets: Sequence[Asked], trouble: wire.Ticket | None, now: datetime
) -> None:
    """When to ask for each ticket again."""
    patience = _Patience(credential, trouble)
    columns: dict[str, Sequence[Any]] = {
        "id": [t.id for t in tickets],
        "check_at": [now + patience.after(t.checks) for t in tickets],
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
