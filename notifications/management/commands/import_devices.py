"""`manage.py import_devices FILE`: people and device tokens from a CSV file into a project."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from notifications.actions.audit import Actor
from notifications.actions.devices import import_rows
from notifications.importing import rejects as reject_rows
from notifications.importing.device_rows import (
    COLUMNS,
    BadHeader,
    DeviceRow,
    Reject,
    read_header,
    read_rows,
)
from notifications.importing.rejects import NOTES
from notifications.importing.taking_in import FACTS
from notifications.models import Project


class Command(BaseCommand):
    """Load the good rows, write the bad ones aside."""

    help = f"Import people and their devices from a CSV file with the columns {','.join(COLUMNS)}."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and where it goes."""
        parser.add_argument("file", type=Path, help="a CSV file with a header row, in UTF-8")
        parser.add_argument("--project", help="id or slug of the project (the default project otherwise)")
        parser.add_argument(
            "--rejects", type=Path, help="where to write rejected lines (beside the file otherwise)"
        )

    def handle(
        self, *args: Any, file: Path, project: str | None, rejects: Path | None, **options: Any
    ) -> None:
        """Import; exit with 1 when lines were rejected, the good ones being in."""
        home = _project(project)
        path = rejects or file.with_name(f"{file.stem}.rejected.csv")
        if path.resolve() == file.resolve():
            raise CommandError(
                "--rejects names the file itself: its lines would be lost. Choose another name."
            )
        try:
            with file.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
                header = source.readline()
                columns = read_header(header)
                self._tell_of_unknown(columns)
                with _RejectFile(path, columns) as aside:
                    lines = _with_progress(source, file, header)
                    facts = import_rows(
                        Actor("import_devices"), home, aside.filter(read_rows(columns, lines))
                    )
        except BadHeader as error:
            raise CommandError(f"{file}: {error}") from None
        except OSError as error:
            raise CommandError(
                f"{error.filename}: {error.strerror}. Check the path and its permissions."
            ) from None
        told = ", ".join(f"{facts[name]:,} {words}" for name, words in FACTS.items() if facts[name])
        self.stdout.write(f"{home} (project {home.pk}): {told or 'no rows'}.")
        if aside.count:
            raise CommandError(
                f"{aside.count:,} lines were rejected: {path} has them with line and reason. "
                "Mend them there and import that file."
            )

    def _tell_of_unknown(self, columns: tuple[str, ...]) -> None:
        """A column passed over for a letter too many would be missed later."""
        unknown = [name for name in columns if name not in (*COLUMNS, *NOTES)]
        if unknown:
            self.stdout.write(f"Columns that mean nothing here and are passed over: {', '.join(unknown)}.")


class _RejectFile:
    """Takes rejected lines aside; the file exists only when there are any."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.count = 0
        self._path = path
        self._columns = columns
        self._file: IO[str] | None = None

    def __enter__(self) -> _RejectFile:
        if self._path.exists():
            self._make_way()
        return self

    def _make_way(self) -> None:
        """For the rejects of this import; only those of an earlier one are thrown away."""
        with self._path.open(encoding="utf-8", errors="surrogateescape", newline="") as earlier:
            if not earlier.readline().startswith(",".join(NOTES)):
                raise CommandError(
                    f"{self._path} stands there already and is no reject file. Choose another name for --rejects."
                )
        self._path.unlink()

    def __exit__(self, *args: object) -> None:
        if self._file:
            self._file.close()

    def filter(self, rows: Iterator[DeviceRow | Reject]) -> Iterator[DeviceRow]:
        """The good rows; the others are written down on the way."""
        for row in rows:
            if isinstance(row, DeviceRow):
                yield row
            else:
                self._write(row)

    def _write(self, reject: Reject) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
            csv.writer(self._file).writerow(reject_rows.heading(self._columns))
        csv.writer(self._file).writerow(reject_rows.row(self._columns, reject))
        self.count += 1


def _project(name: str | None) -> Project:
    if name is None:
        return Project.objects.default()
    projects = Project.objects.filter(pk=int(name)) if name.isdecimal() else Project.objects.filter(slug=name)
    found = projects.first()
    if found is None:
        known = ", ".join(f"{pk} ({slug})" for pk, slug in Project.objects.values_list("pk", "slug"))
        raise CommandError(f"There is no project {name!r}. There are: {known}.")
    return found


def _with_progress(source: IO[str], file: Path, header: str) -> Iterator[str]:
    """The lines after the header, with a bar on a terminal that follows the bytes read."""
    size = file.stat().st_size
    with tqdm(
        total=size, initial=_bytes(header), unit="B", unit_scale=True, desc=file.name, disable=None
    ) as bar:
        for line in source:
            bar.update(_bytes(line))
            yield line


def _bytes(line: str) -> int:
    return len(line.encode("utf-8", errors="surrogateescape"))
