"""A fake Expo: `python -m tests.fakes.expo [--port N] [--faults FILE] [--history FILE] [--settings JSON]`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from config.sandbox import protocol
from tests.fakes import history
from tests.fakes.delivery import Reply, reply_json
from tests.fakes.faults import Action, Kind
from tests.fakes.server import Vendor, main
from tests.fakes.traffic import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set from outside."""

    receipt_delay: float = 0.0
    """Seconds from a ticket until its receipt can be had; applies to tickets already given."""
    access_token: str = ""
    """The bearer token every request must carry; "" asks for none."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is decided about one message."""

    outcome: str
    receipt: str
    has_id: bool = True


class Expo(Vendor):
    """Expo's two endpoints. A receipt is decided with its ticket, so the history knows how each message ends."""

    paths: ClassVar = {protocol.SEND_PATH: "send", protocol.RECEIPTS_PATH: "receipts"}

    def __init__(self) -> None:
        self.settings = Settings()
        self.forget()

    def forget(self) -> None:
        """Be as at the start, but for the ids: no ticket id is ever given twice."""
        self._prefix = f"{secrets.token_hex(4)}-0000-4000-8000"
        self._messages = 0
        self._receipts: dict[str, tuple[float, str]] = {}

    def read(self, call: Call, body: bytes) -> Any | Reply:
        """Understand a request of either kind, or refuse it as Expo would."""
        content = self._refusal_of_access(call) or protocol.read_json(body)
        if not isinstance(content, protocol.Refusal):
            read = protocol.read_sending if call.endpoint == "send" else protocol.read_question
            content = read(content)
        if isinstance(content, protocol.Refusal):
            return reply_json(content.answer(), content.status)
        call.recipients = len(self.addresses(content))
        return content

    def addresses(self, content: Any) -> Sequence[str]:
        """The push tokens of a sending, the ticket ids of a question."""
        return (
            [token for token, _ in content.recipients] if isinstance(content, protocol.Sending) else content
        )

    def accept(self, call: Call, content: Any, fault: Action | None) -> Reply:
        """Give tickets or receipts."""
        if isinstance(content, protocol.Sending):
            return reply_json(content.answer(_spoilt(self._tickets(call, content), fault)))
        return reply_json({"data": self._answers(call.monotonic, content)})

    def _refusal_of_access(self, call: Call) -> protocol.Refusal | None:
        expected = self.settings.access_token
        if not expected or call.headers.get("authorization") == f"Bearer {expected}":
            return None
        return protocol.Refusal(401, "UNAUTHORIZED", "The access token is missing or wrong.")

    def _tickets(self, call: Call, sending: protocol.Sending) -> list[protocol.Answer]:
        tickets, entries = [], []
        for token, message in sending.recipients:
            text = json.dumps(message)
            # Escaped and spaced JSON is never shorter than the compact UTF-8 that counts.
            error = protocol.fault_of(token, message, at_most=len(text))
            verdict = _Verdict(error, "") if error else self._verdict(call, token)
            ticket = self._ticket(call, token, verdict)
            tickets.append(ticket)
            entries.append((text, _own(token, verdict, ticket)))
        shared = {"request": call.number, "at": call.at, "monotonic": call.monotonic, "fault": call.fault}
        self.history.add(history.lines(shared, entries))
        return tickets

    def _verdict(self, call: Call, token: str) -> _Verdict:
        self._messages += 1
        if not self.script.touches_messages:
            return _FINE
        match self.script.for_message("send", call.number, token, self._messages):
            case Action(kind=Kind.TICKET_ERROR, code=code):
                return _Verdict(code, "")
            case Action(kind=Kind.TICKET_WITHOUT_ID):
                return _Verdict("ok", "", has_id=False)
            case Action(kind=Kind.RECEIPT_ERROR, code=code):
                return _Verdict("ok", code)
            case Action(kind=Kind.RECEIPT_MISSING):
                return _Verdict("ok", "missing")
        return _FINE

    def _ticket(self, call: Call, token: str, verdict: _Verdict) -> protocol.Answer:
        if verdict.outcome != "ok":
            return protocol.error_ticket(verdict.outcome, token)
        if not verdict.has_id:
            return {"status": "ok"}
        ticket_id = f"{self._prefix}-{self._messages:012x}"
        self._receipts[ticket_id] = (call.monotonic, verdict.receipt)
        return protocol.ok_ticket(ticket_id)

    def _answers(self, now: float, ids: Sequence[str]) -> dict[str, protocol.Answer]:
        answers = {}
        for each in ids:
            given_at, receipt = self._receipts.get(each, (now, "missing"))
            if receipt != "missing" and now >= given_at + self.settings.receipt_delay:
                answers[each] = protocol.receipt("" if receipt == "ok" else receipt)
        return answers


_FINE = _Verdict("ok", "ok")


def _own(token: str, verdict: _Verdict, ticket: protocol.Answer) -> dict[str, str]:
    return {
        "token": token,
        "ticket": ticket.get("id", ""),
        "outcome": verdict.outcome,
        "receipt": verdict.receipt,
    }


def _spoilt(tickets: list[protocol.Answer], fault: Action | None) -> list[protocol.Answer]:
    """The tickets as the fault has them: too many, too few, or all with one id."""
    match fault:
        case Action(kind=Kind.WRONG_COUNT, by=by):
            extra = [protocol.ok_ticket(f"extra-{number}") for number in range(by)]
            return tickets[: len(tickets) + by] if by < 0 else tickets + extra
        case Action(kind=Kind.REPEATED_ID):
            first = next((each["id"] for each in tickets if "id" in each), "")
            return [{**each, "id": first} if "id" in each else each for each in tickets]
    return tickets


if __name__ == "__main__":
    main(Expo())
