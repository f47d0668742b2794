"""Cuts a file that streams in into parts of whole lines, each small enough for one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from notifications.importing.taking_in import CHUNK

MOST_BYTES = 256 * 1024
"""Of one part, and of one line."""


class LineTooLong(Exception):
    """A line that no part could hold; its text says which."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a file, in order."""

    first_line: int
    lines: int
    """How many have something in them."""
    data: bytes


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file that comes in pieces, with their ends (any of the usual ones). Raises LineTooLong."""
    rest, number = b"", 0
    for piece in pieces:
        lines = (rest + piece).splitlines(keepends=True)
        # What ends with \r may go on with \n in the next piece.
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            number += 1
            yield _short_enough(line, number)
        _short_enough(rest, number + 1)
    if rest:
        yield rest


def cut(lines: Iterable[bytes], start: int = 2) -> Iterator[Part]:
    """Parts of at most MOST_BYTES and CHUNK lines; `start` is the number of the first line."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        if len(held) >= CHUNK or (held and size + len(line) > MOST_BYTES):
            yield _part(start, held)
            start, held, size = start + len(held), [], 0
        held.append(line)
        size += len(line)
    if held:
        yield _part(start, held)


def text_of(line: bytes) -> str:
    """What a line says; bytes that are not UTF-8 survive as what the rows' check refuses."""
    return line.decode("utf-8", errors="surrogateescape")


def lines_of(data: bytes) -> list[str]:
    """The lines of a part, as a file opened for reading would give them."""
    return list(StringIO(text_of(data), newline=""))


def _part(start: int, lines: list[bytes]) -> Part:
    return Part(start, sum(bool(text_of(line).strip()) for line in lines), b"".join(lines))


def _short_enough(line: bytes, number: int) -> bytes:
    if len(line) > MOST_BYTES:
        raise LineTooLong(f"Line {number:,} is longer than {MOST_BYTES:,} bytes: this is no file of devices.")
    return line
