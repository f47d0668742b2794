"""Imports: takes uploaded files of people and devices in, one part of each at a time."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from traceback import format_tb

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from notifications import clock
from notifications.importing.device_rows import DeviceRow, Reject, doubled, read_rows
from notifications.importing.parts import lines_of
from notifications.importing.taking_in import CHUNK, count_tables_anew, is_time_to_count, take_in
from notifications.models import DeviceImport, ImportPart, ImportReject, ImportState, ImportToken
from notifications.models.bulk import insert_rows
from notifications.pipeline import Done, topics

log = logging.getLogger(__name__)
LONGEST_REASON = 1_000
"""Characters of a reason: it may quote a cell."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """A part, read: what each of its lines says, and the lines themselves."""

    part: ImportPart
    rows: list[DeviceRow]
    rejects: list[Reject]
    texts: Sequence[str]

    def text(self, number: int) -> str:
        """The line with this number of the file."""
        return self.texts[number - self.part.first_line]


def step() -> Done:
    """One part of every running import. One that fails holds back no other: it is tried again later."""
    waiting = list(DeviceImport.objects.running().order_by("id"))
    moved = [_part_or_rest(each) for each in waiting]
    own = frozenset(f"import:{each.pk}" for each in waiting)
    return Done(more=any(moved), topics=own | topics({each.project_id for each in waiting}, set()))


def forget_old() -> None:
    """Forget rejected lines and lines that nobody took in, once they are old: they are about people."""
    now = clock.now()
    ImportReject.objects.filter(device_import__finished_at__lte=now - DeviceImport.REJECTS_LAST).delete()
    left = DeviceImport.objects.filter(state__in=[ImportState.PREVIEW, ImportState.FAILED])
    since = Coalesce("finished_at", "created_at")
    for each in left.alias(since=since).filter(since__lte=now - DeviceImport.LINES_LAST):
        _abandon(each)


@transaction.atomic
def _abandon(device_import: DeviceImport) -> None:
    """End it, unless somebody started it at this moment."""
    still = DeviceImport.objects.filter(pk=device_import.pk, state=device_import.state)
    words = "Nobody went on with it in time: its lines were forgotten."
    if still.update(state=ImportState.CANCELLED, finished_at=clock.now(), trouble=words):
        device_import.drop_lines()


def _part_or_rest(device_import: DeviceImport) -> bool:
    """Take its next part in, or end it. False where nothing was done: another worker did, or it failed and rests."""
    try:
        return _next_part(device_import)
    except Exception as error:
        _rest(device_import, error)
        return False


def _next_part(device_import: DeviceImport) -> bool:
    """Read the next part before the transaction begins: on SQLite nobody else can write while it lasts."""
    part = ImportPart.objects.filter(device_import=device_import).order_by("number").first()
    if part is None:
        return _finish(device_import)
    is_taken = _take(device_import.pk, _read(device_import, part))
    if is_taken and device_import.lines >= CHUNK and is_time_to_count(part.number + 1):
        count_tables_anew()
    return is_taken


def _read(device_import: DeviceImport, part: ImportPart) -> _Lines:
    texts = lines_of(bytes(part.data))
    rows: list[DeviceRow] = []
    rejects: list[Reject] = []
    for row in read_rows(device_import.columns, texts, start=part.first_line):
        if isinstance(row, DeviceRow):
            rows.append(row)
        else:
            rejects.append(row)
    return _Lines(part, rows, rejects, texts)


@transaction.atomic
def _take(import_id: int, lines: _Lines) -> bool:
    """Rows, rejects and cursor in one transaction: a worker that dies takes all of them with it.

    The row lock keeps other workers off; that the part is there still says that none was quicker.
    """
    device_import = _hold(import_id)
    if device_import is None or not ImportPart.objects.filter(pk=lines.part.pk).delete()[0]:
        return False
    doubles = _doubles(device_import, lines)
    lost = {reject.line for reject in doubles}
    counts = take_in(device_import.project, [row for row in lines.rows if row.line not in lost])
    rejects = [*lines.rejects, *doubles]
    ImportReject.objects.bulk_create([_reject(device_import, each, lines) for each in rejects])
    device_import.lines_read += lines.part.lines
    device_import.rejected += len(rejects)
    device_import.counts = dict(Counter(device_import.counts) + counts)
    device_import.failures, device_import.not_before = 0, None
    device_import.save(update_fields=["lines_read", "rejected", "counts", "failures", "not_before"])
    return True


def _hold(import_id: int) -> DeviceImport | None:
    """The import, locked, unless another worker has it or it is not running any more."""
    rows = DeviceImport.objects.running().select_related("project")
    skip = connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(of=("self",), skip_locked=skip).filter(pk=import_id).first()


def _doubles(device_import: DeviceImport, lines: _Lines) -> list[Reject]:
    """Rows whose token an earlier part had."""
    own = {row.digest: row.line for row in lines.rows}
    noted = [
        {"device_import": device_import.pk, "digest": digest, "line": line} for digest, line in own.items()
    ]
    if insert_rows(ImportToken, noted, conflict=["device_import", "digest"]) == len(own):
        return []
    known = ImportToken.objects.filter(device_import=device_import, digest__in=list(own))
    firsts = known.filter(line__lt=lines.part.first_line).values_list("digest", "line")
    return [doubled(own[digest], first, lines.text(own[digest])) for digest, first in firsts]


def _reject(device_import: DeviceImport, reject: Reject, lines: _Lines) -> ImportReject:
    return ImportReject(
        device_import=device_import,
        line=reject.line,
        reason=reject.reason[:LONGEST_REASON],
        data=lines.text(reject.line).encode("utf-8", errors="surrogateescape"),
    )


@transaction.atomic
def _finish(device_import: DeviceImport) -> bool:
    """Its last part is in."""
    held = _hold(device_import.pk)
    if held is None or ImportPart.objects.filter(device_import=held).exists():
        return False
    held.drop_lines()
    DeviceImport.objects.filter(pk=held.pk).update(state=ImportState.DONE, finished_at=clock.now())
    if held.lines >= CHUNK:
        count_tables_anew()
    return True


def _rest(device_import: DeviceImport, error: Exception) -> None:
    """Note that a part could not be taken in: it rests, twice as long each time; in the end the import has failed."""
    failures = device_import.failures + 1
    changes = {"failures": F("failures") + 1, "not_before": clock.now() + timedelta(seconds=2**failures)}
    if failures >= DeviceImport.MOST_FAILURES:
        changes |= {"state": ImportState.FAILED, "finished_at": clock.now(), "trouble": _words(error)}
    DeviceImport.objects.running().filter(pk=device_import.pk).update(**changes)
    log.error(
        "Import %s: a part could not be taken in (%s), for the %s. time.%s",
        device_import.pk,
        _kind(error),
        failures,
        f"\n{_trace(error)}" if failures == 1 else "",
    )


def _kind(error: Exception) -> str:
    """Its type, and the database's code for it where there is one."""
    code = getattr(error.__cause__, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _trace(error: Exception) -> str:
    """Where it happened, without its own text: PostgreSQL quotes the rows that it refuses."""
    return "".join(format_tb(error.__traceback__)).rstrip()


def _words(error: Exception) -> str:
    """Without the error's own text: it may quote what a line says of a person."""
    return (
        f"The database refused the next lines again and again ({type(error).__name__}). What stood before them is in. "
        "The server's log says more; then go on."
    )
