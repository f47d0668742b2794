"""Reads Expo's replies: tickets, receipts, and refusals of a whole request, however strange they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications import http, wire
from notifications.providers import answers
from notifications.providers.expo import codes
from notifications.providers.expo.messages import ADDRESSES
from notifications.wire import Outcome

Entry = Mapping[str, Any]
Receipts = dict[str, wire.Receipt]
FAILURES = (http.NotSent, http.NoAnswer)
"""What a call ends with that brings no reply."""
_SPLITTING_STATUSES = {400, 413, 422}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer for all messages of a request."""

    ticket: wire.Ticket
    splits: bool = False
    """Is it worth asking again in smaller parts?"""
    groups: Sequence[Sequence[int]] = ()
    """In which parts, where Expo says so: the places of their messages in the request."""


_ARRIVED = wire.Receipt(outcome=Outcome.ACCEPTED)
LEFT_OVER = Refusal(wire.Ticket(outcome=Outcome.RETRY, code=codes.NOT_PARTED))
"""Of what was refused with others, and was not asked for again in time."""


def tickets(
    sent: Sequence[wire.PushMessage], reply: http.Response, secrets: Sequence[str]
) -> list[wire.Ticket] | Refusal:
    """One ticket for each message that was sent, in the same order."""
    body = _body(reply, list)
    found = body.get("data", ())
    if not _is_taken(reply, body) or len(found) != len(sent):
        return _refusal(reply, body, secrets, sent)
    entries = [each if isinstance(each, dict) else {} for each in found]
    doubt = _doubt(sent, entries)
    if doubt:
        return [answers.unreadable(doubt)] * len(sent)
    return [
        wire.Ticket(Outcome.ACCEPTED, answers.reference(entry.get("id")))
        if entry.get("status") == "ok"
        else _refused_ticket(message, entry, secrets)
        for message, entry in zip(sent, entries, strict=True)
    ]


def receipts(ids: Sequence[str], reply: http.Response, secrets: Sequence[str]) -> Receipts | Refusal:
    """The receipts that are known of those that were asked for. One that cannot be read is left out."""
    body = _body(reply, dict)
    if not _is_taken(reply, body):
        return _refusal(reply, body, secrets)
    found = body["data"]
    read = {each: _receipt(found[each], secrets) for each in ids if each in found}
    return {name: receipt for name, receipt in read.items() if receipt}


def unanswered(error: http.NotSent | http.NoAnswer) -> Refusal:
    """What one of FAILURES means for everything that was asked."""
    return Refusal(answers.of_failure(error))


def _body(reply: http.Response, shape: type) -> dict[str, Any]:
    """`errors` where there are any, `data` where it has the right shape."""
    try:
        value = reply.json()
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    body = {"errors": value["errors"]} if value.get("errors") else {}
    if isinstance(value.get("data"), shape):
        body["data"] = value["data"]
    return body


def _is_taken(reply: http.Response, body: Mapping[str, Any]) -> bool:
    """Does it speak of single messages, rather than of the request as a whole?"""
    return reply.status < 400 and "data" in body and "errors" not in body


def _refusal(
    reply: http.Response,
    body: Mapping[str, Any],
    secrets: Sequence[str],
    sent: Sequence[wire.PushMessage] = (),
) -> Refusal:
    if reply.status < 300 and ("data" in body or "errors" not in body):
        return Refusal(answers.unreadable(_what_came(body, len(sent))))
    return _refused(reply, _first(body.get("errors")), sent, secrets)


def _refused(
    reply: http.Response, error: Mapping[str, Any], sent: Sequence[wire.PushMessage], secrets: Sequence[str]
) -> Refusal:
    status = reply.status
    said = answers.code(error.get("code"))
    code = said or (answers.UNREADABLE if status < 300 else f"HTTP {status}")
    known = codes.OF_A_REQUEST.get(code)
    throttled = status == 429 or code == "TOO_MANY_REQUESTS"
    outcome = Outcome.RETRY if throttled else known.outcome if known else answers.outcome_of(status)
    ticket = wire.Ticket(
        outcome=outcome,
        code=code,
        detail=answers.detail(error.get("message"), [*secrets, *(each.token for each in sent)], ADDRESSES),
        retry_after=answers.retry_after(reply.headers) if outcome is Outcome.RETRY else None,
        throttled=throttled,
    )
    refused = outcome is Outcome.REJECTED and status in _SPLITTING_STATUSES
    apart = _by_project(error.get("details"), sent) if code == "PUSH_TOO_MANY_EXPERIENCE_IDS" else []
    return Refusal(ticket, splits=refused or (code in codes.OF_THE_MIX and not throttled), groups=apart)


def _by_project(details: Any, sent: Sequence[wire.PushMessage]) -> list[list[int]]:
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
        groups.setdefault(project_of.get(message.token), []).append(place)
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


def _doubt(sent: Sequence[wire.PushMessage], found: Sequence[Entry]) -> str:
    """Why these tickets cannot be matched with the messages by their order; "" when they can."""
    ids = [name for each in found if (name := each.get("id")) and isinstance(name, str)]
    if len(set(ids)) < len(ids):
        return "Expo gave the same ticket to several messages."
    refused = [
        (message.token, _token_named_in(each))
        for message, each in zip(sent, found, strict=True)
        if each.get("status") == "error"
    ]
    strangers = {named for own, named in refused if named != own}
    if strangers and any(each.token in strangers for each in sent):
        return "Expo gave its tickets in another order than the messages."
    return ""


def _token_named_in(entry: Entry) -> str:
    details = entry.get("details")
    named = details.get("expoPushToken") if isinstance(details, dict) else ""
    return named if isinstance(named, str) else ""


def _refused_ticket(message: wire.PushMessage, entry: Entry, secrets: Sequence[str]) -> wire.Ticket:
    if entry.get("status") != "error":
        return answers.unreadable("Expo's ticket for this message says neither ok nor error.")
    outcome, code, detail = _error(entry, [*secrets, message.token])
    return wire.Ticket(outcome=outcome, code=code, detail=detail)


def _receipt(entry: Any, secrets: Sequence[str]) -> wire.Receipt | None:
    """What one receipt says; None where it says nothing that can be read."""
    status = entry.get("status") if isinstance(entry, dict) else None
    if status == "ok":
        return _ARRIVED
    if status != "error":
        return None
    outcome, code, detail = _error(entry, secrets)
    return wire.Receipt(outcome=outcome, code=code, detail=detail)


def _error(entry: Entry, hidden: Sequence[str]) -> tuple[Outcome, str, str]:
    details = entry.get("details")
    code = answers.code(details.get("error")) if isinstance(details, dict) else ""
    known = codes.OF_A_MESSAGE.get(code)
    detail = answers.detail(entry.get("message"), hidden, ADDRESSES)
    return known.outcome if known else Outcome.REJECTED, code, detail
