"""How a project's keys at the providers are: accepting, paused, told to wait, resting, or never used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifications import clock, encryption, providers
from notifications.actions.credentials import BY_HAND
from notifications.models import Credential, Project
from notifications.providers.base import PushProvider
from notifications.queries.names import provider_label


class Health(StrEnum):
    """Whether a provider may be asked right now, and if not, why."""

    ACCEPTING = "accepting"
    PAUSED = "paused"
    THROTTLED = "throttled"
    """The provider asked for patience."""
    RESTING = "resting"
    """Too many failures in a row: the circuit breaker is open."""
    UNUSED = "unused"
    """Nothing was ever sent with it."""


HEALTH_WORDS = {
    Health.ACCEPTING: "accepting",
    Health.PAUSED: "paused",
    Health.THROTTLED: "asked to slow down",
    Health.RESTING: "left alone for a while",
    Health.UNUSED: "not used yet",
}


CHIPS = {
    Health.ACCEPTING: "ok",
    Health.PAUSED: "paused",
    Health.THROTTLED: "warn",
    Health.RESTING: "warn",
    Health.UNUSED: "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One provider as a project sees it."""

    provider: type[PushProvider]
    credential: Credential
    """A row that was not saved yet where the health is `unused`."""
    health: Health
    until: datetime | None = None
    """When it goes on by itself; None where it is not waiting, or waits for an operator."""
    title: str = ""
    """What happened, in a few words; empty while all is well."""
    remedy: str = ""
    quote: str = ""
    """The provider's own code and words, verbatim."""

    @property
    def key(self) -> str:
        """The provider's word in the registry."""
        return self.provider.key

    @property
    def label(self) -> str:
        """The vendor's own spelling."""
        return self.provider.label

    @property
    def batch_size(self) -> int:
        """Messages in a batch."""
        return self.provider.batch_size

    @property
    def has_receipts(self) -> bool:
        """Does the provider say later what became of what it accepted?"""
        return self.provider.has_receipts

    @property
    def secret_labels(self) -> list[str]:
        """The secrets it can be given, for people."""
        return list(self.provider.secret_fields.values())

    @property
    def chip(self) -> str:
        """The health as the style sheet's chips know it."""
        return CHIPS[self.health]

    @property
    def dot(self) -> str:
        """The same for the small dots of lists."""
        return {"paused": "bad"}.get(self.chip, self.chip)

    @property
    def is_open(self) -> bool:
        """Does nothing keep messages from leaving?"""
        return self.health in (Health.ACCEPTING, Health.UNUSED)

    @property
    def paused_by(self) -> str:
        """The operator who paused it; "" where the provider refused us, or where it is not paused."""
        reason = self.credential.paused_reason
        return reason.removeprefix(BY_HAND) if reason.startswith(BY_HAND) else ""

    @property
    def in_words(self) -> str:
        """The health in a word or two, without the time."""
        return HEALTH_WORDS[self.health]

    @property
    def sends_at_most(self) -> int:
        """Messages a second that Carillon allows itself; 0 where there is no limit."""
        return int(self.credential.messages_a_second())


def standings(project: Project) -> list[Standing]:
    """Every registered provider, in the order of the registry. One query."""
    rows = {row.provider: row for row in Credential.objects.filter(project=project)}
    now = clock.now()
    return [
        _standing(rows.get(key) or Credential(project=project, provider=key), now)
        for key in providers.PROVIDERS
    ]


def is_registered(provider: str) -> bool:
    """Is there a provider of this key?"""
    return provider in providers.PROVIDERS


def base_url(project: Project, provider: str) -> str:
    """Where messages for this provider go: its own address, or the one this server is told to use."""
    return Credential(project=project, provider=provider).access().base_url


def secret_origins(credential: Credential) -> dict[str, str]:
    """Which secrets there are, by name: "stored" here, or given by this server's "environment"; never their values."""
    given = Credential(project=credential.project, provider=credential.provider).access().secrets
    return {**dict.fromkeys(given, "environment"), **dict.fromkeys(secrets_kept(credential), "stored")}


def secrets_kept(credential: Credential) -> dict[str, str]:
    """The secrets stored for a credential; none where no key of ours opens them any more."""
    try:
        return encryption.unseal(credential.sealed_secrets)
    except encryption.UnreadableSecret:
        return {}


def _standing(credential: Credential, now: datetime) -> Standing:
    kind = credential.provider_class
    if credential.pk is None:
        return Standing(provider=kind, credential=credential, health=Health.UNUSED)
    if credential.paused_reason:
        return _paused(credential)
    if credential.not_before and credential.not_before > now:
        return _waiting(credential)
    return Standing(provider=kind, credential=credential, health=Health.ACCEPTING)


def _paused(credential: Credential) -> Standing:
    """An operator paused it, or the provider refused us: then its words and what to do about them."""
    code, _, _ = credential.paused_reason.partition(":")
    known = credential.provider_class.codes.get(code)
    return Standing(
        provider=credential.provider_class,
        credential=credential,
        health=Health.PAUSED,
        title=known.title if known else credential.paused_reason,
        remedy=known.remedy if known else "What waits goes on waiting. Resume it when you are ready.",
        quote=credential.paused_reason if known else "",
    )


def _waiting(credential: Credential) -> Standing:
    label = provider_label(credential.provider)
    is_resting = credential.failures >= Credential.FAILURES_THAT_OPEN_THE_BREAKER
    return Standing(
        provider=credential.provider_class,
        credential=credential,
        health=Health.RESTING if is_resting else Health.THROTTLED,
        until=credential.not_before,
        title=f"{credential.failures} failures in a row" if is_resting else f"{label} asked us to slow down",
        remedy="Carillon leaves it alone for a while and then tries again by itself. What waits goes on waiting.",
    )
