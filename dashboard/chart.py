"""Columns over time as shapes: places and heights for the SVG of the overview, nothing but arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOP = 18.0
BOTTOM = 262.0
LABELS = 279.0
LINES = 4
"""Lines of the grid above the base, at the most."""
GAP = 1.0
"""Between two parts of a column."""
MOST_LABELS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One rectangle of a column."""

    name: str
    """A fill of the style sheet."""
    y: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its parts from the base up."""

    x: str
    width: str
    middle: str
    hit_x: str
    hit_width: str
    title: str
    label: str
    is_shown: bool
    """Is there room for its label?"""
    is_minor: bool
    """May its label give way where there is less room?"""
    is_last: bool
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the grid."""

    y: str
    text_y: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template draws."""

    columns: Sequence[Column]
    lines: Sequence[Line]
    base: float = BOTTOM
    labels: float = LABELS
    top: float = TOP
    height: float = BOTTOM - TOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What one column stands for."""

    title: str
    label: str
    parts: Mapping[str, int]
    """Fill → value, from the base up."""


def chart(bars: Sequence[Bar]) -> Chart:
    """Stacked columns of equal width under a round scale."""
    highest = max((sum(bar.parts.values()) for bar in bars), default=0)
    step = round_step(highest)
    top = step * max(1, -(-highest // step))
    return Chart(
        columns=[_column(bar, place, len(bars), top) for place, bar in enumerate(bars)],
        lines=[_line(value, top) for value in range(step, top + 1, step)],
    )


def round_step(highest: int) -> int:
    """A step of 1, 2 or 5 times a power of ten that needs at most LINES lines to reach the highest value."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * LINES >= highest:
                return factor * power
        power *= 10


def short(value: int) -> str:
    """`15000` → `15k`: few digits for an axis."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return str(value)


def _line(value: int, top: int) -> Line:
    y = _y(value, top)
    return Line(y=f"{y:.1f}", text_y=f"{y - 4:.1f}", label=short(value))


def _column(bar: Bar, place: int, count: int, top: int) -> Column:
    # The first columns leave room for the words of the axis.
    margin = 4.0
    wide = (100 - margin) / count
    left = margin + place * wide
    back, every = count - 1 - place, -(-count // MOST_LABELS)
    return Column(
        x=f"{left + wide * 0.16:.2f}%",
        width=f"{wide * 0.68:.2f}%",
        middle=f"{left + wide / 2:.2f}%",
        hit_x=f"{left:.2f}%",
        hit_width=f"{wide:.2f}%",
        title=bar.title,
        label=bar.label,
        is_shown=back % every == 0,
        is_minor=back % (every * 2) != 0,
        is_last=place == count - 1,
        parts=_parts(bar.parts, top),
    )


def _parts(values: Mapping[str, int], top: int) -> list[Part]:
    found, floor = [], BOTTOM - GAP
    for name, value in values.items():
        if not value:
            continue
        height = max(0.6, value / top * (BOTTOM - TOP) - GAP)
        found.append(Part(name=name, y=f"{floor - height:.1f}", height=f"{height:.1f}"))
        floor -= height + GAP
    return found


def _y(value: float, top: int) -> float:
    return BOTTOM - value / top * (BOTTOM - TOP)
