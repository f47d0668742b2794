"""What the pages of imports say: the state in a chip and a sentence, the first rows, what became of the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import pluralize

from dashboard.templatetags.figures import duration, number
from notifications import clock
from notifications.models import AuditEntry, Device, DeviceImport, ImportState
from notifications.queries.imports import Outlook, facts, outlook, unknown_columns
from notifications.queries.names import provider_label

CHIPS = {
    ImportState.PREVIEW: ("draft", "Not started"),
    ImportState.RUNNING: ("sending", "Importing"),
    ImportState.DONE: ("ok", "Done"),
    ImportState.CANCELLED: ("cancelled", "Cancelled"),
    ImportState.FAILED: ("failed", "Failed"),
}
"""State → the look of its chip, and its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of the preview: who gets which device, or why it would be rejected."""

    line: int
    who: str
    uid: str
    """"" where it says nothing that `who` does not."""
    device: str
    token: str
    about: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImport:
    """One import with its words."""

    device_import: DeviceImport
    chip: str
    word: str
    said: str

    @classmethod
    def of(cls, each: DeviceImport) -> ShownImport:
        """Say how it stands."""
        chip, word = CHIPS[ImportState(each.state)]
        if each.state == ImportState.RUNNING and each.lines:
            word = f"{word} {int(each.lines_read / each.lines * 100)}%"
        return cls(device_import=each, chip=chip, word=word, said=_said(each))


def live(each: DeviceImport) -> dict[str, Any]:
    """Everything that the page of an import shows."""
    rows = [_shown(row) for row in outlook(each)] if each.state == ImportState.PREVIEW else []
    return {
        "device_import": each,
        "shown": ShownImport.of(each),
        "rows": rows,
        "wrong": sum(bool(row.reason) for row in rows),
        "unknown": unknown_columns(each),
        "facts": facts(each),
        "unread": each.lines - each.lines_read,
        "starter": _starter(each),
    }


def _said(each: DeviceImport) -> str:
    """`45,000 of 100,000 lines read, about 12 s left`."""
    read = f"{number(each.lines_read)} of {number(each.lines)} line{pluralize(each.lines)} read"
    match each.state:
        case ImportState.PREVIEW:
            return "Nothing is imported yet"
        case ImportState.RUNNING:
            return f"{read}{_left(each)}"
        case ImportState.DONE:
            return f"{number(each.lines)} line{pluralize(each.lines)} read{_took(each)}"
        case _:
            return f"{read}; what is in stays" if each.lines_read else "Nothing was imported"


def _left(each: DeviceImport) -> str:
    """About how long it goes on, at its pace so far."""
    if not each.lines_read or each.started_at is None or each.lines_read == each.lines:
        return ""
    taken = (clock.now() - each.started_at).total_seconds()
    return f", about {duration(taken / each.lines_read * (each.lines - each.lines_read))} left"


def _took(each: DeviceImport) -> str:
    if each.started_at is None or each.finished_at is None:
        return ""
    return f" in {duration(max(1, (each.finished_at - each.started_at).total_seconds()))}"


def _shown(row: Outlook) -> ShownRow:
    good = row.row
    if good is None:
        return ShownRow(line=row.line, who=row.uid, uid="", device="", token="", about="", reason=row.reason)
    about: Sequence[str] = [good.language, good.timezone, *good.tags]
    return ShownRow(
        line=row.line,
        who=good.name or good.uid,
        uid=good.uid if good.name else "",
        device=provider_label(good.provider),
        token=Device(push_token=good.token).short_token,
        about=", ".join(filter(None, about)),
        reason="",
    )


def _starter(each: DeviceImport) -> str:
    """Who started it, as the audit log has it."""
    entries = AuditEntry.objects.filter(
        project=each.project_id, target=f"deviceimport:{each.pk}", verb="import.start"
    )
    return entries.order_by("id").values_list("actor_name", flat=True).first() or ""
