"""Message: one copy to one address on one channel, the delivery and outbox row; and which state may follow which."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from notifications import clock, wire
from notifications.models.broadcast import LANE_CRITICAL, Broadcast, BroadcastState
from notifications.models.copy_rules import OPEN_STATES, MessageState
from notifications.models.device import Device
from notifications.models.new_copies import LANE_SINGLE, NewCopy, complete, take_sound_apart
from notifications.models.notification import Notification
from notifications.models.outbox import OutboxManager, OutboxQuerySet
from notifications.models.prepared import Moment
from notifications.models.project import Project
from notifications.providers.expo.sdk_objects import push_message

SENT_AGAIN = (
    *("state", "reason", "code", "attempts", "rescues", "batch_limit"),
    *("replays", "available_at", "expires_at", "changed_at"),
)
"""The columns that sending changes."""


class MessageQuerySet(OutboxQuerySet["Message"]):
    """Reads of messages."""

    def due(self, now: Moment) -> MessageQuerySet:
        """Queued, and not told to wait."""
        return self.filter(state=MessageState.QUEUED, available_at__lte=now)

    def open(self) -> MessageQuerySet:
        """Not yet handed over, and still meant to be."""
        return self.filter(state__in=OPEN_STATES)

    def with_blocked(self, now: Moment) -> MessageQuerySet:
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


MessageManager = OutboxManager.from_queryset(MessageQuerySet)


class Message(NewCopy, models.Model):
    """One copy to one address on one channel. Its state is the summary; tickets and receipts are the evidence.

    One that code makes waits, `held` and `unsent`, until it is told to go: see outbox.py.
    """

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
    key = models.CharField(max_length=200)
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

    lane = models.PositiveSmallIntegerField(default=LANE_SINGLE)
    state = models.CharField(max_length=10, default=MessageState.HELD)
    reason = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=64, blank=True)
    """The provider's own word for the latest trouble."""
    available_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    """Tries that count: an ambiguous one counts double, a throttled one not at all."""
    replays = models.PositiveSmallIntegerField(default=0)
    """How often somebody sent it again: an operator, or code that called `send()`."""
    batch = models.ForeignKey(
        "notifications.Batch",
        models.RESTRICT,
        related_name="messages",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    """The database does not look it up for each message: the claim that writes it has just made the batch. The batch
    stays as long as the message: without it, one that is being sent would be so for ever."""
    batch_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    """How many messages may travel with it: halved each time a worker dies on its batch."""
    rescues = models.PositiveSmallIntegerField(default=0)
    """Workers that died on it when it travelled alone."""
    date_created = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    objects = MessageManager()

    class Meta:
        # Not `unique=True`, which on PostgreSQL comes with a second index that serves nobody here.
        constraints: ClassVar = [models.UniqueConstraint(fields=["key"], name="one_copy_per_key")]
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """`sound` may be Expo's object: {"critical": True, "name": "bell.wav", "volume": 0.8}."""
        super().__init__(*args, **kwargs)
        if "sound" in kwargs and not isinstance(kwargs["sound"], str):
            take_sound_apart(self)

    def __str__(self) -> str:
        return f"Message #{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Like Django's; a new one gets what it leaves out from its device."""
        if self._state.adding:
            complete([self])
        super().save(*args, **kwargs)

    def send(self) -> None:
        """Send it, or send it once more: see OutboxQuerySet.send. Saves it first where it is new."""
        if self._state.adding:
            self.save()
        type(self).objects.filter(pk=self.pk).send()
        self.refresh_from_db(fields=[*SENT_AGAIN])

    def content(self) -> wire.PushContent:
        """What it says on a push provider: its own words, else its broadcast's."""
        if self.has_own_words or self.broadcast is None:
            return self.own_content()
        return self.broadcast.push_content(self.expires_at)

    def to_push_message(self) -> Any:
        """The SDK's own PushMessage of it, as django-expo-notifications has it; sending does not go through it."""
        address = self.device.push_token if self.device else self.address
        return push_message(address, self.content())
