"""Expo: a hundred messages in a request, a ticket for each at once, and a receipt to ask for later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any
from urllib.parse import urlsplit

import exponent_server_sdk as sdk

from notifications import http, wire
from notifications.providers import answers, expo_codes
from notifications.providers.base import PushProvider
from notifications.providers.expo_messages import (
    ADDRESSES,
    ExpoMessage,
    content_problems,
    payload_of,
    token_problem,
)
from notifications.wire import Outcome

API = "/--/api/v2"
Answered = tuple[wire.PushMessage, wire.Ticket]


class ExpoProvider(PushProvider):
    """Expo's push service, through Expo's SDK for Python."""

    key = "expo"
    label = "Expo"
    default_url = "https://exp.host"
    batch_size = 100
    connections = 6
    rate = 600
    has_receipts = True
    receipt_batch_size = 1000
    secret_fields = {"access_token": "Access token"}
    codes = expo_codes.CODES

    @classmethod
    def check_token(cls, token: str) -> str:
        """Say what keeps this from being an Expo push token."""
        return token_problem(token)

    @classmethod
    def check_content(cls, content: wire.PushContent) -> list[wire.Problem]:
        """Say what Expo would refuse: emptiness, a wrong form, more than 4,096 bytes."""
        return list(content_problems(content))

    def send(self, batch: Sequence[wire.PushMessage]) -> Iterator[Answered]:
        """Send in one request; in more, by halves, only where Expo refuses the request for one message in it."""
        if batch:
            yield from _Sending(self._client(), self._secrets()).deliver(batch)

    def receipts(self, external_ids: Sequence[str]) -> wire.ReceiptAnswer:
        """Ask what became of accepted messages. Asking again does no harm, so lost answers are `retry`."""
        asked = [sdk.PushTicket(None, "ok", "", None, each) for each in external_ids if each]
        try:
            receipts = self._client().check_receipts_multiple(asked)
        except _FAILURES as error:
            trouble = _refusal_of(error, self._secrets()).ticket
            if trouble.outcome is Outcome.AMBIGUOUS:
                trouble = replace(trouble, outcome=Outcome.RETRY)
            return wire.ReceiptAnswer(trouble=trouble)
        return wire.ReceiptAnswer(
            receipts={each.id: self._receipt(each) for each in receipts if each.status in _STATUSES}
        )

    def _receipt(self, receipt: sdk.PushReceipt) -> wire.Receipt:
        outcome, code, detail = _read(receipt, self._secrets())
        return wire.Receipt(outcome=outcome, code=code, detail=detail)

    def _client(self) -> sdk.PushClient:
        token = "".join(self.access.secrets.get("access_token", "").split())
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = urlsplit(self.access.base_url)
        # The SDK joins host and path in two ways, of which one forgets the host's own path.
        return sdk.PushClient(
            host=f"{base.scheme}://{base.netloc}",
            api_url=base.path.rstrip("/") + API,
            session=_Session(headers, self.deadline),
        )

    def _secrets(self) -> list[str]:
        return list(self.access.secrets.values())
