"""The sockets of open pages, and the hub that tells them what changed: one subscription, fan-out in memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from notifications import live
from notifications.queries import topics_open_to

log = logging.getLogger(__name__)
FORBIDDEN = 4403
MOST_TOPICS = 20
MOST_SOCKETS = 2_000


class Hub:
    """Knows which socket of this process wants which topic, and tells it."""

    def __init__(self) -> None:
        self.sockets: defaultdict[str, set[LiveConsumer]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen, on the running loop: to the bus where there is one, else to the threads of this process."""
        if settings.REDIS_URL:
            self._listening = asyncio.create_task(self._listen())
        else:
            loop = asyncio.get_running_loop()
            live.local = lambda topics: _call_soon(loop, self.deliver, topics)

    def stop(self) -> None:
        """Stop listening."""
        live.local = None
        if self._listening:
            self._listening.cancel()

    def add(self, socket: LiveConsumer) -> None:
        """From now on this socket hears of its topics."""
        for topic in socket.topics:
            self.sockets[topic].add(socket)

    def discard(self, socket: LiveConsumer) -> None:
        """This socket is gone."""
        for topic in socket.topics:
            self.sockets[topic].discard(socket)
            if not self.sockets[topic]:
                del self.sockets[topic]

    def count(self) -> int:
        """Open sockets of this process."""
        return len(set().union(*self.sockets.values())) if self.sockets else 0

    def deliver(self, topics: Iterable[str]) -> None:
        """Tell the sockets concerned."""
        for topic in topics:
            for socket in self.sockets.get(topic, ()):
                socket.tell(topic)

    async def _listen(self) -> None:
        """One subscription, kept for ever; after an interruption every page is told to look again."""
        layer = live.bus()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(live.GROUP, channel)
                self.deliver(list(self.sockets))
                while True:
                    self.deliver((await layer.receive(channel))["topics"])
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("The live bus was lost (%s); listening again.", type(error).__name__)
                await asyncio.sleep(live.RETRY)


def _call_soon(loop: asyncio.AbstractEventLoop, deliver: Any, topics: list[str]) -> None:
    """Hand topics to the server's loop; during shutdown nobody is there to hear them."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(deliver, topics)


hub = Hub()


class LiveConsumer(AsyncWebsocketConsumer):
    """One open page. It says nothing; it hears the names of topics that changed and asks for the rest over HTTP."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics: frozenset[str] = frozenset()
        self._pending: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Admit an operator of the project, from our own pages, to topics of that project."""
        if not _is_same_origin(self.scope) or hub.count() >= MOST_SOCKETS:
            await self.close(FORBIDDEN)
            return
        wanted = parse_qs(self.scope["query_string"].decode()).get("topic", [])[:MOST_TOPICS]
        slug = self.scope["url_route"]["kwargs"]["project_slug"]
        self.topics = await database_sync_to_async(topics_open_to)(self.scope["user"], slug, wanted)
        if not self.topics:
            await self.close(FORBIDDEN)
            return
        await self.accept()
        hub.add(self)

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        hub.discard(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Pages have nothing to say here."""

    def tell(self, topic: str) -> None:
        """Send a topic; what changes while a slow page is still reading is gathered."""
        self._pending.add(topic)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        while self._pending:
            topic = self._pending.pop()
            await self.send(text_data=json.dumps({"topic": topic}))


def _is_same_origin(scope: Mapping[str, Any]) -> bool:
    """Does the page that opens the socket come from us? Browsers always say where it comes from."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if settings.SITE_URL and origin == settings.SITE_URL:
        return True
    return bool(origin) and urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1")
