"""The project's own app: it carries the system checks that look at the whole installation."""

from __future__ import annotations

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """The project as an app."""

    name = "config"
    verbose_name = "Carillon"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401 (importing registers them)
