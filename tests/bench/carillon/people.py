"""Carillon tells many people: it makes them, and calls `notify_for` once.

    python -m tests.bench.carillon.people        with the environment of the worker

It is told what to do on standard input: see obedience.py.
"""

from __future__ import annotations

import time

from tests.bench import content
from tests.bench.carillon import client  # noqa: F401 (sets Django up: before anything of Carillon's)

from django.contrib.auth.models import User  # isort: skip
from django.db import connection, transaction  # isort: skip

from notifications import clock  # isort: skip
from notifications.models import Notification, Project  # isort: skip
from notifications.registry import registry  # isort: skip
from notifications.service import notify_for  # isort: skip
from tests.bench.obedience import obey  # isort: skip

KIND = "bench.sold"
BARE = """
    INSERT INTO notifications_notification (user_id, project_id, kind, context, priority, locale, sender_id, key,
    created_at)
    SELECT id, %s, %s, %s, 3, 'en-us', '', 'e:bare', %s FROM auth_user ORDER BY id LIMIT %s"""

registry.register(KIND, "Sold", 3, recipients=lambda last: User.objects.filter(pk__lte=last))


def make_people(number: int) -> None:
    """So many accounts."""
    User.objects.bulk_create(
        [User(username=f"person-{each}", password="!") for each in range(number)], batch_size=1000
    )


def tell(number: int) -> float:
    """Tell so many of them; seconds."""
    last = User.objects.order_by("pk").values_list("pk", flat=True)[number - 1]
    began = time.monotonic()
    told = notify_for(last, KIND, content.HAPPENED)
    seconds = time.monotonic() - began
    assert len(told) == number
    Notification.objects.all().delete()
    return seconds


def insert(number: int) -> float:
    """The same rows by one statement and nothing else; seconds."""
    project = Project.objects.default().pk
    context = Notification._meta.get_field("context").get_db_prep_save(content.HAPPENED, connection)
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE, [project, KIND, context, clock.now(), number])
    seconds = time.monotonic() - began
    assert Notification.objects.count() == number
    Notification.objects.all().delete()
    return seconds


if __name__ == "__main__":
    obey({"make_people": make_people, "tell": tell, "insert": insert})
