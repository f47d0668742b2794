"""One batch on its way to Expo: every message gets one ticket, and none is blamed for what may be anybody's fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import exponent_server_sdk as sdk

from notifications import wire
from notifications.providers.expo import codes, replies
from notifications.providers.expo.messages import ExpoMessage
from notifications.providers.expo.parting import Parting
from notifications.providers.expo.replies import Refusal
from notifications.wire import Outcome

Answered = tuple[wire.PushMessage, wire.Ticket]


def deliver(
    client: sdk.PushClient, secrets: Sequence[str], written: Sequence[ExpoMessage], size: int, deadline: float
) -> Iterator[Answered]:
    """Send `size` messages at a time, fewer only where Expo refuses them together."""

    def post(part: Sequence[ExpoMessage]) -> list[wire.Ticket] | Refusal:
        try:
            return replies.tickets(part, client.publish_multiple(part), secrets)
        except replies.FAILURES as error:
            return replies.refusal(error, secrets, part)

    parting = Parting(post, deadline)
    for start in range(0, len(written), size):
        for part, verdict in parting.answers(written[start : start + size]):
            tickets = [verdict.ticket] * len(part) if isinstance(verdict, Refusal) else verdict
            yield from zip((message.source for message in part), tickets, strict=True)


def judged(answered: Iterable[Answered]) -> Iterator[Answered]:
    """What may be everybody's fault is this message's own where Expo took another of the same batch.

    So one device of another Firebase project neither stops all the others nor is tried again for ever.
    """
    doubtful: list[Answered] = []
    is_open = False
    for message, ticket in answered:
        if ticket.code in codes.DOUBTFUL:
            doubtful.append((message, ticket))
            continue
        is_open = is_open or ticket.outcome is Outcome.ACCEPTED
        yield message, ticket
    for message, ticket in doubtful:
        yield message, replace(ticket, outcome=Outcome.REJECTED) if is_open else ticket
