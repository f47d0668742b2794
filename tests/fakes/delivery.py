"""How an answer leaves a fake: whole and at once, or in one of the ways networks and servers spoil it."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from tests.fakes.faults import Action, Kind

JSON_TYPE = "application/json; charset=utf-8"
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer before it leaves."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})


def reply_json(value: Any, status: int = 200) -> Reply:
    """An answer that carries a JSON value."""
    return Reply(status, json.dumps(value).encode())


def reply_of(action: Action) -> Reply:
    """The answer a rule of kind ANSWER asks for."""
    is_text = isinstance(action.body, str)
    body = action.body if is_text else json.dumps(action.body)
    headers = {"Content-Type": "text/plain; charset=utf-8" if is_text else JSON_TYPE}
    if action.retry_after:
        headers["Retry-After"] = action.retry_after
    return Reply(action.status, body.encode(), {**headers, **action.headers})


def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection at once, whatever was on its way."""
    if request.transport is not None:
        request.transport.abort()
    # The server wants an answer object; on a closed connection it goes nowhere.
    return web.Response()


async def deliver(request: web.Request, reply: Reply, action: Action | None) -> web.StreamResponse:
    """Send a reply, spoilt as the action says."""
    match action.kind if action else None:
        case Kind.DROP | Kind.DROP_AFTER_ACCEPT:
            return hang_up(request)
        case Kind.HALF_BODY:
            return await _half(request, reply)
        case Kind.SLOW_HEADER if action:
            return await _slow_header(request, reply, action.interval)
        case Kind.SLOW_BODY if action:
            return await _slow_body(request, reply, action.interval)
        case Kind.HUGE_BODY if action:
            return await _huge(request, action)
        case Kind.MALFORMED_JSON:
            return _whole(Reply(reply.status, reply.body[: len(reply.body) // 2]))
        case Kind.HTML if action:
            page = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"
            return _whole(Reply(action.status, page, {"Content-Type": "text/html"}))
        case _:
            return _whole(reply)


def _whole(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


async def _begin(request: web.Request, reply: Reply, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = length
    await response.prepare(request)
    return response


async def _half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = await _begin(request, reply, len(reply.body))
    await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _slow_body(request: web.Request, reply: Reply, interval: float) -> web.StreamResponse:
    response = await _begin(request, reply, len(reply.body))
    for byte in reply.body:
        await response.write(bytes([byte]))
        await asyncio.sleep(interval)
    return response


async def _slow_header(request: web.Request, reply: Reply, interval: float) -> web.StreamResponse:
    transport = request.transport
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines += [f"Content-Length: {len(reply.body)}", "Connection: close", "", ""]
    for byte in "\r\n".join(lines).encode():
        if transport is None or transport.is_closing():
            return web.Response()
        transport.write(bytes([byte]))
        await asyncio.sleep(interval)
    if transport is not None:
        transport.write(reply.body)
        transport.close()
    return web.Response()


async def _huge(request: web.Request, action: Action) -> web.StreamResponse:
    headers = {"Content-Type": JSON_TYPE, **({"Content-Encoding": "gzip"} if action.compressed else {})}
    response = await _begin(request, Reply(200, b"", headers), None)
    for piece in _packed(action.size) if action.compressed else _blank(action.size):
        await response.write(piece)
    return response


def _blank(size: int) -> Iterator[bytes]:
    for start in range(0, size, _PIECE):
        yield b" " * min(_PIECE, size - start)


def _packed(size: int) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for piece in _blank(size):
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
