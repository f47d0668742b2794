"""Digest times: when a digest is due in its reader's own time. Pure functions of a frequency, a zone and a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from django.db import models

MORNING, EVENING = 7, 18
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


class DigestFrequency(models.TextChoices):
    """How often a user gets what has gathered."""

    DAILY_MORNING = "daily_morning", "Once daily (morning, ~7 am)"
    DAILY_EVENING = "daily_evening", "Once daily (evening, ~6 pm)"
    TWICE_DAILY = "twice_daily", "Twice daily (morning + evening)"
    WEEKLY_FRIDAY = "weekly_friday", "Weekly on Friday"
    WEEKLY_SATURDAY = "weekly_saturday", "Weekly on Saturday"
    WEEKLY_SUNDAY = "weekly_sunday", "Weekly on Sunday"


HOURS = {
    DigestFrequency.DAILY_MORNING: (MORNING,),
    DigestFrequency.DAILY_EVENING: (EVENING,),
    DigestFrequency.TWICE_DAILY: (MORNING, EVENING),
}
"""Of every day; of the day below, the morning."""
WEEKDAYS = {
    DigestFrequency.WEEKLY_FRIDAY: FRIDAY,
    DigestFrequency.WEEKLY_SATURDAY: SATURDAY,
    DigestFrequency.WEEKLY_SUNDAY: SUNDAY,
}


class HasTimezone(Protocol):
    """Whoever reads it."""

    timezone: str


class HasFrequency(Protocol):
    """What they prefer, and when they got the last one."""

    digest_frequency: str
    last_digest_sent_at: datetime | None


def is_digest_due(user: HasTimezone, pref: HasFrequency, now: datetime) -> bool:
    """Is this the hour of a digest that has not been sent in it yet?"""
    zone = zone_of(getattr(user, "timezone", None))
    local = now.astimezone(zone)
    if local.hour not in _hours(pref.digest_frequency, local.date()):
        return False
    last = pref.last_digest_sent_at and pref.last_digest_sent_at.astimezone(zone)
    return not last or (last.date(), last.hour) != (local.date(), local.hour)


def next_digest_at(frequency: str, timezone: str, after: datetime) -> datetime:
    """The first moment of a digest that is later than this one, in UTC.

    Where clocks are set forward over the hour, it is an hour later; where they show it twice, it is the first time.
    Raises ValueError for a frequency that is none.
    """
    DigestFrequency(frequency)
    zone = zone_of(timezone)
    return next(moment for moment in _moments(frequency, zone, after) if moment > after)


def _moments(frequency: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """From the day before on: some zones have no today, having moved over the date line."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        for hour in _hours(frequency, day):
            # The way to UTC and no further: of a wall time that does not exist it makes the one an hour later.
            yield datetime.combine(day, time(hour), zone).astimezone(UTC)
        day += timedelta(days=1)


def _hours(frequency: str, day: date) -> tuple[int, ...]:
    """The hours of that day; none where it is another day's turn, or nobody knows the frequency."""
    weekday = WEEKDAYS.get(frequency)  # type: ignore[call-overload]
    if weekday is not None:
        return (MORNING,) if day.weekday() == weekday else ()
    hours: tuple[int, ...] = HOURS.get(frequency, ())  # type: ignore[call-overload]
    return hours


@lru_cache(maxsize=1024)
def zone_of(name: str | None) -> tzinfo:
    """The zone of this name (IANA); UTC where there is none: nobody goes without a digest for the sake of a name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, TypeError, OSError):  # unknown names, paths out of the folder, folders
        return UTC
