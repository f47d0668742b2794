"""Preferences: what a user wants to hear of."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


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
