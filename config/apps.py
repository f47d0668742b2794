"""The project as an app, which carries the system checks of the whole installation; and the admin with our own door."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangosAdminConfig


class ConfigApp(AppConfig):
    """The project as an app."""

    name = "config"
    verbose_name = "Carillon"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401 (importing registers them)


class AdminConfig(DjangosAdminConfig):
    """Django's admin, behind the operators' door."""

    default = False
    default_site = "dashboard.admin_site.Site"
