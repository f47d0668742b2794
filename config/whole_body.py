"""Collects a request's body before a thread is taken for it, so that slow senders hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]


class WholeBody:
    """ASGI middleware: at most `most` bytes within `seconds`, else 413 or 408."""

    def __init__(self, app: App, *, most: int, seconds: float) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._body(receive)
        except TimeoutError:
            await refuse(send, 408, "The request took too long to arrive. Send it again.")
        except _TooLarge:
            await refuse(send, 413, f"The request is larger than {self._most:,} bytes. Send less at once.")
        else:
            if body is not None:
                await self._app(scope, _replayed(body, receive), send)

    async def _body(self, receive: Receive) -> bytes | None:
        """All of it; None when the sender went away."""
        parts: list[bytes] = []
        size = 0
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return None
            parts.append(event.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                raise _TooLarge
            if not event.get("more_body"):
                return b"".join(parts)


class _TooLarge(Exception):
    """More bytes than anybody may send."""


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the whole body once, then whatever comes next (the end of the connection)."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


async def refuse(send: Send, status: int, words: str) -> None:
    """A sentence, and the end of the connection."""
    text = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
