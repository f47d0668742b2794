"""Digest times: when a digest is due in its reader's own time, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as some

from notifications.models.digest_times import DigestFrequency, next_digest_at, zone_of
from notifications.tasks import _is_digest_due

MONDAY = 4
"""Of May 2026."""
FREQUENCIES = [each.value for each in DigestFrequency]
ZONES = sorted(available_timezones())
SIXTY = ZONES[:: len(ZONES) // 60][:60]
moments = some.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)).map(
    lambda each: each.replace(tzinfo=UTC)
)


def is_due(frequency: str, now: datetime, zone: str | None = "UTC", last: datetime | None = None) -> bool:
    user = SimpleNamespace(timezone=zone)
    return _is_digest_due(user, SimpleNamespace(digest_frequency=frequency, last_digest_sent_at=last), now)


def is_left_out(local: datetime) -> bool:
    """Did clocks or the calendar go past an hour of a digest just before this moment?"""
    return (local - timedelta(days=2)).utcoffset() != local.utcoffset()


@pytest.mark.parametrize(
    ("frequency", "day", "hour", "due"),
    [
        ("daily_morning", MONDAY, 7, True),
        ("daily_morning", MONDAY, 6, False),
        ("daily_morning", MONDAY, 8, False),
        ("daily_morning", MONDAY, 18, False),
        ("daily_evening", MONDAY, 18, True),
        ("daily_evening", MONDAY, 7, False),
        ("twice_daily", MONDAY, 7, True),
        ("twice_daily", MONDAY, 18, True),
        ("twice_daily", MONDAY, 12, False),
        ("weekly_friday", MONDAY + 4, 7, True),
        ("weekly_friday", MONDAY + 4, 18, False),
        ("weekly_friday", MONDAY + 3, 7, False),
        ("weekly_saturday", MONDAY + 5, 7, True),
        ("weekly_saturday", MONDAY + 4, 7, False),
        ("weekly_sunday", MONDAY + 6, 7, True),
        ("weekly_sunday", MONDAY, 7, False),
        ("hourly", MONDAY, 7, False),
    ],
)
def test_each_frequency_has_its_hours_and_days(frequency: str, day: int, hour: int, due: bool) -> None:
    assert is_due(frequency, datetime(2026, 5, day, hour, 30, tzinfo=UTC)) is due


class TestDue:
    def test_once_in_an_hour(self) -> None:
        now = datetime(2026, 5, MONDAY, 18, 30, tzinfo=UTC)
        assert not is_due("daily_evening", now, last=now - timedelta(minutes=30))

    def test_again_the_next_day(self) -> None:
        now = datetime(2026, 5, MONDAY, 18, 30, tzinfo=UTC)
        assert is_due("daily_evening", now, last=now - timedelta(days=1))

    def test_by_the_readers_own_clock(self) -> None:
        assert is_due("daily_morning", datetime(2026, 5, MONDAY, 14, 0, tzinfo=UTC), "America/Los_Angeles")

    @pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../x", "America", "\0", "x" * 300])
    def test_by_utc_where_the_zone_is_none(self, zone: str | None) -> None:
        assert is_due("daily_morning", datetime(2026, 5, MONDAY, 7, 0, tzinfo=UTC), zone)


class TestNext:
    @given(some.sampled_from(FREQUENCIES), some.sampled_from(ZONES), moments)
    def test_it_is_later_and_in_an_hour_of_a_digest(self, frequency: str, zone: str, after: datetime) -> None:
        moment = next_digest_at(frequency, zone, after)
        local = moment.astimezone(zone_of(zone))
        assert moment > after
        assert is_due(frequency, moment, zone) or is_left_out(local)

    @given(some.sampled_from(FREQUENCIES), some.sampled_from(ZONES), moments)
    def test_there_is_none_between(self, frequency: str, zone: str, after: datetime) -> None:
        moment = next_digest_at(frequency, zone, after)
        hours = int((moment - after) / timedelta(hours=1))
        between = [after + timedelta(hours=each) for each in range(1, hours)]
        assert not any(is_due(frequency, each, zone, last=after) for each in between)

    @pytest.mark.parametrize("zone", SIXTY)
    def test_eleven_years_of_them_are_never_far_apart(self, zone: str) -> None:
        moment, ends, found = datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC), []
        while moment < ends:
            moment = next_digest_at("twice_daily", zone, moment)
            found.append(moment)
        gaps = {later - earlier for earlier, later in pairwise(found)}
        assert timedelta(hours=8) < min(gaps)
        assert max(gaps) < timedelta(hours=16)

    def test_clocks_that_change_at_night_leave_it_at_seven(self) -> None:
        """Troll, in Antarctica, goes from 1:00 to 3:00."""
        after = datetime(2026, 3, 28, 12, tzinfo=UTC)
        assert next_digest_at("daily_morning", "Antarctica/Troll", after) == datetime(
            2026, 3, 29, 5, tzinfo=UTC
        )

    def test_a_day_that_a_zone_left_out_has_none_of_its_own(self) -> None:
        """Samoa had no 30 December 2011."""
        first = next_digest_at("daily_morning", "Pacific/Apia", datetime(2011, 12, 29, 12, tzinfo=UTC))
        second = next_digest_at("daily_morning", "Pacific/Apia", first)
        apia = ZoneInfo("Pacific/Apia")
        assert [each.astimezone(apia).day for each in (first, second)] == [29, 31]

    def test_nobody_knows_when_an_unknown_frequency_is(self) -> None:
        with pytest.raises(ValueError, match="hourly"):
            next_digest_at("hourly", "UTC", datetime(2026, 5, MONDAY, tzinfo=UTC))
