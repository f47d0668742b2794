"""A real HTTP server on loopback that answers each request as a script says, well or badly, and remembers them all."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Trouble(Enum):
    """How an answer goes wrong."""

    NONE = auto()
    HANG_UP = auto()
    """The request is read and the connection closed."""
    SILENCE = auto()
    """The request is read and nothing more happens."""
    HALF = auto()
    """The whole answer is announced, half of it is sent."""
    DRIP = auto()
    """The answer comes, a byte at a time, for ever."""
    NOT_HTTP = auto()
    """The bytes of the body are sent, and no head before them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Without its gzip, if it had one."""
    connection: int
    """The number of the connection it came by."""

    def json(self) -> Any:
        """The JSON value of the body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to answer; a body that is not bytes is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble = Trouble.NONE

    def content(self) -> bytes:
        """The body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Script = Callable[[Seen], Answer]


class Loopback(ThreadingHTTPServer):
    """The server. `script` may be changed at any time; `seen` grows."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, script: Script | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Script = script or (lambda seen: Answer())
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self.connections = 0
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.005})
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; twice does no harm."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: clients that go away are part of the game."""


@contextmanager
def listening(script: Script | None = None) -> Iterator[Loopback]:
    """A server for the length of a block."""
    server = Loopback(script)
    try:
        yield server
    finally:
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    server: Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        self.number = self.server.connections

    def parse_request(self) -> bool:
        understood = super().parse_request()
        if understood:  # any method will do
            setattr(self, f"do_{self.command}", self.answer)
        return understood

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body, self.number)
        self.server.seen.append(seen)
        with suppress(ConnectionError):
            self.play(self.server.script(seen))

    def play(self, answer: Answer) -> None:
        content = answer.content()
        self.close_connection = answer.trouble is not Trouble.NONE
        match answer.trouble:
            case Trouble.HANG_UP:
                return
            case Trouble.SILENCE:
                self.server.closing.wait()
            case Trouble.NOT_HTTP:
                self.wfile.write(content)
            case Trouble.DRIP:
                self.head(answer, 1_000_000)
                while not self.server.closing.wait(0.02):
                    self.wfile.write(b" ")
            case Trouble.HALF:
                self.head(answer, len(content))
                self.wfile.write(content[: len(content) // 2])
            case _:
                self.head(answer, len(content))
                self.wfile.write(content)

    def head(self, answer: Answer, length: int) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass
