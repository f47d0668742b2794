"""Arithmetic of the bench: the middle of several runs, and whether a target is reached. Nothing is rounded up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several runs, and the ends."""

    middle: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Of one or more runs."""
    return Spread(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is wanted, and what was measured."""

    text: str
    wanted: float
    measured: float
    at_least: bool = True
    """Otherwise: at most."""

    @property
    def reached(self) -> bool:
        """Compared as measured, before any rounding."""
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted

    @property
    def shown(self) -> str:
        """Rounded away from the target, so that it never looks reached when it is not."""
        return shown(self.measured, down=self.at_least)


def shown(value: float, *, down: bool = True) -> str:
    """Whole from a hundred on, else with two digits after the point; cut off, or for `down=False` the next one up."""
    scale = 1 if abs(value) >= 100 else 100
    exact = round(value * scale, 6)  # 0.29 * 100 is 28.999999999999996
    cut = (math.floor(exact) if down else math.ceil(exact)) / scale
    return f"{cut:,.0f}" if scale == 1 else f"{cut:.2f}"


def law(connections: int, batch: int, milliseconds: float) -> float:
    """Messages a second that so many connections can carry when each answer takes so long."""
    return connections * batch / (milliseconds / 1000)
