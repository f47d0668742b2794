"""CSV files for the import, and what running it on them says."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

HEADER = "uid,email,name,token,provider,language,timezone,tags"
ADA = "ada,ada@bells.example,Ada,ExponentPushToken[ada],expo,en,Europe/London,organ|choir"
BOB = "bob,bob@bells.example,Bob,ExponentPushToken[bob],expo,de-AT,Europe/Vienna,"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import said."""

    said: str
    refusal: str
    """What it ended with; "" where all went well."""
    code: int
    rejects: list[dict[str, str]]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """(line, reason) of each reject."""
        return [(each["line"], each["reason"]) for each in self.rejects]


class Sheet:
    """A file of people and devices, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "people.csv"
        self.rejected = folder / "people.rejected.csv"

    def write(self, *lines: str, header: str = HEADER, end: str = "\n", encoding: str = "utf-8") -> Sheet:
        """The header, then these lines."""
        self.path.write_bytes("".join(f"{line}{end}" for line in (header, *lines)).encode(encoding))
        return self

    def load(self, **options: object) -> Outcome:
        """Import the file."""
        return load(self.path, **options)


def load(path: Path, **options: object) -> Outcome:
    """Import a file; its rejects are beside it."""
    out, refusal, code = StringIO(), "", 0
    try:
        call_command("import_devices", str(path), stdout=out, **options)
    except CommandError as error:
        refusal, code = str(error), error.returncode
    return Outcome(out.getvalue(), refusal, code, rejects_of(path.with_name(f"{path.stem}.rejected.csv")))


def rejects_of(path: Path) -> list[dict[str, str]]:
    """The rows of a reject file; none where there is no file."""
    if not path.exists():
        return []
    usual = csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    csv.field_size_limit(usual)
    return rows


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    """A file that is not written yet."""
    return Sheet(tmp_path)
