"""Broadcast: a composed send to an audience."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from notifications import clock, wire
from notifications.models.project import Project


class BroadcastState(StrEnum):
    """Where a broadcast stands."""

    DRAFT = "draft"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class AudienceKind(StrEnum):
    """How an audience is named. Nobody is never everybody: each must be said."""

    EVERYONE = "everyone"
    UIDS = "uids"


class NotificationPriority(models.IntegerChoices):
    """How much a notification matters; the lower the number, the more."""

    CRITICAL = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4


LANE_CRITICAL = 1
LANE_BULK = 4
LONGEST_NUMBER = 2**63 - 1
PUSH_OPTIONS = (
    "subtitle",
    "rich_content",
    "sound",
    "sound_critical",
    "sound_volume",
    "badge",
    "channel_id",
    "category_id",
    "interruption_level",
    "icon",
    "collapse_id",
    "tag",
    "mutable_content",
    "content_available",
    "priority",
)
"""What may stand in `Broadcast.push_options`: names of wire.PushContent."""


class BroadcastQuerySet(models.QuerySet["Broadcast"]):
    """Reads of broadcasts."""

    def to_expand(self) -> BroadcastQuerySet:
        """Broadcasts whose audience is not written out yet."""
        return self.filter(state=BroadcastState.SENDING, expanded_at=None)

    def reopen(self) -> None:
        """Those that were through are sending again: they can be paused and cancelled, and end once more.

        Before copies are queued again, in the same transaction: the locked rows keep `finish` from ending a broadcast
        between its look at the copies and this change. Raises TransactionManagementError outside of one.
        """
        held = list(self.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        again = Broadcast.objects.filter(pk__in=held, state=BroadcastState.SENT)
        again.update(state=BroadcastState.SENDING)


class Broadcast(models.Model):
    """A composed send to an audience: what, to whom, how, and how far it has come."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="broadcasts")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    link = models.URLField(max_length=2048, blank=True)
    data = models.JSONField(default=dict, blank=True)
    push_options = models.JSONField(default=dict, blank=True)
    """What else a push copy carries, under the names of wire.PushContent: {"subtitle": …, "badge": 0}."""
    kind = models.CharField(max_length=100, default="broadcast")
    priority = models.PositiveSmallIntegerField(default=NotificationPriority.NORMAL)
    channels = models.JSONField(default=list)
    """Channel keys in the order in which people think of them: ["bell", "push"]."""
    audience_kind = models.CharField(max_length=20, default=AudienceKind.EVERYONE)
    audience_uids = models.JSONField(default=list, blank=True)

    state = models.CharField(max_length=10, default=BroadcastState.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True, blank=True)
    expanded_at = models.DateTimeField(null=True, blank=True)
    """When the whole audience was written out."""
    finished_at = models.DateTimeField(null=True, blank=True)
    """When its last copy was handed over, or it was cancelled: the first time, also if some are sent again later."""
    expires_at = models.DateTimeField(null=True, blank=True)
    """No copy is attempted from then on."""
    starred = models.BooleanField(default=False)
    form_key = models.CharField(max_length=64, null=True, blank=True)
    """Which form it was composed in, and with which words: a form that is sent twice makes one draft."""

    cursors = models.JSONField(default=dict, blank=True)
    """How far each channel has been written out: {"push": {"phase": "accounts", "after": 812}}."""
    reach = models.JSONField(default=dict, blank=True)
    """The numbers the operator confirmed: {"people": 9, "bell": 9, "push": 12, …}."""
    expanded_notifications = models.PositiveIntegerField(default=0)
    expanded_messages = models.PositiveIntegerField(default=0)
    expanded_suppressions = models.PositiveIntegerField(default=0)

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "form_key"], name="one_draft_per_form")
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="broadcast_list"),
            models.Index(
                fields=["id"],
                condition=models.Q(state="sending", expanded_at=None),
                name="broadcast_to_expand",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def lane(self) -> int:
        """Which queue its copies wait in: a critical broadcast overtakes, any other yields to single messages."""
        return LANE_CRITICAL if self.priority == NotificationPriority.CRITICAL else LANE_BULK

    @property
    def is_live(self) -> bool:
        """May it still change by itself?"""
        return self.state in (BroadcastState.SENDING, BroadcastState.PAUSED)

    def expiry(self, started: datetime) -> datetime:
        """When its copies expire if it starts then."""
        ttl: timedelta = self.project.message_ttl
        return started + ttl

    def push_content(self, until: datetime | None) -> wire.PushContent:
        """What a push copy says that expires then. The link travels in `data.url`, where apps look for it.

        `tag` lets a copy that was sent twice replace itself on a phone, unless the operator gave another one;
        `expiration` keeps a vendor from delivering what we would not attempt any more. A draft without a number yet
        counts with the longest one.
        """
        data: dict[str, Any] = dict(self.data)
        if self.link:
            data.setdefault("url", self.link)
        options = {name: self.push_options[name] for name in PUSH_OPTIONS if name in self.push_options}
        return wire.PushContent(
            title=self.title,
            body=self.body,
            data=data or None,
            expiration=None if until is None else int(until.timestamp()),
            **{"tag": f"broadcast-{self.pk or LONGEST_NUMBER}", **options},
        )
