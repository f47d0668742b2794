"""Telling pages that something changed: after commit, gathered, and never in the way of the work."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import Settings

from notifications import live
from notifications.models import Project

SOON = 5.0
"""Seconds in which an event has long arrived."""
NOWHERE = "redis://127.0.0.1:1/0"


class Ears:
    """Stands where the hub of a web process stands."""

    def __init__(self) -> None:
        self.heard: queue.Queue[list[str]] = queue.Queue()

    def __call__(self, topics: list[str]) -> None:
        self.heard.put(topics)

    def next(self) -> list[str]:
        return self.heard.get(timeout=SOON)


@pytest.fixture
def ears(settings: Settings) -> Iterator[Ears]:
    settings.REDIS_URL = ""
    live.local = Ears()
    yield live.local
    live.local = None


def test_it_tells_a_topic(ears: Ears, committed: Project) -> None:
    live.publish("broadcast:1")
    assert ears.next() == ["broadcast:1"]


def test_it_tells_after_the_commit(ears: Ears, committed: Project) -> None:
    with transaction.atomic():
        live.publish("broadcast:1")
        live.tell_all_so_far()
        assert ears.heard.empty()
    assert ears.next() == ["broadcast:1"]
