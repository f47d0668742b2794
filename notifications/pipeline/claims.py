"""Claims: which messages may go now, taken by one worker in one transaction that waits for nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateTimeField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models.functions import Coalesce

from notifications import clock, providers
from notifications.models import Batch, Broadcast, BroadcastState, Credential, Message, MessageState
from notifications.models.bulk import insert_for_ids, set_columns, update_rows
from notifications.models.copy import Copy, more_words
from notifications.models.message import MessageQuerySet
from notifications.models.prepared import EpochSeconds, Moment, Parameter, Prepared
from notifications.pipeline import Done, topics

FARTHEST_SLOT = timedelta(seconds=10)
"""No slot is so far ahead, unless a clock was wrong when it was taken."""
NOW = Parameter("now", DateTimeField())
LANDED = Parameter("landed", TextField())
"""The numbers of batches whose answers are there, as JSON."""
_CREDENTIAL = [field.attname for field in Credential._meta.concrete_fields]
BREATH = 0.02
"""Seconds until the next look at messages that somebody else holds just now."""


@dataclass(slots=True)
class Claim:
    """What one worker may send now, alone, in one request."""

    batch: Batch
    credential: Credential
    messages: list[Copy]
    slot: datetime
    """The moment that was reserved for it."""
    connections: int
    """Of its credential's, those that neither others nor this worker's batches, but the `landed`, had at the claim."""


@transaction.atomic(savepoint=False)
def claim(most: int = 1, landed: Sequence[int] = (), *, ahead: bool = False) -> list[Claim] | Done:
    """Take the next batches of one credential for this worker, at most so many, in one transaction.

    With a limit of messages a second, one by one, each in its slot. `landed`: this worker's own batches whose
    connections are free. Done, with the time to wait, when there is nothing to take.

    `ahead`: for connections that will be free by the time of the start; their batches are among the `landed`. Not under
    a limit, nor where this worker cannot use all connections: others are to have the rest.
    """
    ended = json.dumps(list(landed))
    credential = _next_credential(clock.now(), ended)
    if credential is None:
        return Done(wait=_until_next_slot(clock.now(), ended))
    if ahead and (credential.most_a_second() or most < credential.connections()):
        return Done()
    now = clock.now()  # anew: to lock a credential may have taken its time
    size = credential.largest_batch(now)
    spare = credential.connections() - credential.under_way  # type: ignore[attr-defined]
    asked = 1 if credential.most_a_second() else max(1, min(most, spare))
    candidates = _candidates(credential, credential.provider_class.batch_size * asked, now, ended)
    if not candidates:
        return Done(wait=BREATH)  # an operator moves them just now, or somebody was quicker
    # Counted anew: somebody may have been quicker while we waited for the credential.
    spare = credential.connections() - candidates[0].under_way
    if spare <= 0:
        return Done(wait=0.0)
    blocked = [m for m in candidates if m.blocked]
    if blocked:
        return _close(credential, blocked, now)
    loads = _loads(candidates, size, min(asked, spare))
    claims = _take(credential, loads, spare, now)
    _take_slot(credential, len(loads[0]), now)
    return claims


def under_way(credential: Any, now: Moment) -> Coalesce:
    """How many batches of a credential hold a lease, but those that have landed or will have."""
    batches = Batch.objects.filter(credential=credential, finished_at=None, leased_until__gt=now)
    batches = batches.exclude(pk__in_list=LANDED)
    counted = batches.order_by().values("credential").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _take(
    credential: Credential, loads: Sequence[list[Copy]], connections: int, now: datetime
) -> list[Claim]:
    """One batch for each load, and its messages on their way."""
    number, until = len(loads), now + settings.CARILLON_LEASE
    columns: dict[str, Sequence[Any]] = {
        "credential": [credential.pk] * number,
        "size": [len(load) for load in loads],
        "created_at": [now] * number,
        "leased_until": [until] * number,
    }
    claims = [
        Claim(
            Batch(pk=pk, credential=credential, size=len(load), created_at=now, leased_until=until),
            credential,
            load,
            now,
            connections,
        )
        for pk, load in zip(insert_for_ids(Batch, columns), loads, strict=True)
    ]
    batches = [pk for each in claims for pk in [each.batch.pk] * len(each.messages)]
    moved: dict[str, Sequence[Any]] = {
        "id": [m.id for load in loads for m in load],
        "state": [MessageState.SENDING.value] * len(batches),
        "batch": batches,
        "changed_at": [now] * len(batches),
    }
    set_columns(Message, moved)
    return claims


def _next_credential(now: datetime, landed: str) -> Credential | None:
    """Lock the one credential whose most urgent message may go now and that has a connection to spare."""
    query = _first_credential(tuple(providers.PROVIDERS))
    rows = query.rows(now=now, farthest=now + FARTHEST_SLOT, landed=landed)
    if not rows:
        return None
    *columns, under_way = rows[0]
    credential = Credential.from_db(connection.alias, _CREDENTIAL, columns)
    credential.under_way = under_way  # type: ignore[attr-defined]
    return credential


@lru_cache(maxsize=8)
def _first_credential(providers_known: tuple[str, ...]) -> Prepared:
    """Which credential it is; one query for each set of providers that we speak to."""
    free = (
        Q(next_slot_at=None)
        | Q(next_slot_at__lte=NOW)
        | Q(next_slot_at__gt=Parameter("farthest", DateTimeField()))
    )
    return Prepared(
        lambda: (
            _credentials_with_work(NOW)
            .filter(free)
            .order_by("first_lane", F("next_slot_at").asc(nulls_first=True), "id")
            .select_for_update(of=("self",), no_key=True)  # rows that refer to it may be written meanwhile
            .values_list(*_CREDENTIAL, "under_way")[:1]
        )
    )


def _credentials_with_work(now: Moment) -> QuerySet[Any]:
    """Credentials that may be asked, have messages due and a connection to spare."""
    due = _sendable(now).filter(project_id=OuterRef("project_id"), provider=OuterRef("provider"))
    return (
        Credential.objects.spoken()
        .filter(Q(not_before=None) | Q(not_before__lte=now), paused_reason="")
        .annotate(first_lane=Subquery(due.order_by("lane", "available_at").values("lane")[:1]))
        .annotate(under_way=under_way(OuterRef("pk"), now))
        .filter(_with_a_connection_to_spare(), first_lane__isnull=False)
    )


def _with_a_connection_to_spare() -> Q:
    """In SQL, so that a worker locks the one credential that it can use, and no other on the way there."""
    spare = Q(under_way=0)
    for key in providers.PROVIDERS:
        spare |= Q(
            provider=key,
            under_way__lt=providers.get(key).connections,
            failures__lt=Credential.FAILURES_THAT_OPEN_THE_BREAKER,
        )
    return spare


def _sendable(now: Moment) -> MessageQuerySet:
    """Due messages, but those of a paused broadcast. A subquery, not a join: so the queue's index serves the order."""
    paused = Broadcast.objects.filter(state=BroadcastState.PAUSED).values("pk")
    return Message.objects.due(now).exclude(broadcast_id__in=paused)


def _until_next_slot(now: datetime, landed: str) -> float:
    """Seconds until the rate limit lets somebody go on; a second when nobody waits for it.

    None at all where somebody was only quicker than we are.
    """
    slots = [slot for (slot,) in _next_slots(tuple(providers.PROVIDERS)).rows(now=now, landed=landed)]
    return min([1.0, *[max(0.0, (slot - now).total_seconds()) if slot else 0.0 for slot in slots]])


@lru_cache(maxsize=8)
def _next_slots(providers_known: tuple[str, ...]) -> Prepared:
    """The slots of all credentials with work; one query for each set of providers that we speak to."""
    return Prepared(lambda: _credentials_with_work(NOW).values_list("next_slot_at"))


def _candidates(credential: Credential, most: int, now: datetime, landed: str) -> list[Copy]:
    """The next messages of this credential. How many batches are under way was counted before it was locked once
    already, and may be outdated.

    Locked, but for those that somebody else has locked: a claim that waited for a cancel could be waited for by it.
    """
    project, provider = credential.project_id, credential.provider
    return _queue(most).made(
        partial(tuple.__new__, Copy),  # as Copy._make, in a third of the time
        now=now,
        project=project,
        provider=provider,
        credential=credential.pk,
        landed=landed,
    )


@lru_cache(maxsize=16)
def _queue(most: int) -> Prepared:
    """So many messages of a credential, the most urgent first."""
    return Prepared(
        lambda: (
            _sendable(NOW)
            .filter(project_id=Parameter("project", BigIntegerField()))
            .filter(provider=Parameter("provider", CharField()))
            .with_blocked(NOW)
            .annotate(
                token=F("device__push_token"),
                expires=EpochSeconds("expires_at"),
                more=more_words(),
                under_way=under_way(Parameter("credential", BigIntegerField()), NOW),
            )
            .order_by("lane", "available_at", "id")
            .select_for_update(of=("self",), skip_locked=True)
            .values_list(*Copy._fields)[:most]
        )
    )


def _close(credential: Credential, blocked: Sequence[Copy], now: datetime) -> Done:
    """Close messages that must not be attempted any more."""
    for verdict in {m.blocked for m in blocked}:
        state, _, reason = verdict.partition(":")
        ids = [m.id for m in blocked if m.blocked == verdict]
        Message.objects.filter(pk__in=ids).update(state=state, reason=reason, changed_at=now)
    return Done(
        messages=len(blocked),
        wait=0.0,
        is_room=any(m.broadcast_id for m in blocked),
        topics=topics({credential.project_id}, {m.broadcast_id for m in blocked if m.broadcast_id}),
    )


def _loads(candidates: Sequence[Copy], size: int, most: int) -> list[list[Copy]]:
    """The candidates in order, as requests that may be made: of `size` messages, and of so many at the most."""
    loads: list[list[Copy]] = []
    start = 0
    while start < len(candidates) and len(loads) < most:
        loads.append(_that_may_travel_together(candidates[start : start + size], size))
        start += len(loads[-1])
    return loads


def _that_may_travel_together(candidates: Sequence[Copy], size: int) -> list[Copy]:
    """The longest run that respects every message's `batch_limit` (a worker died on it before) and one channel."""
    if {(m.channel, m.batch_limit) for m in candidates} == {(candidates[0].channel, None)}:
        return list(candidates[:size])
    chosen: list[Copy] = []
    for message in candidates:
        size = min(size, message.batch_limit or size)
        if len(chosen) >= size or (chosen and message.channel != chosen[0].channel):
            break
        chosen.append(message)
    return chosen


def _take_slot(credential: Credential, messages: int, now: datetime) -> None:
    """Reserve this moment for so many messages; the credential's row is locked."""
    credential.take_slot(messages, now)
    slot = {"id": credential.pk, "next_slot_at": credential.next_slot_at, "slots": credential.slots}
    update_rows(Credential, [slot])
