"""Login throttling: a few tries for a name from one address, some more for the address, then a pause.

A try is counted before the password is looked at, so that many at once cannot slip through together.
"""

from __future__ import annotations

import hashlib
import ipaddress
import unicodedata
from datetime import timedelta

from django.conf import settings
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
    """Count a try. Returns 0 when it may go on, else the seconds to wait."""
    place = _place(address)
    return max(
        _count(_pair(name, place), TRIES_PER_NAME),
        _count(_key(place), TRIES_PER_ADDRESS),
        _count(_pair(name, "anywhere"), TRIES_PER_NAME_FROM_ANYWHERE),
    )


def forgive(name: str, address: str) -> None:
    """The password was right: these tries were no guesses."""
    place = _place(address)
    LoginAttempt.objects.filter(key=_pair(name, place)).delete()
    others = [_key(place), _pair(name, "anywhere")]
    LoginAttempt.objects.filter(key__in=others, tries__gt=0).update(tries=F("tries") - 1)


def _count(key: str, limit: int) -> int:
    now = clock.now()
    LoginAttempt.objects.filter(since__lte=now - WINDOW).delete()
    LoginAttempt.objects.bulk_create([LoginAttempt(key=key, since=now)], ignore_conflicts=True)
    LoginAttempt.objects.filter(key=key).update(tries=F("tries") + 1)
    attempt = LoginAttempt.objects.filter(key=key).first()
    if attempt is None or attempt.tries <= limit:
        return 0
    return max(1, int((attempt.since + WINDOW - now).total_seconds()))


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
