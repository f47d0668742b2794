"""Expo keeps the contract; what Expo alone does is tested in `expo/`."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.wire import Outcome
from tests.notifications.loopback import Answer, Seen
from tests.notifications.providers.contract import Fate
from tests.notifications.providers.contract_of_bulk import BulkContract
from tests.notifications.providers.contract_of_receipts import ReceiptContract

CODES = {
    Outcome.GONE: "DeviceNotRegistered",
    Outcome.REJECTED: "MessageTooBig",
    Outcome.MISCONFIGURED: "MismatchSenderId",
}


def entry(outcome: Outcome, words: str) -> dict:
    """A ticket or receipt of Expo's, but for its id."""
    if outcome is Outcome.ACCEPTED:
        return {"status": "ok"}
    return {"status": "error", "message": words or "No.", "details": {"error": CODES[outcome]}}


class TestExpo(BulkContract, ReceiptContract):
    key = "expo"
    secrets = {"access_token": "canary-secret-0123456789"}
    bad_tokens = [
        "ExponentPushToken[]",
        "ExpoPushToken[]",
        "ExponentPushTokenGARBAGE",
        "ExponentPushToken[abc",
        "exponentpushtoken[abc]",
        "ExponentPushToken[a b]",
        "ExponentPushToken[abc]]",
        "ExponentPushToken[abc]\n",
        " ExponentPushToken[abc]",
        "ExponentPushToken[" + "a" * 200 + "]",
        "3a7d2e6c-0000-4000-8000-00000000000",
        "dGhpcyBpcyBhbg:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx",
        "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad",
    ]
    hostile = [
        *BulkContract.hostile,
        {"data": None},
        {"data": "xyz"},
        {"data": 3},
        {"data": {"a": 1, "b": None, "c": []}},
        {"data": {"a": {"status": "gone", "details": {"error": "DeviceNotRegistered"}}}},
        {"data": [None, 5, "text"]},
        {"data": [{}, [], {"status": 7, "id": 7, "message": 7, "details": 7}]},
        {"data": [{"status": "maybe"}, {"status": ["ok"]}, {"status": {"ok": "ok"}}]},
        {"data": [{"status": "error", "details": "DeviceNotRegistered"}] * 3},
        {"data": [{"status": "error", "details": {"error": ["DeviceNotRegistered"]}}] * 3},
        {
            "data": [
                {"status": "error", "message": "\x00\ud800" * 99_999, "details": {"error": "\x00" * 9_999}}
            ]
            * 3
        },
        {"data": [{"status": "ok", "id": "same"}] * 3},
        {"errors": [{"code": "DeviceNotRegistered"}]},
        {"errors": {"code": "DeviceNotRegistered"}},
        {"errors": "DeviceNotRegistered"},
        {"errors": [5]},
        {"errors": [{"code": 5, "message": {}}]},
        {"errors": [{"code": "Y" * 99_999, "message": "Z" * 99_999}]},
        {"errors": [{"code": "VALIDATION_ERROR"}], "data": [{"status": "ok"}] * 3},
    ]

    def token(self, number: int) -> str:
        return f"ExponentPushToken[{number:022}]"

    def reference(self, token: str) -> str:
        return f"id-of-{token[18:-1]}"

    def answer(self, seen: Seen, fate: Fate, words: str = "") -> Answer:
        tickets = []
        for message in seen.json():
            ticket = entry(fate(message["to"]), words)
            tickets.append(
                {**ticket, "id": self.reference(message["to"])} if ticket["status"] == "ok" else ticket
            )
        return Answer(body={"data": tickets})

    def misconfigured(self, seen: Seen) -> Answer:
        return Answer(status=401, body={"errors": [{"code": "UNAUTHORIZED", "message": "Who are you?"}]})

    def busy(self, seen: Seen) -> Answer:
        return Answer(status=503, body=b"<html>Back soon</html>")

    def throttled(self, seen: Seen, retry_after: str) -> Answer:
        errors = [{"code": "TOO_MANY_REQUESTS", "message": "Slow down."}]
        return Answer(status=429, body={"errors": errors}, headers={"Retry-After": retry_after})

    def is_authorised(self, seen: Seen) -> bool:
        return seen.headers.get("authorization") == "Bearer canary-secret-0123456789"

    def short_by_one(self, seen: Seen) -> Answer:
        return Answer(body={"data": [{"status": "ok", "id": str(n)} for n, _ in enumerate(seen.json()[1:])]})

    def refused_for(self, seen: Seen, token: str) -> Answer | None:
        if token not in [message["to"] for message in seen.json()]:
            return None
        return Answer(
            status=400, body={"errors": [{"code": "VALIDATION_ERROR", "message": "Not like this."}]}
        )

    def receipts(self, seen: Seen, fates: Mapping[str, Outcome], words: str = "") -> Answer:
        return Answer(body={"data": {name: entry(outcome, words) for name, outcome in fates.items()}})
