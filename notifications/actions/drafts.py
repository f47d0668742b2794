"""What an operator composes: the words of a draft, what is wrong with them, and whether two are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from notifications import channels, wire
from notifications.models import AudienceKind, Broadcast, Project

MOST_UIDS = 50_000
CONTENT = ("title", "body", "link", "data", "channels", "audience_kind", "audience_uids", "priority")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an operator composed."""

    title: str
    body: str = ""
    link: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    channels: Sequence[str] = ("bell", "push")
    audience_kind: AudienceKind = AudienceKind.EVERYONE
    audience_uids: Sequence[str] = ()
    priority: int = 3


def channel_choices() -> list[tuple[str, str]]:
    """Every channel there is: (key, label)."""
    return [(key, channels.get(key).label) for key in channels.CHANNELS]


def check_draft(project: Project, draft: Draft) -> list[wire.Problem]:
    """Everything that is wrong with a draft, naming the field."""
    problems = []
    unknown = [key for key in draft.channels if key not in channels.CHANNELS]
    if not draft.channels or unknown:
        problems.append(
            wire.Problem(field="channels", message="Choose at least one channel: in-app, push or both.")
        )
    if draft.audience_kind == AudienceKind.UIDS and not draft.audience_uids:
        problems.append(
            wire.Problem(field="audience_uids", message="Paste at least one uid, or choose Everyone.")
        )
    if len(draft.audience_uids) > MOST_UIDS:
        problems.append(
            wire.Problem(
                field="audience_uids",
                message=f"{len(draft.audience_uids):,} uids are too many: {MOST_UIDS:,} fit in one broadcast.",
            )
        )
    sample = Broadcast(project=project, **content(draft))
    for key in draft.channels:
        if key in channels.CHANNELS:
            problems += [p for p in channels.get(key).check_content(sample) if p not in problems]
    return problems


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
