"""Several posts of JSON to one place, within one deadline."""

from __future__ import annotations

import pytest

from notifications import http
from tests.notifications.loopback import Answer, Loopback, Trouble


def session(server: Loopback, deadline: float = 5.0, **headers: str) -> http.Session:
    return http.Session(server.url, headers, deadline)


def test_it_says_that_it_speaks_json(server):
    session(server).post("/", b"[]")
    headers = server.seen[0].headers
    assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")


def test_it_adds_its_own_headers(server):
    session(server, Authorization="Bearer abc").post("/", b"[]")
    assert server.seen[0].headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize("base", ["", "/", "/sandbox", "/sandbox/"])
def test_a_path_is_one_below_its_own_place(server, base):
    http.Session(server.url + base, {}, 5.0).post("/push/send", b"[]")
    assert server.seen[0].path == f"{base.rstrip('/')}/push/send"


def test_it_sends_the_bytes_as_they_are(server):
    session(server).post("/", '"ä"'.encode())
    assert server.seen[0].body == '"ä"'.encode()


def test_it_leaves_a_small_body_alone(server):
    session(server).post("/", b"x" * 1024)
    assert "content-encoding" not in server.seen[0].headers


def test_it_packs_a_large_body(server):
    session(server).post("/", b"x" * 1025)
    [seen] = server.seen
    assert seen.headers["content-encoding"] == "gzip"
    assert int(seen.headers["content-length"]) < 100
    assert seen.body == b"x" * 1025


def test_all_its_calls_end_within_one_deadline(server):
    server.script = lambda seen: Answer(trouble=Trouble.SILENCE)
    calls = session(server, deadline=0.3)
    with pytest.raises(http.NoAnswer, match=r"within 0\.3 seconds"):
        calls.post("/", b"x")
    with pytest.raises(http.NotSent):
        calls.post("/", b"x")
    assert len(server.seen) == 1
