"""Kinds for tests of the Python API, forgotten afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from notifications.models import NotificationPriority
from notifications.registry import registry

KIND = "shop.sold"
Register = Callable[..., str]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Registers the kind; what is not said is as most kinds have it."""
    monkeypatch.setattr(registry, "_kinds", {})

    def as_kind(kind: str = KIND, **about: Any) -> str:
        told = {"display_name": "Sold", "default_priority": NotificationPriority.NORMAL, **about}
        registry.register(kind, **told)
        return kind

    return as_kind
