"""Preferences: what a user wants to hear of, and how often."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from notifications.models.digest_times import DigestFrequency


class NotificationPreference(models.Model):
    """A user's own word on one kind. Where there is none, the kind's default counts."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_preferences", db_index=False
    )
    kind = models.CharField(max_length=200)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_preference_per_user_and_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {'on' if self.enabled else 'off'}"


class ChannelPreference(models.Model):
    """How often a user gets what has gathered on one channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_preferences", db_index=False
    )
    channel = models.CharField(max_length=20)
    digest_frequency = models.CharField(max_length=20, default=DigestFrequency.DAILY_EVENING)
    last_digest_sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "channel"], name="one_preference_per_user_and_channel")
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.digest_frequency}"
