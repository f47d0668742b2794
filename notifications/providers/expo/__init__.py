"""Expo: a hundred messages in a request, a ticket for each at once, and a receipt to ask for later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from notifications import http, wire
from notifications.providers.base import PushProvider
from notifications.providers.expo import asking, codes, messages, sending

API = "/--/api/v2"


class ExpoProvider(PushProvider):
    """Expo's push service."""

    key = "expo"
    label = "Expo"
    default_url = "https://exp.host"
    batch_size = 100
    connections = 6
    rate = 600
    has_receipts = True
    receipt_batch_size = 1000
    secret_fields = {"access_token": "Access token"}
    codes = codes.CODES

    @classmethod
    def check_token(cls, token: str) -> str:
        """Say what keeps this from being an Expo push token."""
        return messages.token_problem(token)

    @classmethod
    def check_content(cls, content: wire.PushContent) -> list[wire.Problem]:
        """Say what Expo would refuse: emptiness, a wrong form, more than 4,096 bytes."""
        return list(messages.content_problems(content))

    @classmethod
    def payload(cls, content: wire.PushContent) -> dict[str, Any]:
        """The message as Expo gets it, but for its `to`."""
        return messages.payload_of(content)

    def send(self, batch: Sequence[wire.PushMessage]) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """Send in one request; in several only where Expo refuses the request for the sake of some messages."""
        written, unwritable = messages.write(batch)
        yield from unwritable
        yield from sending.judged(
            sending.deliver(self._session(), self._secrets(), written, self.batch_size, self.deadline)
        )

    def receipts(self, external_ids: Sequence[str]) -> wire.ReceiptAnswer:
        """Ask what became of accepted messages."""
        return asking.ask(self._session(), self._secrets(), external_ids, self.deadline)

    def _session(self) -> http.Session:
        # A token pasted with a line break in it would end the header early.
        token = "".join(self.access.secrets.get("access_token", "").split())
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return http.Session(self.access.base_url.rstrip("/") + API, headers, self.deadline)

    def _secrets(self) -> list[str]:
        return list(self.access.secrets.values())
