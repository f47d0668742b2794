"""Pigeons: a provider for tests, which does what a provider must not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from notifications import wire
from notifications.providers.base import PushProvider

KEY = "pigeon"
WHERE = f"{__name__}.PigeonProvider"
"""What the registry of providers says of it."""


class PigeonProvider(PushProvider):
    """It says of each batch what a test wants to hear."""

    key = KEY
    label = "Pigeons"
    default_url = "https://pigeons.example"
    batch_size = 100
    connections = 6
    rate = 0
    says: ClassVar[Callable[[Sequence[wire.PushMessage]], Iterator[Any]]]

    @classmethod
    def check_token(cls, token: str) -> str:
        """Any roof will do."""
        return ""

    @classmethod
    def check_content(cls, content: wire.PushContent) -> list[wire.Problem]:
        """They carry everything."""
        return []

    @classmethod
    def payload(cls, content: wire.PushContent) -> dict[str, Any]:
        """A slip of paper."""
        return {"paper": content.title}

    def send(self, batch: Sequence[wire.PushMessage]) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """What the test says."""
        return type(self).says(batch)
