"""Tells open pages that something changed: thin events, after commit, gathered, and never in the way of the work."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from typing import cast

from channels.layers import BaseChannelLayer, get_channel_layer
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)
GROUP = "live"
"""The one group of the bus; each web process listens to it once."""
GATHER = 0.2
"""Seconds in which events of one topic become one."""
ECHO = 2.0
"""Seconds after which a topic is told once more: a listener that was just reconnecting may have missed the first."""
RETRY = 1.0
"""Seconds until a bus that could not be reached is tried again."""

local: Callable[[list[str]], None] | None = None
"""Set by the hub of this process where there is no bus between processes: takes topics, from any thread."""


def bus() -> BaseChannelLayer:
    """The layer that carries events between processes."""
    return cast(BaseChannelLayer, get_channel_layer())  # settings always name one


def publish(*topics: str) -> None:
    """Say that these topics changed, once the current transaction is committed. Never raises, never waits."""
    if topics:
        transaction.on_commit(lambda: _announcer().tell(topics))


class Announcer(threading.Thread):
    """The one thread of a process that talks to the bus: gathers, sends, repeats once, retries while it is away."""

    def __init__(self) -> None:
        super().__init__(name="carillon-live", daemon=True)
        self._loop = asyncio.new_event_loop()
        self._fresh: set[str] = set()
        self._echo: set[str] = set()
        self._flushing = False

    def run(self) -> None:
        self._loop.run_forever()

    def tell(self, topics: Iterable[str]) -> None:
        """Announce these topics soon."""
        self._loop.call_soon_threadsafe(self._add, frozenset(topics))

    def _add(self, topics: frozenset[str]) -> None:
        self._fresh |= topics
        self._echo |= topics
        if not self._flushing:
            self._flushing = True
            self._loop.call_later(GATHER, self._flush)

    def _flush(self) -> None:
        self._task = self._loop.create_task(self._send_until_sent())

    async def _send_until_sent(self) -> None:
        topics, self._fresh = sorted(self._fresh), set()
        self._flushing = False
        while not await self._sent(topics):
            await asyncio.sleep(RETRY)
        self._loop.call_later(ECHO, self._repeat)

    def _repeat(self) -> None:
        topics, self._echo = sorted(self._echo), set()
        if topics:
            self._task = self._loop.create_task(self._send_once(topics))

    async def _send_once(self, topics: list[str]) -> None:
        await self._sent(topics)

    async def _sent(self, topics: list[str]) -> bool:
        if local is not None:
            local(topics)
            return True
        if not settings.REDIS_URL:
            return True  # no web server in this process and no bus: nobody listens
        try:
            await bus().group_send(GROUP, {"type": "live.topics", "topics": topics})
        except Exception as error:  # whatever the bus throws, pages catch up when it is back
            log.warning("The live bus cannot be reached (%s).", type(error).__name__)
            return False
        return True


_lock = threading.Lock()
_current: Announcer | None = None


def _announcer() -> Announcer:
    global _current
    with _lock:
        if _current is None or not _current.is_alive():
            _current = Announcer()
            _current.start()
        return _current
