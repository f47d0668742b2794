"""Outbox: how code hands messages over. Sending is writing rows that are queued, and waking the workers on commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeVar

from django.db import models, transaction
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Greatest

from notifications import clock, providers, wake
from notifications.models.broadcast import Broadcast, BroadcastState
from notifications.models.bulk import insert_objects
from notifications.models.copy_rules import MessageState
from notifications.models.lifetime import expires_at, expires_at_sql
from notifications.models.new_copies import NewCopy, complete
from notifications.models.project import Credential, Project

Row = TypeVar("Row", bound=models.Model)
CHUNK = 2_000
"""Messages that one statement inserts."""
SENDABLE_STATES = [
    state for state in MessageState if state not in (MessageState.QUEUED, MessageState.SENDING)
]
"""States in which a message is not on its way: those it may be sent from, for the first time or again."""


class OutboxQuerySet(models.QuerySet[Row]):
    """Messages, and how they are told to go."""

    def send(self) -> None:
        """Queue these messages, in the order of their numbers. Nothing else happens where there are none.

        One that has been sent, whatever became of it, is sent again: a new series of attempts and a new ticket, counted
        in `replays`. One that is queued or under way stays as it is, and so does a copy of a cancelled broadcast. The
        number of queries does not depend on how many there are.
        """
        with transaction.atomic(using=self.db):
            messages = self._every().filter(pk__in=self.values("pk"))
            copies = messages.exclude(broadcast=None).order_by()
            broadcast_ids = list(copies.values_list("broadcast_id", flat=True).distinct())
            if broadcast_ids:
                Broadcast.objects.filter(pk__in=broadcast_ids).reopen()
            running = Broadcast.objects.filter(pk__in=broadcast_ids).exclude(state=BroadcastState.CANCELLED)
            open_accounts(without_credential(messages))
            if messages.filter(Q(broadcast=None) | Q(broadcast__in=running)).queue_again(SENDABLE_STATES):
                wake.up(wake.Step.DISPATCH)

    def queue_again(self, states: Sequence[MessageState]) -> int:
        """Give those of these messages that are in one of these states a new series of attempts. One statement.

        Returns how many. A message that was never sent keeps the time at which it is to leave, and its expiry.
        """
        now = clock.now()
        unsent = Q(state=MessageState.HELD)
        start = Case(
            When(unsent, then=Greatest(F("available_at"), Value(now))),
            default=Value(now),
            output_field=DateTimeField(),
        )
        expiry = expires_at_sql(start)
        rows = self._every().filter(state__in=states)
        # Locked in one order, so that two who send the same messages need not wait for each other. The state is asked
        # twice: of the two, the second must find nothing left to do.
        held = rows.filter(pk__in=self.values("pk")).order_by("pk").select_for_update()
        return int(
            rows.filter(pk__in=held.values("pk")).update(
                state=MessageState.QUEUED,
                reason="",
                code="",
                attempts=0,
                rescues=0,
                batch_limit=None,
                replays=Case(When(unsent, then=F("replays")), default=F("replays") + 1),
                available_at=start,
                expires_at=Case(When(unsent, then=Coalesce(F("expires_at"), expiry)), default=expiry),
                changed_at=now,
            )
        )

    def _every(self) -> Self:
        """All rows, whatever this one has been narrowed, ordered or cut to."""
        return type(self)(self.model, using=self.db)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Like Django's: written down and not sent. What their devices say already need not be said again."""
        messages = list(objs)
        complete([message for message in messages if message._state.adding])
        return super().bulk_create(messages, *args, **kwargs)


class OutboxManager(models.Manager[Row]):
    """`Message.objects`, and the `messages` of a device, a person, …"""

    def send(self, **fields: Any) -> Any:
        """Make one message and send it. Returns it, with its primary key."""
        (message,) = messages = self._belonging([self.model(**fields)])
        with transaction.atomic(using=self.db):
            complete(messages)
            queue(messages)
            message.save(using=self.db, force_insert=True)
            _hand_over(messages)
        return message

    def bulk_send(self, objs: Iterable[Any], **bulk_create_kwargs: Any) -> list[Any]:
        """Send these messages, which are not saved yet, all or none. Returns them, with their primary keys.

        Tens of thousands take a second or two and a few statements for each 2,000. With arguments for Django's
        `bulk_create` it is that which writes, at a fifth of the speed.
        """
        messages = self._belonging(objs)
        if not messages:
            return messages
        with transaction.atomic(using=self.db):
            complete(messages)
            queue(messages)
            if bulk_create_kwargs or any(message.pk for message in messages):
                models.QuerySet(self.model, using=self.db).bulk_create(messages, **bulk_create_kwargs)
            else:
                self._insert(messages)
            _hand_over(messages)
        return messages

    def _belonging(self, objs: Iterable[Any]) -> list[Any]:
        """The messages of `device.messages` belong to that device unless they say otherwise."""
        messages, owner = list(objs), getattr(self, "instance", None)
        if owner is not None:
            field = self.field  # type: ignore[attr-defined]  # of Django's manager of related rows
            for message in messages:
                if getattr(message, field.attname) is None:
                    setattr(message, field.name, owner)
        return messages

    def _insert(self, messages: Sequence[Any]) -> None:
        numbers, db = dict[str, int](), self.db
        for at in range(0, len(messages), CHUNK):
            numbers |= insert_objects(messages[at : at + CHUNK], by="key")
        for message in messages:
            message.id = numbers[message.key]
            message._state.adding, message._state.db = False, db


def queue(copies: Sequence[NewCopy]) -> None:
    """Mark new messages as queued from now on, or from the later moment that they name. One query."""
    now = clock.now()
    ids = {copy.project_id for copy in copies}
    longest = dict(Project.objects.filter(pk__in=ids).values_list("pk", "message_ttl"))
    for copy in copies:
        copy.state, copy.reason, copy.changed_at = MessageState.QUEUED.value, "", now
        copy.available_at = max(now, copy.available_at)
        if copy.expires_at is None:
            life = longest[copy.project_id]
            copy.expires_at = expires_at(copy.available_at, copy.ttl, copy.expiration, life)


def _hand_over(copies: Sequence[NewCopy]) -> None:
    """Their rows are written: see to it that somebody takes them up."""
    spoken = {(copy.project_id, copy.provider) for copy in copies}
    known = Credential.objects.filter(project__in={project for project, _ in spoken})
    open_accounts(spoken - set(known.values_list("project_id", "provider")))
    wake.up(wake.Step.DISPATCH)


def without_credential(messages: models.QuerySet[Any]) -> set[tuple[int, str]]:
    """Projects and providers of these messages that have no credential yet."""
    known = Credential.objects.filter(project=OuterRef("project"), provider=OuterRef("provider"))
    return set(messages.filter(~Exists(known)).order_by().values_list("project_id", "provider").distinct())


def open_accounts(needed: Iterable[tuple[int, str]]) -> None:
    """A provider without a stored key still needs a row that carries its pace and its pauses, or nothing leaves."""
    Credential.objects.bulk_create(
        [
            Credential(project_id=project_id, provider=provider)
            for project_id, provider in needed
            if provider in providers.PROVIDERS
        ],
        ignore_conflicts=True,
    )
