"""The fake Expo when nothing goes wrong: Expo's protocol."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.fakes.asking import RECEIPTS, SEND, TOKEN, ask, message, receipts, refusal, send


def test_it_gives_a_ticket_for_each_message_in_order(expo):
    good, bad = send(expo, message(), message("nonsense"))
    assert good["status"] == "ok"
    assert bad["details"] == {"error": "DeviceNotRegistered", "expoPushToken": "nonsense"}


def test_it_answers_a_single_message_with_a_single_ticket(expo):
    assert json.loads(ask(expo, SEND, message())[1])["data"]["status"] == "ok"


def test_it_gives_a_ticket_for_each_token_of_a_list(expo):
    assert len(send(expo, message([TOKEN, "ExpoPushToken[bob]"]))) == 2


def test_it_never_gives_an_id_twice(expo):
    ids = {ticket["id"] for ticket in send(expo, *[message()] * 100)}
    expo.reset()
    assert len(ids | {ticket["id"] for ticket in send(expo, *[message()] * 100)}) == 200


def test_it_reads_gzip(expo):
    body = gzip.compress(json.dumps([message()]).encode())
    assert ask(expo, SEND, body, **{"Content-Encoding": "gzip"})[0].status == 200


def test_it_takes_a_hundred_recipients_and_no_more(expo):
    assert len(send(expo, message([TOKEN] * 100))) == 100
    assert refusal(expo, SEND, [message([TOKEN] * 101)]) == (400, "PUSH_TOO_MANY_NOTIFICATIONS")


@pytest.mark.parametrize(
    "value",
    [
        b"{",
        [],
        [{"title": "no to"}],
        [message(data="text")],
        [message(ttl=1.5)],
        [message(priority="urgent")],
    ],
)
def test_it_refuses_what_has_the_wrong_form(expo, value):
    assert refusal(expo, SEND, value) == (400, "VALIDATION_ERROR")
    assert expo.history() == []


def test_it_finds_a_message_too_big_by_its_bytes_without_the_token(expo):
    room = 4096 - len(json.dumps({"title": "Hello", "body": ""}, separators=(",", ":")))
    fits, too_big = send(expo, message(body="é" * (room // 2)), message(body="é" * (room // 2 + 1)))
    assert fits["status"] == "ok"
    assert too_big["details"]["error"] == "MessageTooBig"


def test_it_asks_for_the_access_token_when_it_has_one(expo):
    expo.configure(access_token="secret")
    assert refusal(expo, SEND, [message()], Authorization="Bearer wrong") == (401, "UNAUTHORIZED")
    assert send(expo, message(), Authorization="Bearer secret")[0]["status"] == "ok"


def test_it_gives_a_receipt_for_each_ticket_it_knows(expo):
    ticket = send(expo, message())[0]["id"]
    assert receipts(expo, ticket, "never-given") == {ticket: {"status": "ok"}}


def test_it_holds_receipts_back_for_the_delay(expo):
    expo.configure(receipt_delay=3600)
    ticket = send(expo, message())[0]["id"]
    assert receipts(expo, ticket) == {}
    expo.configure(receipt_delay=0)
    assert receipts(expo, ticket) == {ticket: {"status": "ok"}}


def test_it_answers_a_thousand_ids_and_no_more(expo):
    assert receipts(expo, *["id"] * 1000) == {}
    assert refusal(expo, RECEIPTS, {"ids": ["id"] * 1001}) == (400, "PUSH_TOO_MANY_RECEIPTS")
