"""A file is cut at the ends of its lines, whatever those are, and however it is broken into pieces on its way."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as some

from notifications.importing.parts import MOST_BYTES, LineTooLong, cut, lines_of, text_of, whole_lines
from notifications.importing.taking_in import CHUNK
from tests.notifications.uploads import pieces


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_any_end_of_line_will_do(end: str, size: int) -> None:
    text = f"one{end}two{end}{end}three"
    assert [line.strip() for line in whole_lines(pieces(text, size))] == [b"one", b"two", b"", b"three"]


@given(some.text(some.sampled_from("ab\r\n\x0b\x85\u2028é")), some.integers(1, 9))
def test_lines_are_those_of_a_file_opened_for_reading(text: str, size: int) -> None:
    found = [text_of(line) for line in whole_lines(pieces(text, size))]
    assert found == list(StringIO(text, newline=""))


@given(some.binary(), some.integers(1, 9))
def test_no_byte_is_lost_or_changed(data: bytes, size: int) -> None:
    parts = list(cut(whole_lines(pieces(data, size))))
    assert b"".join(part.data for part in parts) == data
    texts = [line for part in parts for line in lines_of(part.data)]
    assert "".join(texts).encode("utf-8", errors="surrogateescape") == data


def test_a_part_is_as_many_lines_as_one_transaction_takes_in() -> None:
    parts = list(cut([b"x\n"] * (2 * CHUNK + 1)))
    assert [(part.first_line, part.lines) for part in parts] == [
        (2, CHUNK),
        (2 + CHUNK, CHUNK),
        (2 + 2 * CHUNK, 1),
    ]


def test_nor_is_it_larger_than_it_may_be() -> None:
    parts = list(cut([b"x" * 100_000] * 5))
    assert [len(part.data) for part in parts] == [200_000, 200_000, 100_000]


def test_empty_lines_have_a_number_and_do_not_count() -> None:
    (part,) = cut([b"one\n", b"\n", b"  \n", b"two\n"])
    assert (part.lines, len(lines_of(part.data))) == (2, 4)


def test_a_line_that_never_ends_is_not_gathered() -> None:
    read = 0

    def endless() -> object:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65_536

    with pytest.raises(LineTooLong, match="Line 1 is longer than 262,144 bytes"):
        list(whole_lines(endless()))  # type: ignore[arg-type]
    assert read <= MOST_BYTES / 65_536 + 1
