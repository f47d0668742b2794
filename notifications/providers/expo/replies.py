"""Reads Expo's replies: tickets, receipts, and refusals of a whole request, however strange they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import exponent_server_sdk as sdk

from notifications import http, wire
from notifications.providers import answers
from notifications.providers.expo import codes
from notifications.providers.expo.messages import ADDRESSES, ExpoMessage
from notifications.wire import Outcome

FAILURES = (http.NotSent, http.NoAnswer, http.BadStatus, sdk.PushServerError)
"""All that a call of the SDK may end with."""
_SPLITTING_STATUSES = {400, 413, 422}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer for all messages of a request."""

    ticket: wire.Ticket
    splits: bool = False
    """Is it worth asking again in smaller parts?"""
    groups: Sequence[Sequence[int]] = ()
    """In which parts, where Expo says so: the places of their messages in the request."""


LEFT_OVER = Refusal(wire.Ticket(outcome=Outcome.RETRY, code=codes.NOT_PARTED))
"""Of what was refused with others, and was not asked for again in time."""


class _Reply(http.Reply):
    """A reply whose JSON has the shape that the SDK takes for granted, or is no JSON."""

    shape: ClassVar[type]

    def json(self) -> dict[str, Any]:
        """`errors` where there are any, `data` where it has the right shape; ValueError for anything but an object."""
        value = super().json()
        if not isinstance(value, dict):
            raise ValueError("The reply is no JSON object.")
        shaped = {"errors": value["errors"]} if value.get("errors") else {}
        if isinstance(value.get("data"), self.shape):
            shaped["data"] = self.entries(value["data"])
        return shaped

    def entries(self, data: Any) -> Any:
        raise NotImplementedError


class TicketReply(_Reply):
    """A reply with a list of tickets."""

    shape = list

    def entries(self, data: list[Any]) -> list[dict[str, Any]]:
        """As many entries as came: those that are no tickets stay as ones without a status."""
        return [_entry(each) for each in data]


class ReceiptReply(_Reply):
    """A reply with receipts by id."""

    shape = dict

    def entries(self, data: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """As many entries as came: those that are no receipts stay as ones without a status."""
        return {name: _entry(each) for name, each in data.items()}


def _entry(value: Any) -> dict[str, Any]:
    # The SDK would read "error" into a missing status.
    return value if isinstance(value, dict) and "status" in value else {"status": None}


def tickets(
    sent: Sequence[ExpoMessage], found: Sequence[sdk.PushTicket], secrets: Sequence[str]
) -> list[wire.Ticket]:
    """One ticket for each message that was sent, in the same order."""
    doubt = _doubt(sent, found)
    if doubt:
        return [answers.unreadable(doubt)] * len(sent)
    return [_ticket(each, secrets) for each in found]


def receipt(found: sdk.PushReceipt, secrets: Sequence[str]) -> wire.Receipt | None:
    """What one receipt says; None where it says nothing that can be read."""
    if found.status == "ok":
        return wire.Receipt(outcome=Outcome.ACCEPTED)
    if found.status != "error":
        return None
    outcome, code, detail = _error(found, secrets)
    return wire.Receipt(outcome=outcome, code=code, detail=detail)


def refusal(error: Exception, secrets: Sequence[str], sent: Sequence[ExpoMessage] = ()) -> Refusal:
    """What one of FAILURES means for all the messages that were sent."""
    if isinstance(error, http.NotSent | http.NoAnswer):
        return Refusal(answers.of_failure(error))
    reply: http.Reply = error.response  # type: ignore[attr-defined]  # both others carry it
    try:
        body = reply.json()
    except ValueError:
        body = {}
    if reply.status_code < 300 and ("data" in body or "errors" not in body):
        return Refusal(answers.unreadable(_what_came(body, len(sent))))
    return _refused(reply, _first(body.get("errors")), sent, secrets)


def _refused(
    reply: http.Reply, error: Mapping[str, Any], sent: Sequence[ExpoMessage], secrets: Sequence[str]
) -> Refusal:
    status = reply.status_code
    said = answers.code(error.get("code"))
    code = said or (answers.UNREADABLE if status < 300 else f"HTTP {status}")
    known = codes.OF_A_REQUEST.get(code)
    throttled = status == 429 or code == "TOO_MANY_REQUESTS"
    outcome = Outcome.RETRY if throttled else known.outcome if known else answers.outcome_of(status)
    ticket = wire.Ticket(
        outcome=outcome,
        code=code,
        detail=answers.detail(error.get("message"), [*secrets, *(each.to for each in sent)], ADDRESSES),
        retry_after=answers.retry_after(reply.headers) if outcome is Outcome.RETRY else None,
        throttled=throttled,
    )
    refused = outcome is Outcome.REJECTED and status in _SPLITTING_STATUSES
    apart = _by_project(error.get("details"), sent) if code == "PUSH_TOO_MANY_EXPERIENCE_IDS" else []
    return Refusal(ticket, splits=refused or (code in codes.OF_THE_MIX and not throttled), groups=apart)


def _by_project(details: Any, sent: Sequence[ExpoMessage]) -> list[list[int]]:
    """The places of each project's messages, where Expo names their tokens; those it does not name stay together."""
    named = details if isinstance(details, dict) else {}
    project_of = {
        token: project
        for project, tokens in named.items()
        if isinstance(tokens, list)
        for token in tokens
        if isinstance(token, str)
    }
    groups: dict[str | None, list[int]] = {}
    for place, message in enumerate(sent):
        groups.setdefault(project_of.get(message.to), []).append(place)
    return list(groups.values()) if len(groups) > 1 else []


def _first(errors: Any) -> Mapping[str, Any]:
    first = errors[0] if isinstance(errors, list) and errors else errors
    return first if isinstance(first, dict) else {}


def _what_came(body: Mapping[str, Any], sent: int) -> str:
    if "errors" in body:
        return "Expo answered with results and an error at once."
    if "data" in body:
        return f"Expo answered with {len(body['data'])} tickets for {sent} messages."
    return "Expo answered with something that is not in its format."


def _doubt(sent: Sequence[ExpoMessage], found: Sequence[sdk.PushTicket]) -> str:
    """Why these tickets cannot be matched with the messages by their order; "" when they can."""
    ids = [each.id for each in found if isinstance(each.id, str) and each.id]
    if len(set(ids)) < len(ids):
        return "Expo gave the same ticket to several messages."
    named = {each.push_message.to: _token_named_in(each) for each in found if each.status == "error"}
    strangers = {other for own, other in named.items() if other and other != own}
    if strangers.intersection(each.to for each in sent):
        return "Expo gave its tickets in another order than the messages."
    return ""


def _token_named_in(ticket: sdk.PushTicket) -> str:
    named = ticket.details.get("expoPushToken") if isinstance(ticket.details, dict) else ""
    return named if isinstance(named, str) else ""


def _ticket(found: sdk.PushTicket, secrets: Sequence[str]) -> wire.Ticket:
    if found.status == "ok":
        return wire.Ticket(outcome=Outcome.ACCEPTED, external_id=answers.reference(found.id))
    if found.status != "error":
        return answers.unreadable("Expo's ticket for this message says neither ok nor error.")
    outcome, code, detail = _error(found, [*secrets, found.push_message.to])
    return wire.Ticket(outcome=outcome, code=code, detail=detail)


def _error(found: sdk.PushTicket | sdk.PushReceipt, hidden: Sequence[str]) -> tuple[Outcome, str, str]:
    code = answers.code(found.details.get("error")) if isinstance(found.details, dict) else ""
    known = codes.OF_A_MESSAGE.get(code)
    detail = answers.detail(found.message, hidden, ADDRESSES)
    return known.outcome if known else Outcome.REJECTED, code, detail
