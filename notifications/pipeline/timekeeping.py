"""Timekeeping: workers on several machines go by the database's clock: one that is ahead would end leases of others."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection

from notifications import clock

log = logging.getLogger(__name__)
TOLERANCE = timedelta(milliseconds=50)
WORTH_SAYING = timedelta(seconds=1)


def step() -> None:
    """Set the clock of this process by the database's; SQLite lives on this machine and has none of its own."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        asked = clock.now()
        cursor.execute("SELECT clock_timestamp()")
        (shown,) = cursor.fetchone()
    trip = clock.now() - asked
    wrong = clock.follow(shown + trip / 2, TOLERANCE + trip)
    if abs(wrong) > WORTH_SAYING:
        log.warning(
            "This machine's clock is %.1f seconds off the database's, which is followed. Check its NTP.",
            wrong.total_seconds(),
        )
