"""Message: one copy to one address on one channel, the delivery and outbox row; and which state may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from notifications import clock, wire
from notifications.models.broadcast import LANE_BULK, LANE_CRITICAL, Broadcast, BroadcastState
from notifications.models.device import Device
from notifications.models.notification import Notification
from notifications.models.project import Project
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


class MessageQuerySet(models.QuerySet["Message"]):
    """Reads of messages."""

    def due(self, now: datetime) -> MessageQuerySet:
        """Queued, and not told to wait."""
        return self.filter(state=MessageState.QUEUED, available_at__lte=now)

    def open(self) -> MessageQuerySet:
        """Not yet handed over, and still meant to be."""
        return self.filter(state__in=OPEN_STATES)

    def with_blocked(self, now: datetime) -> MessageQuerySet:
        """Adds `blocked`: why no attempt may start now, as `<state>:<reason>`, or "". Asked inside the claim."""
        muted = Q(user__recipient__muted_until__gt=now) & ~Q(lane=LANE_CRITICAL)
        return self.annotate(
            blocked=Case(
                When(broadcast__state=BroadcastState.CANCELLED, then=Value("cancelled:cancelled")),
                When(expires_at__lte=now, then=Value("expired:expired")),
                When(device__is_active=False, then=Value("suppressed:device_inactive")),
                When(device=None, address="", then=Value("suppressed:device_inactive")),
                When(user__is_active=False, then=Value("suppressed:account_inactive")),
                When(muted, then=Value("suppressed:muted")),
                default=Value(""),
            )
        )


class Message(models.Model):
    """One copy to one address on one channel. Its state is the summary; tickets and receipts are the evidence."""

    RESCUES_ALONE = 3
    """Workers that may die on a message sent alone before it is called poison."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="messages", db_index=False)
    channel = models.CharField(max_length=20)
    provider = models.CharField(max_length=20, blank=True)
    device = models.ForeignKey(Device, models.SET_NULL, related_name="messages", null=True, blank=True)
    """Null once the device's row is gone: what was sent stays known."""
    address = models.CharField(max_length=320, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="messages", null=True, blank=True
    )
    notification = models.ForeignKey(
        Notification, models.SET_NULL, related_name="messages", null=True, blank=True, db_index=False
    )
    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="messages", null=True, blank=True, db_index=False
    )
    key = models.CharField(max_length=200, unique=True)
    """What it is a copy of, so that it exists once: `b:<broadcast>:<device>`, `m:<uuid>`, …"""

    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    data = models.JSONField(null=True, blank=True)
    ttl = models.DurationField(null=True, blank=True)
    expiration = models.DateTimeField(null=True, blank=True)
    priority = models.CharField(max_length=7, blank=True)
    subtitle = models.CharField(max_length=200, blank=True)
    sound = models.CharField(max_length=64, blank=True)
    badge = models.PositiveIntegerField(null=True, blank=True)
    channel_id = models.CharField(max_length=64, blank=True)
    category_id = models.CharField(max_length=64, blank=True)
    mutable_content = models.BooleanField(default=False)
    interruption_level = models.CharField(max_length=14, blank=True)
    rich_content = models.JSONField(null=True, blank=True)
    """`{"image": url}`."""
    icon = models.CharField(max_length=64, blank=True)
    collapse_id = models.CharField(max_length=64, blank=True)
    tag = models.CharField(max_length=64, blank=True)
    content_available = models.BooleanField(default=False)
    sound_critical = models.BooleanField(default=False)
    """Ring even where the phone is muted (iOS, with Apple's permission)."""
    sound_volume = models.FloatField(null=True, blank=True)
    """From 0 to 1, of a critical sound."""

    lane = models.PositiveSmallIntegerField(default=LANE_BULK)
    state = models.CharField(max_length=10, default=MessageState.QUEUED)
    reason = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=64, blank=True)
    """The provider's own word for the latest trouble."""
    available_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    """Tries that count: an ambiguous one counts double, a throttled one not at all."""
    replays = models.PositiveSmallIntegerField(default=0)
    """How often an operator sent it again."""
    batch = models.ForeignKey(
        "notifications.Batch", models.SET_NULL, related_name="messages", null=True, blank=True, db_index=False
    )
    batch_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    """How many messages may travel with it: halved each time a worker dies on its batch."""
    rescues = models.PositiveSmallIntegerField(default=0)
    """Workers that died on it when it travelled alone."""
    date_created = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["project", "provider", "lane", "available_at", "id"],
                condition=Q(state="queued"),
                name="message_queue",
            ),
            models.Index(fields=["batch"], condition=Q(state="sending"), name="message_sending"),
            models.Index(
                fields=["broadcast", "-id"],
                condition=Q(broadcast__isnull=False),
                name="message_of_broadcast",
            ),
            models.Index(
                fields=["broadcast", "state", "reason", "code", "channel", "provider"],
                condition=Q(broadcast__isnull=False),
                name="message_count",
            ),
            models.Index(
                fields=["project", "date_created"], condition=Q(broadcast=None), name="message_alone"
            ),
        ]

    def __str__(self) -> str:
        return f"Message #{self.pk}"

    @property
    def has_own_words(self) -> bool:
        """Does it say something of its own, rather than what its broadcast says?"""
        return self.broadcast_id is None or bool(self.title or self.body or self.data)

    def content(self) -> wire.PushContent:
        """What it says on a push provider: its own words, else its broadcast's."""
        if self.has_own_words or self.broadcast is None:
            return self.own_content()
        return self.broadcast.push_content(self.expires_at)

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
