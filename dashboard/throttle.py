"""Login throttling: a few tries for a name from one address, some more for the address, then a pause.

A try is counted before the password is looked at, so that many at once cannot slip through together. One that has to
wait is counted nowhere: whoever is stopped himself cannot go on and lock others out. Names are all treated alike,
whether somebody has them or not.
"""

from __future__ import annotations

import hashlib
import ipaddress
import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from dashboard.models import LoginAttempt
from notifications import clock

WINDOW = timedelta(minutes=15)
TRIES_PER_NAME = 5
TRIES_PER_ADDRESS = 20
TRIES_PER_NAME_FROM_ANYWHERE = 100
"""Against one name from many addresses: so many that nobody is kept out of his own account by accident."""


def take_try(name: str, address: str) -> int:
    """Count a try. Returns 0 when it may go on, else the seconds to wait: such a try is not counted anywhere."""
    now = clock.now()
    limits = _limits(name, _place(address))
    wait = _wait(limits, now)
    if wait:
        return wait
    LoginAttempt.objects.filter(since__lte=now - WINDOW).delete()
    try:
        with transaction.atomic():
            _count(limits, now)
    except _UsedUp:
        return _wait(limits, now) or 1
    return 0


def forgive(name: str, address: str) -> None:
    """The password was right: these tries were no guesses."""
    place = _place(address)
    LoginAttempt.objects.filter(key=_pair(name, place)).delete()
    others = [_key(place), _pair(name, "anywhere")]
    LoginAttempt.objects.filter(key__in=others, tries__gt=0).update(tries=F("tries") - 1)


class _UsedUp(Exception):
    """Others took the last try at the same moment."""


def _limits(name: str, place: str) -> dict[str, int]:
    """Key → tries that it has, the address first: what it may not do, it cannot do to a name."""
    return {
        _key(place): TRIES_PER_ADDRESS,
        _pair(name, place): TRIES_PER_NAME,
        _pair(name, "anywhere"): TRIES_PER_NAME_FROM_ANYWHERE,
    }


def _wait(limits: dict[str, int], now: datetime) -> int:
    """Seconds until the first limit that is reached lets a try through; 0 when none is."""
    attempts = {
        each.key: each for each in LoginAttempt.objects.filter(key__in=limits, since__gt=now - WINDOW)
    }
    for key, limit in limits.items():
        attempt = attempts.get(key)
        if attempt and attempt.tries >= limit:
            return max(1, int((attempt.since + WINDOW - now).total_seconds()))
    return 0


def _count(limits: dict[str, int], now: datetime) -> None:
    """One more for each key. Raises _UsedUp, for the transaction to take all of it back."""
    LoginAttempt.objects.bulk_create(
        [LoginAttempt(key=key, since=now) for key in limits], ignore_conflicts=True
    )
    for key, limit in limits.items():
        if not LoginAttempt.objects.filter(key=key, tries__lt=limit).update(tries=F("tries") + 1):
            raise _UsedUp


def _place(address: str) -> str:
    """Where a try comes from: an IPv4 address, or the /64 that one household has in IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ipaddress.ip_network((int(parsed), 64), strict=False))


def _pair(name: str, address: str) -> str:
    """One key for every spelling that the sign-in form reads as the same name."""
    same = unicodedata.normalize("NFKC", name).strip().casefold()
    return _key(f"{hashlib.sha256(same.encode()).hexdigest()}:{address}")


def _key(text: str) -> str:
    return salted_hmac("dashboard.throttle", text, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
