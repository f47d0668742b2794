"""The sockets of open pages, and the hub that tells them what changed: one subscription, fan-out in memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from notifications import live
from notifications.queries import Seat, still_taken, topics_open_to

log = logging.getLogger(__name__)
FORBIDDEN = 4403
MOST_TOPICS = 20
MOST_SOCKETS = 2_000
MOST_SOCKETS_EACH = 50
"""Pages that one person may have open in one process."""
BEAT = 20
"""Seconds between two beats of a page's socket. A browser tells its script nothing of the protocol's own pings: without
beats, a page on a line that died in silence would go on calling itself live."""
PULSE = 0.5
"""Seconds between two words that a process sends itself over the bus."""
DEAF = live.ECHO
"""Seconds without a word after which a subscription counts as dead. What is lost in less, the echo repeats."""


class Hub:
    """Knows which socket of this process wants which topic, and tells it."""

    def __init__(self, look: Callable[[Collection[Seat]], set[Seat]] = still_taken) -> None:
        self.sockets: defaultdict[str, set[LiveConsumer]] = defaultdict(set)
        self._look = look
        self._tasks: list[asyncio.Task[None]] = []
        self._hears = True
        self._sees = True

    def start(self, beat: float = BEAT, patience: float = BEAT) -> None:
        """Listen, on the running loop: to the bus where there is one, else to the threads of this process."""
        self._tasks = [
            asyncio.create_task(self._beat(beat)),
            asyncio.create_task(self._watch(beat, patience)),
        ]
        if settings.REDIS_URL:
            self._tasks += [asyncio.create_task(self._listen()), asyncio.create_task(_pulse())]
        else:
            loop = asyncio.get_running_loop()
            live.local = lambda topics: _call_soon(loop, self.deliver, topics)

    def stop(self) -> None:
        """Stop listening."""
        live.local = None
        for task in self._tasks:
            task.cancel()

    def add(self, socket: LiveConsumer) -> None:
        """From now on this socket hears of its topics."""
        for topic in socket.topics:
            self.sockets[topic].add(socket)

    def discard(self, socket: LiveConsumer) -> None:
        """This socket is gone."""
        for topic in socket.topics & self.sockets.keys():
            self.sockets[topic].discard(socket)
            if not self.sockets[topic]:
                del self.sockets[topic]

    def open_sockets(self) -> set[LiveConsumer]:
        """Those of this process."""
        return set().union(*self.sockets.values())

    def has_room_for(self, user_id: int) -> bool:
        """May this person open one more page?"""
        taken = self.open_sockets()
        own = sum(socket.seat is not None and socket.seat.user_id == user_id for socket in taken)
        return len(taken) < MOST_SOCKETS and own < MOST_SOCKETS_EACH

    def deliver(self, topics: Iterable[str]) -> None:
        """Tell the sockets concerned."""
        for topic in topics:
            for socket in self.sockets.get(topic, ()):
                socket.tell(topic=topic)

    async def _beat(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            for socket in self.open_sockets():
                socket.tell(beat=seconds)

    async def _watch(self, seconds: float, patience: float) -> None:
        """Look again and again who may stay; apart from the beats, which a database that hangs must not keep back."""
        while True:
            await asyncio.sleep(seconds)
            try:
                async with asyncio.timeout(patience):
                    await self._dismiss()
            except Exception as error:
                self._note(error)
            else:
                self._note(None)

    async def _dismiss(self) -> None:
        """Close the sockets of those whose sign-in is over, or who may no longer see the project."""
        seats = {socket.seat for socket in self.open_sockets() if socket.seat}
        taken = await database_sync_to_async(self._look)(seats) if seats else seats
        gone = [socket for socket in self.open_sockets() if socket.seat in seats - taken]
        for socket in gone:
            self.discard(socket)
        # Together, whatever becomes of each: a page that is gone already answers no goodbye.
        await asyncio.gather(*(socket.close(FORBIDDEN) for socket in gone), return_exceptions=True)

    def _note(self, trouble: Exception | None) -> None:
        """Log that nobody can be dismissed, or that it goes again; not every try in between."""
        if trouble and self._sees:
            log.warning(
                "The database did not say whose pages may stay open (%s); asked again at each beat.",
                type(trouble).__name__,
            )
        elif not trouble and not self._sees:
            log.info("The database says again whose pages may stay open.")
        self._sees = trouble is None

    async def _listen(self) -> None:
        """One subscription, kept for ever; after an interruption every page is told to look again."""
        while True:
            try:
                await self._hear(live.bus())
            except Exception as error:
                if self._hears:
                    log.warning(
                        "The live bus was lost (%s); pages catch up when it is back.", type(error).__name__
                    )
                self._hears = False
            with suppress(Exception):
                await live.bus().flush()
            await asyncio.sleep(live.RETRY)

    async def _hear(self, layer: Any) -> None:
        """Subscribe and listen, until the bus throws something or says nothing for too long."""
        async with asyncio.timeout(live.PATIENCE):
            channel = await layer.new_channel()
            await layer.group_add(live.GROUP, channel)
        self._hears = True
        self.deliver(list(self.sockets))
        while True:
            async with asyncio.timeout(DEAF):
                message = await layer.receive(channel)
            self.deliver(message["topics"])


async def _pulse() -> None:
    """Send this process a word about nothing again and again, so that silence means something."""
    while True:
        await live.carry(())
        await asyncio.sleep(PULSE)


def _call_soon(loop: asyncio.AbstractEventLoop, deliver: Any, topics: list[str]) -> None:
    """Hand topics to the server's loop; during shutdown nobody is there to hear them."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(deliver, topics)


hub = Hub()


class LiveConsumer(AsyncWebsocketConsumer):
    """One open page. It says nothing; it hears the names of topics that changed and asks for the rest over HTTP."""

    channel_layer_alias = ""
    """None: the hub listens for all sockets of the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics: frozenset[str] = frozenset()
        self.seat: Seat | None = None
        self._pending: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Admit an operator of the project, from our own pages, to topics of that project."""
        if not _is_same_origin(self.scope):
            await self.close(FORBIDDEN)
            return
        wanted = parse_qs(self.scope["query_string"].decode("latin-1")).get("topic", [])[:MOST_TOPICS]
        slug: str = self.scope["url_route"]["kwargs"]["project_slug"]
        user: Any = self.scope["user"]
        self.topics = await database_sync_to_async(topics_open_to)(user, slug, wanted)
        if not self.topics or not hub.has_room_for(user.pk):
            await self.close(FORBIDDEN)
            return
        key = self.scope["session"].session_key or ""
        self.seat = Seat(key, user.pk, slug, user.get_session_auth_hash())
        await self.accept()
        hub.add(self)
        self.tell(beat=BEAT)

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        hub.discard(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Pages have nothing to say here."""

    def tell(self, **word: str | float) -> None:
        """Send a word: a topic, or how soon there will be the next; what comes while a slow page reads is gathered."""
        self._pending.add(json.dumps(word))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        with suppress(Exception):  # whatever ends a send, the socket is gone and `disconnect` follows
            while self._pending:
                await self.send(text_data=self._pending.pop())


def _is_same_origin(scope: Mapping[str, Any]) -> bool:
    """Does the page that opens the socket come from us? Browsers always say where it comes from."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if settings.SITE_URL and origin == settings.SITE_URL:
        return True
    return bool(origin) and urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1")
