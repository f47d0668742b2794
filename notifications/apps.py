"""The engine as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Fills the wake-up hook."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `wake` reach the workers."""
        from notifications import tasks, wake

        wake.ring = tasks.ring
