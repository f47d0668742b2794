"""Ticket and Receipt: the append-only history of what was answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from notifications import clock, providers, wake
from notifications.models.batch import Batch
from notifications.models.message import Message
from notifications.models.new_tickets import completed
from notifications.models.project import Credential
from notifications.providers.expo.sdk_objects import push_ticket


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Tickets, and the questions for their receipts."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Like Django's; those that name no batch get one each, and an outcome where they have none."""
        tickets = list(objs)
        with completed([ticket for ticket in tickets if ticket._state.adding]):
            return super().bulk_create(tickets, *args, **kwargs)

    def check_receipts(self) -> None:
        """Ask for the receipts of these tickets at once, whether or not they were asked for before.

        Each answer becomes one more Receipt. Left alone are tickets that are no success, those without an external id,
        and those of providers that give no receipts. Nothing else happens where none is left.
        """
        asked = [key for key in providers.PROVIDERS if providers.get(key).has_receipts]
        tickets = TicketQuerySet(self.model, using=self.db).filter(
            pk__in=self.values("pk"), is_success=True, batch__credential__provider__in=asked
        )
        batch = Batch.objects.filter(pk=OuterRef("batch_id")).values("credential_id")
        # The batch is read for those alone that have none.
        with_what = Coalesce("asked_with", Subquery(batch))
        with transaction.atomic(using=self.db):
            if tickets.exclude(external_id="").update(check_at=clock.now(), asked_with=with_what):
                wake.up(wake.Step.RECEIPTS)


class Ticket(models.Model):
    """The provider's answer to one message of one batch, given at once. Exactly one for each."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="tickets", db_index=False)
    batch = models.ForeignKey(
        Batch, models.RESTRICT, related_name="tickets", db_index=False, db_constraint=False
    )
    """Evidence goes with its message, never with a batch or a key alone. The database does not look the batch up for
    each ticket, which takes a tenth of its time: the same transaction has ended it or moved its messages. An invariant
    finds what a deletion at the same moment would leave behind."""
    outcome = models.CharField(max_length=13)
    is_success = models.BooleanField()
    external_id = models.CharField(max_length=128, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    date_received = models.DateTimeField(default=clock.now)
    check_at = models.DateTimeField(null=True, blank=True)
    """When to ask for the receipt next; null when there is nothing (more) to ask."""
    asked_with = models.ForeignKey(
        Credential, models.RESTRICT, related_name="+", null=True, db_index=False, db_constraint=False
    )
    """Its batch's credential, once more, where there is something to ask: so that a paused one's tickets are not walked
    in search of another's."""
    checks = models.PositiveSmallIntegerField(default=0)

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "batch"], name="one_ticket_per_message_and_batch")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asked_with", "check_at"], condition=Q(check_at__isnull=False), name="ticket_to_check"
            ),
            models.Index(fields=["batch"], name="ticket_of_batch"),
            models.Index(fields=["external_id"], condition=~Q(external_id=""), name="ticket_external_id"),
        ]

    def __str__(self) -> str:
        return f"Ticket #{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Like Django's; a new one that names no batch gets one, and an outcome where it has none."""
        with completed([self] if self._state.adding else []):
            super().save(*args, **kwargs)

    def check_receipt(self) -> None:
        """Ask for its receipt at once: see TicketQuerySet.check_receipts."""
        type(self).objects.filter(pk=self.pk).check_receipts()

    def to_push_ticket(self) -> Any:
        """The SDK's own PushTicket of it, as django-expo-notifications has it, without details."""
        return push_ticket(
            self.message.to_push_message(),
            is_success=self.is_success,
            text=self.error_message,
            external_id=self.external_id,
        )


class Receipt(models.Model):
    """What finally became of an accepted message, as far as the provider knows."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="receipts", db_constraint=False)
    is_success = models.BooleanField()
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    date_checked = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"Receipt #{self.pk}"
