"""What must be true of the rows at any moment: one query each, named as in ARCHITECTURE.md."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from notifications import clock, wire
from notifications.audience import Audience
from notifications.channels.bell import BellChannel
from notifications.models import (
    Batch,
    Broadcast,
    BroadcastState,
    Credential,
    Device,
    InactiveReason,
    Message,
    MessageState,
    Notification,
    Project,
    Receipt,
    Suppression,
    Ticket,
)

OVERLAP = timedelta(seconds=5)
"""Two transactions that overlap may carry times in either order; further apart is no accident."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must hold, and the rows for which it does not."""

    number: str
    """As in ARCHITECTURE.md, with a letter where one invariant takes several queries."""
    says: str
    broken: Callable[[], Iterable[Any]]


def check(most: int = 10) -> list[tuple[Invariant, list[str]]]:
    """The invariants that do not hold, each with up to so many offending rows by name."""
    found = [(invariant, _names(invariant.broken(), most)) for invariant in INVARIANTS]
    return [(invariant, names) for invariant, names in found if names]


def _names(rows: Iterable[Any], most: int) -> list[str]:
    limited = rows[:most] if isinstance(rows, QuerySet) else list(rows)[:most]
    return [f"{type(row).__name__} {row.pk}" for row in limited]


def _stuck() -> QuerySet[Batch]:
    late = clock.now() - 3 * settings.CARILLON_SWEEP
    return Batch.objects.filter(finished_at=None, leased_until__lt=late)


def _sending_without_lease() -> QuerySet[Message]:
    sending = Message.objects.filter(state=MessageState.SENDING)
    return sending.filter(Q(batch=None) | Q(batch__finished_at__isnull=False))


def _started_without_lease() -> QuerySet[Batch]:
    return Batch.objects.filter(started_at__gte=F("leased_until"))


def _batch_without_its_tickets() -> QuerySet[Batch]:
    tickets = _count(Ticket.objects.filter(batch=OuterRef("pk")), "batch")
    return Batch.objects.filter(finished_at__isnull=False).annotate(n=tickets).exclude(n=F("size"))


def _from_here() -> QuerySet[Ticket]:
    """Tickets of what this server has sent. What code wrote down happened elsewhere, or never."""
    return Ticket.objects.exclude(batch__outcome=Batch.BY_CODE)


def _unexplained_duplicate() -> QuerySet[Message]:
    of_it = _from_here().filter(message=OuterRef("pk"))
    accepted = _count(of_it.filter(outcome=wire.Outcome.ACCEPTED), "message")
    ambiguous = _count(of_it.filter(outcome=wire.Outcome.AMBIGUOUS), "message")
    bad = _count(Receipt.objects.filter(ticket__message=OuterRef("pk"), is_success=False), "ticket__message")
    counted = Message.objects.annotate(accepted_n=accepted, ambiguous_n=ambiguous, bad_n=bad)
    return counted.filter(accepted_n__gt=1 + F("ambiguous_n") + F("bad_n") + F("replays"))


def _not_conserved() -> QuerySet[Broadcast]:
    counted = Broadcast.objects.annotate(
        messages_n=_count(Message.objects.filter(broadcast=OuterRef("pk")), "broadcast"),
        notifications_n=_count(Notification.objects.filter(broadcast=OuterRef("pk")), "broadcast"),
        suppressions_n=_count(Suppression.objects.filter(broadcast=OuterRef("pk")), "broadcast"),
    )
    broken = counted.exclude(
        messages_n=F("expanded_messages"), suppressions_n=F("expanded_suppressions")
    ) | counted.filter(notifications_n__gt=F("expanded_notifications"))
    return broken  # a bell goes with its account: fewer notifications are no fault


def _sent_too_early() -> QuerySet[Broadcast]:
    still_open = Message.objects.open().filter(broadcast=OuterRef("pk"))
    return Broadcast.objects.filter(Exists(still_open), state=BroadcastState.SENT)


def _somebody_lost() -> list[Broadcast]:
    """One query for each channel of each broadcast; suppressions are kept as long as we look back."""
    written_out = Broadcast.objects.filter(
        expanded_at__isnull=False, started_at__gt=clock.now() - timedelta(days=30)
    )
    return [each for each in written_out if any(_has_lost(each, channel) for channel in each.channels)]


def _has_lost(broadcast: Broadcast, channel: str) -> bool:
    """Is there an account of the audience, known before the start, with neither a copy nor a reason?

    A difference of sets: each table is read once, however many people there are.
    """
    before = (broadcast.started_at or broadcast.created_at) - OVERLAP
    meant = Audience.of(broadcast).identities().filter(created_at__lt=before)
    told = Suppression.objects.filter(broadcast=broadcast, channel=channel)
    bells = Notification.objects.filter(broadcast=broadcast)
    messages = Message.objects.filter(broadcast=broadcast, channel=channel)
    got = bells.values("user") if channel == BellChannel.key else messages.values("user")
    return bool(meant.values("user").difference(got, told.values("user"))[:1])


def _state_without_reason() -> QuerySet[Message]:
    troubled = [MessageState.FAILED, MessageState.UNKNOWN, MessageState.SUPPRESSED, MessageState.EXPIRED]
    return Message.objects.filter(state__in=[*troubled, MessageState.CANCELLED], reason="")


def _tried_too_often() -> QuerySet[Message]:
    most: int = settings.EXPO_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES
    return Message.objects.filter(Q(attempts__gt=most + 2) | Q(rescues__gt=Message.RESCUES_ALONE))


def _attempt_after_stop() -> QuerySet[Ticket]:
    after = {"batch__created_at__gt": F("message__broadcast__finished_at") + OVERLAP}
    cancelled = Q(message__broadcast__state=BroadcastState.CANCELLED, **after)
    retired = Q(
        batch__created_at__gt=F("message__device__date_retired") + OVERLAP, message__device__is_active=False
    )
    expired = Q(batch__created_at__gt=F("message__expires_at"))
    return _from_here().filter(cancelled | retired | expired)


def _retired_without_evidence() -> QuerySet[Device]:
    said_so = Ticket.objects.filter(message__device=OuterRef("pk"), outcome=wire.Outcome.GONE)
    said_later = Receipt.objects.filter(ticket__message__device=OuterRef("pk"), is_success=False)
    gone: QuerySet[Device] = Device.objects.filter(inactive_reason=InactiveReason.GONE)
    return gone.exclude(Exists(said_so)).exclude(Exists(said_later))


def _sent_while_paused() -> QuerySet[Batch]:
    paused = Batch.objects.exclude(credential__paused_reason="").exclude(outcome=Batch.BY_CODE)
    return paused.filter(created_at__gt=F("credential__paused_at") + OVERLAP)


def _too_fast() -> list[Batch]:
    return [b for credential in Credential.objects.spoken() for b in _over_the_limit(credential)]


def _over_the_limit(credential: Credential) -> list[Batch]:
    """Batches of the last day that began a second with more messages than the provider allows. One pass, in order."""
    limit = credential.most_a_second()
    if not limit:
        return []
    day = Batch.objects.filter(credential=credential, started_at__gt=clock.now() - timedelta(days=1))
    found: list[Batch] = []
    second: deque[Batch] = deque()
    carried = 0
    for batch in day.order_by("started_at").only("id", "started_at", "size").iterator():
        second.append(batch)
        carried += batch.size
        while _apart(second) >= timedelta(seconds=1):
            carried -= second.popleft().size
        if carried > limit:
            found.append(second[0])
    return found


def _apart(batches: deque[Batch]) -> timedelta:
    first, last = batches[0].started_at, batches[-1].started_at
    return last - first if first and last else timedelta(0)


def _other_project() -> list[Any]:
    strangers = Message.objects.filter(
        ~Q(device__project=F("project")) & Q(device__isnull=False)
        | ~Q(broadcast__project=F("project")) & Q(broadcast__isnull=False)
        | ~Q(batch__credential__project=F("project")) & Q(batch__isnull=False)
    )
    misplaced = Notification.objects.filter(broadcast__isnull=False).exclude(broadcast__project=F("project"))
    return [*strangers[:10], *misplaced[:10]]


def _history_of_nothing() -> list[Any]:
    """The database does not look these up by itself: see Ticket.batch and Notification."""
    batches = Batch.objects.filter(pk=OuterRef("batch_id"))
    asked = Q(asked_with__isnull=False) & ~Exists(Credential.objects.filter(pk=OuterRef("asked_with_id")))
    tickets = Ticket.objects.filter(~Exists(batches) | asked)
    receipts = Receipt.objects.exclude(Exists(Ticket.objects.filter(pk=OuterRef("ticket_id"))))
    carried = Message.objects.filter(~Exists(batches), batch__isnull=False)
    people = get_user_model()._base_manager.filter(pk=OuterRef("user_id"))
    projects = Project.objects.filter(pk=OuterRef("project_id"))
    told = Notification.objects.filter(~Exists(people) | ~Exists(projects))
    return [*tickets[:10], *receipts[:10], *carried[:10], *told[:10]]


def _open_secret() -> QuerySet[Credential]:
    return Credential.objects.exclude(sealed_secrets="").exclude(sealed_secrets__startswith="gAAAA")


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many of the rows belong to the outer row."""
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


INVARIANTS = (
    Invariant("1", "What a dead worker held is freed by the sweep", _stuck),
    Invariant("2a", "A message that is being sent has an open batch", _sending_without_lease),
    Invariant("2b", "No call starts without a lease", _started_without_lease),
    Invariant("3", "Every message of a finished batch has exactly one ticket", _batch_without_its_tickets),
    Invariant("4", "Every duplicate is explained", _unexplained_duplicate),
    Invariant("5a", "Copies written out = rows that exist", _not_conserved),
    Invariant("5b", "A sent broadcast has no copy that is still to be handed over", _sent_too_early),
    Invariant("5c", "Every state that is no success has a reason", _state_without_reason),
    Invariant("5d", "Everybody meant has a copy or a reason on each channel", _somebody_lost),
    Invariant("6", "Attempts are bounded", _tried_too_often),
    Invariant("7", "No attempt starts after cancel, expiry or the end of a device", _attempt_after_stop),
    Invariant("8a", "A device is retired only on its provider's word", _retired_without_evidence),
    Invariant("8b", "A paused credential sends nothing", _sent_while_paused),
    Invariant("11", "No second carries more than the provider allows", _too_fast),
    Invariant("12a", "No row of one project points into another", _other_project),
    Invariant(
        "12b", "No ticket, receipt, message or notification points to a row that is gone", _history_of_nothing
    ),
    Invariant("13", "Secrets are encrypted", _open_secret),
)
