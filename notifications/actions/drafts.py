"""What an operator composes: the words of a draft, what is wrong with them, and whether two are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from notifications import channels, wire
from notifications.models import AudienceKind, Broadcast, Project
from notifications.models.broadcast import PUSH_OPTIONS

MOST_UIDS = 50_000
CONTENT = (
    "title",
    "body",
    "link",
    "data",
    "push_options",
    "channels",
    "audience_kind",
    "audience_uids",
    "priority",
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an operator composed."""

    title: str
    body: str = ""
    link: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    push_options: dict[str, Any] = field(default_factory=dict)
    """What else a push carries, as in Broadcast.push_options."""
    channels: Sequence[str] = ("bell", "push")
    audience_kind: AudienceKind = AudienceKind.EVERYONE
    audience_uids: Sequence[str] = ()
    priority: int = 3


def channel_choices() -> list[tuple[str, str]]:
    """Every channel there is: (key, label)."""
    return [(key, channels.get(key).label) for key in channels.CHANNELS]


def check_draft(project: Project, draft: Draft) -> list[wire.Problem]:
    """Everything that is wrong with a draft, naming the field: an option of the push as `push_options.subtitle`."""
    problems = [*_option_problems(draft), *_channel_problems(draft), *_audience_problems(draft)]
    sample = Broadcast(project=project, **content(draft))
    for key in draft.channels:
        if key in channels.CHANNELS:
            found = [_of_draft(problem) for problem in channels.get(key).check_content(sample)]
            problems += [problem for problem in found if problem not in problems]
    return problems


def _option_problems(draft: Draft) -> Iterator[wire.Problem]:
    for name in draft.push_options:
        if name not in PUSH_OPTIONS:
            yield wire.Problem(field="push_options", message=f"A push has no option called “{name}”.")


def _channel_problems(draft: Draft) -> Iterator[wire.Problem]:
    unknown = [key for key in draft.channels if key not in channels.CHANNELS]
    if not draft.channels or unknown:
        yield wire.Problem(field="channels", message="Choose at least one channel: in-app, push or both.")


def _audience_problems(draft: Draft) -> Iterator[wire.Problem]:
    if draft.audience_kind == AudienceKind.UIDS and not draft.audience_uids:
        yield wire.Problem(field="audience_uids", message="Paste at least one uid, or choose Everyone.")
    if len(draft.audience_uids) > MOST_UIDS:
        yield wire.Problem(
            field="audience_uids",
            message=f"{len(draft.audience_uids):,} uids are too many: {MOST_UIDS:,} fit in one broadcast.",
        )


def _of_draft(problem: wire.Problem) -> wire.Problem:
    """A problem of what is sent, under the name that its field has in a draft, where `priority` is the broadcast's."""
    if problem.field not in PUSH_OPTIONS:
        return problem
    return replace(problem, field=f"push_options.{problem.field}")


def content(source: Draft | Broadcast) -> dict[str, Any]:
    """What an operator composes and confirms, as it is stored: each channel once, line breaks of one character."""
    said = {name: getattr(source, name) for name in CONTENT}
    return said | {
        "body": source.body.replace("\r\n", "\n"),
        "channels": list(dict.fromkeys(source.channels)),
        "audience_uids": list(source.audience_uids),
    }


def fingerprint(source: Draft | Broadcast) -> str:
    """A short text that is another one as soon as anything composed is."""
    return hashlib.sha256(json.dumps(content(source), sort_keys=True).encode()).hexdigest()[:16]
