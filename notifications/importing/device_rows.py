"""Rows of people and device tokens as they come in a CSV file: read line by line, checked, and said what is wrong."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from notifications import providers
from notifications.importing.first_lines import FirstLines

COLUMNS = ("uid", "email", "name", "token", "provider", "language", "timezone", "tags")
REQUIRED = ("uid", "token")
MOST_TAGS = 50
LONGEST_EMAIL = 254
"""Characters that an account holds."""
OTHER_MARKS = {";": "semicolons", "\t": "tabs"}
"""What spreadsheets put between columns instead of commas, and what people call it."""
LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
UNREADABLE = re.compile("[\x00-\x1f\ud800-\udfff]")
"""Control characters, and what stands for bytes that are not UTF-8: no database keeps them, and no page shows them."""


class BadHeader(Exception):
    """The first line is not a header that can be read; its text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A person and one device, checked."""

    line: int
    uid: str
    token: str
    email: str = ""
    name: str = ""
    provider: str = "expo"
    language: str = ""
    timezone: str = ""
    tags: tuple[str, ...] = ()

    @property
    def digest(self) -> int:
        """Its address as 64 bits, the same in every process."""
        address = f"{self.provider}\0{self.token}".encode()
        return int.from_bytes(hashlib.blake2b(address, digest_size=8).digest(), signed=True)


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that was not taken, and why."""

    line: int
    reason: str
    cells: tuple[str, ...]


def read_header(line: str) -> tuple[str, ...]:
    """The columns that a file has. Raises BadHeader."""
    if UNREADABLE.search(line.rstrip("\r\n").replace("\t", " ")):
        raise BadHeader("Line 1 is not text in UTF-8. Save the file as “CSV UTF-8”, then import it.")
    columns = tuple(cell.strip().lower() for cell in cells_of(line.lstrip("\ufeff")))
    missing = [name for name in REQUIRED if name not in columns]
    mark = next((name for sign, name in OTHER_MARKS.items() if sign in line), "")
    if missing and len(columns) == 1 and mark:
        raise BadHeader(
            f"Line 1 puts {mark} between the columns, where commas are needed. Save the file with commas, then "
            "import it."
        )
    if missing:
        raise BadHeader(
            f"Line 1 must name the columns and lacks {' and '.join(missing)}. Write: {','.join(COLUMNS)} "
            "(uid and token are required, in any order)."
        )
    doubled = {name for name in columns if name in COLUMNS and columns.count(name) > 1}
    if doubled:
        raise BadHeader(f"Line 1 names {' and '.join(sorted(doubled))} twice.")
    return columns


def read_rows(columns: Sequence[str], lines: Iterable[str], start: int = 2) -> Iterator[DeviceRow | Reject]:
    """Each line as a checked row or a reject, in order; empty lines are passed over. `start` numbers the first one.

    Every physical line stands for itself, so that a quote that is never closed spoils one line and not the rest.
    Memory does not grow with the number of lines.
    """
    with closing(FirstLines()) as known:
        for number, line in enumerate(lines, start=start):
            if not line.strip():
                continue
            row = _read(columns, number, line)
            if isinstance(row, DeviceRow):
                first = known.note(row.digest, number)
                if first != number:
                    row = doubled(number, first, line)
            yield row


def doubled(number: int, first: int, line: str) -> Reject:
    """A line whose token a line before it had."""
    return Reject(number, f"token: the same token as in line {first}", cells_of(line))


def cells_of(line: str) -> tuple[str, ...]:
    """The cells of a line, also of one that is not proper CSV."""
    bare = line.rstrip("\r\n")
    try:
        return tuple(next(csv.reader([bare]), []))
    except csv.Error:  # a cell of more than 128 KiB
        return tuple(bare.split(","))


def _read(columns: Sequence[str], number: int, line: str) -> DeviceRow | Reject:
    try:
        cells = next(csv.reader([line.rstrip("\r\n")], strict=True))
    except csv.Error as error:
        is_open = "end of data" in str(error)
        why = "a quote is still open at its end (no cell may hold a line break)" if is_open else error
        return Reject(number, f"not a CSV line: {why}", cells_of(line))
    if len(cells) != len(columns):
        has = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
        return Reject(number, f"has {has} where the header has {len(columns)}", tuple(cells))
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name in COLUMNS}
    problem = _problem(values)
    if problem:
        return Reject(number, problem, tuple(cells))
    return DeviceRow(
        line=number,
        uid=values["uid"],
        token=values["token"],
        email=values.get("email", ""),
        name=values.get("name", ""),
        provider=values.get("provider") or "expo",
        language=values.get("language", ""),
        timezone=values.get("timezone", ""),
        tags=tuple(_tags(values)),
    )


def _problem(values: dict[str, str]) -> str:
    """What is wrong with these values, naming the column; "" when nothing is."""
    for name, cell in values.items():
        if UNREADABLE.search(cell):
            return f"{name}: has a control character or is not UTF-8"
    return _problem_of_person(values) or _problem_of_device(values) or _problem_of_tags(_tags(values))


def _problem_of_person(values: dict[str, str]) -> str:
    if not values["uid"]:
        return "uid: is missing"
    if len(values["uid"]) > 255:
        return "uid: is longer than 255 characters"
    if len(values.get("name", "")) > 200:
        return "name: is longer than 200 characters"
    return _problem_of_email(values.get("email", ""))


def _problem_of_email(email: str) -> str:
    if len(email) > LONGEST_EMAIL:
        return f"email: is longer than {LONGEST_EMAIL} characters"
    try:
        if email:
            validate_email(email)
    except ValidationError:
        return f"email: {email!r} is not an address"
    return ""


def _problem_of_device(values: dict[str, str]) -> str:
    provider = values.get("provider") or "expo"
    if provider not in providers.PROVIDERS:
        return f"provider: {provider!r} is not one of {', '.join(providers.PROVIDERS)}"
    if not values["token"]:
        return "token: is missing"
    wrong = providers.get(provider).check_token(values["token"])
    if wrong:
        return f"token: {wrong}"
    language, zone = values.get("language", ""), values.get("timezone", "")
    if language and (len(language) > 35 or not LANGUAGE.fullmatch(language)):
        return f"language: {language!r} is not a language tag such as en or de-AT"
    if zone and zone not in _zones():
        return f"timezone: {zone!r} is not a zone name such as Europe/Berlin"
    return ""


def _problem_of_tags(tags: Sequence[str]) -> str:
    if len(tags) > MOST_TAGS:
        return f"tags: {len(tags)} are too many, {MOST_TAGS} fit"
    too_long = next((tag for tag in tags if len(tag) > 64), "")
    return f"tags: {too_long[:20]!r}… is longer than 64 characters" if too_long else ""


def _tags(values: dict[str, str]) -> list[str]:
    tags = (tag.strip() for tag in values.get("tags", "").split("|"))
    return list(dict.fromkeys(tag for tag in tags if tag))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
