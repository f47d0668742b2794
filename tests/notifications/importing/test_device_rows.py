"""Rows as they are read: checked one by one, each with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from notifications.importing.device_rows import COLUMNS, BadHeader, DeviceRow, Reject, read_header, read_rows

GOOD = "ada,a@b.example,Ada,ExponentPushToken[ada],expo,en,UTC,x|y"


def read(*lines: str) -> list[DeviceRow | Reject]:
    return list(read_rows(COLUMNS, lines))


def test_a_good_line_becomes_a_row() -> None:
    assert read(GOOD) == [
        DeviceRow(
            line=2,
            uid="ada",
            email="a@b.example",
            name="Ada",
            token="ExponentPushToken[ada]",
            provider="expo",
            language="en",
            timezone="UTC",
            tags=("x", "y"),
        )
    ]


def test_spaces_around_a_cell_do_not_count() -> None:
    (row,) = read(" ada , , Ada ,  ExponentPushToken[ada] ,,,, x | x |y| ")
    assert isinstance(row, DeviceRow)
    assert (row.uid, row.name, row.token, row.tags) == ("ada", "Ada", "ExponentPushToken[ada]", ("x", "y"))


def test_the_provider_is_expo_unless_another_is_named() -> None:
    (row,) = read("ada,,,ExponentPushToken[ada],,,,")
    assert isinstance(row, DeviceRow)
    assert row.provider == "expo"


@pytest.mark.parametrize("language", ["en", "de-AT", "pt_BR", "zh-Hant-TW", "sr-Latn"])
def test_a_language_tag_is_taken_as_it_is(language: str) -> None:
    (row,) = read(f"ada,,,ExponentPushToken[ada],,{language},,")
    assert isinstance(row, DeviceRow)
    assert row.language == language


@pytest.mark.parametrize("language", ["e", "english language", "en--US", "-", "en-" + "x" * 9])
def test_what_is_no_language_tag_is_refused(language: str) -> None:
    (row,) = read(f"ada,,,ExponentPushToken[ada],,{language},,")
    assert isinstance(row, Reject)
    assert row.reason.startswith("language:")


def test_reading_is_lazy() -> None:
    def endless() -> object:
        while True:
            yield GOOD

    assert isinstance(next(read_rows(COLUMNS, endless())), DeviceRow)  # type: ignore[arg-type]


def test_a_header_may_be_written_in_any_way() -> None:
    assert read_header('\ufeff UID ,"Token"\r\n') == ("uid", "token")


@given(some.text())
def test_no_header_is_worse_than_a_bad_one(line: str) -> None:
    try:
        columns = read_header(line)
    except BadHeader:
        return
    assert {"uid", "token"} <= set(columns)


@given(some.lists(some.text(some.characters(exclude_characters="\r\n"))))
def test_no_line_stops_the_reading(lines: list[str]) -> None:
    assert len(read(*lines)) == sum(bool(line.strip()) for line in lines)
