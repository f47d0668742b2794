"""The dashboard as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The operators' pages."""

    name = "dashboard"
