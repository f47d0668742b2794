"""What becomes of a message in the sandbox, and the ticket id that remembers it.

Shares, of well-formed messages to tokens that ask for nothing:

    ticket   DeviceNotRegistered 1 %   decided by token and day: a lost device stays lost all day
             ExpoError 0.2 %           decided anew at each attempt
    receipt  DeviceNotRegistered 1 %   decided by token and day
             MessageRateExceeded 0.4 %, ProviderError 0.2 %, MessageTooBig 0.2 %, DeveloperError 0.2 %
                                       decided anew at each attempt, so that trying again helps

MismatchSenderId and InvalidCredentials pause the credential they are answered to; nobody gets them unasked.

A token asks for an error by naming it: `ExponentPushToken[sandbox-InvalidCredentials-1]` gets it in every ticket,
`ExponentPushToken[sandbox-receipt-InvalidCredentials-1]` in every receipt, `…receipt-Missing…` never gets a receipt,
and `…TOO_MANY_REQUESTS…`, `…UNAUTHORIZED…` or `…PUSH_TOO_MANY_EXPERIENCE_IDS…` turns down the whole request it is in.

The sandbox keeps no memory: a ticket id carries when it was issued and what its receipt will say, under a keyed hash,
so that any process that knows the key can answer for it and nobody else can make one up.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.sandbox.protocol import WORDS, Refusal

NONCE_BYTES = 5
MISSING = "Missing"
KEPT = timedelta(hours=24)
"""How long a receipt can be asked for."""

LOST_AT_TICKET = 0.01
LOST_AT_RECEIPT = 0.01
TICKET_SHARES: Mapping[str, float] = {"ExpoError": 0.002}
RECEIPT_SHARES: Mapping[str, float] = {
    "MessageRateExceeded": 0.004,
    "ProviderError": 0.002,
    "MessageTooBig": 0.002,
    "DeveloperError": 0.002,
}

_ASKED_IN_TICKET = re.compile("|".join(WORDS))
_ASKED_IN_RECEIPT = re.compile(f"receipt-({'|'.join((*WORDS, MISSING))})")
_ASKED_OF_REQUEST: Mapping[str, Refusal] = {
    "TOO_MANY_REQUESTS": Refusal(429, "TOO_MANY_REQUESTS", "More than 600 notifications a second were sent."),
    "UNAUTHORIZED": Refusal(401, "UNAUTHORIZED", "The access token is missing or wrong."),
    "PUSH_TOO_MANY_EXPERIENCE_IDS": Refusal(
        400, "PUSH_TOO_MANY_EXPERIENCE_IDS", "The tokens of a request must all belong to one project."
    ),
}
# The place of a word in this tuple is written into ticket ids: add at the end only.
_ENDINGS = ("", *WORDS, MISSING)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one message: the error in its ticket, else the error in its receipt; "" means none."""

    ticket_error: str = ""
    ending: str = ""
    """The error in the receipt, or `MISSING` where none ever comes."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What a ticket id says: when its receipt can be had, and what the receipt will say."""

    ready_at: datetime
    ending: str

    def is_out(self, moment: datetime) -> bool:
        """Can the receipt be had at this moment?"""
        return self.ending != MISSING and self.ready_at <= moment <= self.ready_at + KEPT


def refusal_for(token: str) -> Refusal | None:
    """The refusal of the whole request that this token asks for, if it asks for one."""
    return next((refusal for word, refusal in _ASKED_OF_REQUEST.items() if word in token), None)


def decide(token: str, nonce: bytes, moment: datetime) -> Fate:
    """What becomes of a well-formed message to this token, sent at this moment; `nonce` is this attempt's luck."""
    if asked := _ASKED_IN_RECEIPT.search(token):
        return Fate(ending=asked[1])
    if asked := _ASKED_IN_TICKET.search(token):
        return Fate(ticket_error=asked[0])
    day = moment.astimezone(UTC).date().isoformat()
    device = _draw("device", token.encode("utf-8", "surrogatepass"), day.encode())
    if device < LOST_AT_TICKET:
        return Fate(ticket_error="DeviceNotRegistered")
    if device < LOST_AT_TICKET + LOST_AT_RECEIPT:
        return Fate(ending="DeviceNotRegistered")
    ticket_error = _pick(TICKET_SHARES, _draw("ticket", nonce))
    return Fate(ticket_error, "" if ticket_error else _pick(RECEIPT_SHARES, _draw("receipt", nonce)))


def issue(key: bytes, ending: str, moment: datetime, nonce: bytes) -> str:
    """A ticket id, in the form of a UUID: 6 bytes milliseconds, 1 byte ending, 5 bytes nonce, 4 bytes keyed hash."""
    milliseconds = int(moment.timestamp() * 1000)
    head = milliseconds.to_bytes(6) + bytes([_ENDINGS.index(ending)]) + nonce
    return str(uuid.UUID(bytes=head + _seal(key, head)))


def read(key: bytes, ticket_id: str) -> Issued | None:
    """What a ticket id says; None for one that was not issued under this key."""
    try:
        raw = uuid.UUID(ticket_id).bytes
    except ValueError:
        return None
    head, seal = raw[:12], raw[12:]
    if _seal(key, head) != seal:
        return None
    issued_at = datetime.fromtimestamp(int.from_bytes(head[:6]) / 1000, UTC)
    return Issued(issued_at + _wait(head[7:]), _ENDINGS[head[6]])


def _wait(nonce: bytes) -> timedelta:
    """How long the receipt takes: 2 to 6 seconds."""
    return timedelta(seconds=2 + 4 * _draw("wait", nonce))


def _seal(key: bytes, head: bytes) -> bytes:
    return hashlib.blake2b(head, key=key, digest_size=4).digest()


def _draw(purpose: str, *parts: bytes) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.blake2b(b"\0".join(parts), person=purpose.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _pick(shares: Mapping[str, float], luck: float) -> str:
    for word, share in shares.items():
        if luck < share:
            return word
        luck -= share
    return ""
