"""Telling pages that something changed: after commit, gathered, and never in the way of the work."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections, transaction
from pytest_django import Settings

from notifications import live
from notifications.models import Project
from tests.faults.private_redis import PrivateRedis, private_redis

SOON = 5.0
"""Seconds in which an event has long arrived."""


class Ears:
    """Stands where the hub of a web process stands, and hears what it would."""

    def __init__(self) -> None:
        self.heard: queue.Queue[list[str]] = queue.Queue()

    def __call__(self, topics: list[str]) -> None:
        self.heard.put(topics)

    def next(self) -> list[str]:
        return self.heard.get(timeout=SOON)


@pytest.fixture
def ears(committed: Project, settings: Settings) -> Iterator[Ears]:
    settings.REDIS_URL = ""
    live.local = ears = Ears()
    yield ears
    live.local = None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis that may be stopped."""
    with private_redis(tmp_path) as running:
        yield running


def use_bus(settings: Settings, url: str) -> None:
    settings.REDIS_URL = url
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [url]}}
    settings.CHANNEL_LAYERS = {"default": layer}


def in_another_thread(topic: str) -> None:
    def publish() -> None:
        live.publish(topic)
        connections.close_all()

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()


def test_it_tells_at_once_outside_of_a_transaction(ears: Ears) -> None:
    live.publish("broadcast:1")
    assert ears.next() == ["broadcast:1"]


def test_it_tells_nothing_before_the_commit(ears: Ears) -> None:
    with transaction.atomic():
        live.publish("inside")
        in_another_thread("outside")
        assert ears.next() == ["outside"]
    assert ears.next() == ["inside"]


def test_it_never_tells_what_was_rolled_back(ears: Ears) -> None:
    with transaction.atomic():
        live.publish("undone")
        transaction.set_rollback(True)
    live.publish("done")
    assert ears.next() == ["done"]


def test_it_gathers_what_comes_together(ears: Ears) -> None:
    for _ in range(1_000):
        live.publish("broadcast:1", "project:1")
    assert ears.next() == ["broadcast:1", "project:1"]
    live.publish("the next")
    assert ears.next() == ["the next"]


def test_it_tells_again_what_changed_again(ears: Ears) -> None:
    live.publish("broadcast:1")
    ears.next()
    live.publish("broadcast:1")
    assert ears.next() == ["broadcast:1"]


def test_it_is_never_held_up_by_a_bus_that_does_not_answer(committed: Project, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_bus(settings, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        for number in range(1_000):
            live.publish(f"broadcast:{number}")
        assert time.monotonic() - began < 1
        settings.REDIS_URL = ""


def test_it_tells_later_what_it_could_not_tell_while_the_bus_was_away(
    committed: Project, settings: Settings, redis: PrivateRedis
) -> None:
    use_bus(settings, redis.url)
    redis.stop()
    live.publish("broadcast:1")
    redis.start()
    with redis.client.pubsub(ignore_subscribe_messages=True) as listener:  # type: ignore[no-untyped-call]
        listener.subscribe("asgi__group__live")
        ends = time.monotonic() + SOON
        while not (message := listener.get_message(timeout=0.1)):
            assert time.monotonic() < ends
    assert b"broadcast:1" in message["data"]
