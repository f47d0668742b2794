"""The engine as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class NotificationsConfig(AppConfig):
    """Fills the wake-up hook, sets the clock by each new connection, and looks for the default sender of mail."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `wake` reach the workers; go by the database's clock from the first question on.

        Raises ImproperlyConfigured where mail without a named sender could not leave.
        """
        from notifications import (
            checks,  # noqa: F401 (importing registers them)
            senders,
            tasks,
            wake,
        )
        from notifications.pipeline import timekeeping

        senders.check_default()

        wake.ring = tasks.ring
        connection_created.connect(timekeeping.follow)
