"""Reads of uploaded files: how the first rows would fare, what became of the lines, and the reject file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice

from notifications.importing import rejects
from notifications.importing.device_rows import COLUMNS, REQUIRED, DeviceRow, Reject, cells_of, read_rows
from notifications.importing.parts import lines_of, text_of
from notifications.importing.taking_in import FACTS
from notifications.models import DeviceImport, ImportReject

__all__ = ["COLUMNS", "REQUIRED", "Outlook", "facts", "outlook", "reject_file", "unknown_columns"]

SHOWN = 20
AT_ONCE = 500
"""Rejected lines in memory while they are downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A row that is not taken in yet: what it says, or what is wrong with it."""

    line: int
    row: DeviceRow | None
    reason: str
    """Why it would be rejected; "" where it is good."""
    uid: str
    """"" where the cells are not as many as the columns; with ? for bytes that are not UTF-8."""


def outlook(device_import: DeviceImport) -> list[Outlook]:
    """The first rows that wait, checked as they will be."""
    part = device_import.parts.order_by("number").first()
    if part is None:
        return []
    texts = lines_of(bytes(part.data))
    rows = islice(read_rows(device_import.columns, texts, part.first_line), SHOWN)
    return [_outlook(device_import.columns, row) for row in rows]


def unknown_columns(device_import: DeviceImport) -> list[str]:
    """Columns that mean nothing here and are passed over."""
    return [name for name in device_import.columns if name not in (*COLUMNS, *rejects.NOTES)]


def facts(device_import: DeviceImport) -> list[tuple[str, int]]:
    """What became of the lines so far, in words; what never happened is left out."""
    return [
        (words, device_import.counts[name]) for name, words in FACTS.items() if device_import.counts.get(name)
    ]


def reject_file(device_import: DeviceImport) -> Iterator[bytes]:
    """The rejected lines as a CSV file, some at a time; it can be mended and imported."""
    columns = device_import.columns
    yield _csv([rejects.heading(columns)])
    last = 0
    found = ImportReject.objects.filter(device_import=device_import).order_by("line")
    while some := list(found.filter(line__gt=last)[:AT_ONCE]):
        last = some[-1].line
        yield _csv([rejects.row(columns, _rejected(each)) for each in some])


def _outlook(columns: Sequence[str], row: DeviceRow | Reject) -> Outlook:
    if isinstance(row, DeviceRow):
        return Outlook(line=row.line, row=row, reason="", uid=row.uid)
    said = dict(zip(columns, row.cells, strict=True)) if len(columns) == len(row.cells) else {}
    shown = said.get("uid", "").encode("utf-8", errors="replace").decode()
    return Outlook(line=row.line, row=None, reason=row.reason, uid=shown)


def _rejected(reject: ImportReject) -> Reject:
    return Reject(reject.line, reject.reason, cells_of(text_of(bytes(reject.data))))


def _csv(rows: list[list[str]]) -> bytes:
    """The cells as the bytes they came as, also where those are not UTF-8."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", errors="surrogateescape")
