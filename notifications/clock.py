"""The one clock: every time in Carillon is asked for here, so that machines agree on it and a test can turn it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_wrong = timedelta(0)
_turned = timedelta(0)
_stopped: datetime | None = None


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return (_stopped or datetime.now(UTC) + _wrong) + _turned


def follow(moment: datetime, doubt: timedelta) -> timedelta:
    """Go by another clock, which shows `moment` just now, give or take `doubt`. Returns how wrong ours was set."""
    global _wrong
    found = moment - datetime.now(UTC)
    wrong = found - _wrong
    if abs(wrong) <= doubt:
        return timedelta(0)
    _wrong = found
    return wrong


def turn(by: timedelta) -> None:
    """Move the clock of this process by so much (tests only)."""
    global _turned
    _turned += by


def stop() -> None:
    """Let it show this moment until it is turned (tests only)."""
    global _stopped
    _stopped = now() - _turned


def reset() -> None:
    """Set the clock right again (tests only)."""
    global _wrong, _turned, _stopped
    _wrong = _turned = timedelta(0)
    _stopped = None
