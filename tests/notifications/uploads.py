"""Uploaded files of people and devices, as rows: stored without an operator, and taken in step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from notifications.importing.parts import cut
from notifications.models import DeviceImport, ImportPart, ImportState, Project
from notifications.pipeline import imports
from tests.notifications.management.sheet import HEADER

COLUMNS = HEADER.split(",")


def line_of(uid: str, token: str = "", **cells: str) -> str:
    """A line of a file; its person has one device, named alike unless a token is given."""
    known = {"uid": uid, "token": token or f"ExponentPushToken[{uid}]", **cells}
    return ",".join(known.get(name, "") for name in COLUMNS)


def lines_of(number: int, mark: str = "p") -> list[str]:
    """So many good lines."""
    return [line_of(f"{mark}{each}") for each in range(number)]


def make_import(project: Project, lines: Iterable[str], **fields: Any) -> DeviceImport:
    """A file with these lines; it is running unless another state is named."""
    given: dict[str, Any] = {"file_name": "people.csv", "size": 100, "state": ImportState.RUNNING, **fields}
    made = DeviceImport.objects.create(project=project, columns=COLUMNS, **given)
    for number, part in enumerate(cut(f"{line}\n".encode() for line in lines)):
        ImportPart.objects.create(
            device_import=made,
            number=number,
            first_line=part.first_line,
            lines=part.lines,
            data=part.data,
        )
        made.lines += part.lines
    made.save()
    return made


def take_in() -> None:
    """Step until there is nothing more to do at once."""
    while imports.step().more:
        pass


def pieces(text: str | bytes, size: int = 7) -> Iterator[bytes]:
    """A file as it streams in, in small pieces."""
    data = text if isinstance(text, bytes) else text.encode()
    return (data[start : start + size] for start in range(0, len(data), size))
