"""The raw limit: a bare loop that posts prebuilt bodies over keep-alive connections, and stores nothing."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlsplit

from tests.bench import content

LENGTH = b"Content-Length: "


class _Poster(asyncio.Protocol):
    """Posts one body after another as soon as the last one is answered."""

    def __init__(self, requests: list[bytes], over: asyncio.Future[None]) -> None:
        self._requests = requests
        self._over = over
        self._come = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._over.done():
            self._over.set_exception(error or ConnectionError("The bench's Expo hung up."))

    def data_received(self, data: bytes) -> None:
        self._come += data
        end = self._come.find(b"\r\n\r\n")
        if end < 0:
            return
        start = self._come.index(LENGTH) + len(LENGTH)
        length = int(self._come[start : self._come.index(b"\r\n", start)])
        if len(self._come) >= end + 4 + length:
            self._come.clear()
            self._next()

    def _next(self) -> None:
        if self._requests:
            self._transport.write(self._requests.pop())
        else:
            self._over.set_result(None)
            self._transport.close()


def messages_a_second(url: str, number: int, connections: int) -> float:
    """Post so many messages, in requests of 100, over so many connections that share the work."""
    return asyncio.run(_post(url, _requests(urlsplit(url).netloc, number), connections))


async def _post(url: str, requests: list[bytes], connections: int) -> float:
    loop = asyncio.get_running_loop()
    place = urlsplit(url)
    number = len(requests) * content.BATCH
    over = [loop.create_future() for _ in range(connections)]
    started = time.monotonic()
    for each in over:
        await loop.create_connection(lambda each=each: _Poster(requests, each), place.hostname, place.port)
    await asyncio.gather(*over)
    return number / (time.monotonic() - started)


def _requests(host: str, number: int) -> list[bytes]:
    """Prebuilt; after a thousand of them the same ones again."""
    wanted = number // content.BATCH
    different = [_request(host, each * content.BATCH) for each in range(min(wanted, 1_000))]
    return [different[each % len(different)] for each in range(wanted)]


def _request(host: str, start: int) -> bytes:
    body = json.dumps(
        [{"to": content.token(each), **content.words(each)} for each in range(start, start + content.BATCH)]
    ).encode()
    head = (
        f"POST /--/api/v2/push/send HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
