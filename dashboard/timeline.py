"""What happened to one message, step by step, told from the rows that stand for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.templatetags.figures import number
from notifications import wire
from notifications.models import AuditEntry, Batch, Message, MessageState, Reason, Receipt, Ticket
from notifications.queries.attempts import Attempt
from notifications.queries.causes import TROUBLE, words
from notifications.queries.names import provider, provider_label

ICONS = {"ok": "check", "bad": "x", "warn": "alert", "again": "refresh"}
BAD = {wire.Outcome.REJECTED, wire.Outcome.GONE, wire.Outcome.MISCONFIGURED}
OUTCOMES = {
    wire.Outcome.RETRY: "Not taken: try again later",
    wire.Outcome.REJECTED: "Refused",
    wire.Outcome.GONE: "This address is dead",
    wire.Outcome.MISCONFIGURED: "Our key or account was not accepted",
    wire.Outcome.AMBIGUOUS: "No trustworthy answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, or that is going to."""

    mood: str
    """ok, bad, warn, again or wait."""
    title: str
    at: datetime | None
    text: str = ""
    code: str = ""
    """The vendor's own code."""
    quote: str = ""
    """The vendor's own words."""

    @property
    def icon(self) -> str:
        """Its picture; none for what is still to come."""
        return ICONS.get(self.mood, "")


def timeline(message: Message, attempts: Sequence[Attempt], replays: Sequence[AuditEntry]) -> list[Step]:
    """Everything in the order in which it happened, then where the message stands now."""
    # Whole attempts are put in order, not their steps: the clocks of two machines may differ by a moment.
    past = [[_replay(entry)] for entry in replays] + [
        list(_attempt(message, attempt)) for attempt in attempts
    ]
    past.sort(key=lambda steps: steps[0].at or message.date_created)
    return [_written(message), *(step for steps in past for step in steps), *_now(message, attempts)]


def answers(message: Message, attempts: Sequence[Attempt]) -> list[Step]:
    """What was tried and what was answered, and what is awaited: for lists, whose rows say the rest."""
    past = [step for attempt in attempts for step in _attempt(message, attempt)]
    return [*past, *(step for step in _now(message, attempts) if step.mood == "wait")]


def _written(message: Message) -> Step:
    text = f"A copy of “{message.broadcast.title}”" if message.broadcast else "A message of its own"
    return Step(mood="ok", title="Written out", text=text, at=message.date_created)


def _replay(entry: AuditEntry) -> Step:
    return Step(mood="again", title=f"Sent again by {entry.actor_name}", at=entry.at)


def _attempt(message: Message, attempt: Attempt) -> Iterator[Step]:
    """One batch: handed over, answered, and what receipts said later."""
    batch, ticket, label = attempt.batch, attempt.ticket, provider_label(message.provider)
    yield _carried(batch, ticket, label)
    if ticket:
        yield _ticket(message, ticket, label)
    for receipt in attempt.receipts:
        yield _receipt(message, receipt)


def _carried(batch: Batch, ticket: Ticket | None, label: str) -> Step:
    """What was done with the batch before its answer."""
    carried = f"Batch {batch.pk}, {number(batch.size)} message{'' if batch.size == 1 else 's'}"
    if batch.outcome == Batch.BY_CODE:
        return Step(
            mood="ok", title="Written down by code", text="Nothing was sent from here", at=batch.created_at
        )
    if batch.started_at is None:
        title = "Claimed by a worker" if ticket is None else "Claimed, but nothing was sent"
        return Step(mood="wait" if ticket is None else "warn", title=title, text=carried, at=batch.created_at)
    answered = _answered_in(batch, ticket) if ticket else "no answer yet"
    return Step(mood="ok", title=f"Handed to {label}", text=f"{carried}, {answered}", at=batch.started_at)


def _answered_in(batch: Batch, ticket: Ticket) -> str:
    if batch.started_at is None or ticket.outcome == wire.Outcome.AMBIGUOUS:
        return "no answer"
    took = ticket.date_received - batch.started_at
    return f"answered in {number(max(0, round(took.total_seconds() * 1000)))} ms"


def _ticket(message: Message, ticket: Ticket, label: str) -> Step:
    if ticket.is_success:
        known = (
            f"Ticket {ticket.external_id}"
            if ticket.external_id
            else "It gave no ticket, so there is no receipt."
        )
        return Step(mood="ok", title=f"Accepted by {label}", text=known, at=ticket.date_received)
    outcome = wire.Outcome(ticket.outcome)
    known_code = provider(message.provider).codes.get(ticket.error_code)
    return Step(
        mood="bad" if outcome in BAD else "warn",
        title=known_code.title if known_code else OUTCOMES[outcome],
        text=OUTCOMES[outcome] if known_code else "",
        code=ticket.error_code,
        quote=ticket.error_message,
        at=ticket.date_received,
    )


def _receipt(message: Message, receipt: Receipt) -> Step:
    if receipt.is_success:
        return Step(mood="ok", title="Receipt: delivered", at=receipt.date_checked)
    known_code = provider(message.provider).codes.get(receipt.error_code)
    is_final = known_code is None or known_code.outcome in BAD
    return Step(
        mood="bad" if is_final else "warn",
        title=f"Receipt: {known_code.title[0].lower()}{known_code.title[1:]}"
        if known_code
        else "Receipt: not delivered",
        code=receipt.error_code,
        quote=receipt.error_message,
        at=receipt.date_checked,
    )


def _now(message: Message, attempts: Sequence[Attempt]) -> Iterator[Step]:
    """Where it stands, and what to do about it."""
    state = MessageState(message.state)
    if message.reason == Reason.UNSENT:
        said = words(message.provider, message.reason, "")
        yield Step(mood="warn", title=said.title, text=said.remedy, at=message.changed_at)
    elif state in (MessageState.QUEUED, MessageState.HELD):
        again = "Next attempt" if attempts else "First attempt"
        why = words(message.provider, "", message.code).remedy if message.code else "It waits its turn."
        yield Step(mood="wait", title=again, text=why, at=message.available_at)
    elif state == MessageState.ACCEPTED:
        yield from _after_acceptance(message, attempts)
    elif state in TROUBLE or message.reason:
        said = words(message.provider, message.reason, message.code)
        mood = "bad" if state == MessageState.FAILED else "warn"
        yield Step(
            mood=mood, title=f"{state.capitalize()}: {said.title}", text=said.remedy, at=message.changed_at
        )


def _after_acceptance(message: Message, attempts: Sequence[Attempt]) -> Iterator[Step]:
    label = provider_label(message.provider)
    if message.reason == Reason.RECEIPT_MISSING:
        said = words(message.provider, message.reason, "")
        yield Step(mood="warn", title=said.title, text=said.remedy, at=message.changed_at)
    elif not provider(message.provider).has_receipts:
        yield Step(
            mood="ok", title="Accepted for good", text=f"{label} gives no receipts.", at=message.changed_at
        )
    elif attempts and attempts[-1].ticket:
        yield Step(mood="wait", title="Receipt asked for", at=attempts[-1].ticket.check_at)
