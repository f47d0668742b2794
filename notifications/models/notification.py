"""Notification: one event for one user, the bell's own copy; and Suppression: why somebody gets none."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications import clock
from notifications.models.broadcast import Broadcast, NotificationPriority
from notifications.models.project import Project

LONGEST_KEY = 500


class Notification(models.Model):
    """One event for one user; what the bell shows. It is its own bell copy.

    The database does not look up its user and project for each of a hundred thousand that are told together (with an
    index that nobody needed, it took half of the time). The statement that writes them reads its users, and whoever
    calls it holds the project. An invariant finds what is left of a user who was deleted at the same moment.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notifications",
        db_index=False,
        db_constraint=False,
    )
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="notifications", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=200)
    context = models.JSONField(default=dict, blank=True)
    priority = models.PositiveSmallIntegerField(default=NotificationPriority.NORMAL)
    locale = models.CharField(max_length=35, blank=True)
    sender_id = models.CharField(max_length=100, blank=True)
    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="notifications", null=True, blank=True, db_index=False
    )
    key = models.CharField(max_length=LONGEST_KEY, null=True, blank=True)
    """Of the event, so that nobody is told of it twice; null for a broadcast's."""
    created_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["broadcast", "user"],
                condition=Q(broadcast__isnull=False),
                name="one_notification_per_broadcast_and_user",
            ),
            models.UniqueConstraint(
                fields=["key", "user"],
                condition=Q(key__isnull=False),
                name="one_notification_per_event_and_user",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="bell_list"),
            models.Index(fields=["user"], condition=Q(read_at=None, archived_at=None), name="bell_unread"),
            models.Index(
                fields=["project", "created_at"], condition=Q(broadcast=None), name="notification_alone"
            ),
        ]

    def __str__(self) -> str:
        return f"Notification #{self.pk}"


class SuppressionReason(StrEnum):
    """Why a person is not sent to at all."""

    UNKNOWN_UID = "unknown_uid"
    ACCOUNT_INACTIVE = "account_inactive"
    MUTED = "muted"
    NO_DEVICE = "no_device"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"


SUPPRESSION_WORDS = {
    SuppressionReason.UNKNOWN_UID: "Nobody in this project has this uid.",
    SuppressionReason.ACCOUNT_INACTIVE: "The account is switched off.",
    SuppressionReason.MUTED: "The person has muted all notifications for now.",
    SuppressionReason.NO_DEVICE: "The person has no active device.",
    SuppressionReason.EXPIRED: "The broadcast expired before this person's turn came.",
    SuppressionReason.OPTED_OUT: "The person has switched this kind off.",
}


class Suppression(models.Model):
    """One person not sent to, and why: a broadcast's on one channel, or a notification's on all (an empty channel)."""

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="suppressions", null=True, blank=True, db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="suppressions", null=True, blank=True
    )
    uid = models.CharField(max_length=255, blank=True)
    """What the project calls the person: kept because nobody may answer to it."""
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="suppressions", null=True, blank=True, db_index=False
    )
    kind = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=LONGEST_KEY, null=True, blank=True)
    """Project, kind and event of the notification that there is none of; a broadcast's names none of them."""
    channel = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=30)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["broadcast", "channel", "uid"],
                name="one_suppression_per_broadcast_channel_and_person",
            ),
            models.UniqueConstraint(
                fields=["key", "user", "channel"],
                condition=Q(key__isnull=False),
                name="one_suppression_per_event_user_and_channel",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["broadcast", "reason", "channel"], name="suppression_count")
        ]

    def __str__(self) -> str:
        return f"{self.uid or self.kind}: {self.reason}"

    @property
    def words(self) -> str:
        """The reason in a sentence."""
        return SUPPRESSION_WORDS[SuppressionReason(self.reason)]
