"""What can be sent again, and when the next try of what is being retried comes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from notifications.actions.broadcasts import retryable
from notifications.models import Broadcast, Message, MessageState
from notifications.models.copy_rules import REPLAYABLE_STATES
from notifications.queries.numbers import Progress
from notifications.queries.snapshots import again_key, snapshot


def sendable_again(progress: Progress) -> dict[MessageState, int]:
    """How many copies an operator may send again, by the final state they are in. At most three queries."""
    return snapshot(again_key(progress.broadcast.pk), lambda _: progress.copies, lambda: _sendable(progress))


def _sendable(progress: Progress) -> dict[MessageState, int]:
    return {
        state: retryable(progress.broadcast, state).count()
        for state in REPLAYABLE_STATES
        if progress.messages(state)
    }


def next_tries(broadcast: Broadcast) -> dict[tuple[str, str], datetime]:
    """When the next try comes, by provider and by the code that put it off. Looks at waiting messages only."""
    waiting = Message.objects.filter(broadcast=broadcast, state=MessageState.QUEUED).exclude(code="")
    rows = waiting.order_by().values_list("provider", "code").annotate(next=Min("available_at"))
    return {(provider, code): at for provider, code, at in rows}


def can_be_sent_again(message: Message) -> bool:
    """May an operator send this copy again? One query at most."""
    if message.state not in REPLAYABLE_STATES:
        return False
    rows = retryable(message.broadcast, MessageState(message.state))  # type: ignore[arg-type]  # None is a broadcast too
    return rows.filter(pk=message.pk).exists()
