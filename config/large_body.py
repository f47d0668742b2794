"""Collects an uploaded file on disk before a thread is taken for it; only from people who are signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import parse_cookie
from django.urls import Resolver404, resolve

from config.whole_body import App, Message, Receive, Send, refuse

UPLOADS = {"dashboard:import_upload"}
"""The addresses that take files."""
AT_ONCE = 4
"""Uploads that one process takes at the same time; others wait for their turn."""
IN_MEMORY = 256 * 1024
"""Bytes of an upload that may be in memory."""


class LargeBody:
    """ASGI middleware: for uploads that `admits` lets in, up to `most` bytes within `seconds`, else 413 or 408.

    All other requests go to `otherwise`.
    """

    def __init__(
        self, app: App, *, otherwise: App, admits: Callable[[Any], Awaitable[bool]], most: int, seconds: float
    ) -> None:
        self._app = app
        self._otherwise = otherwise
        self._admits = admits
        self._most = most
        self._seconds = seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if not (scope["method"] == "POST" and names_an_upload(scope) and await self._admits(scope)):
            await self._otherwise(scope, receive, send)
            return
        async with self._turns:
            with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
                await self._take(body, scope, receive, send)

    async def _take(self, body: Any, scope: Any, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                size = await self._collect(body, receive)
        except TimeoutError:
            await refuse(
                send, 408, "The file took too long to arrive. Send it again, or cut it into several."
            )
            return
        if size is None:
            return
        if size > self._most:
            await refuse(send, 413, f"The file is larger than {self._most:,} bytes. Cut it into several.")
            return
        body.seek(0)
        await self._app(scope, _replayed(body, receive), send)

    async def _collect(self, body: Any, receive: Receive) -> int | None:
        """Bytes that came; None when the sender went away.

        What is too much is read too, and thrown away: a browser listens to a refusal only when it has sent all.
        """
        size = 0
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return None
            piece = event.get("body", b"")
            size += len(piece)
            if size <= self._most:
                body.write(piece)
            if not event.get("more_body"):
                return size


def names_an_upload(scope: Any) -> bool:
    """Is the address one that takes files?"""
    try:
        return resolve(scope["path"]).view_name in UPLOADS
    except Resolver404:
        return False


def is_signed_in(scope: Any) -> bool:
    """Does the request bring a sign-in that holds? Who it is, and what he may, is the page's question."""
    sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    # Django's reader: Python's own drops all cookies where another application's is no proper one.
    kept = parse_cookie("; ".join(sent)).get(settings.SESSION_COOKIE_NAME)
    engine = import_module(settings.SESSION_ENGINE)
    return kept is not None and SESSION_KEY in engine.SessionStore(kept)


def _replayed(body: Any, receive: Receive) -> Receive:
    """Gives the body piece by piece, then whatever comes next (the end of the connection)."""
    is_given = False

    async def give() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        piece = body.read(IN_MEMORY)
        is_given = len(piece) < IN_MEMORY
        return {"type": "http.request", "body": piece, "more_body": not is_given}

    return give
