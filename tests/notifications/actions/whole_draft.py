"""A draft in which everything is filled in."""

from __future__ import annotations

from notifications.actions.drafts import Draft
from notifications.models import AudienceKind

DRAFT = Draft(
    title="Evening song",
    body="At six.",
    link="https://bells.example/",
    data={"page": "song"},
    push_options={"subtitle": "Every day", "badge": 0, "sound_critical": True, "sound_volume": 0.5},
    channels=["push"],
    audience_kind=AudienceKind.UIDS,
    audience_uids=["ada", "bob"],
    priority=2,
)
