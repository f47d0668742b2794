"""The one clock: every time in Carillon is asked for here, so that a test can turn it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_turned = timedelta(0)


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC) + _turned


def turn(by: timedelta) -> None:
    """Move the clock of this process by so much (tests only)."""
    global _turned
    _turned += by


def reset() -> None:
    """Set the clock right again (tests only)."""
    global _turned
    _turned = timedelta(0)
