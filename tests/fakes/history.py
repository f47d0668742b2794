"""The history of a fake: an append-only file with one JSON line for each message it decided on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message that reached a fake."""

    request: int
    """Which request of the endpoint brought it, counted from 1."""
    at: float
    """Seconds since 1970."""
    monotonic: float
    """Seconds of the machine's monotonic clock, the same for every process."""
    token: str
    ticket: str
    """The id of its ticket; "" where it was given none."""
    outcome: str
    """"ok" where it was accepted, else the vendor's error code."""
    receipt: str
    """What its receipt says: "ok", an error code, "missing"; "" where there is no receipt."""
    fault: str
    """The kind of fault its request met, "" for none. With `drop_after_accept`, say, the client never heard of it."""
    message: dict[str, Any]
    """The whole message, as the client wrote it."""

    @property
    def is_accepted(self) -> bool:
        """Did the fake take this message over?"""
        return self.outcome == "ok"


def lines(shared: Mapping[str, Any], messages: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """The lines of one request's entries: the values they share, and for each its message as JSON already and its own
    values. What can be encoded once is: encoding is most of a fake's work."""
    head = json.dumps(shared)[:-1]
    return [f'{head}, "message": {message}, {json.dumps(own)[1:]}\n' for message, own in messages]


class History:
    """Writes a fake's history. What `add` has returned from survives the death of every process concerned."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, lines: Sequence[str]) -> None:
        """Append these lines, and hand them to the operating system before returning."""
        self._file.write("".join(lines))
        self._file.flush()

    def clear(self) -> None:
        """Forget everything."""
        self._file.truncate(0)


def read(path: Path) -> Iterator[Entry]:
    """The entries of a history file, which may still be growing."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield Entry(**json.loads(line))
