"""The reject file: each line that was not taken, with its number and the reason; it can be mended and imported."""

from __future__ import annotations

from collections.abc import Sequence

from notifications.importing.device_rows import Reject

NOTES = ("line", "reason")
"""The columns that a reject file has before those of its source."""


def heading(columns: Sequence[str]) -> list[str]:
    """The first row of a reject file."""
    return [*NOTES, *[name for name in columns if name not in NOTES]]


def row(columns: Sequence[str], reject: Reject) -> list[str]:
    """A rejected line as a row: all its cells as they came, also those that are too many.

    The notes of an earlier import are left out. Nothing is escaped for spreadsheets: the cells must come back as they
    were.
    """
    cells = [*reject.cells, *[""] * (len(columns) - len(reject.cells))]
    named = [*columns, *[""] * (len(cells) - len(columns))]
    own = [cell for name, cell in zip(named, cells, strict=True) if name not in NOTES]
    return [str(reject.line), reject.reason, *own]
