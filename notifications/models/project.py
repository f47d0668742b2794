"""Project: an application that sends; who may run it; and its keys at the providers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications import clock, encryption, providers, wire
from notifications.providers.base import PushProvider


class ProjectQuerySet(models.QuerySet["Project"]):
    """Reads of projects."""

    def default(self) -> Project:
        """The project that whatever names none belongs to."""
        return self.get(is_default=True)

    def open_to(self, user: Any) -> ProjectQuerySet:
        """Projects this operator may see; a superuser sees all."""
        if user.is_superuser:
            return self.all()
        return self.filter(memberships__user=user)


class Project(models.Model):
    """An application that sends: its name, its looks and its defaults."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    website = models.URLField(blank=True)
    icon_url = models.URLField(blank=True)
    message_ttl = models.DurationField(default=timedelta(days=3))
    """How long a message may wait before it expires, where nothing says otherwise."""
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_project"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Role(StrEnum):
    """What an operator may do in a project; each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    SENDER = "sender"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """May this role do what the other may?"""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Membership(models.Model):
    """Which operator may do what in which project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, default=Role.VIEWER)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_operator")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"


WINDOW = 1.1
"""Seconds of slots that hold no more than a provider allows in one second: neither a late batch nor two machines whose
clocks differ by a little do harm."""


class CredentialQuerySet(models.QuerySet["Credential"]):
    """Reads of credentials."""

    def spoken(self) -> CredentialQuerySet:
        """Those whose provider is registered: one that was taken out must not stop the others."""
        return self.filter(provider__in=list(providers.PROVIDERS))


class Credential(models.Model):
    """A project's key at a provider, and whether the provider may be asked right now."""

    FAILURES_THAT_OPEN_THE_BREAKER = 5
    BREAKER_FIRST_WAIT = timedelta(seconds=30)
    BREAKER_LONGEST_WAIT = timedelta(minutes=10)
    SLACK = timedelta(seconds=0.06)
    """How late a batch may start in its slot."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="credentials")
    provider = models.CharField(max_length=20)
    sealed_secrets = models.TextField(blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=500, blank=True)
    """Why nothing is sent: the provider's code and words. Empty means it is not paused."""
    tolerated_code = models.CharField(max_length=64, blank=True)
    """The provider's code over which an operator resumed, though it comes with some messages only: no more pauses for
    it until the key is another one."""
    not_before = models.DateTimeField(null=True, blank=True)
    """The provider asked for patience (Retry-After), or the breaker is open, until then."""
    asking_until = models.DateTimeField(null=True, blank=True)
    """A worker asks for receipts with it, alone until then. What it hears later changes nothing."""
    failures = models.PositiveIntegerField(default=0)
    """Batches that failed in a row for the provider's sake; the circuit breaker counts here."""
    next_slot_at = models.DateTimeField(null=True, blank=True)
    """When the rate limit lets the next batch go."""
    slots = models.JSONField(default=list)
    """What was let go lately: [[unix seconds, messages], …]."""

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "provider"], name="one_credential_per_provider")
        ]

    def __str__(self) -> str:
        return f"{self.provider} of {self.project_id}"

    @property
    def provider_class(self) -> type[PushProvider]:
        """The provider this is a key for."""
        return providers.get(self.provider)

    @property
    def merges_copies(self) -> bool:
        """May a message without an answer be sent again? Not where the provider was taken out of the registry."""
        return self.provider in providers.PROVIDERS and self.provider_class.merges_copies

    def setting(self, name: str, default: Any) -> Any:
        """A deployment's setting for this provider, read when asked: `EXPO_NOTIFICATIONS_<name>` for Expo."""
        return getattr(settings, f"{self.provider.upper()}_NOTIFICATIONS_{name}", default)

    def access(self) -> wire.Access:
        """What the provider needs to speak for this credential. Raises encryption.UnreadableSecret."""
        secrets = encryption.unseal(self.sealed_secrets)
        token = self.setting("TOKEN", None)
        if token and "access_token" not in secrets:
            secrets["access_token"] = token
        base_url = self.setting("HOST", None) or self.provider_class.default_url
        return wire.Access(base_url=base_url, secrets=secrets)

    def opened_provider(self) -> PushProvider:
        """The provider, ready to speak for this credential. Raises encryption.UnreadableSecret."""
        return self.provider_class(self.access(), deadline=settings.CARILLON_CALL_DEADLINE.total_seconds())

    def is_open(self, now: datetime) -> bool:
        """May the provider be asked now?"""
        return not self.paused_reason and (self.not_before is None or self.not_before <= now)

    def messages_a_second(self) -> float:
        """The pace of this credential: as much less than the limit as a batch may be late."""
        return self.most_a_second() / WINDOW

    def take_slot(self, messages: int, now: datetime) -> None:
        """Let so many messages go now, and the next ones as soon as they keep the pace and the limit of any second.

        Without a limit, others merely get their turn. The row is locked and is saved by the caller.
        """
        self.next_slot_at = now
        if self.most_a_second():
            self.slots = [*self._lately(now), [now.timestamp(), messages]]
            pace = timedelta(seconds=messages / self.messages_a_second())
            self.next_slot_at = max(now + pace, self.room_at(1, now))

    def leave_slot(self, messages: int, taken: datetime) -> None:
        """Give a slot back that was not used."""
        self.slots = [slot for slot in self.slots if slot != [taken.timestamp(), messages]]

    def room_at(self, messages: int, now: datetime) -> datetime:
        """The first moment from now on that has room for so many messages, which are no more than the limit."""
        lately, moment = self._lately(now), now
        room = self.most_a_second() - sum(n for _, n in lately)
        for at, n in lately:
            if room >= messages:
                break
            room, moment = room + n, datetime.fromtimestamp(at + WINDOW, UTC)
        return max(now, moment)

    def _lately(self, now: datetime) -> list[list[float]]:
        """The slots whose batches may still share a second with one that goes now."""
        nearly = WINDOW - 0.001  # a float's rounding must not make the moment that has room one that has none
        return [[at, n] for at, n in self.slots if abs(now.timestamp() - at) < nearly]

    def most_a_second(self) -> int:
        """Messages that the provider allows within any second; 0 where it names no limit."""
        return int(self.setting("RATE", self.provider_class.rate))

    def largest_batch(self, now: datetime) -> int:
        """Messages that may travel together now: as many as the provider takes, and as this second has room for."""
        most, limit = self.provider_class.batch_size, self.most_a_second()
        room = limit - sum(int(n) for _, n in self._lately(now))
        return min(most, max(room, 1)) if limit else most

    def connections(self) -> int:
        """Batches that may be under way at once; one alone tries, once the breaker has been open."""
        tries_again = self.failures >= self.FAILURES_THAT_OPEN_THE_BREAKER
        return 1 if tries_again else self.provider_class.connections

    def breaker_wait(self, failures: int) -> timedelta:
        """How long to leave the provider alone after so many failures in a row; zero while the breaker is closed."""
        over = failures - self.FAILURES_THAT_OPEN_THE_BREAKER
        if over < 0:
            return timedelta(0)
        wait: timedelta = min(self.BREAKER_FIRST_WAIT * 2 ** min(over, 10), self.BREAKER_LONGEST_WAIT)
        return wait
