"""One request at a time for ordinary threads, carried out on one event loop on a thread of its own per process."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from notifications.http.guard import PublicResolver, Refused, public_socket

MAX_BYTES = 1024 * 1024
CONNECT_SECONDS = 10.0
# Many servers hang up after 5 idle seconds, and a request that crosses with that is one without an answer.
KEEPALIVE_SECONDS = 4.0
# Callers limit themselves, each credential for its own; this only spares the machine's file handles.
POOL = 1000

Value = TypeVar("Value")


class NotSent(Exception):
    """Nothing of the request left this machine, so it may be repeated freely. The text is for people."""


class Forbidden(NotSent):
    """A guarded request was aimed at an address that is not on the public internet."""


class NoAnswer(Exception):
    """Bytes may have left and no complete answer came. The text is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer of any status; redirects are answers like others."""

    status: int
    headers: Mapping[str, str]
    """Their names are found in upper or lower case."""
    body: bytes
    """Without its Content-Encoding, if it had one."""
    elapsed: float
    """Seconds from the call to the last byte."""

    def json(self) -> Any:
        """The JSON value of the body. Raises ValueError where it is none."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("The brackets are nested too deep.") from None


def request(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    deadline: float,
    max_bytes: int = MAX_BYTES,
    guarded: bool = False,
) -> Response:
    """Make one request and wait for the whole answer. Raises NotSent or NoAnswer, and nothing else.

    `deadline`: seconds for everything together, from looking up the name to the last byte of the answer.
    `max_bytes`: how long an answer may be. `guarded`: speak to public addresses only (for URLs that people give).
    """
    if deadline <= 0:
        raise NotSent("No time was left for this call.")
    future = _start(_Call(method, url, body, headers or {}, deadline, max_bytes, guarded))
    try:
        return future.result(deadline + 10)
    except CancelledError:
        raise NotSent(_STOPPING) from None
    except TimeoutError:
        future.cancel()
        raise NoAnswer("The thread that makes outgoing calls is stuck.") from None


def close() -> None:
    """End the calls under way (they raise where they wait), close all connections and end the thread."""
    global _line
    with _lock:
        line, _line = _line, None
        if line is not None:
            line.stop()


@dataclass(slots=True)
class _Call:
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    deadline: float
    max_bytes: int
    guarded: bool
    has_left: bool = field(default=False)
    """Set just before the first byte is handed to the operating system."""

    def failed(self, why: str) -> NotSent | NoAnswer:
        return NoAnswer(why) if self.has_left else NotSent(why)


class _Line:
    """The loop, its thread, and two pools of connections: one that goes anywhere and one that is guarded."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outgoing-http", daemon=True)
        self._thread.start()
        self._anywhere, self._guarded = self.start(_open_sessions()).result()

    def start(self, work: Coroutine[Any, Any, Value]) -> Future[Value]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self) -> None:
        self.start(self._end_everything()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def carry_out(self, call: _Call) -> Response:
        try:
            async with asyncio.timeout(call.deadline):
                return await self._exchange(call)
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            # The cause is left out on purpose: its text may hold the whole URL, which for web push is a secret.
            if isinstance(getattr(error, "os_error", None), Refused):
                raise Forbidden(_in_words(error, call)) from None
            raise call.failed(_in_words(error, call)) from None
        except asyncio.CancelledError:
            raise call.failed(_STOPPING) from None

    async def _exchange(self, call: _Call) -> Response:
        session = self._guarded if call.guarded else self._anywhere
        started = self._loop.time()
        async with session.request(
            call.method,
            call.url,
            data=call.body or None,
            headers=call.headers,
            allow_redirects=False,
            trace_request_ctx=call,
        ) as answer:
            body = await _read(answer, call)
            elapsed = self._loop.time() - started
            return Response(status=answer.status, headers=answer.headers, body=body, elapsed=elapsed)

    async def _end_everything(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._anywhere.close()
        await self._guarded.close()


async def _open_sessions() -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
    anywhere = aiohttp.TCPConnector(
        resolver=aiohttp.ThreadedResolver(), limit=POOL, keepalive_timeout=KEEPALIVE_SECONDS
    )
    guarded = aiohttp.TCPConnector(
        resolver=PublicResolver(aiohttp.ThreadedResolver()),
        socket_factory=public_socket,
        limit=POOL,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    return _session(anywhere), _session(guarded)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    watch = aiohttp.TraceConfig()
    watch.on_request_headers_sent.append(_head_leaves)
    watch.on_request_chunk_sent.append(_body_leaves)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Carillon", "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        trust_env=False,
        trace_configs=[watch],
    )


# Both are called just before the write. The head of a request waits for its body, so with a body only the body counts.
async def _head_leaves(session: aiohttp.ClientSession, context: Any, params: object) -> None:
    if not context.trace_request_ctx.body:
        context.trace_request_ctx.has_left = True


async def _body_leaves(session: aiohttp.ClientSession, context: Any, params: object) -> None:
    context.trace_request_ctx.has_left = True


async def _read(answer: aiohttp.ClientResponse, call: _Call) -> bytes:
    chunks, size = [], 0
    async for chunk in answer.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > call.max_bytes:
            raise NoAnswer(f"{_place(call.url)} answered with more than {call.max_bytes:,} bytes.")
    return b"".join(chunks)


_STOPPING = "This process is stopping."


def _in_words(error: Exception, call: _Call) -> str:
    place = _place(call.url)
    match error:
        case aiohttp.ClientConnectorError(os_error=Refused()):
            return f"{place} is not on the public internet, and this call may go nowhere else."
        case aiohttp.ClientConnectorDNSError():
            return f"The address of {place} was not found: check the name and this server's DNS."
        case aiohttp.ClientSSLError():
            return f"{place} did not prove who it is (TLS): {error.os_error.strerror or error.os_error}"
        case aiohttp.ClientConnectorError():
            return f"{place} could not be connected to: {error.os_error.strerror or error.os_error}"
        case TimeoutError() if call.has_left:
            return f"{place} gave no complete answer within {round(call.deadline, 1):g} seconds."
        case TimeoutError():
            return f"{place} took no connection within {round(min(call.deadline, CONNECT_SECONDS), 1):g} seconds."
        case aiohttp.ServerDisconnectedError():
            return f"{place} closed the connection before it answered."
        case aiohttp.ClientPayloadError():
            return f"{place} broke off in the middle of its answer."
        case aiohttp.InvalidURL():
            return f"{place} is not an address that can be called."
    return f"{place} could not be spoken with ({type(error).__name__})."


def _place(url: str) -> str:
    """The host and port of a URL: all of it that may be shown."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "The given address"
    except ValueError:
        return "The given address"


_lock = threading.Lock()
_line: _Line | None = None
_of_parents: list[_Line | None] = []


def _start(call: _Call) -> Future[Response]:
    global _line
    with _lock:
        if _line is None:
            _line = _Line()
        return _line.start(_line.carry_out(call))


def _begin_anew() -> None:
    """In a forked child: leave the parent's line alone. Closing it here would cut the parent's connections."""
    global _line, _lock
    _of_parents.append(_line)
    _line, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
atexit.register(close)
