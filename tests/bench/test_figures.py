"""What is said of a target is what was measured, and never a little more."""

from __future__ import annotations

import pytest

from tests.bench.figures import Spread, Target, law, shown, spread
from tests.bench.measure import Figures
from tests.bench.report import text
from tests.bench.result import Case, Result
from tests.bench.targets import targets


def took(number, seconds, mib=100.0):
    """One run."""
    return Figures(
        number=number,
        queued_seconds=seconds,
        called_seconds=seconds * 2,
        wake_seconds=0.01,
        tail_seconds=0.02,
        requests=number // 100,
        peak_mib=mib,
        cpu_us=20.0,
    )


def result(**cases):
    """`sqlite_10000_0_peer=[…]` and the like, of sending."""
    found = Result({"cores": 2, "processor": "x", "memory_gib": 4, "load": [0, 0, 0], "system": "x"}, {})
    for name, runs in cases.items():
        kind, store, number, latency, system = name.split("_")
        found.cases[Case(kind, store, int(number), float(latency), system)] = runs
    return found


def test_the_middle_of_three_runs_and_their_ends():
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


@pytest.mark.parametrize(
    ("value", "down", "text"),
    [(9.999, True, "9.99"), (1.101, False, "1.11"), (0.29, True, "0.29"), (29_999.9, True, "29,999")],
)
def test_figures_are_cut_away_from_the_target(value, down, text):
    assert shown(value, down=down) == text


def test_a_target_missed_by_a_hair_is_missed():
    target = Target(text="", wanted=10, measured=9.9999)
    assert (target.reached, target.shown) == (False, "9.99")


def test_at_most_is_the_other_way_round():
    assert Target(text="", wanted=1.1, measured=1.05, at_least=False).reached
    assert not Target(text="", wanted=1.1, measured=1.11, at_least=False).reached


def test_six_connections_carry_twelve_thousand_at_fifty_milliseconds():
    assert law(6, 100, 50) == 12_000


def test_the_ratio_is_that_of_the_medians():
    found = result(
        send_sqlite_10000_0_peer=[took(10_000, seconds) for seconds in (5.0, 10.0, 20.0)],
        send_sqlite_10000_0_carillon=[took(10_000, seconds) for seconds in (0.5, 1.0, 9.0)],
    )
    (target,) = targets(found)
    assert (target.measured, target.wanted, target.reached) == (10.0, 10, True)


def test_memory_is_compared_between_sizes_and_with_the_peer():
    found = result(
        send_postgres_10000_0_carillon=[took(10_000, 1.0, mib=100)],
        send_postgres_50000_0_carillon=[took(50_000, 5.0, mib=150)],
        send_postgres_50000_0_peer=[took(50_000, 50.0, mib=290)],
    )
    memory = [target for target in targets(found) if "memory" in target.text]
    assert [(target.shown, target.reached) for target in memory] == [("1.50", False), ("0.52", False)]


def test_receipts_are_linear_when_each_costs_the_same():
    found = result(
        receipts_sqlite_2000_0_carillon=[took(2_000, 0.1)],
        receipts_sqlite_20000_0_carillon=[took(20_000, 1.2)],
    )
    assert [(target.shown, target.reached) for target in targets(found)] == [
        ("16,666", False),
        ("1.20", False),
    ]


def test_the_tables_say_plainly_what_is_not_reached():
    found = result(
        send_sqlite_10000_50_carillon=[took(10_000, 2.0)], send_sqlite_10000_50_peer=[took(10_000, 4.0)]
    )
    said = text(found, targets(found))
    assert "of what 50 ms allow (12,000/s)" in said
    assert "0.41  NOT REACHED" in said
