"""The people of the journeys, as files to import."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

Row = tuple[str, str, str]

MAKE_CREW = (
    "from notifications.models import Project; Project.objects.create(name='Harbour crew', slug='crew')"
)
MAKE_NEWCOMERS = (
    "from notifications.models import Project; Project.objects.create(name='Newcomers', slug='newcomers')"
)
MAKE_PASSENGERS = (
    "from notifications.models import Project; Project.objects.create(name='Passengers', slug='passengers')"
)


def _people(name: str, count: int, fates: dict[str, int]) -> list[Row]:
    """(uid, name, token) of so many people; the first ones' tokens carry the words of their fate."""
    words = [word for word, times in fates.items() for _ in range(times)]
    words += ["fine"] * (count - len(words))
    return [
        (f"{name}_{number}", f"{name.title()} {number}", f"ExponentPushToken[{name}-{word}-{number:04}]")
        for number, word in enumerate(words)
    ]


CROWD = _people("rider", 1_000, {"gone": 10, "late": 5, "huge": 2})
"""A thousand: ten devices gone at once, five as the receipt says, two messages too big."""
CREW = _people("sailor", 20, {"huge": 1})
NEWCOMERS = _people("newcomer", 7, {})

HALF_GOOD = """uid,name,shoe,token,language,tags
diver_1,Diver 1,39,ExponentPushToken[diver-fine-1],de-AT,beta|weekly
diver_2,Diver 2,40,no-token,,
diver_3,,41,ExponentPushToken[diver-fine-3],klingon!,
"""
"""A file with a good line, two bad ones, and a column that means nothing."""


def write_csv(path: Path, rows: Iterable[Row]) -> Path:
    """Write a file for `import_devices`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["uid", "name", "token"])
        writer.writerows(rows)
    return path
