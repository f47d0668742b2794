"""The hub while the database that knows who may stay fails or hangs: beats go on, and whoever must leave does so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from django.db import InterfaceError
from pytest_django import Settings

from notifications.consumers import FORBIDDEN, Hub, LiveConsumer
from notifications.queries import Seat

SOON = 5.0
BEAT = 0.02


@pytest.fixture(autouse=True)
def _without_a_bus(settings: Settings) -> None:
    settings.REDIS_URL = ""


class Page:
    """An open page that takes every word at once."""

    def __init__(self, hub: Hub) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        socket = LiveConsumer()
        socket.base_send = cast(Any, self.heard.put)
        socket.topics, socket.seat = frozenset({"project:1"}), Seat("key", 1, "default", "hash")
        hub.add(socket)

    async def hears_beats(self, number: int) -> bool:
        """Are the next words so many beats?"""
        words = [await asyncio.wait_for(self.heard.get(), SOON) for _ in range(number)]
        return all(word.get("text") == f'{{"beat": {BEAT}}}' for word in words)

    async def is_dismissed(self) -> bool:
        """Is its socket closed after some more beats?"""
        async with asyncio.timeout(SOON):
            while (word := await self.heard.get())["type"] == "websocket.send":
                pass
        return word == {"type": "websocket.close", "code": FORBIDDEN}


class Look:
    """Fails so many times, then hangs until `answers` is set, then says of nobody that they may stay."""

    def __init__(self, troubles: int = 0) -> None:
        self.troubles = troubles
        self.answers = threading.Event()

    def __call__(self, seats: Collection[Seat]) -> set[Seat]:
        if self.troubles:
            self.troubles -= 1
            raise InterfaceError("the connection is closed")
        assert self.answers.wait(SOON)
        return set()


@contextmanager
def running(look: Look) -> Iterator[Hub]:
    """A hub that asks this look."""
    hub = Hub(look)
    hub.start(beat=BEAT, patience=2 * BEAT)
    try:
        yield hub
    finally:
        hub.stop()
        look.answers.set()


async def test_a_look_that_fails_ends_neither_beats_nor_dismissals() -> None:
    look = Look(troubles=2)
    with running(look) as hub:
        page = Page(hub)
        assert await page.hears_beats(5)
        assert look.troubles == 0
        look.answers.set()
        assert await page.is_dismissed()


async def test_a_look_that_hangs_ends_neither(caplog: pytest.LogCaptureFixture) -> None:
    look = Look()
    with running(look) as hub:
        page = Page(hub)
        assert await page.hears_beats(10)
        assert "TimeoutError" in caplog.text
        look.answers.set()
        assert await page.is_dismissed()


async def test_it_is_logged_once_that_it_fails_and_once_that_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="notifications.consumers")
    look = Look(troubles=3)
    look.answers.set()
    with running(look) as hub:
        assert await Page(hub).is_dismissed()
        async with asyncio.timeout(SOON):
            while len(caplog.records) < 2:
                await asyncio.sleep(0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
