"""The page of one device: whose it is, how it stands, and a page of its history in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from dashboard.device_words import owner, retirement
from dashboard.message_table import shown_state
from dashboard.timeline import Step, answers
from dashboard.whole import whole
from notifications.models import Device, Message, MessageState, Project
from notifications.queries.attempts import Attempt
from notifications.queries.causes import words
from notifications.queries.device_history import history, tally
from notifications.queries.names import provider_label

NAMELESS = "A message without a title"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCopy:
    """One message of the history."""

    message: Message
    title: str
    state: str
    why: str
    steps: list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of its messages are in one state."""

    state: MessageState
    count: int


def device_page_url(project: Project, device_id: int) -> str:
    """A device's page."""
    return reverse("dashboard:device", kwargs={"project_slug": project.slug, "device_id": device_id})


def device_context(project: Project, device: Device, query: Mapping[str, str]) -> dict[str, Any]:
    """What the page shows. Eight queries at most, however long the history."""
    before, after = whole(query.get("before", "")), whole(query.get("after", ""))
    page, attempts = history(device, before=before, after=after)
    url, (name, uid) = device_page_url(project, device.pk), owner(device)
    counted = tally(device)
    return {
        "device": device,
        "name": name,
        "uid": uid,
        "label": provider_label(device.provider),
        "retirement": retirement(device),
        "copies": [_shown(message, attempts[message.pk]) for message in page.rows],
        "counts": [Count(state=s, count=counted[s]) for s in MessageState if s in counted],
        "all_messages": sum(counted.values()),
        "self_url": f"{url}?before={before}" if before else f"{url}?after={after}" if after else url,
        "summary": f"{len(page.rows)} of {sum(counted.values()):,}, newest first",
        "newer": f"{url}?after={page.newer}" if page.newer else "",
        "older": f"{url}?before={page.older}" if page.older else "",
    }


def _shown(message: Message, attempts: Sequence[Attempt]) -> ShownCopy:
    its_broadcasts = message.broadcast.title if message.broadcast else ""
    return ShownCopy(
        message=message,
        title=message.title or its_broadcasts or NAMELESS,
        state=shown_state(message),
        why=_why(message),
        steps=answers(message, attempts),
    )


def _why(message: Message) -> str:
    """What its state leaves open, in words."""
    if message.reason and message.reason != message.state:
        return words(message.provider, message.reason, message.code).title
    return ""
