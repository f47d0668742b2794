"""The bench's Expo: quick, but as correct as what is measured against it."""

from __future__ import annotations

import gzip
import json
import socket
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.bench import raw
from tests.bench.expo import LONGEST_HOLD
from tests.bench.fake import FastExpo

SEND = "/--/api/v2/push/send"
ASK = "/--/api/v2/push/getReceipts"


@pytest.fixture(scope="module")
def running():
    with FastExpo() as expo:
        yield expo


@pytest.fixture
def expo(running):
    running.begin(0)
    return running


def post(expo, path, value, **headers):
    line = HTTPConnection(urlsplit(expo.url).netloc, timeout=10)
    try:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        line.request("POST", path, body, headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        line.close()


def request(body):
    """The bytes of one request."""
    return b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (SEND.encode(), len(body), body)


def connected(expo):
    place = urlsplit(expo.url)
    return socket.create_connection((place.hostname, place.port), timeout=30)


def test_each_message_gets_a_ticket_of_its_own(expo):
    status, answer = post(expo, SEND, [{"to": "a"}, {"to": "b"}, {"to": "c"}])
    assert status == 200
    assert [ticket["status"] for ticket in answer["data"]] == ["ok"] * 3
    more = post(expo, SEND, [{"to": "a"}])[1]
    assert len({ticket["id"] for ticket in answer["data"] + more["data"]}) == 4


def test_a_message_to_several_gets_a_ticket_for_each(expo):
    assert len(post(expo, SEND, {"to": ["a", "b"]})[1]["data"]) == 2
    assert expo.count()["messages"] == 2


def test_it_reads_what_is_compressed(expo):
    body = gzip.compress(json.dumps([{"to": "a"}]).encode())
    assert len(post(expo, SEND, body, **{"Content-Encoding": "gzip"})[1]["data"]) == 1


def test_it_does_not_take_what_is_no_json(expo):
    assert post(expo, SEND, b"no json")[0] == 400
    assert expo.count()["messages"] == 0


def test_every_receipt_is_good(expo):
    assert post(expo, ASK, {"ids": ["x", "y"]})[1]["data"] == {"x": {"status": "ok"}, "y": {"status": "ok"}}
    assert expo.count()["receipts"] == 2


def test_it_answers_after_its_latency(expo):
    expo.begin(80)
    started = time.monotonic()
    post(expo, SEND, [{"to": "a"}])
    assert time.monotonic() - started >= 0.08


def test_it_says_at_once_when_so_many_were_answered(expo):
    expo.begin(50)
    with connected(expo) as line:
        line.sendall(request(b'[{"to":"a"}]'))
        started = time.monotonic()
        count = expo.count_once("messages", 1)
    assert count["messages"] == 1
    assert time.monotonic() - started < LONGEST_HOLD
    assert started - 1 < count["first"] < count["last"] <= time.monotonic()


def test_a_request_may_come_in_pieces_and_two_in_one(expo):
    one = request(b'[{"to":"a"}]')
    with connected(expo) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(one[:30])
        expo.count()  # asked and answered meanwhile, so what follows is a piece of its own
        line.sendall(one[30:] + one)
        assert expo.count_once("messages", 2)["messages"] == 2


def test_the_raw_loop_posts_every_message_once(expo):
    assert raw.messages_a_second(expo.url, 2_000, 6) > 0
    count = expo.count()
    assert (count["messages"], count["requests"]) == (2_000, 20)
