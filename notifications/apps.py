"""The engine as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class NotificationsConfig(AppConfig):
    """Fills the wake-up hook, and sets the clock by each new connection."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `wake` reach the workers; go by the database's clock from the first question on."""
        from notifications import tasks, wake
        from notifications.pipeline import timekeeping

        wake.ring = tasks.ring
        connection_created.connect(timekeeping.follow)
