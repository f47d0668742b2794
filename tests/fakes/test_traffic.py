"""The busiest second."""

from __future__ import annotations

from tests.fakes.traffic import most_in_a_second


def test_nothing_came_is_none_in_a_second():
    assert most_in_a_second([]) == 0


def test_it_finds_the_window_that_no_calendar_second_shows():
    assert most_in_a_second([(0.1, 100), (0.9, 300), (1.5, 300), (1.95, 50)]) == 600


def test_a_window_ends_where_the_second_is_full():
    assert most_in_a_second([(0.0, 600), (1.0, 600)]) == 600


def test_it_does_not_mind_the_order():
    assert most_in_a_second([(5.5, 2), (0.0, 1), (5.0, 3)]) == 5
