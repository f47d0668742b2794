"""What the fake Expo remembers of what came to it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from tests.fakes.asking import SEND, TOKEN, ask, message, on_send, receipts, send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo


def test_it_keeps_the_whole_message_and_its_ticket(expo):
    ticket = send(expo, message(data={"id": 17}))[0]["id"]
    (entry,) = expo.history()
    assert (entry.request, entry.token, entry.ticket) == (1, TOKEN, ticket)
    assert entry.message == message(data={"id": 17})
    assert abs(entry.at - time.time()) < 60
    assert 0 <= time.monotonic() - entry.monotonic < 60


def test_it_has_written_the_history_before_it_answers(tmp_path):
    with FakeExpo(history_file=tmp_path / "history.jsonl") as fake:
        fake.faults(on_send(Kind.DROP_AFTER_ACCEPT))
        with pytest.raises(ConnectionError):
            ask(fake, SEND, [message()])
        assert len((tmp_path / "history.jsonl").read_text().splitlines()) == 1


def test_it_shows_the_history_over_http_too(expo):
    send(expo, message(), message())
    connection = HTTPConnection(expo.url.removeprefix("http://"))
    connection.request("GET", "/_control/history")
    assert len(connection.getresponse().read().splitlines()) == 2
    connection.close()


def test_it_counts_the_messages_of_the_busiest_second(expo):
    send(expo, message(), message())
    send(expo, message())
    assert expo.stats().max_in_any_second == 3


def test_it_counts_what_it_refused_as_traffic(expo):
    expo.faults(on_send(Kind.ANSWER, status=503))
    ask(expo, SEND, [message(), message()])
    stats = expo.stats()
    assert (stats.requests, stats.recipients, stats.statuses, stats.faults) == (
        1,
        2,
        {"503": 1},
        {"answer": 1},
    )


def test_it_counts_the_connections_at_once(expo):
    expo.faults(on_send(Kind.DELAY, delay_before=0.3))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: send(expo, message()), range(3)))
    assert (expo.stats().max_connections, expo.stats().max_under_way) == (3, 3)


def test_it_remembers_every_request_with_its_headers(expo):
    send(expo, message(), Authorization="Bearer x")
    (call,) = expo.calls()
    assert (call.endpoint, call.number, call.status, call.recipients) == ("send", 1, 200, 1)
    assert call.headers["authorization"] == "Bearer x"


def test_it_forgets_all_of_it_when_reset(expo):
    expo.faults(on_send(Kind.RECEIPT_ERROR, code="ExpoError"))
    expo.configure(access_token="secret")
    expo.reset()
    ticket = send(expo, message())[0]["id"]
    assert receipts(expo, ticket) == {ticket: {"status": "ok"}}
    assert len(expo.history()) == expo.stats().requests == 1
