"""LoginAttempt: how often somebody tried to sign in lately."""

from __future__ import annotations

from django.db import models


class LoginAttempt(models.Model):
    """Tries in a window of time, for a pair of name and address or for an address alone."""

    key = models.CharField(max_length=64, unique=True)
    """A hash: names and addresses of strangers are nobody's to keep."""
    tries = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tries} tries since {self.since:%H:%M}"
