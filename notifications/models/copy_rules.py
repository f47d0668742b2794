"""The rules of one copy: what it says, and which state follows which answer. For whole rows and for the few columns
that travel through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from notifications import wire
from notifications.models.broadcast import LANE_CRITICAL
from notifications.models.reasons import Reason


class MessageState(StrEnum):
    """Where a copy stands. The last six are final; only an operator's replay leaves them."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


OPEN_STATES = (MessageState.HELD, MessageState.QUEUED, MessageState.SENDING)
REPLAYABLE_STATES = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.EXPIRED)


@dataclass(slots=True, kw_only=True)
class Change:
    """What becomes of one message: the columns to write."""

    id: int
    state: MessageState
    reason: str = ""
    code: str = ""
    available_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long a message is tried."""

    max_attempts: int
    resend_ambiguous: bool
    """Send again when no answer came? Only where the provider merges copies."""


class CopyRules:
    """What is true of a copy, whoever holds these columns of it."""

    pk: Any
    lane: Any
    attempts: Any
    device_id: Any
    broadcast_id: Any
    title: Any
    body: Any
    data: Any
    ttl: Any
    expiration: Any
    priority: Any
    subtitle: Any
    sound: Any
    badge: Any
    channel_id: Any
    category_id: Any
    mutable_content: Any
    interruption_level: Any
    rich_content: Any
    icon: Any
    collapse_id: Any
    tag: Any
    content_available: Any
    sound_critical: Any
    sound_volume: Any

    @property
    def has_own_words(self) -> bool:
        """Does it say something of its own, rather than what its broadcast says?"""
        return self.broadcast_id is None or bool(self.title or self.body or self.data)

    def own_content(self) -> wire.PushContent:
        """What this copy says by itself."""
        return wire.PushContent(
            title=self.title,
            body=self.body,
            subtitle=self.subtitle,
            data=self.data,
            ttl=None if self.ttl is None else int(self.ttl.total_seconds()),
            expiration=None if self.expiration is None else int(self.expiration.timestamp()),
            priority=self.priority,
            sound=self.sound,
            badge=self.badge,
            channel_id=self.channel_id,
            category_id=self.category_id,
            mutable_content=self.mutable_content,
            interruption_level=self.interruption_level,
            rich_content=self.rich_content,
            icon=self.icon,
            collapse_id=self.collapse_id,
            tag=self.tag,
            content_available=self.content_available,
            sound_critical=self.sound_critical,
            sound_volume=self.sound_volume,
        )

    def after_ticket(
        self, ticket: wire.Ticket, policy: RetryPolicy, now: datetime, wait: timedelta
    ) -> Change:
        """What this ticket makes of a message that is being sent. `wait` is the pause before another try."""
        match ticket.outcome:
            case wire.Outcome.ACCEPTED:
                return self._change(MessageState.ACCEPTED, now, counts=1)
            case wire.Outcome.REJECTED:
                return self._change(MessageState.FAILED, now, Reason.REJECTED, ticket.code, counts=1)
            case wire.Outcome.GONE:
                return self._change(MessageState.FAILED, now, Reason.GONE, ticket.code, counts=1)
            case wire.Outcome.MISCONFIGURED:
                return self._change(MessageState.QUEUED, now, code=ticket.code)
            case wire.Outcome.AMBIGUOUS:
                return self.after_silence(policy, now, wait, ticket.code)
            case wire.Outcome.RETRY:
                return self.try_again(policy, now + wait, ticket.code, counts=0 if ticket.throttled else 1)

    def after_silence(self, policy: RetryPolicy, now: datetime, wait: timedelta, code: str) -> Change:
        """What becomes of a message whose bytes left and whose answer never came. Never `failed`: it may be there."""
        resend = policy.resend_ambiguous or self.lane == LANE_CRITICAL
        if resend and self.attempts + 2 < policy.max_attempts:
            return self._change(MessageState.QUEUED, now + wait, code=code, counts=2)
        return self._change(MessageState.UNKNOWN, now, Reason.NO_ANSWER, code, counts=2)

    def after_receipt(
        self, receipt: wire.Receipt, policy: RetryPolicy, now: datetime, wait: timedelta
    ) -> Change:
        """What this receipt makes of an accepted message."""
        match receipt.outcome:
            case wire.Outcome.ACCEPTED:
                return self._change(MessageState.DELIVERED, now)
            case wire.Outcome.GONE:
                return self._change(MessageState.FAILED, now, Reason.GONE, receipt.code)
            case wire.Outcome.RETRY | wire.Outcome.MISCONFIGURED:
                return self.try_again(policy, now + wait, receipt.code)
            case _:
                return self._change(MessageState.FAILED, now, Reason.REJECTED, receipt.code)

    def try_again(self, policy: RetryPolicy, at: datetime, code: str, counts: int = 0) -> Change:
        """Queued for another try at that time, or failed when its tries are used up."""
        if self.attempts + counts >= policy.max_attempts:
            return self._change(MessageState.FAILED, at, Reason.ATTEMPTS_USED_UP, code, counts)
        return self._change(MessageState.QUEUED, at, code=code, counts=counts)

    def _change(
        self, state: MessageState, at: datetime, reason: str = "", code: str = "", counts: int = 0
    ) -> Change:
        return Change(
            id=self.pk,
            state=state,
            reason=reason,
            code=code[:64],
            available_at=at,
            attempts=self.attempts + counts,
        )
