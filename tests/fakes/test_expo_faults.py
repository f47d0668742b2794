"""The fake Expo when it is told to misbehave: every kind of fault once."""

from __future__ import annotations

import gzip
import json
import socket
import time
from http.client import IncompleteRead

import pytest

from tests.fakes.asking import RECEIPTS, SEND, ask, message, on_send, receipts, send
from tests.fakes.faults import Action, Kind, Match, Rule


class TestFaultsOfARequest:
    def test_it_answers_what_the_script_says_and_accepts_nothing(self, expo):
        expo.faults(
            on_send(Kind.ANSWER, status=429, body={"errors": []}, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
        )
        answer, body = ask(expo, SEND, [message()])
        assert (answer.status, body) == (429, b'{"errors": []}')
        assert answer.headers["Retry-After"] == "Wed, 21 Oct 2026 07:28:00 GMT"
        assert expo.history() == []

    def test_it_accepts_and_answers_an_error_all_the_same(self, expo):
        expo.faults(on_send(Kind.ANSWER, status=504, accept=True))
        assert ask(expo, SEND, [message()])[0].status == 504
        assert expo.history()[0].is_accepted

    def test_it_waits_before_it_accepts(self, expo):
        expo.faults(on_send(Kind.DELAY, delay_before=30))
        with pytest.raises(TimeoutError):
            ask(expo, SEND, [message()], timeout=0.2)
        assert expo.history() == []

    def test_it_waits_after_it_has_accepted(self, expo):
        expo.faults(on_send(Kind.DELAY, delay_after=30))
        with pytest.raises(TimeoutError):
            ask(expo, SEND, [message()], timeout=0.2)
        assert expo.history()[0].is_accepted

    def test_it_answers_rightly_after_a_delay(self, expo):
        expo.faults(on_send(Kind.DELAY, delay_before=0.1, delay_after=0.1))
        began = time.monotonic()
        assert send(expo, message())[0]["status"] == "ok"
        assert time.monotonic() - began >= 0.2

    def test_it_drops_a_request_unaccepted(self, expo):
        expo.faults(on_send(Kind.DROP))
        with pytest.raises(ConnectionError):
            ask(expo, SEND, [message()])
        assert expo.history() == []

    def test_it_drops_a_request_before_its_body_is_read(self, expo):
        expo.faults(on_send(Kind.DROP))
        with socket.create_connection(expo.url.removeprefix("http://").split(":"), timeout=5) as wire:
            wire.sendall(b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" % SEND.encode())
            assert wire.recv(1) == b""

    def test_it_drops_a_request_for_a_token_in_it(self, expo):
        expo.faults(on_send(Kind.DROP, Match(token="alice")))
        assert send(expo, message("ExponentPushToken[bob]"))[0]["status"] == "ok"
        with pytest.raises(ConnectionError):
            ask(expo, SEND, [message("ExponentPushToken[bob]"), message()])
        assert [entry.token for entry in expo.history()] == ["ExponentPushToken[bob]"]

    def test_it_accepts_and_then_drops_the_connection(self, expo):
        expo.faults(on_send(Kind.DROP_AFTER_ACCEPT))
        with pytest.raises(ConnectionError):
            ask(expo, SEND, [message()])
        (entry,) = expo.history()
        assert (entry.is_accepted, entry.fault) == (True, "drop_after_accept")

    def test_it_breaks_off_in_the_middle_of_the_body(self, expo):
        expo.faults(on_send(Kind.HALF_BODY))
        with pytest.raises(IncompleteRead):
            ask(expo, SEND, [message()])
        assert expo.history()[0].is_accepted

    @pytest.mark.parametrize("by", [-1, 1, -2])
    def test_it_gives_another_number_of_tickets(self, expo, by):
        expo.faults(on_send(Kind.WRONG_COUNT, by=by))
        assert len(send(expo, message(), message(), message())) == 3 + by
        assert len(expo.history()) == 3

    def test_it_repeats_one_id_in_every_ticket(self, expo):
        expo.faults(on_send(Kind.REPEATED_ID))
        assert len({ticket["id"] for ticket in send(expo, message(), message())}) == 1

    def test_it_writes_json_that_stops_in_the_middle(self, expo):
        expo.faults(on_send(Kind.MALFORMED_JSON))
        with pytest.raises(json.JSONDecodeError):
            send(expo, message())
        assert expo.history()[0].is_accepted

    def test_it_shows_a_web_page_instead(self, expo):
        expo.faults(on_send(Kind.HTML, status=502))
        answer, body = ask(expo, SEND, [message()])
        assert (answer.status, answer.headers.get_content_type()) == (502, "text/html")
        assert body.startswith(b"<!doctype html>")

    def test_it_sends_the_head_byte_by_byte(self, expo):
        expo.faults(on_send(Kind.SLOW_HEADER, interval=0.002))
        began = time.monotonic()
        assert send(expo, message())[0]["status"] == "ok"
        assert time.monotonic() - began >= 0.1

    def test_a_slow_head_outlasts_a_timeout_between_bytes(self, expo):
        expo.faults(on_send(Kind.SLOW_HEADER, interval=0.05))
        with socket.create_connection(expo.url.removeprefix("http://").split(":"), timeout=1) as wire:
            body = json.dumps([message()]).encode()
            wire.sendall(
                b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (SEND.encode(), len(body))
                + body
            )
            assert [wire.recv(100) for _ in range(4)] == [b"H", b"T", b"T", b"P"]

    def test_it_sends_the_body_byte_by_byte(self, expo):
        expo.faults(on_send(Kind.SLOW_BODY, interval=0.002))
        began = time.monotonic()
        assert send(expo, message())[0]["status"] == "ok"
        assert time.monotonic() - began >= 0.1

    def test_it_answers_a_huge_body(self, expo):
        expo.faults(on_send(Kind.HUGE_BODY, size=3_000_000))
        assert len(ask(expo, SEND, [message()])[1]) == 3_000_000

    def test_it_answers_a_small_body_that_unpacks_to_a_huge_one(self, expo):
        expo.faults(on_send(Kind.HUGE_BODY, size=3_000_000, compressed=True))
        _, body = ask(expo, SEND, [message()])
        assert len(body) < 10_000
        assert len(gzip.decompress(body)) == 3_000_000

    def test_it_can_spoil_an_answer_to_a_question_for_receipts(self, expo):
        expo.faults(Rule(match=Match(endpoint="receipts"), action=Action(kind=Kind.ANSWER, status=503)))
        assert send(expo, message())[0]["status"] == "ok"
        assert ask(expo, RECEIPTS, {"ids": []})[0].status == 503


class TestFaultsOfAMessage:
    def test_it_refuses_the_messages_to_a_token(self, expo):
        expo.faults(on_send(Kind.TICKET_ERROR, Match(token="bob"), code="MessageRateExceeded"))
        good, bad = send(expo, message(), message("ExponentPushToken[bob]"))
        assert (good["status"], bad["details"]["error"]) == ("ok", "MessageRateExceeded")
        assert [entry.outcome for entry in expo.history()] == ["ok", "MessageRateExceeded"]

    def test_it_refuses_a_token_only_so_many_times(self, expo):
        expo.faults(on_send(Kind.TICKET_ERROR, Match(token="alice", times=1), code="ExpoError"))
        assert [ticket["status"] for ticket in send(expo, message(), message())] == ["error", "ok"]

    def test_it_accepts_a_message_without_giving_an_id(self, expo):
        expo.faults(on_send(Kind.TICKET_WITHOUT_ID))
        assert send(expo, message()) == [{"status": "ok"}]

    def test_it_says_in_the_receipt_that_a_message_failed(self, expo):
        expo.faults(on_send(Kind.RECEIPT_ERROR, Match(token="alice"), code="InvalidCredentials"))
        ticket = send(expo, message())[0]["id"]
        assert receipts(expo, ticket)[ticket]["details"] == {"error": "InvalidCredentials"}
        assert expo.history()[0].receipt == "InvalidCredentials"

    def test_it_never_gives_some_receipts(self, expo):
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        assert receipts(expo, send(expo, message())[0]["id"]) == {}
        assert expo.history()[0].receipt == "missing"

    def test_it_fails_the_same_share_of_messages_each_time(self, expo):
        rule = on_send(Kind.TICKET_ERROR, Match(probability=0.1, seed=7), code="ExpoError")
        rounds = []
        for _ in range(2):
            expo.reset()
            expo.faults(rule)
            rounds.append([ticket["status"] for _ in range(5) for ticket in send(expo, *[message()] * 100)])
        assert rounds[0] == rounds[1]
        assert 30 <= rounds[0].count("error") <= 70
