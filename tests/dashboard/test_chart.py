"""The chart's arithmetic: round scales, columns that fit under them, labels that leave room."""

from __future__ import annotations

import pytest

from dashboard.chart import BOTTOM, LINES, TOP, Bar, chart, round_step, short


def bars(*values: int) -> list[Bar]:
    return [
        Bar(title=str(value), label=f"{place}:00", parts={"push": value})
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("highest", "step"), [(0, 1), (1, 1), (4, 1), (5, 2), (9, 5), (18_162, 5_000), (1_000_000, 500_000)]
)
def test_the_scale_is_round(highest: int, step: int) -> None:
    assert round_step(highest) == step


@pytest.mark.parametrize(
    ("value", "words"), [(1, "1"), (999, "999"), (5_000, "5k"), (2_500, "2.5k"), (1_000_000, "1M")]
)
def test_the_axis_is_brief(value: int, words: str) -> None:
    assert short(value) == words


@pytest.mark.parametrize("values", [(0, 0), (1,), (3, 17, 5), (10**6, 1)])
def test_every_column_fits_under_the_scale(values: tuple[int, ...]) -> None:
    drawn = chart(bars(*values))
    assert len(drawn.lines) <= LINES
    for column in drawn.columns:
        for part in column.parts:
            assert TOP <= float(part.y) <= float(part.y) + float(part.height) <= BOTTOM


def test_nothing_draws_nothing() -> None:
    assert [column.parts for column in chart(bars(0, 0)).columns] == [[], []]


def test_what_is_little_is_still_seen() -> None:
    (part,) = chart(bars(1, 10**6)).columns[0].parts
    assert float(part.height) > 0


def test_parts_stand_on_each_other() -> None:
    (column,) = chart([Bar(title="", label="", parts={"push": 5, "bell": 5})]).columns
    lower, upper = column.parts
    assert float(upper.y) + float(upper.height) <= float(lower.y)


@pytest.mark.parametrize("count", [1, 7, 24, 30])
def test_the_last_column_is_labelled_and_the_labels_have_room(count: int) -> None:
    columns = chart(bars(*[1] * count)).columns
    assert columns[-1].is_shown
    assert sum(column.is_shown for column in columns) <= 9
