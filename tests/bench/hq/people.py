"""django-notifications-hq tells many people: it makes them, and sends them one notification each.

    python tests/bench/hq/people.py        in its environment, with DATABASE_URL

It is run by its path and not as a module: its app is called `notifications`, as ours is, and must be found first. It is
told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3]))

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.hq.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from notifications.signals import notify  # noqa: E402

from notifications.models import Notification  # noqa: E402
from tests.bench import content  # noqa: E402
from tests.bench.django_database import PRAGMAS  # noqa: E402
from tests.bench.obedience import obey  # noqa: E402


def make_people(number: int) -> None:
    """Tables, and so many accounts."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.executescript(PRAGMAS)
    call_command("migrate", verbosity=0)
    User.objects.bulk_create(
        [User(username=f"person-{each}", password="!") for each in range(number)], batch_size=1000
    )


def tell(number: int) -> float:
    """Tell so many of them, in one transaction, which is its best case; seconds."""
    actor, people = User.objects.first(), User.objects.order_by("pk")[:number]
    began = time.monotonic()
    with transaction.atomic():
        notify.send(actor, recipient=people, verb="sold", **content.HAPPENED)
    seconds = time.monotonic() - began
    assert Notification.objects.count() == number
    Notification.objects.all().delete()
    return seconds


if __name__ == "__main__":
    obey({"make_people": make_people, "tell": tell})
