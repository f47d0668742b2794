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
PATIENCE = 5.0
"""Seconds that a bus may take to answer; a machine that is gone never does."""

local: Callable[[list[str]], None] | None = None
"""Set by the hub of this process where there is no bus between processes: takes topics, from any thread."""


def bus() -> BaseChannelLayer:
    """The layer that carries events between processes."""
    return cast(BaseChannelLayer, get_channel_layer())  # settings always name one


def publish(*topics: str) -> None:
    """Say that these topics changed, once the current transaction is committed. Never raises, never waits."""
    if topics:
        transaction.on_commit(lambda: _announcer().tell(topics), robust=True)


class Announcer(threading.Thread):
    """The one thread of a process that talks to the bus: gathers, sends, repeats once, retries while it is away."""

    def __init__(self) -> None:
        super().__init__(name="carillon-live", daemon=True)
        self._loop = asyncio.new_event_loop()
        self._fresh: set[str] = set()
        self._told: dict[str, float] = {}
        self._sending: asyncio.Task[None] | None = None
        self._reaches = True

    def run(self) -> None:
        self._loop.run_forever()

    def tell(self, topics: Iterable[str]) -> None:
        """Announce these topics soon."""
        self._loop.call_soon_threadsafe(self._add, frozenset(topics))

    def _add(self, topics: frozenset[str]) -> None:
        self._fresh |= topics
        if self._sending is None or self._sending.done():
            self._sending = self._loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        """One round after the other while there is something to tell; however long the bus is away, none piles up."""
        while self._fresh:
            await asyncio.sleep(GATHER)
            topics, self._fresh = self._fresh, set()
            if local is not None:
                local(sorted(topics))
                continue
            reached = await carry(topics)
            self._note(reached)
            if reached:
                self._plan_echo(topics)
            else:
                self._fresh |= topics
                await asyncio.sleep(RETRY)

    def _note(self, reached: bool) -> None:
        """Log that the bus went away, or came back; not every try in between."""
        if reached == self._reaches:
            return
        self._reaches = reached
        if reached:
            log.info("The live bus answers again.")
        else:
            log.warning("The live bus cannot be reached; pages catch up when it is back.")

    def _plan_echo(self, topics: set[str]) -> None:
        now = self._loop.time()
        self._told.update(dict.fromkeys(topics, now))
        self._loop.call_later(ECHO, self._repeat, now)

    def _repeat(self, moment: float) -> None:
        """Tell again what was told at that moment and not since."""
        topics = [topic for topic, told in self._told.items() if told == moment]
        for topic in topics:
            del self._told[topic]
        if topics:
            self._echo = self._loop.create_task(carry(topics))


async def carry(topics: Iterable[str]) -> bool:
    """Send topics over the bus. False when it cannot be reached."""
    if not settings.REDIS_URL:
        return True  # no web server in this process and no bus: nobody listens
    try:
        async with asyncio.timeout(PATIENCE):
            await bus().group_send(GROUP, {"type": "live.topics", "topics": sorted(topics)})
    except Exception:  # whatever the bus throws, the work goes on
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
