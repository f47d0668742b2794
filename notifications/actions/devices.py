"""Bringing people and their devices into a project, many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from notifications import live
from notifications.actions.audit import Actor, Facts, write_down
from notifications.importing.device_rows import DeviceRow
from notifications.importing.taking_in import CHUNK, FACTS, count_tables_anew, is_time_to_count, take_in
from notifications.models import Project


def import_rows(actor: Actor, project: Project, rows: Iterable[DeviceRow]) -> Facts:
    """Take in rows chunk by chunk; each chunk is all or nothing. Returns how many devices were added, updated, …"""
    totals: Counter[str] = Counter()
    is_counted = True
    try:
        for number, chunk in enumerate(_chunks(rows), start=1):
            totals += take_in(project, chunk)
            is_counted = len(chunk) == CHUNK and is_time_to_count(number)
            if is_counted:
                count_tables_anew()
    finally:  # an import that breaks off has done something too
        facts = {name: totals[name] for name in FACTS}
        write_down(actor, "devices.import", project, facts)
        if totals.total() >= CHUNK and not is_counted:
            count_tables_anew()
        live.publish(f"project:{project.pk}")
    return facts


def _chunks(rows: Iterable[DeviceRow]) -> Iterator[list[DeviceRow]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk
