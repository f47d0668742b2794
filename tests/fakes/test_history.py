"""The history file of a fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.history import Entry, History, lines, read

SHARED = {"request": 1, "at": 1.5, "monotonic": 2.5, "fault": ""}
OWN = {"token": 'a "quoted" one', "ticket": "t", "outcome": "ok", "receipt": "ok"}
LINES = lines(SHARED, [('{"to": "x"}', OWN)])


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl") as opened:
        yield opened


def test_it_reads_back_what_was_written(history):
    history.add(LINES)
    assert list(read(history.path)) == [Entry(**SHARED, **OWN, message={"to": "x"})]


def test_it_goes_on_where_an_earlier_run_ended(history):
    history.add(LINES)
    with History(history.path) as later:
        later.add(LINES)
    assert len(list(read(history.path))) == 2


def test_it_does_not_read_a_line_that_is_still_being_written(history):
    history.add([*LINES, '{"request": 2, "at'])
    assert len(list(read(history.path))) == 1


def test_it_goes_on_from_the_beginning_after_it_was_cleared(history):
    history.add(LINES)
    history.clear()
    history.add(LINES)
    assert len(list(read(history.path))) == 1
