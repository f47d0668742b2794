"""The bench's Expo as a process: started, told how slow to be, asked what it has answered."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]


class FastExpo:
    """`tests.bench.expo` in a process of its own, for the length of a `with` block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.expo"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.stop()
            raise RuntimeError("The bench's Expo ended instead of listening; it said why above.")
        self._line = HTTPConnection(urlsplit(self.url).netloc, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
        self.stop()

    def begin(self, latency: float) -> None:
        """Answer after so many milliseconds from now on, and count from nothing."""
        self._ask("POST", f"/begin/{latency:g}")

    def count(self) -> dict[str, Any]:
        """See `expo.Expo.count`."""
        return self._ask("GET", "/count")

    def count_once(self, kind: str, number: int) -> dict[str, Any]:
        """`count` as soon as so many `messages` or `receipts` were answered, or a few seconds later."""
        return self._ask("GET", f"/count/{kind}/{number}")

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        self._line.request(method, path)
        answer: dict[str, Any] = json.loads(self._line.getresponse().read())
        return answer
