"""Batch: one attempt of one credential, and its lease."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from notifications import clock
from notifications.models.project import Credential


class Batch(models.Model):
    """One claim of up to N messages of one credential: the committed attempt and its lease."""

    BY_CODE = "by_code"
    """The outcome of one that carries a ticket which code wrote: what that tells of was not sent from here."""

    credential = models.ForeignKey(Credential, models.CASCADE, related_name="batches", db_index=False)
    size = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    """Committed just before the bytes leave; null proves that nothing was sent."""
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    """The commonest outcome of its tickets, or `lost` when the sweep closed it, or BY_CODE."""

    class Meta:
        verbose_name_plural = "batches"
        indexes: ClassVar = [
            models.Index(
                fields=["credential", "leased_until"], condition=Q(finished_at=None), name="batch_open"
            ),
            models.Index(fields=["credential", "started_at"], name="batch_pace"),
        ]

    def __str__(self) -> str:
        return f"Batch #{self.pk}"

    @property
    def duration(self) -> timedelta | None:
        """From the first byte to the saved answer."""
        return self.finished_at - self.started_at if self.started_at and self.finished_at else None
