"""A body is whole before a thread is taken for it."""

from __future__ import annotations

import asyncio
from typing import Any

from config.whole_body import WholeBody


async def ask(app: Any, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Send these events, then nothing more for ever; what came back."""
    waiting = list(events)
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(event: dict[str, Any]) -> None:
        said.append(event)

    await WholeBody(app, most=10, seconds=0.05)({"type": "http"}, receive, send)
    return said


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body it gets in one piece."""
    event = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": event["body"]})


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_it_hands_on_the_parts_as_one():
    said = await ask(echo, part(b"half", more=True), part(b"whole"))
    assert said[1]["body"] == b"halfwhole"


async def test_it_refuses_what_never_ends():
    assert (await ask(echo, part(b"half", more=True)))[0]["status"] == 408


async def test_it_refuses_what_is_too_large():
    assert (await ask(echo, part(b"x" * 6, more=True), part(b"x" * 6)))[0]["status"] == 413


async def test_it_asks_nobody_when_the_sender_is_gone():
    assert await ask(echo, part(b"half", more=True), {"type": "http.disconnect"}) == []
