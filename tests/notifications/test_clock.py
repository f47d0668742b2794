"""The one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from notifications import clock


def test_it_is_right() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_turns_add_up() -> None:
    clock.turn(timedelta(days=1))
    clock.turn(timedelta(hours=-1))
    assert clock.now() - datetime.now(UTC) > timedelta(hours=22)


def test_it_can_be_set_right_again() -> None:
    clock.turn(timedelta(days=1))
    clock.reset()
    assert clock.now() - datetime.now(UTC) < timedelta(seconds=5)


class TestFollowing:
    DOUBT = timedelta(seconds=1)

    def test_it_goes_by_the_other_clock(self) -> None:
        other = datetime.now(UTC) - timedelta(minutes=5)
        clock.follow(other, self.DOUBT)
        assert abs(clock.now() - other) < self.DOUBT

    def test_it_says_how_wrong_it_was(self) -> None:
        wrong = clock.follow(datetime.now(UTC) + timedelta(minutes=5), self.DOUBT)
        assert abs(wrong - timedelta(minutes=5)) < self.DOUBT

    def test_what_may_be_the_way_of_the_answer_moves_nothing(self) -> None:
        assert clock.follow(datetime.now(UTC) + self.DOUBT / 2, self.DOUBT) == timedelta(0)
        assert abs(clock.now() - datetime.now(UTC)) < self.DOUBT / 10

    def test_a_machine_that_is_set_right_meanwhile_is_followed_back(self) -> None:
        clock.follow(datetime.now(UTC) + timedelta(minutes=5), self.DOUBT)
        clock.follow(datetime.now(UTC), self.DOUBT)
        assert abs(clock.now() - datetime.now(UTC)) < self.DOUBT
