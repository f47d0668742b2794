"""Why copies did not arrive, in words: the provider's own table of codes first, else our list of reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notifications.models import MessageState, Reason
from notifications.models.reasons import REASON_WORDS, ReasonWords
from notifications.queries.groups import Group
from notifications.queries.names import provider, provider_label

TROUBLE = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.EXPIRED)
"""Final states that a copy should not have ended in."""
_SPOKEN_BY_THE_PROVIDER = {"", Reason.REJECTED, Reason.GONE, Reason.NO_ANSWER}
"""Reasons that a code says better; any other reason is ours, and the code only its occasion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of trouble: how many copies it holds, what happened and what to do."""

    state: str
    reason: str
    code: str
    provider: str
    count: int
    title: str
    remedy: str

    @property
    def key(self) -> str:
        """What the filter of the message table calls it: `gone:DeviceNotRegistered`."""
        return f"{self.reason}:{self.code}"

    @property
    def is_retrying(self) -> bool:
        """Does it still wait for another try by itself?"""
        return self.state == MessageState.QUEUED

    @property
    def provider_label(self) -> str:
        """The vendor's own spelling."""
        return provider_label(self.provider)


def words(provider_key: str, reason: str, code: str) -> ReasonWords:
    """What happened and what to do, for people."""
    known = provider(provider_key).codes.get(code)
    ours = REASON_WORDS[Reason(reason)] if reason else None
    if known and reason in _SPOKEN_BY_THE_PROVIDER:
        return ReasonWords(known.title, known.remedy)
    if ours is None:
        return ReasonWords("Waiting for another try", "It is tried again by itself.")
    if known:
        return ReasonWords(f"{ours.title}: {known.title[0].lower()}{known.title[1:]}", ours.remedy)
    return ours


def causes(groups: Iterable[Group]) -> list[Cause]:
    """The causes of all trouble, the commonest first; what is being tried again comes last."""
    found: dict[tuple[str, str, str, str], int] = {}
    for group in groups:
        if group.state in TROUBLE or (group.state == MessageState.QUEUED and group.code):
            key = (group.state, group.reason, group.code, group.provider)
            found[key] = found.get(key, 0) + group.count
    listed = [_cause(key, count) for key, count in found.items()]
    return sorted(listed, key=lambda cause: (cause.is_retrying, -cause.count, cause.key))


def _cause(key: tuple[str, str, str, str], count: int) -> Cause:
    state, reason, code, provider_key = key
    said = words(provider_key, reason, code)
    return Cause(
        state=state,
        reason=reason,
        code=code,
        provider=provider_key,
        count=count,
        title=said.title,
        remedy=said.remedy,
    )
