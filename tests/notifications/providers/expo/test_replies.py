"""How Expo's replies are read: every documented code, and everything that nobody documented."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.providers.expo import ExpoProvider
from notifications.wire import Access, Outcome, PushContent, PushMessage, ReceiptAnswer, Ticket
from tests.notifications.loopback import Answer, Loopback, Trouble

OF_A_MESSAGE = [
    ("DeviceNotRegistered", Outcome.GONE),
    ("MessageTooBig", Outcome.REJECTED),
    ("MessageRateExceeded", Outcome.RETRY),
    ("MismatchSenderId", Outcome.MISCONFIGURED),
    ("InvalidCredentials", Outcome.MISCONFIGURED),
    ("DeveloperError", Outcome.REJECTED),
    ("ExpoError", Outcome.RETRY),
    ("ProviderError", Outcome.RETRY),
    ("SomethingNew", Outcome.REJECTED),
]
TOKENS = [
    "ExponentPushToken[aaaaaaaaaa]",
    "ExpoPushToken[bbbbbbbbbb]",
    "f5741a13-bcda-434b-a316-5dc0e6ffa94f",
]


def read(server: Loopback, body: Any, status: int = 200, size: int = 1, **headers: str) -> list[Ticket]:
    server.script = lambda seen: Answer(status=status, body=body, headers=headers)
    content = PushContent(body="Body")
    batch = [PushMessage(id=n, token=TOKENS[n], content=content) for n in range(size)]
    answered = {
        message.id: ticket for message, ticket in ExpoProvider(Access(base_url=server.url)).send(batch)
    }
    return [answered[n] for n in range(size)]


def asked(server: Loopback, body: Any, *ids: str, status: int = 200) -> ReceiptAnswer:
    server.script = lambda seen: Answer(status=status, body=body)
    return ExpoProvider(Access(base_url=server.url)).receipts(ids)


def error(code: str, message: str = "Sorry.", **details: Any) -> dict[str, Any]:
    return {"status": "error", "message": message, "details": {"error": code, **details}}


@pytest.mark.parametrize(("code", "outcome"), OF_A_MESSAGE)
def test_it_reads_each_code_of_a_ticket(server, code, outcome):
    [ticket] = read(server, {"data": [error(code)]})
    assert (ticket.outcome, ticket.code, ticket.detail) == (outcome, code, "Sorry.")


@pytest.mark.parametrize(("code", "outcome"), OF_A_MESSAGE)
def test_it_reads_each_code_of_a_receipt(server, code, outcome):
    receipt = asked(server, {"data": {"a": error(code)}}, "a").receipts["a"]
    assert (receipt.outcome, receipt.code, receipt.detail) == (outcome, code, "Sorry.")


@pytest.mark.parametrize("code", ["UNAUTHORIZED", "TOO_MANY_REQUESTS", "HTTP 401"])
def test_one_ticket_says_nothing_of_the_whole_credential(server, code):
    [ticket] = read(server, {"data": [error(code)]})
    assert (ticket.outcome, ticket.throttled) == (Outcome.REJECTED, False)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("UNAUTHORIZED", Outcome.MISCONFIGURED),
        ("TOO_MANY_REQUESTS", Outcome.RETRY),
        ("VALIDATION_ERROR", Outcome.REJECTED),
        ("PUSH_TOO_MANY_EXPERIENCE_IDS", Outcome.REJECTED),
        ("PUSH_TOO_MANY_NOTIFICATIONS", Outcome.REJECTED),
    ],
)
def test_it_reads_each_code_of_a_request_whatever_the_status(server, code, outcome, status):
    [ticket] = read(server, {"errors": [{"code": code, "message": "Sorry."}]}, status=status)
    assert (ticket.outcome, ticket.code, ticket.detail) == (outcome, code, "Sorry.")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (302, Outcome.MISCONFIGURED),
        (401, Outcome.MISCONFIGURED),
        (403, Outcome.MISCONFIGURED),
        (418, Outcome.REJECTED),
        (500, Outcome.RETRY),
        (502, Outcome.AMBIGUOUS),
        (503, Outcome.RETRY),
        (504, Outcome.AMBIGUOUS),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", {}, {"data": []}, {"errors": [{"code": "NEW"}]}, {"errors": []}]
)
def test_without_a_known_code_the_status_decides(server, status, outcome, body):
    [ticket] = read(server, body, status=status)
    assert ticket.outcome is outcome


def test_a_status_stands_in_for_a_missing_code(server):
    assert read(server, b"", status=503)[0].code == "HTTP 503"


def test_the_first_of_several_errors_is_told(server):
    errors = [
        {"code": "UNAUTHORIZED", "message": "First."},
        {"code": "VALIDATION_ERROR", "message": "Second."},
    ]
    assert read(server, {"errors": errors}, status=401)[0].detail == "First."


def test_an_error_nobody_knows_with_a_200_is_ambiguous(server):
    [ticket] = read(server, {"errors": [{"code": "SOMETHING_NEW", "message": "?"}]})
    assert (ticket.outcome, ticket.code) == (Outcome.AMBIGUOUS, "SOMETHING_NEW")


def test_tickets_and_an_error_at_once_are_ambiguous(server):
    [ticket] = read(server, {"errors": [{"code": "UNAUTHORIZED"}], "data": [{"status": "ok", "id": "a"}]})
    assert (ticket.outcome, ticket.code) == (Outcome.AMBIGUOUS, "Unreadable")


def test_an_empty_list_of_errors_is_no_error(server):
    [ticket] = read(server, {"errors": [], "data": [{"status": "ok", "id": "a"}]})
    assert ticket == Ticket(outcome=Outcome.ACCEPTED, external_id="a")


@pytest.mark.parametrize("entry", [{"status": "ok"}, {"status": "ok", "id": 7}, {"status": "ok", "id": None}])
def test_an_accepted_message_without_an_id_is_accepted(server, entry):
    assert read(server, {"data": [entry]}) == [Ticket(outcome=Outcome.ACCEPTED)]


def test_a_busy_expo_may_say_for_how_long(server):
    [ticket] = read(server, b"", status=503, **{"Retry-After": "12"})
    assert (ticket.retry_after, ticket.throttled) == (12, False)


def test_too_many_requests_by_number_needs_no_name(server):
    [ticket] = read(server, b"", status=429)
    assert (ticket.outcome, ticket.throttled, ticket.code) == (Outcome.RETRY, True, "HTTP 429")


def test_too_many_requests_by_name_throttles_like_by_number(server):
    [ticket] = read(server, {"errors": [{"code": "TOO_MANY_REQUESTS"}]}, status=400, **{"Retry-After": "3"})
    assert (ticket.outcome, ticket.throttled, ticket.retry_after) == (Outcome.RETRY, True, 3)


def test_a_rate_limit_of_one_device_does_not_throttle_all(server):
    [ticket] = read(server, {"data": [error("MessageRateExceeded")]})
    assert (ticket.outcome, ticket.throttled) == (Outcome.RETRY, False)


@pytest.mark.parametrize("entry", [None, 5, "ok", [], {}, {"id": "a"}, {"status": None}, {"status": "maybe"}])
def test_one_unreadable_ticket_spoils_no_other(server, entry):
    first, second = read(server, {"data": [entry, {"status": "ok", "id": "b"}]}, size=2)
    assert (first.outcome, second.outcome) == (Outcome.AMBIGUOUS, Outcome.ACCEPTED)


@pytest.mark.parametrize("tickets", [0, 1, 3, 4])
def test_a_wrong_count_is_told(server, tickets):
    found = read(server, {"data": [{"status": "ok", "id": str(n)} for n in range(tickets)]}, size=2)
    assert {ticket.outcome for ticket in found} == {Outcome.AMBIGUOUS}
    assert found[0].detail == f"Expo answered with {tickets} tickets for 2 messages."


def test_the_same_id_for_two_messages_is_ambiguous(server):
    found = read(server, {"data": [{"status": "ok", "id": "same"}] * 2}, size=2)
    assert {ticket.outcome for ticket in found} == {Outcome.AMBIGUOUS}


def test_tickets_in_another_order_condemn_nobody(server):
    dead = error("DeviceNotRegistered", expoPushToken=TOKENS[1])
    found = read(server, {"data": [dead, {"status": "ok", "id": "a"}]}, size=2)
    assert {ticket.outcome for ticket in found} == {Outcome.AMBIGUOUS}


def test_a_dead_token_spelled_otherwise_is_still_dead(server):
    dead = error("DeviceNotRegistered", expoPushToken="ExponentPushToken[somehow-else]")
    first, second = read(server, {"data": [dead, {"status": "ok", "id": "a"}]}, size=2)
    assert (first.outcome, second.outcome) == (Outcome.GONE, Outcome.ACCEPTED)


@pytest.mark.parametrize("token", [*TOKENS, "ExponentPushToken[cut-off"])
def test_no_push_token_is_kept_in_a_detail(server, token):
    [ticket] = read(server, {"data": [error("DeviceNotRegistered", f'"{token}" is not registered')]})
    assert ticket.detail.startswith('"…')
    assert "cut-off" not in ticket.detail
    assert token not in ticket.detail


def test_a_refused_request_tells_no_token_either(server):
    refusal = {"errors": [{"code": "VALIDATION_ERROR", "message": f"{TOKENS[0]} and {TOKENS[2]}"}]}
    assert read(server, refusal, status=400)[0].detail == "… and …"


def test_it_asks_for_receipts_at_expos_path(server):
    asked(server, {"data": {}}, "a", "b")
    assert server.seen[0].path == "/--/api/v2/push/getReceipts"
    assert server.seen[0].json() == {"ids": ["a", "b"]}


def test_a_thousand_receipts_are_one_question(server):
    ids = [f"3a7d2e6c-0000-4000-8000-{n:012}" for n in range(1000)]
    answer = asked(server, {"data": {each: {"status": "ok"} for each in ids}}, *ids)
    assert len(answer.receipts) == 1000
    assert len(server.seen) == 1


@pytest.mark.parametrize("entry", [None, 5, "ok", [], {}, {"status": "maybe"}])
def test_one_unreadable_receipt_is_one_that_is_not_out_yet(server, entry):
    answer = asked(server, {"data": {"a": entry, "b": {"status": "ok"}}}, "a", "b")
    assert list(answer.receipts) == ["b"]


@pytest.mark.parametrize("body", [b"", {}, {"data": []}, {"data": None}, {"data": "a"}, [], None])
def test_receipts_in_no_known_shape_are_trouble(server, body):
    trouble = asked(server, body, "a").trouble
    assert trouble is not None
    assert (trouble.outcome, trouble.code) == (Outcome.RETRY, "Unreadable")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(401, Outcome.MISCONFIGURED), (429, Outcome.RETRY), (500, Outcome.RETRY), (504, Outcome.RETRY)],
)
def test_a_refused_question_is_trouble(server, status, outcome):
    trouble = asked(server, b"", "a", status=status).trouble
    assert trouble is not None
    assert trouble.outcome is outcome


def test_a_question_without_an_answer_may_be_asked_again(server):
    server.script = lambda seen: Answer(trouble=Trouble.HANG_UP)
    trouble = ExpoProvider(Access(base_url=server.url)).receipts(["a"]).trouble
    assert trouble is not None
    assert trouble.outcome is Outcome.RETRY
