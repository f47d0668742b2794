"""The sheet that imports are tried on."""

from __future__ import annotations

from tests.notifications.management.sheet import sheet

__all__ = ["sheet"]
