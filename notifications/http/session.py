"""The client's face for code written for `requests`, such as the Expo SDK: a session and its replies."""

from __future__ import annotations

import gzip
import time
from collections.abc import Mapping
from json import dumps, loads
from typing import Any

from notifications.http.client import Response, request

GZIP_ABOVE = 1024
"""Bytes from which a body is worth compressing."""


class BadStatus(Exception):
    """What `Reply.raise_for_status` raises for an answer of 400 and above."""

    def __init__(self, response: Reply) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response


class Reply:
    """A response under the names that `requests` gave its parts."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self.content = response.body

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The JSON value of the body. Raises ValueError where it is none."""
        try:
            return loads(self.content)
        except RecursionError:
            raise ValueError("The brackets are nested too deep.") from None

    def raise_for_status(self) -> None:
        """Raise BadStatus for a status of 400 and above."""
        if self.status_code >= 400:
            raise BadStatus(self)


class Session:
    """Posts with the same headers; large bodies are compressed, and all calls together end within one deadline."""

    def __init__(self, headers: Mapping[str, str], deadline: float, reply: type[Reply] = Reply) -> None:
        """`deadline`: seconds from now in which every call must have ended. `reply`: what calls answer with."""
        self.headers = {"Accept": "application/json", "Content-Type": "application/json", **headers}
        self._reply = reply
        self._ends = time.monotonic() + deadline

    def post(
        self, url: str, data: str | bytes | None = None, json: Any = None, timeout: float | None = None
    ) -> Reply:
        """POST `data` as it is, or `json` encoded; `timeout` can only shorten. Raises NotSent or NoAnswer."""
        content = dumps(json) if data is None else data
        body = content.encode() if isinstance(content, str) else content
        headers = self.headers
        if len(body) > GZIP_ABOVE:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers = {**headers, "Content-Encoding": "gzip"}
        left = self._ends - time.monotonic()
        deadline = left if timeout is None else min(left, timeout)
        return self._reply(request("POST", url, body=body, headers=headers, deadline=deadline))
