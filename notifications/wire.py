"""The words that cross a boundary between rooms: plain values, no Django, no I/O. Handed over, they stay as they are.

Those that exist once for each message are not frozen: Python takes three times as long to make a frozen one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a provider said of one message, in our words. Exactly one of six."""

    ACCEPTED = "accepted"
    """The provider has taken it over (or, in a receipt, handed it on)."""
    RETRY = "retry"
    """Nobody's lasting fault, and the vendor says it did not take it: try again later."""
    REJECTED = "rejected"
    """This message is bad; the address is fine."""
    GONE = "gone"
    """This address is dead; the message is fine."""
    MISCONFIGURED = "misconfigured"
    """Our key or account is wrong; an operator must act."""
    AMBIGUOUS = "ambiguous"
    """Bytes left and no trustworthy answer came: it may or may not have been sent."""


@dataclass(slots=True, kw_only=True)
class PushContent:
    """What a push message says. Names are those of the Expo message; None or "" means absent."""

    title: str = ""
    body: str = ""
    subtitle: str = ""
    data: Mapping[str, Any] | None = None
    ttl: int | None = None
    """Seconds a provider may keep trying; 0 means now or never."""
    expiration: int | None = None
    """Unix seconds; a provider that knows both prefers ttl."""
    priority: str = ""
    sound: str = ""
    badge: int | None = None
    """0 clears the badge, None leaves it alone."""
    channel_id: str = ""
    category_id: str = ""
    mutable_content: bool = False
    tag: str = ""
    """Two shown notifications with the same tag replace each other (Android)."""
    interruption_level: str = ""
    """active, critical, passive or time-sensitive (iOS)."""
    rich_content: Mapping[str, Any] | None = None
    """`{"image": url}`."""
    icon: str = ""
    """Name of a picture in the app (Android)."""
    collapse_id: str = ""
    """A later message with the same one takes the place of one that waits."""
    content_available: bool = False
    """Wake the app in the background (iOS)."""
    sound_critical: bool = False
    """Ring even where the phone is muted (iOS, with Apple's permission)."""
    sound_volume: float | None = None
    """From 0 to 1, of a critical sound."""


@dataclass(slots=True, kw_only=True)
class PushMessage:
    """One copy to one push address, as a provider receives it."""

    id: int
    token: str
    content: PushContent


@dataclass(slots=True)
class Ticket:
    """The provider's answer to one message, given at once."""

    outcome: Outcome
    external_id: str = ""
    """The vendor's own id of what it accepted; empty where it gave none (then no receipt can be asked for)."""
    _: KW_ONLY
    code: str = ""
    """The vendor's own code, verbatim."""
    detail: str = ""
    """The vendor's own words, trimmed, with no address or secret in them."""
    retry_after: float | None = None
    """Seconds the vendor asked us to wait; None where it did not say."""
    throttled: bool = False
    """The whole credential was told to slow down (HTTP 429): all its messages wait and none uses up an attempt."""


@dataclass(slots=True, kw_only=True)
class Receipt:
    """What a provider says later of one message it had accepted."""

    outcome: Outcome
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptAnswer:
    """Answer to a question for receipts: those known, by external id; `trouble` where the question itself failed."""

    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    trouble: Ticket | None = None
    doubt: Receipt | None = None
    """A receipt that may speak of our key, though other messages of the same answer arrived with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One word of a vendor: what it means for us, and for the operator who reads it."""

    outcome: Outcome
    title: str
    """What happened, in a few plain words ("Device no longer registered")."""
    remedy: str
    """What to do about it, or that nothing needs doing. One or two sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a provider needs to speak for one credential: where, and with which secrets."""

    base_url: str
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with input, naming the field it is about."""

    field: str
    message: str
