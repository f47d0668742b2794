"""The client against a server that answers well, badly, or not at all."""

from __future__ import annotations

import gc
import gzip
import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from notifications import http
from tests.notifications.loopback import Answer, Loopback, Seen, Trouble


def post(url: str, *, deadline: float = 5.0, **options) -> http.Response:
    return http.request("POST", url, body=b"{}", deadline=deadline, **options)


def failing(server: Loopback, trouble: Trouble, body: bytes = b"12345678") -> None:
    server.script = lambda seen: Answer(body=body, trouble=trouble)


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of callers is full, so that no further connection is ever made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(8)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for caller in callers:
            caller.close()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_it_brings_back_status_headers_and_body(server):
    server.script = lambda seen: Answer(status=418, headers={"X-Kind": "tea"}, body=b"short and stout")
    answer = post(server.url)
    assert (answer.status, answer.headers["x-kind"], answer.body) == (418, "tea", b"short and stout")


def test_it_reads_json(server):
    server.script = lambda seen: Answer(status=201, body={"a": 1})
    assert post(server.url).json() == {"a": 1}


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\xfd", b"[" * 100_000, b"{'a': 1}"])
def test_what_is_no_json_is_a_value_error(server, body):
    server.script = lambda seen: Answer(body=body)
    with pytest.raises(ValueError, match=r".+"):
        post(server.url).json()


def test_it_says_how_long_the_answer_took(server):
    assert 0 < post(server.url).elapsed < 5


def test_it_sends_method_path_headers_and_body_as_given(server):
    http.request("PUT", f"{server.url}/a/b?c=d", body=b"text", headers={"X-Mine": "yes"}, deadline=5)
    [seen] = server.seen
    assert (seen.method, seen.path, seen.headers["x-mine"], seen.body) == ("PUT", "/a/b?c=d", "yes", b"text")


def test_it_follows_no_redirect(server):
    server.script = lambda seen: Answer(status=307, headers={"Location": "/elsewhere"})
    assert post(server.url).status == 307
    assert len(server.seen) == 1


def test_it_keeps_no_cookie(server):
    server.script = lambda seen: Answer(headers={"Set-Cookie": "a=b"})
    post(server.url)
    post(server.url)
    assert "cookie" not in server.seen[1].headers


def test_it_uses_a_connection_again(server):
    for _ in range(5):
        post(server.url)
    assert {seen.connection for seen in server.seen} == {1}


def test_it_carries_many_calls_at_once(server):
    everyone_is_here = threading.Barrier(20, timeout=5)

    def script(seen: Seen) -> Answer:
        everyone_is_here.wait()
        return Answer()

    server.script = script
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(post, [server.url] * 20))
    assert [answer.status for answer in answers] == [200] * 20


def test_it_asks_no_proxy_that_the_environment_names(server, closed_port, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    assert post(server.url).status == 200


def test_nothing_was_sent_when_nobody_listens(closed_port):
    with pytest.raises(http.NotSent, match="could not be connected to"):
        post(f"http://127.0.0.1:{closed_port}")


def test_nothing_was_sent_when_the_name_is_unknown():
    with pytest.raises(http.NotSent, match="was not found: check the name"):
        post("http://nobody.invalid/")


def test_nothing_was_sent_when_the_other_side_speaks_no_tls(server):
    with pytest.raises(http.NotSent):
        post(server.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "url", ["", "not a url", "ftp://127.0.0.1/", "http://", "http://[broken", "http://a:b:c/"]
)
def test_nothing_was_sent_to_what_is_no_address(url):
    with pytest.raises(http.NotSent):
        post(url)


def test_nothing_was_sent_when_a_header_cannot_be_written_down(server):
    with pytest.raises(http.NotSent):
        post(server.url, headers={"Authorization": "two\r\nlines: yes"})


def test_nothing_was_sent_when_no_connection_is_made_in_time(full_port):
    with pytest.raises(http.NotSent, match=r"took no connection within 0\.3 seconds"):
        post(f"http://127.0.0.1:{full_port}", deadline=0.3)


def test_nothing_is_sent_when_no_time_is_left(server):
    post(server.url)
    with pytest.raises(http.NotSent, match="No time was left"):
        post(server.url, deadline=0)
    assert len(server.seen) == 1


@pytest.mark.parametrize("trouble", [Trouble.HANG_UP, Trouble.HALF, Trouble.NOT_HTTP])
def test_an_answer_that_breaks_off_is_none(server, trouble):
    failing(server, trouble)
    with pytest.raises(http.NoAnswer):
        post(server.url)


def test_a_request_without_a_body_leaves_too(server):
    failing(server, Trouble.HANG_UP)
    with pytest.raises(http.NoAnswer):
        http.request("POST", server.url, deadline=5)


@pytest.mark.parametrize("trouble", [Trouble.SILENCE, Trouble.DRIP])
def test_the_deadline_holds_however_slowly_bytes_drip(server, trouble):
    failing(server, trouble)
    started = time.monotonic()
    with pytest.raises(http.NoAnswer, match=r"within 0\.3 seconds"):
        post(server.url, deadline=0.3)
    assert time.monotonic() - started < 2


def test_an_answer_that_is_too_long_is_none(server):
    server.script = lambda seen: Answer(body=b"x" * 101)
    assert len(post(server.url, max_bytes=101).body) == 101
    with pytest.raises(http.NoAnswer, match="more than 100 bytes"):
        post(server.url, max_bytes=100)


def test_the_length_of_an_answer_is_counted_unpacked(server):
    bomb = gzip.compress(b"0" * 50_000_000)
    server.script = lambda seen: Answer(body=bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(http.NoAnswer, match="more than 1,048,576 bytes"):
        post(server.url)


def test_an_answer_that_is_packed_wrongly_is_none(server):
    server.script = lambda seen: Answer(body=b"no gzip at all", headers={"Content-Encoding": "gzip"})
    with pytest.raises(http.NoAnswer):
        post(server.url)


def test_it_posts_only_once_when_a_kept_connection_is_dropped(server):
    post(server.url)
    failing(server, Trouble.HANG_UP)
    with pytest.raises(http.NoAnswer):
        post(server.url)
    assert [seen.connection for seen in server.seen] == [1, 1]


def test_what_failed_is_said_without_path_or_password(closed_port):
    with pytest.raises(http.NotSent) as caught:
        post(f"http://user:password@127.0.0.1:{closed_port}/secret?key=secret")
    assert "password" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_closing_ends_the_calls_under_way(server):
    arrived = threading.Event()

    def script(seen: Seen) -> Answer:
        arrived.set()
        return Answer(trouble=Trouble.SILENCE)

    server.script = script
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(post, server.url, deadline=60)
        assert arrived.wait(5)
        http.close()
        with pytest.raises(http.NoAnswer, match="stopping"):
            waiting.result(5)


def test_it_starts_again_after_closing(server):
    post(server.url)
    http.close()
    assert post(server.url).status == 200
    assert [seen.connection for seen in server.seen] == [1, 2]


def test_closing_twice_does_no_harm():
    http.close()
    http.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_calls_for_itself_and_leaves_its_parent_alone(server):
    post(server.url)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # one about forking with threads; and the child is to go on whatever it finds
        child = os.fork()
        if child == 0:
            answer = post(server.url)
            gc.collect()
            os._exit(0 if answer.status == 200 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    post(server.url)
    assert [seen.connection for seen in server.seen] == [1, 2, 1]
