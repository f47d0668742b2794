"""Several posts of JSON to one place, all within one deadline."""

from __future__ import annotations

import gzip
import time
from collections.abc import Mapping

from notifications.http.client import Response, request

GZIP_ABOVE = 1024
"""Bytes from which a body is worth compressing."""
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


class Session:
    """Posts with the same headers; large bodies are compressed, and all calls together end within one deadline."""

    def __init__(self, base_url: str, headers: Mapping[str, str], deadline: float) -> None:
        """`base_url`: where every path begins. `deadline`: seconds from now in which every call must have ended."""
        self._base = base_url.rstrip("/")
        self._headers = {**_JSON, **headers}
        self._ends = time.monotonic() + deadline

    def post(self, path: str, body: bytes) -> Response:
        """POST this JSON. Raises NotSent or NoAnswer."""
        headers = self._headers
        if len(body) > GZIP_ABOVE:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers = {**headers, "Content-Encoding": "gzip"}
        left = self._ends - time.monotonic()
        return request("POST", self._base + path, body=body, headers=headers, deadline=left)
