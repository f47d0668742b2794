"""The sandbox: Expo's protocol inside our own server, with a share of every trouble."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from config.sandbox import fate, protocol
from notifications import clock

pytestmark = pytest.mark.urls(__name__)
urlpatterns = [path("sandbox/expo/", include("config.sandbox.urls"))]

SEND = "/sandbox/expo/--/api/v2/push/send"
RECEIPTS = "/sandbox/expo/--/api/v2/push/getReceipts"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_ENOUGH = timedelta(seconds=6)
FINE = b'[{"to": "nonsense"}]'


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> Iterator[None]:
    settings.CARILLON_SANDBOX = True
    yield
    clock.reset()


def send(*messages: Any) -> list[dict[str, Any]]:
    return Client().post(SEND, list(messages), content_type="application/json").json()["data"]


def send_to(token: str) -> dict[str, Any]:
    return send({"to": token, "title": "Hello"})[0]


def receipts(*ids: str) -> dict[str, Any]:
    return Client().post(RECEIPTS, {"ids": ids}, content_type="application/json").json()["data"]


def refusal(path: str, value: Any) -> tuple[int, str]:
    answer = Client().post(path, value, content_type="application/json")
    return answer.status_code, answer.json()["errors"][0]["code"]


def lucky_token() -> str:
    """A token that is not among the lost ones today."""
    tokens = (f"ExponentPushToken[lucky-{number}]" for number in range(100))
    return next(
        token for token in tokens if fate.decide(token, b"", clock.now()).ending != "DeviceNotRegistered"
    )


def fates(moment: datetime, count: int = 20_000) -> list[fate.Fate]:
    attempts = ((f"ExponentPushToken[{number}]", number.to_bytes(5)) for number in range(count))
    return [fate.decide(token, nonce, moment) for token, nonce in attempts]


# --- Tickets ----------------------------------------------------------------------------------------------------------


def test_it_gives_a_ticket_for_each_message_in_order():
    good, bad = send({"to": "ExpoPushToken[sandbox-receipt-Missing]"}, {"to": "nonsense"})
    assert good["status"] == "ok"
    assert bad["details"] == {"error": "DeviceNotRegistered", "expoPushToken": "nonsense"}


def test_it_answers_a_single_message_with_a_single_ticket():
    answer = Client().post(SEND, {"to": "nonsense"}, content_type="application/json")
    assert answer.json()["data"]["status"] == "error"


def test_it_reads_gzip():
    answer = Client().post(
        SEND, gzip.compress(FINE), content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.json()["data"][0]["status"] == "error"


@pytest.mark.parametrize("code", protocol.WORDS)
def test_it_gives_the_error_a_token_asks_for_in_the_ticket(code):
    assert send_to(f"ExponentPushToken[sandbox-{code}-1]")["details"]["error"] == code


@pytest.mark.parametrize(("spare", "error"), [(0, ""), (-1, "MessageTooBig")])
def test_it_measures_a_message_in_bytes_without_its_token(spare, error):
    token, room = lucky_token(), protocol.PAYLOAD_BYTES - len('{"body":""}')
    assert protocol.fault_of(token, {"to": token, "body": "é" + "x" * (room - 2 - spare)}) == error


def test_it_finds_a_message_too_big():
    assert send({"to": lucky_token(), "body": "x" * 5000})[0]["details"]["error"] == "MessageTooBig"


# --- Receipts ---------------------------------------------------------------------------------------------------------


def test_it_has_no_receipt_at_once():
    assert receipts(send_to("ExponentPushToken[receipt-ExpoError]")["id"]) == {}


def test_it_has_every_receipt_two_to_six_seconds_later():
    tickets = [fate.issue(b"key", "", NOON, nonce.to_bytes(5)) for nonce in range(100)]
    issued = [each for ticket in tickets if (each := fate.read(b"key", ticket))]
    assert [sum(each.is_out(NOON + timedelta(seconds=after)) for each in issued) for after in (2, 6)] == [
        0,
        100,
    ]


def test_it_forgets_a_receipt_after_a_day():
    issued = fate.read(b"key", fate.issue(b"key", "", NOON, b"nonce"))
    assert issued
    assert not issued.is_out(NOON + timedelta(hours=25))


@pytest.mark.parametrize("code", protocol.WORDS)
def test_it_gives_the_error_a_token_asks_for_in_the_receipt(code):
    ticket = send_to(f"ExponentPushToken[sandbox-receipt-{code}-1]")["id"]
    clock.turn(LONG_ENOUGH)
    assert receipts(ticket)[ticket]["details"] == {"error": code}


def test_it_says_ok_in_the_receipt_of_what_arrived():
    # Now and then one of them meets one of the rarer errors.
    tickets = [ticket["id"] for ticket in send(*[{"to": lucky_token()}] * 50) if ticket["status"] == "ok"]
    clock.turn(LONG_ENOUGH)
    assert list(receipts(*tickets).values()).count({"status": "ok"}) > 25


def test_it_answers_an_empty_question():
    assert receipts() == {}


def test_it_never_has_the_receipt_of_a_token_that_asks_for_none():
    ticket = send_to("ExponentPushToken[sandbox-receipt-Missing]")["id"]
    clock.turn(LONG_ENOUGH)
    assert receipts(ticket) == {}


@pytest.mark.parametrize("ticket", ["", "nonsense", "00000000-0000-0000-0000-000000000000", "€" * 36])
def test_it_leaves_out_an_id_it_never_gave(ticket):
    assert receipts(ticket) == {}


def test_it_leaves_out_an_id_that_was_tampered_with():
    ticket = send_to("ExponentPushToken[sandbox-receipt-ExpoError]")["id"]
    clock.turn(LONG_ENOUGH)
    forged = ticket[:14] + ("0" if ticket[14] != "0" else "1") + ticket[15:]
    assert receipts(forged) == {}


def test_it_leaves_out_an_id_given_under_another_key(settings):
    ticket = send_to("ExponentPushToken[sandbox-receipt-ExpoError]")["id"]
    clock.turn(LONG_ENOUGH)
    settings.SECRET_KEY = "another"
    assert receipts(ticket) == {}


# --- Whole requests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["{", "[" * 100_000, "[]", '[{"title": "no to"}]', '{"to": "x", "ttl": "soon"}']
)
def test_it_refuses_what_has_the_wrong_form(value):
    assert refusal(SEND, value) == (400, "VALIDATION_ERROR")


def test_it_names_the_message_and_the_field_that_is_wrong():
    answer = Client().post(SEND, [{"to": "x"}, {"to": "x", "badge": "1"}], content_type="application/json")
    assert answer.json()["errors"][0]["message"] == "[1].badge must be a whole number"


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(FINE)[:-4], gzip.compress(FINE + b" " * 3_000_000)]
)
def test_it_refuses_gzip_that_is_broken_or_a_bomb(body):
    answer = Client().post(SEND, body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert answer.json()["errors"][0]["code"] == "VALIDATION_ERROR"


def test_it_refuses_more_than_a_hundred_recipients():
    assert refusal(SEND, [{"to": ["x"] * 101}]) == (400, "PUSH_TOO_MANY_NOTIFICATIONS")


def test_it_refuses_a_question_for_more_than_a_thousand_receipts():
    assert refusal(RECEIPTS, {"ids": ["x"] * 1001}) == (400, "PUSH_TOO_MANY_RECEIPTS")


@pytest.mark.parametrize(
    ("code", "status"),
    [("TOO_MANY_REQUESTS", 429), ("UNAUTHORIZED", 401), ("PUSH_TOO_MANY_EXPERIENCE_IDS", 400)],
)
def test_it_turns_down_the_whole_request_when_a_token_asks_for_it(code, status):
    assert refusal(SEND, [{"to": f"ExponentPushToken[sandbox-{code}]"}]) == (status, code)


def test_it_says_when_to_come_back():
    answer = Client().post(
        SEND, {"to": "ExponentPushToken[TOO_MANY_REQUESTS]"}, content_type="application/json"
    )
    assert answer.headers["Retry-After"] == "5"


# --- Shares -----------------------------------------------------------------------------------------------------------


def test_it_loses_about_one_device_in_a_hundred_at_once_and_another_later():
    decided = fates(NOON)
    at_once = sum(each.ticket_error == "DeviceNotRegistered" for each in decided)
    later = sum(each.ending == "DeviceNotRegistered" for each in decided)
    assert 0.008 < at_once / len(decided) < 0.012
    assert 0.008 < later / len(decided) < 0.012


def test_it_keeps_a_lost_device_lost_all_day():
    lost = [each.ticket_error == "DeviceNotRegistered" for each in fates(NOON)]
    assert lost == [each.ticket_error == "DeviceNotRegistered" for each in fates(NOON + timedelta(hours=11))]


def test_it_loses_other_devices_tomorrow():
    assert fates(NOON) != fates(NOON + timedelta(days=1))


@pytest.mark.parametrize("code", fate.RECEIPT_SHARES)
def test_it_fails_a_small_share_for_each_other_reason(code):
    decided = fates(NOON)
    share = sum(each.ending == code for each in decided) / len(decided)
    assert share == pytest.approx(fate.RECEIPT_SHARES[code], rel=0.5)


def test_it_never_pauses_a_credential_unasked():
    words = {word for each in fates(NOON) for word in (each.ticket_error, each.ending)}
    assert not words & {"MismatchSenderId", "InvalidCredentials"}


def test_it_lets_a_rate_that_was_exceeded_clear_when_tried_again():
    token = lucky_token()
    attempts = [fate.decide(token, nonce.to_bytes(5), clock.now()).ending for nonce in range(2000)]
    assert 0 < attempts.count("MessageRateExceeded") < 20


# --- Only where it is wanted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [SEND, RECEIPTS])
def test_it_does_not_exist_unless_the_sandbox_is_on(settings, address):
    settings.CARILLON_SANDBOX = False
    assert Client().post(address, {"to": "x"}, content_type="application/json").status_code == 404


def test_it_needs_no_csrf_token():
    answer = Client(enforce_csrf_checks=True).post(SEND, {"to": "x"}, content_type="application/json")
    assert answer.status_code == 200


def test_it_answers_posts_only():
    assert Client().get(SEND).status_code == 405
