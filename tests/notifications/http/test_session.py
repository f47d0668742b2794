"""The session that code written for `requests` uses."""

from __future__ import annotations

import json

import pytest

from notifications import http
from tests.notifications.loopback import Answer, Trouble


def session(deadline: float = 5.0, **headers: str) -> http.Session:
    return http.Session(headers, deadline)


def test_it_says_that_it_speaks_json(server):
    session().post(server.url, data="[]")
    headers = server.seen[0].headers
    assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")


def test_it_adds_its_own_headers(server):
    session(Authorization="Bearer abc").post(server.url, data="[]")
    assert server.seen[0].headers["authorization"] == "Bearer abc"


def test_it_encodes_json(server):
    session().post(server.url, json={"ids": ["ä"]})
    assert server.seen[0].json() == {"ids": ["ä"]}


def test_it_sends_text_as_utf8(server):
    session().post(server.url, data='"ä"')
    assert server.seen[0].body == '"ä"'.encode()


def test_it_leaves_a_small_body_alone(server):
    session().post(server.url, data="x" * 1024)
    assert "content-encoding" not in server.seen[0].headers


def test_it_packs_a_large_body(server):
    session().post(server.url, data="x" * 1025)
    [seen] = server.seen
    assert seen.headers["content-encoding"] == "gzip"
    assert int(seen.headers["content-length"]) < 100
    assert seen.body == b"x" * 1025


def test_a_reply_reads_like_one_of_requests(server):
    server.script = lambda seen: Answer(status=201, body={"a": 1}, headers={"Retry-After": "7"})
    reply = session().post(server.url)
    assert (reply.status_code, reply.json(), reply.text) == (201, {"a": 1}, '{"a": 1}')
    assert (reply.content, reply.headers["retry-after"]) == (b'{"a": 1}', "7")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\xfd", b"[" * 100_000, b"{'a': 1}"])
def test_what_is_no_json_is_a_value_error(server, body):
    server.script = lambda seen: Answer(body=body)
    with pytest.raises(ValueError, match=r".+"):
        session().post(server.url).json()


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_bad_status_can_be_raised(server, status):
    server.script = lambda seen: Answer(status=status, body=json.dumps({"why": "so"}).encode())
    reply = session().post(server.url)
    with pytest.raises(http.BadStatus) as caught:
        reply.raise_for_status()
    assert caught.value.response is reply


def test_a_good_status_raises_nothing(server):
    session().post(server.url).raise_for_status()


def test_all_its_calls_end_within_one_deadline(server):
    server.script = lambda seen: Answer(trouble=Trouble.SILENCE)
    calls = session(deadline=0.3)
    with pytest.raises(http.NoAnswer):
        calls.post(server.url, data="x")
    with pytest.raises(http.NotSent):
        calls.post(server.url, data="x")
    assert len(server.seen) == 1


def test_a_timeout_shortens_one_call(server):
    server.script = lambda seen: Answer(trouble=Trouble.SILENCE)
    with pytest.raises(http.NoAnswer, match=r"within 0\.2 seconds"):
        session(deadline=60).post(server.url, data="x", timeout=0.2)


def test_a_timeout_cannot_lengthen_a_call(server):
    server.script = lambda seen: Answer(trouble=Trouble.SILENCE)
    with pytest.raises(http.NoAnswer, match=r"within 0\.2 seconds"):
        session(deadline=0.2).post(server.url, data="x", timeout=60)
