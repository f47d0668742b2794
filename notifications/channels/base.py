"""What every channel promises: a way to reach a person, written out slice by slice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from notifications import wire
from notifications.audience import Audience
from notifications.models import Broadcast, Credential
from notifications.models.copy import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a channel has written out a broadcast."""

    phase: str = "accounts"
    """`accounts`, then `devices` (those without an account), then `done`."""
    after: int = 0
    """The id of the last row that is done in this phase."""

    @property
    def is_done(self) -> bool:
        """Is the whole audience written out?"""
        return self.phase == "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What writing out one slice did."""

    cursor: Cursor
    notifications: int = 0
    messages: int = 0
    suppressions: int = 0


class BaseChannel(ABC):
    """A way to reach a person.

    `expand` is called in a transaction that also saves the returned cursor, and writes set-based: the number of its
    queries does not depend on the slice's size. Each account of the slice ends with a copy or a Suppression.
    """

    key: ClassVar[str]
    """The word in the registry, in Broadcast.channels and in Message.channel."""
    label: ClassVar[str]
    """For people."""

    @abstractmethod
    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        """Write out up to `size` more accounts (or devices) after the cursor."""

    @abstractmethod
    def check_content(self, broadcast: Broadcast) -> list[wire.Problem]:
        """Say what this channel would not carry in the broadcast's content."""

    def send(
        self, credential: Credential, messages: Sequence[Copy]
    ) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """Hand messages over; yield (message, ticket) as answers arrive, one each. For channels that make Messages."""
        raise TypeError(f"The channel {self.key} has no messages to send")
