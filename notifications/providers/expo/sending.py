"""One batch on its way to Expo, in one request or, where one message spoils it for all, by halves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import exponent_server_sdk as sdk

from notifications import wire
from notifications.providers.expo import replies
from notifications.providers.expo.messages import ExpoMessage
from notifications.wire import Outcome

Verdict = list[wire.Ticket] | replies.Refusal


class Sending:
    """The requests of one batch. Every message is part of at most one request that Expo takes."""

    def __init__(self, client: sdk.PushClient, secrets: Sequence[str]) -> None:
        self._client = client
        self._secrets = secrets
        self._end: replies.Refusal | None = None

    def deliver(self, part: Sequence[ExpoMessage]) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """Send messages of which none was taken yet, and answer for each of them."""
        yield from self._settle(part, self._post(part))

    def _settle(
        self, part: Sequence[ExpoMessage], verdict: Verdict
    ) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        if isinstance(verdict, list):
            for message, ticket in zip(part, verdict, strict=True):
                yield message.source, ticket
        elif verdict.splits and len(part) > 1:
            yield from self._halves(part)
        else:
            for message in part:
                yield message.source, verdict.ticket

    def _halves(self, spoilt: Sequence[ExpoMessage]) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """Send both halves of what Expo refused as a whole: for one bad message in 100, at most 14 requests in all."""
        middle = len(spoilt) // 2
        left, right = spoilt[:middle], spoilt[middle:]
        verdict = self._post(left)
        yield from self._settle(left, verdict)
        if isinstance(verdict, list) and len(right) > 1:
            # What spoils it is on the right then: no need to hear so from Expo.
            yield from self._halves(right)
        else:
            yield from self.deliver(right)

    def _post(self, part: Sequence[ExpoMessage]) -> Verdict:
        if self._end is not None:
            return self._end
        try:
            found = self._client.publish_multiple(part)
        except replies.FAILURES as error:
            refusal = replies.refusal(error, self._secrets, part)
            if refusal.ticket.outcome in (Outcome.RETRY, Outcome.MISCONFIGURED):
                # Busy, unreachable or not let in: the other parts would hear the same.
                self._end = refusal
            return refusal
        return replies.tickets(part, found, self._secrets)
