"""What came to a fake and how fast: requests, messages in any one second, connections at once."""

from __future__ import annotations

import time
from asyncio import BaseTransport
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to an endpoint of the fake."""

    endpoint: str
    number: int
    """Which request of its endpoint it is, counted from 1."""
    at: float
    monotonic: float
    headers: dict[str, str]
    """Its headers, names in lower case."""
    recipients: int = 0
    """How many messages it carried, or receipts it asked for; 0 where the body was not read or not understood."""
    status: int = 0
    """The HTTP status it was answered; 0 where there was no answer."""
    fault: str = ""
    """The kind of fault it met."""


@dataclass(slots=True)
class Traffic:
    """All calls to a fake so far."""

    calls: list[Call] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)
    _under_way: Counter[str] = field(default_factory=Counter)
    _most_under_way: Counter[str] = field(default_factory=Counter)
    _connections: defaultdict[str, set[BaseTransport]] = field(default_factory=lambda: defaultdict(set))
    _most_connections: Counter[str] = field(default_factory=Counter)

    def begin(self, endpoint: str, headers: dict[str, str]) -> Call:
        """Note a request that has just come in."""
        self._numbers[endpoint] += 1
        call = Call(
            endpoint=endpoint,
            number=self._numbers[endpoint],
            at=time.time(),
            monotonic=time.monotonic(),
            headers=headers,
        )
        self.calls.append(call)
        return call

    @contextmanager
    def under_way(self, endpoint: str, connection: BaseTransport | None) -> Iterator[None]:
        """Count a connection as used for this endpoint until it closes, and as busy with it for now."""
        still_open = {each for each in self._connections[endpoint] if not each.is_closing()}
        self._connections[endpoint] = still_open | ({connection} if connection else set())
        self._most_connections[endpoint] = max(
            self._most_connections[endpoint], len(self._connections[endpoint])
        )
        self._under_way[endpoint] += 1
        self._most_under_way[endpoint] = max(self._most_under_way[endpoint], self._under_way[endpoint])
        try:
            yield
        finally:
            self._under_way[endpoint] -= 1

    def stats(self, endpoint: str) -> dict[str, Any]:
        """Of one endpoint: requests, recipients, answers by status, the most in any second and at once."""
        calls = [call for call in self.calls if call.endpoint == endpoint]
        return {
            "requests": self._numbers[endpoint],
            "recipients": sum(call.recipients for call in calls),
            "statuses": dict(Counter(str(call.status) for call in calls)),
            "faults": dict(Counter(call.fault for call in calls if call.fault)),
            "max_in_any_second": most_in_a_second([(call.monotonic, call.recipients) for call in calls]),
            "max_connections": self._most_connections[endpoint],
            "max_under_way": self._most_under_way[endpoint],
        }


def most_in_a_second(arrivals: Sequence[tuple[float, int]]) -> int:
    """The largest sum of counts within any window of one second; `arrivals` are (second, count)."""
    ordered = sorted(arrivals)
    most = inside = first = 0
    for second, count in ordered:
        inside += count
        while ordered[first][0] <= second - 1:
            inside -= ordered[first][1]
            first += 1
        most = max(most, inside)
    return most
