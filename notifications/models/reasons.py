"""Why a message is in a state that is no success, and what to tell people about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """A closed list."""

    REJECTED = "rejected"
    GONE = "gone"
    ATTEMPTS_USED_UP = "attempts_used_up"
    POISON = "poison"
    NO_ANSWER = "no_answer"
    RECEIPT_MISSING = "receipt_missing"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEVICE_INACTIVE = "device_inactive"
    ACCOUNT_INACTIVE = "account_inactive"
    MUTED = "muted"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """A reason for people: what happened and what to do."""

    title: str
    remedy: str


REASON_WORDS = {
    Reason.REJECTED: ReasonWords(
        "Refused by the provider", "Read the provider's words, mend the message and send it again."
    ),
    Reason.GONE: ReasonWords(
        "Device no longer registered", "Carillon switched these devices off. Nothing to do."
    ),
    Reason.ATTEMPTS_USED_UP: ReasonWords(
        "Tried too often", "The provider stayed out of reach. Retry when it is well again."
    ),
    Reason.POISON: ReasonWords(
        "A worker died on it three times",
        "Something in this message stops a worker. Look at the logs before you retry.",
    ),
    Reason.NO_ANSWER: ReasonWords(
        "Sent, but no answer came",
        "The provider may have delivered it. Retry only if a second copy does no harm.",
    ),
    Reason.RECEIPT_MISSING: ReasonWords(
        "No receipt within 24 hours", "The provider accepted it and never said more. Nothing to do."
    ),
    Reason.EXPIRED: ReasonWords("Too old to send", "It waited past its expiry. Retry to send it after all."),
    Reason.CANCELLED: ReasonWords(
        "Cancelled", "An operator stopped it before it left, or before it was tried again."
    ),
    Reason.DEVICE_INACTIVE: ReasonWords("Device switched off while waiting", "Nothing to do."),
    Reason.ACCOUNT_INACTIVE: ReasonWords("Account switched off while waiting", "Nothing to do."),
    Reason.UNSENT: ReasonWords("Made, but never told to go", "Send it from code or from the administration."),
    Reason.MUTED: ReasonWords("Muted by the person while waiting", "Nothing to do."),
}
