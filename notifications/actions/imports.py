"""What operators do with files of people and devices: upload, start, cancel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings

from notifications import clock, live, wake
from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.importing.device_rows import BadHeader, read_header
from notifications.importing.parts import LineTooLong, cut, text_of, whole_lines
from notifications.models import DeviceImport, ImportPart, ImportState, Project

LONGEST_NAME = 255
MOST_LINES = 5_000_000
"""Of a file, the empty ones too: they cost no bytes, but time, in which SQLite lets nobody else write."""


@audited("import.upload")
def upload(actor: Actor, project: Project, file_name: str, pieces: Iterable[bytes]) -> Facts:
    """Store a file that comes in pieces, part by part: never all of it in memory. Returns {"import": id, "lines": n}.

    Nobody is brought in yet. Raises Refused, and stores nothing, where its header or its size is wrong, or where it
    has no rows or too many.
    """
    device_import = DeviceImport(
        project=project, file_name=_printable(file_name), size=0, created_by_id=actor.user_id
    )
    lines = whole_lines(_counted(device_import, pieces))
    try:
        device_import.columns = list(read_header(text_of(next(lines, b""))))
        device_import.save()
        _store(device_import, lines)
    except (BadHeader, LineTooLong) as error:
        raise Refused(str(error)) from None
    if not device_import.lines:
        raise Refused("The file has a header and no rows below it.")
    device_import.save(update_fields=["size", "lines"])
    live.publish(f"project:{project.pk}")
    return {"import": device_import.pk, "lines": device_import.lines, "bytes": device_import.size}


@audited("import.start")
def start(actor: Actor, device_import: DeviceImport) -> Facts:
    """Take the lines in, or go on where that failed. One that runs or is done is left alone.

    Raises Refused when it was cancelled.
    """
    stored = _hold(device_import)
    if stored.state in (ImportState.RUNNING, ImportState.DONE):
        return {"already": True}
    if stored.state == ImportState.CANCELLED:
        raise Refused("This import was cancelled and its lines are gone. Upload the file again.")
    stored.state = ImportState.RUNNING
    stored.started_at = stored.started_at or clock.now()
    stored.finished_at, stored.failures, stored.not_before, stored.trouble = None, 0, None, ""
    stored.save(update_fields=["state", "started_at", "finished_at", "failures", "not_before", "trouble"])
    _announce(stored)
    wake.up(wake.Step.IMPORT)
    return {"lines": stored.lines - stored.lines_read}


@audited("import.cancel")
def cancel(actor: Actor, device_import: DeviceImport) -> Facts:
    """Take nothing more in; what is in stays. Raises Refused when it is over."""
    stored = _hold(device_import)
    if not stored.is_open:
        raise Refused("This import is over already: there is nothing left to cancel.")
    stored.state, stored.finished_at = ImportState.CANCELLED, clock.now()
    stored.save(update_fields=["state", "finished_at"])
    stored.drop_lines()
    _announce(stored)
    return {"lines_read": stored.lines_read, "lines": stored.lines}


def _store(device_import: DeviceImport, lines: Iterator[bytes]) -> None:
    """One statement for each part: a part is as much as may be in memory. Raises Refused for more than MOST_LINES."""
    for number, part in enumerate(cut(lines)):
        if part.first_line > MOST_LINES:
            raise Refused(
                f"The file has more than {MOST_LINES:,} lines. Cut it into several, each with the header."
            )
        ImportPart.objects.create(
            device_import=device_import,
            number=number,
            first_line=part.first_line,
            lines=part.lines,
            data=part.data,
        )
        device_import.lines += part.lines


def _counted(device_import: DeviceImport, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, weighed on their way. Raises Refused for more than CARILLON_IMPORT_MAX_BYTES."""
    for piece in pieces:
        device_import.size += len(piece)
        if device_import.size > settings.CARILLON_IMPORT_MAX_BYTES:
            most = settings.CARILLON_IMPORT_MAX_BYTES / 1024 / 1024
            raise Refused(f"The file is larger than {most:g} MiB. Cut it into several, each with the header.")
        yield piece


def _printable(name: str) -> str:
    """A file's name, fit for a page and a row."""
    return "".join(letter for letter in name if letter.isprintable())[-LONGEST_NAME:] or "people.csv"


def _hold(device_import: DeviceImport) -> DeviceImport:
    """The stored row, locked: a part that is being taken in is waited for."""
    return DeviceImport.objects.select_for_update(of=("self",)).get(pk=device_import.pk)


def _announce(device_import: DeviceImport) -> None:
    live.publish(f"project:{device_import.project_id}", f"import:{device_import.pk}")
