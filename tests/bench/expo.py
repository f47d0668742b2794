"""An Expo that costs next to nothing: it keeps no history, finds no fault, and answers after a settable latency.

    python -m tests.bench.expo        prints its address; ends with its standard input

POST /begin/<latency in milliseconds> sets the latency and the counts to 0; GET /count says what was answered since;
GET /count/<messages|receipts>/<number> says it as soon as so many were, or a little later.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import secrets
import sys
import threading
import time
from typing import Any

END_OF_HEAD = b"\r\n\r\n"
LONGEST_HOLD = 5.0
"""Seconds for which a question for a count is left open."""


class Expo:
    """What is answered, and how much of it so far."""

    def __init__(self) -> None:
        self._stem = secrets.token_hex(4)
        self._number = 0
        self.begin(0)

    def begin(self, milliseconds: float) -> dict[str, Any]:
        """Count from nothing again, and answer after so long."""
        self.latency = milliseconds / 1000
        self.requests = self.messages = self.receipts = 0
        self.first: float | None = None
        self.last: float | None = None
        self._asked: tuple[str, int, asyncio.Event] | None = None
        return self.count()

    def count(self) -> dict[str, Any]:
        """Requests, messages and receipts answered; when the `first` request came and the `last` answer went.

        Moments are in seconds of the monotonic clock, which all processes of a machine share.
        """
        return {
            "requests": self.requests,
            "messages": self.messages,
            "receipts": self.receipts,
            "first": self.first,
            "last": self.last,
        }

    async def until(self, kind: str, number: int) -> dict[str, Any]:
        """`count` once so many messages or receipts were answered, or LONGEST_HOLD later."""
        reached = asyncio.Event()
        self._asked = (kind, number, reached)
        with contextlib.suppress(TimeoutError):
            if getattr(self, kind) < number:
                await asyncio.wait_for(reached.wait(), LONGEST_HOLD)
        return self.count()

    def note(self, kind: str, many: int) -> None:
        """So many more were answered just now."""
        self.requests += 1
        self.last = time.monotonic()
        now = getattr(self, kind) + many
        setattr(self, kind, now)
        if self._asked and self._asked[0] == kind and now >= self._asked[1]:
            self._asked[2].set()

    def tickets(self, body: bytes) -> tuple[bytes, int]:
        """A ticket with an id of its own for each token; and how many."""
        said = json.loads(body)
        messages = said if isinstance(said, list) else [said]
        many = sum(len(each["to"]) if isinstance(each["to"], list) else 1 for each in messages)
        start, self._number = self._number, self._number + many
        ids = [f"{self._stem}-0000-4000-8000-{each:012x}" for each in range(start, start + many)]
        each = '"},{"status":"ok","id":"'.join(ids)
        return (f'{{"data":[{{"status":"ok","id":"{each}"}}]}}' if ids else '{"data":[]}').encode(), many

    def outcomes(self, body: bytes) -> tuple[bytes, int]:
        """A good receipt for each id that is asked about; and how many."""
        ids = json.loads(body)["ids"]
        each = ",".join(f'"{name}":{{"status":"ok"}}' for name in ids)
        return f'{{"data":{{{each}}}}}'.encode(), len(ids)


class Connection(asyncio.Protocol):
    """One keep-alive connection, HTTP/1.1 read by hand."""

    def __init__(self, expo: Expo, loop: asyncio.AbstractEventLoop) -> None:
        self._expo = expo
        self._loop = loop
        self._come = bytearray()
        self._wanted = 0  # bytes that must have come before it is worth looking

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._come += data
        while len(self._come) >= self._wanted and (end := self._come.find(END_OF_HEAD)) >= 0:
            method, path, headers = _head(bytes(self._come[:end]))
            start = end + len(END_OF_HEAD)
            stop = start + int(headers.get(b"content-length", 0))
            if b"100-continue" in headers.get(b"expect", b"").lower() and len(self._come) == start:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(self._come) < stop:
                self._wanted = stop
                return
            body = bytes(self._come[start:stop])
            del self._come[:stop]
            self._wanted = 0
            self._request(method, path, headers, body)

    def _request(self, method: bytes, path: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        if b"transfer-encoding" in headers:
            return self._refuse(411, "Say how long the body is.")
        try:
            if headers.get(b"content-encoding") == b"gzip":
                body = gzip.decompress(body)
            self._answer(method, path.partition(b"?")[0], body)
        except (ValueError, KeyError, TypeError, OSError, EOFError) as trouble:
            self._refuse(400, f"{type(trouble).__name__}: {trouble}")

    def _answer(self, method: bytes, path: bytes, body: bytes) -> None:
        expo = self._expo
        if method == b"POST" and path.endswith(b"/push/send"):
            self._vendor(*expo.tickets(body), "messages")
        elif method == b"POST" and path.endswith(b"/push/getReceipts"):
            self._vendor(*expo.outcomes(body), "receipts")
        elif method == b"POST" and path.startswith(b"/begin/"):
            self._write(json.dumps(expo.begin(float(path.rpartition(b"/")[2]))).encode())
        elif method == b"GET" and path == b"/count":
            self._write(json.dumps(expo.count()).encode())
        elif method == b"GET" and path.startswith(b"/count/"):
            kind, number = path.decode().split("/")[2:]
            self._held = self._loop.create_task(self._hold(kind, int(number)))
        else:
            self._refuse(404, "Nothing is here.")

    def _vendor(self, answer: bytes, many: int, kind: str) -> None:
        """Answer after the latency, and count it then."""
        if self._expo.first is None:
            self._expo.first = time.monotonic()
        if self._expo.latency:
            self._loop.call_later(self._expo.latency, self._counted, answer, many, kind)
        else:
            self._counted(answer, many, kind)

    def _counted(self, answer: bytes, many: int, kind: str) -> None:
        self._expo.note(kind, many)
        self._write(answer)

    async def _hold(self, kind: str, number: int) -> None:
        self._write(json.dumps(await self._expo.until(kind, number)).encode())

    def _refuse(self, status: int, why: str) -> None:
        error = {"errors": [{"code": "VALIDATION_ERROR", "message": why}]}
        self._write(json.dumps(error).encode(), status)

    def _write(self, body: bytes, status: int = 200) -> None:
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


def _head(head: bytes) -> tuple[bytes, bytes, dict[bytes, bytes]]:
    """Method, path, and headers under their names in small letters."""
    first, *lines = head.split(b"\r\n")
    method, path, _ = first.split(b" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    return method, path, headers


async def serve() -> None:
    """Listen on a free port of loopback and say which."""
    loop = asyncio.get_running_loop()
    expo = Expo()
    server = await loop.create_server(lambda: Connection(expo, loop), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)  # noqa: T201
    await server.serve_forever()


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    asyncio.run(serve())
