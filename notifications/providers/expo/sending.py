"""One batch on its way to Expo: every message gets one ticket, and none is blamed for what may be anybody's fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from notifications import http, wire
from notifications.providers.expo import codes, replies
from notifications.providers.expo.messages import Written
from notifications.providers.expo.parting import Parting
from notifications.providers.expo.replies import Refusal
from notifications.wire import Outcome

PATH = "/push/send"
Answered = tuple[wire.PushMessage, wire.Ticket]


def deliver(
    session: http.Session, secrets: Sequence[str], written: Sequence[Written], size: int, deadline: float
) -> Iterator[list[Answered]]:
    """Send `size` messages at a time, fewer only where Expo refuses them together; yield each part, answered."""

    def post(part: Sequence[Written]) -> list[wire.Ticket] | Refusal:
        try:
            reply = session.post(PATH, b"[%b]" % b",".join([text for _, text in part]))
        except replies.FAILURES as error:
            return replies.unanswered(error)
        return replies.tickets([message for message, _ in part], reply, secrets)

    parting = Parting(post, deadline)
    for start in range(0, len(written), size):
        for part, verdict in parting.answers(written[start : start + size]):
            tickets = [verdict.ticket] * len(part) if isinstance(verdict, Refusal) else verdict
            yield [(message, ticket) for (message, _), ticket in zip(part, tickets, strict=True)]


def judged(answered: Iterable[list[Answered]]) -> Iterator[Answered]:
    """What may be everybody's fault is this message's own where Expo took another of the same batch.

    So one device of another Firebase project neither stops all the others nor is tried again for ever.
    """
    doubtful: list[Answered] = []
    is_open = False
    for part in answered:
        is_open = is_open or any(ticket.outcome is Outcome.ACCEPTED for _, ticket in part)
        if codes.DOUBTFUL.isdisjoint([ticket.code for _, ticket in part]):
            yield from part
        else:
            doubtful += [each for each in part if each[1].code in codes.DOUBTFUL]
            yield from [each for each in part if each[1].code not in codes.DOUBTFUL]
    for message, ticket in doubtful:
        yield message, replace(ticket, outcome=Outcome.REJECTED) if is_open else ticket
