"""System checks: kinds whose parts do not go together."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from notifications.models import NotificationPriority
from notifications.registry import registry


@pytest.mark.parametrize(
    ("priority", "can_suppress", "default_opt_in", "warned"),
    [
        (NotificationPriority.CRITICAL, True, True, ["notifications.W001"]),
        (NotificationPriority.HIGH, True, False, ["notifications.W001"]),
        (NotificationPriority.HIGH, False, True, []),
        (NotificationPriority.NORMAL, True, True, []),
        (NotificationPriority.NORMAL, True, False, []),
        (NotificationPriority.NORMAL, False, False, ["notifications.W002"]),
    ],
)
def test_odd_ones_are_warned_of(
    monkeypatch: pytest.MonkeyPatch,
    priority: int,
    can_suppress: bool,
    default_opt_in: bool,
    warned: list[Any],
) -> None:
    monkeypatch.setattr(registry, "_kinds", {})
    registry.register("shop.sold", "Sold", priority, can_suppress, default_opt_in)
    found = [each for each in run_checks() if str(each.id).startswith("notifications.")]
    assert [each.id for each in found] == warned
    assert all("shop.sold" in each.msg for each in found)
