"""The only outgoing HTTP client: total deadlines, capped answers, and a guard for URLs that people give."""

from __future__ import annotations

from notifications.http.client import Forbidden, NoAnswer, NotSent, Response, close, request
from notifications.http.session import Session

__all__ = [
    "Forbidden",
    "NoAnswer",
    "NotSent",
    "Response",
    "Session",
    "close",
    "request",
]
