"""The bell: a Notification is its own copy, so writing it out is all there is to do."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from notifications import wire
from notifications.audience import Audience
from notifications.channels.base import BaseChannel, Cursor, Slice
from notifications.channels.walk import account_slice
from notifications.models import Broadcast, Notification
from notifications.models.bulk import insert_select


class BellChannel(BaseChannel):
    """In the application itself."""

    key = "bell"
    label = "In-app"

    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        """One Notification for each account that nothing blocks; devices without an account have no bell."""
        part = account_slice(broadcast, self.key, audience, cursor.after, size, now)
        if part is None:
            return Slice(cursor=Cursor(phase="done"))
        notifications = insert_select(
            Notification,
            part.accounts,
            {
                "user": F("user_id"),
                "project": broadcast.project_id,
                "kind": broadcast.kind,
                "priority": broadcast.priority,
                "broadcast": broadcast.pk,
                "created_at": now,
            },
        )
        return Slice(
            cursor=Cursor(phase="accounts", after=part.last),
            notifications=notifications,
            suppressions=part.suppressions,
        )

    def check_content(self, broadcast: Broadcast) -> list[wire.Problem]:
        """A bell item needs a title; a body is welcome."""
        return (
            []
            if broadcast.title
            else [wire.Problem(field="title", message="The bell shows a title: write one.")]
        )
