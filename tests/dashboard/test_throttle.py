"""Tries to sign in, counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from dashboard import throttle
from dashboard.models import LoginAttempt
from notifications import clock

pytestmark = pytest.mark.django_db
HERE, THERE = "192.0.2.7", "192.0.2.8"


def tries(number: int, name: str = "ada", address: str = HERE) -> list[int]:
    """Take so many tries; the seconds to wait after each."""
    return [throttle.take_try(name, address) for _ in range(number)]


def test_five_tries_are_free() -> None:
    assert tries(5) == [0] * 5


def test_the_sixth_waits_for_the_rest_of_the_window() -> None:
    tries(5)
    clock.turn(timedelta(minutes=5))
    assert 595 <= throttle.take_try("ada", HERE) <= 600


def test_asking_again_makes_nobody_wait_longer() -> None:
    tries(5)
    first, *_, last = tries(10)
    assert last <= first


def test_a_wait_is_never_shorter_than_a_second() -> None:
    tries(5)
    clock.turn(throttle.WINDOW - timedelta(milliseconds=300))
    assert throttle.take_try("ada", HERE) == 1


def test_the_window_ends() -> None:
    tries(6)
    clock.turn(throttle.WINDOW)
    assert throttle.take_try("ada", HERE) == 0


def test_an_address_has_its_own_limit() -> None:
    assert not any(tries(1, f"name{n}")[0] for n in range(throttle.TRIES_PER_ADDRESS))
    assert tries(1, "one more")[0] > 0


def test_a_pair_elsewhere_is_another_pair() -> None:
    tries(6)
    assert throttle.take_try("ada", THERE) == 0


def test_tries_that_were_refused_do_not_keep_the_name_out_elsewhere() -> None:
    tries(200)
    assert throttle.take_try("ada", THERE) == 0


def test_a_name_has_its_own_limit_over_all_addresses() -> None:
    for number in range(throttle.TRIES_PER_NAME_FROM_ANYWHERE):
        assert throttle.take_try("ada", f"192.0.{number}.1") == 0
    assert throttle.take_try("ada", THERE) > 0


def test_a_refused_try_writes_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tries(5)
    with django_assert_num_queries(1) as asked:
        throttle.take_try("ada", HERE)
    assert asked[0]["sql"].startswith("SELECT")


def test_a_refused_try_for_one_name_leaves_the_address_its_tries_for_others() -> None:
    tries(50)
    assert throttle.take_try("eve", HERE) == 0


def test_forgiving_one_leaves_the_guesses_of_others_counted() -> None:
    tries(5, "eve")
    tries(1)
    throttle.forgive("ada", HERE)
    assert throttle.take_try("eve", HERE) > 0


def test_forgiving_takes_back_one_try_of_the_address() -> None:
    for n in range(19):
        tries(1, f"name{n}")
    tries(1)
    throttle.forgive("ada", HERE)
    assert throttle.take_try("ada", HERE) == 0
    assert throttle.take_try("ada", HERE) > 0


def test_what_is_over_is_swept_away() -> None:
    tries(1)
    clock.turn(throttle.WINDOW)
    before = set(LoginAttempt.objects.values_list("pk", flat=True))
    tries(1, "eve", THERE)
    assert not LoginAttempt.objects.filter(pk__in=before).exists()
