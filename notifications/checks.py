"""System checks: kinds whose parts do not go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from notifications.models import NotificationPriority
from notifications.registry import KindInfo, registry


@register()
def check_kinds(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of kinds that somebody may have meant otherwise; they work as they are written."""
    return [warning for info in registry.all() for warning in _odd(info)]


def _odd(info: KindInfo) -> Iterator[Warning]:
    if info.can_suppress and info.default_priority <= NotificationPriority.HIGH:
        yield Warning(
            f"The kind '{info.kind}' matters much, and yet users may switch it off.",
            hint="Register it with can_suppress=False, or with a priority of NORMAL or LOW.",
            id="notifications.W001",
        )
    if not info.can_suppress and not info.default_opt_in:
        yield Warning(
            f"The kind '{info.kind}' is off by default, and yet everybody gets it: it cannot be suppressed.",
            hint="Register it with default_opt_in=True, or with can_suppress=True.",
            id="notifications.W002",
        )
