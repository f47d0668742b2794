"""How the tests of the fakes speak to the fake Expo: plainly, over Python's own HTTP client."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo

SEND = "/--/api/v2/push/send"
RECEIPTS = "/--/api/v2/push/getReceipts"
TOKEN = "ExponentPushToken[alice]"


def message(token: Any = TOKEN, **fields: Any) -> dict[str, Any]:
    return {"to": token, "title": "Hello", **fields}


def ask(
    expo: FakeExpo, path: str, value: Any, timeout: float = 5, **headers: str
) -> tuple[HTTPResponse, bytes]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    connection = HTTPConnection(expo.url.removeprefix("http://"), timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def send(expo: FakeExpo, *messages: Any, **headers: str) -> list[dict[str, Any]]:
    return json.loads(ask(expo, SEND, messages, **headers)[1])["data"]


def receipts(expo: FakeExpo, *ids: str) -> dict[str, Any]:
    return json.loads(ask(expo, RECEIPTS, {"ids": ids})[1])["data"]


def refusal(expo: FakeExpo, path: str, value: Any, **headers: str) -> tuple[int, str]:
    answer, body = ask(expo, path, value, **headers)
    return answer.status, json.loads(body)["errors"][0]["code"]


def on_send(kind: Kind, match: Match | None = None, **action: Any) -> Rule:
    return Rule(match=match or Match(endpoint="send"), action=Action(kind=kind, **action))
