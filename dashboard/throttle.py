"""Login throttling: a few tries for a name from one address, some more for the address, then a pause.

A try is counted before the password is looked at, so that many at once cannot slip through together.
"""

from __future__ import annotations

import hashlib
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


def take_try(name: str, address: str) -> int:
    """Count a try. Returns 0 when it may go on, else the seconds to wait."""
    return max(_count(_pair(name, address), TRIES_PER_NAME), _count(_key(address), TRIES_PER_ADDRESS))


def forgive(name: str, address: str) -> None:
    """The password was right: these tries were no guesses."""
    LoginAttempt.objects.filter(key=_pair(name, address)).delete()
    LoginAttempt.objects.filter(key=_key(address), tries__gt=0).update(tries=F("tries") - 1)


def _count(key: str, limit: int) -> int:
    now = clock.now()
    LoginAttempt.objects.filter(since__lte=now - WINDOW).delete()
    LoginAttempt.objects.bulk_create([LoginAttempt(key=key, since=now)], ignore_conflicts=True)
    LoginAttempt.objects.filter(key=key).update(tries=F("tries") + 1)
    attempt = LoginAttempt.objects.filter(key=key).first()
    if attempt is None or attempt.tries <= limit:
        return 0
    return max(1, int((attempt.since + WINDOW - now).total_seconds()))


def _pair(name: str, address: str) -> str:
    """One key for every spelling that the sign-in form reads as the same name."""
    same = unicodedata.normalize("NFKC", name).strip().casefold()
    return _key(f"{hashlib.sha256(same.encode()).hexdigest()}:{address}")


def _key(text: str) -> str:
    return salted_hmac("dashboard.throttle", text, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
