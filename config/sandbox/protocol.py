"""Expo's push protocol seen from the vendor's side: what it asks of a request, and how it words its answers.

Pure functions over decoded JSON. Trouble is a value: a `Refusal` is the whole request turned down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.sandbox import fields

SEND_PATH = "/--/api/v2/push/send"
RECEIPTS_PATH = "/--/api/v2/push/getReceipts"
RECIPIENTS_PER_REQUEST = 100
RECEIPTS_PER_REQUEST = 1000
PAYLOAD_BYTES = 4096
"""The largest message: compact JSON in UTF-8, without `to`."""

Answer = dict[str, Any]

_TOKEN = re.compile(r"Expo(?:nent)?PushToken\[.+\]|(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

WORDS: Mapping[str, str] = {
    "DeviceNotRegistered": "The device no longer receives notifications from this app",
    "MessageTooBig": f"The notification is larger than the {PAYLOAD_BYTES} bytes a device accepts",
    "MessageRateExceeded": "Too many notifications were sent to this device in a short time",
    "MismatchSenderId": "The app was built with another FCM sender than the server's credentials belong to",
    "InvalidCredentials": "The push credentials of the app are missing or were revoked",
    "DeveloperError": "The request to the device's platform was put together wrongly",
    "ExpoError": "Something went wrong inside the push service",
    "ProviderError": "The device's platform did not take the notification",
}
"""Every error a ticket or a receipt may name, and a sentence for it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A whole request turned down: HTTP status, the vendor's code, and a sentence."""

    status: int
    code: str
    message: str

    def answer(self) -> Answer:
        """The body of the refusal."""
        return {"errors": [{"code": self.code, "message": self.message}]}


@dataclass(frozen=True, slots=True)
class Sending:
    """A readable request to send: one (token, message) for every recipient, in the order of the tickets."""

    recipients: Sequence[tuple[str, Mapping[str, Any]]]
    single: bool
    """One message to one token was sent, not a list: its ticket comes back without a list around it."""

    def answer(self, tickets: Sequence[Answer]) -> Answer:
        """The body that carries these tickets."""
        return {"data": tickets[0] if self.single and len(tickets) == 1 else list(tickets)}


def read_json(body: bytes) -> Any | Refusal:
    """The JSON value of a body, or the refusal of one that is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # the second: brackets nested thousands deep
        return invalid("The body is not JSON.")


def read_sending(value: Any) -> Sending | Refusal:
    """Read the JSON of a request to send."""
    messages = value if isinstance(value, list) else [value]
    for index, message in enumerate(messages):
        problem = fields.problem_of(message)
        if problem:
            return invalid(f"[{index}]{problem}")
    recipients = [pair for message in messages for pair in _recipients_of(message)]
    if not recipients:
        return invalid("There is no message in this request.")
    if len(recipients) > RECIPIENTS_PER_REQUEST:
        return Refusal(
            400,
            "PUSH_TOO_MANY_NOTIFICATIONS",
            f"A request carries at most {RECIPIENTS_PER_REQUEST} notifications; this one carries {len(recipients)}.",
        )
    return Sending(recipients, single=isinstance(value, dict) and isinstance(value["to"], str))


def read_question(value: Any) -> list[str] | Refusal:
    """Read the JSON of a question for receipts: the ticket ids it asks about."""
    ids = value.get("ids") if isinstance(value, dict) else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        return invalid("ids must be a list of ticket ids.")
    if len(ids) > RECEIPTS_PER_REQUEST:
        return Refusal(
            400,
            "PUSH_TOO_MANY_RECEIPTS",
            f"A request asks for at most {RECEIPTS_PER_REQUEST} receipts; this one asks for {len(ids)}.",
        )
    return ids


def invalid(message: str) -> Refusal:
    """The refusal of a request that does not have the right form."""
    return Refusal(400, "VALIDATION_ERROR", message)


def is_token(token: str) -> bool:
    """Does this text have the form of a push token?"""
    return _TOKEN.fullmatch(token) is not None


def payload_size(message: Mapping[str, Any]) -> int:
    """How many bytes of a message count towards `PAYLOAD_BYTES`."""
    payload = {name: value for name, value in message.items() if name != "to"}
    return len(
        json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )


def fault_of(token: str, message: Mapping[str, Any], at_most: int = PAYLOAD_BYTES + 1) -> str:
    """The error that one recipient's ticket deserves by its form alone; "" when there is none.

    `at_most` is a size that the message cannot exceed, where the caller knows one: it spares the measuring.
    """
    if not is_token(token):
        return "DeviceNotRegistered"
    return "MessageTooBig" if at_most > PAYLOAD_BYTES and payload_size(message) > PAYLOAD_BYTES else ""


def ok_ticket(ticket_id: str) -> Answer:
    """The ticket of a message that was taken over."""
    return {"status": "ok", "id": ticket_id}


def error_ticket(code: str, token: str) -> Answer:
    """The ticket of a message that was not taken over."""
    message = f'"{token}": {WORDS.get(code, code)}'
    return {"status": "error", "message": message, "details": {"error": code, "expoPushToken": token}}


def receipt(code: str = "") -> Answer:
    """The receipt of a message; `code` is the error, or "" for one that arrived."""
    if not code:
        return {"status": "ok"}
    return {"status": "error", "message": WORDS.get(code, code), "details": {"error": code}}


def _recipients_of(message: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    to = message["to"]
    for token in [to] if isinstance(to, str) else to:
        yield token, message
