"""What operators do with broadcasts: compose, start, pause, resume, cancel, and send again what failed."""

from __future__ import annotations

import hashlib
from secrets import token_hex

from django.db.models import Q

from notifications import clock, live, providers, wake
from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.actions.drafts import Draft, content, fingerprint
from notifications.audience import reach
from notifications.models import (
    AudienceKind,
    Broadcast,
    BroadcastState,
    Credential,
    Message,
    MessageState,
    NotificationPriority,
    Project,
    Reason,
)
from notifications.models.copy_rules import REPLAYABLE_STATES
from notifications.models.message import MessageQuerySet

STILL_THE_SAME = 0.01
"""Share of the confirmed number by which it may have changed: else nobody could send while people sign up."""


class Changed(Refused):
    """What was seen is no longer what is stored: it must be looked at again."""


@audited("broadcast.compose")
def compose(actor: Actor, project: Project, draft: Draft, *, form_key: str = "") -> Facts:
    """Save a new draft; the same words of one form only once. Returns {"broadcast": id}.

    Where that draft was changed or has started since, the words become another one, again only once.
    """
    words = content(draft)
    key = f"{form_key or token_hex(16)}:{fingerprint(draft)}"
    is_same = False
    while not is_same:
        key = hashlib.sha256(key.encode()).hexdigest()
        broadcast, is_new = Broadcast.objects.get_or_create(
            project=project, form_key=key, defaults={**words, "created_by_id": actor.user_id}
        )
        is_same = is_new or (broadcast.state == BroadcastState.DRAFT and content(broadcast) == words)
    _announce(broadcast)
    return {"broadcast": broadcast.pk, **({} if is_new else {"already": True})}


@audited("broadcast.edit")
def edit(actor: Actor, broadcast: Broadcast, draft: Draft, *, seen: str | None = None) -> Facts:
    """Change a draft. Raises Refused once it has started, Changed as `start` does."""
    stored = _hold(broadcast)
    if content(stored) == content(draft):
        return {"broadcast": stored.pk, "already": True}
    if stored.state != BroadcastState.DRAFT:
        raise Refused("It has started already: a broadcast cannot be changed then. Duplicate it instead.")
    _check_seen(stored, broadcast, seen)
    Broadcast.objects.filter(pk=stored.pk).update(**content(draft))
    _announce(stored)
    return {"broadcast": stored.pk}


@audited("broadcast.star")
def star(actor: Actor, broadcast: Broadcast, *, starred: bool) -> Facts:
    """Put a star on it, or take it off."""
    broadcast.starred = starred
    broadcast.save(update_fields=["starred"])
    _announce(broadcast)
    return {"starred": starred}


@audited("broadcast.start")
def start(actor: Actor, broadcast: Broadcast, *, seen: str | None = None, people: int | None = None) -> Facts:
    """Start sending a draft. Returns the numbers it starts with; a broadcast that has started is left alone.

    Raises Changed when the stored draft is not the one that was `seen` (its fingerprint; else what `broadcast` says),
    or when it would reach many more or fewer than the `people` confirmed (where that is given); Refused when it would
    reach nobody. The number of queries does not depend on the audience.
    """
    draft = _hold(broadcast)
    if draft.state != BroadcastState.DRAFT:
        return {"already": True}
    _check_seen(draft, broadcast, seen)
    critical = draft.priority == NotificationPriority.CRITICAL
    numbers = reach(draft.project, AudienceKind(draft.audience_kind), draft.audience_uids, critical=critical)
    addressed = numbers.addressed(draft.channels)
    if people is not None and abs(people - addressed) > people * STILL_THE_SAME:
        raise Changed("The audience changed meanwhile. Check the number, then send.")
    if not addressed:
        raise Refused("Nobody would get this: the audience has no account and no device on these channels.")
    now = clock.now()
    Broadcast.objects.filter(pk=draft.pk, state=BroadcastState.DRAFT).update(
        state=BroadcastState.SENDING,
        started_at=now,
        expires_at=draft.expiry(now),
        reach=numbers.as_dict(),
    )
    _ensure_credentials(draft)
    _announce(draft, wake.Step.EXPAND)
    return {"addressed": addressed} | ({} if people is None else {"confirmed": people})


@audited("broadcast.pause")
def pause(actor: Actor, broadcast: Broadcast) -> Facts:
    """Stop handing over copies; those on the wire finish. Raises Refused when it is not sending."""
    _move(
        broadcast,
        BroadcastState.SENDING,
        BroadcastState.PAUSED,
        "Only a broadcast that is sending can be paused.",
    )
    return {}


@audited("broadcast.resume")
def resume(actor: Actor, broadcast: Broadcast) -> Facts:
    """Go on where it was paused. Raises Refused when it is not paused."""
    _move(broadcast, BroadcastState.PAUSED, BroadcastState.SENDING, "Only a paused broadcast can be resumed.")
    return {}


def cancel(actor: Actor, broadcast: Broadcast) -> Facts:
    """Stop for good: copies that wait are cancelled, those on the wire finish. Raises Refused when it is over.

    Committed before the waiting copies are closed: however many there are, none is claimed from then on. Returns
    {"waiting": n}: copies that were written out and wait. The rest of the audience never will be.
    """
    facts = _cancel(actor, broadcast)
    _close_waiting(broadcast)
    _announce(broadcast)
    return facts


@audited("broadcast.cancel")
def _cancel(actor: Actor, broadcast: Broadcast) -> Facts:
    """One that was through already stays sent: only the copies that are sent again are called off."""
    stored = _hold(broadcast)
    if stored.state not in (BroadcastState.SENDING, BroadcastState.PAUSED):
        raise Refused("It is over already: there is nothing left to cancel.")
    waiting = _waiting(stored).count()
    if stored.finished_at is None:
        stored.state, stored.finished_at = BroadcastState.CANCELLED, clock.now()
    else:
        _close_waiting(stored)
        stored.state = BroadcastState.SENT
    stored.save(update_fields=["state", "finished_at"])
    return {"waiting": waiting}


def _waiting(broadcast: Broadcast) -> MessageQuerySet:
    return Message.objects.filter(broadcast=broadcast, state__in=[MessageState.QUEUED, MessageState.HELD])


def _close_waiting(broadcast: Broadcast) -> None:
    _waiting(broadcast).update(state=MessageState.CANCELLED, reason=Reason.CANCELLED, changed_at=clock.now())


@audited("broadcast.retry")
def retry(actor: Actor, broadcast: Broadcast, state: MessageState, *, copies: int | None = None) -> Facts:
    """Send again, by an operator's will, the copies in this final state that can be. Returns {"requeued": n}.

    Copies to retired devices are left alone. Raises Refused for a cancelled broadcast, or when nothing is to send;
    Changed when these are not as many as the `copies` confirmed (where that is given).
    """
    if broadcast.state == BroadcastState.CANCELLED:
        raise Refused("A cancelled broadcast stays cancelled. Duplicate it to send it again.")
    Broadcast.objects.filter(pk=broadcast.pk).reopen()
    requeued = retryable(broadcast, state).queue_again(REPLAYABLE_STATES)
    if not requeued:
        raise Refused(
            "No copy can be sent again: their devices are switched off, or somebody retried them already."
        )
    if copies is not None and copies != requeued:
        raise Changed("Nothing was sent: the number changed meanwhile. Check it, then send again.")
    _announce(broadcast, wake.Step.DISPATCH)
    return {"requeued": requeued, "state": state.value}


@audited("message.retry")
def retry_message(actor: Actor, message: Message) -> Facts:
    """Send one copy again. Raises Refused where it cannot be."""
    rows = _replayable(Message.objects.filter(pk=message.pk))
    Broadcast.objects.filter(messages=message).reopen()
    if not rows.queue_again(REPLAYABLE_STATES):
        raise Refused(
            "This copy cannot be sent again: it is not in a final state that allows it, or its device is off."
        )
    live.publish(
        f"project:{message.project_id}",
        *([f"broadcast:{message.broadcast_id}"] if message.broadcast_id else []),
    )
    wake.up(wake.Step.DISPATCH)
    return {"requeued": 1}


def retryable(broadcast: Broadcast, state: MessageState) -> MessageQuerySet:
    """The copies of a broadcast in this final state that an operator may send again."""
    return _replayable(Message.objects.filter(broadcast=broadcast, state=state))


def _replayable(messages: MessageQuerySet) -> MessageQuerySet:
    reachable = Q(device__is_active=True) | (Q(device=None) & ~Q(address=""))
    return messages.filter(reachable, state__in=REPLAYABLE_STATES).exclude(
        broadcast__state=BroadcastState.CANCELLED
    )


def _move(broadcast: Broadcast, source: BroadcastState, target: BroadcastState, refusal: str) -> None:
    if not Broadcast.objects.filter(pk=broadcast.pk, state=source).update(state=target):
        raise Refused(refusal)
    _announce(broadcast, wake.Step.EXPAND, wake.Step.DISPATCH)


def _hold(broadcast: Broadcast) -> Broadcast:
    """The stored row, locked: from here on what was read, and what is written or sent, are the same words."""
    rows = Broadcast.objects.select_for_update(of=("self",)).select_related("project")
    return rows.get(pk=broadcast.pk)


def _check_seen(stored: Broadcast, broadcast: Broadcast, seen: str | None) -> None:
    """Raise Changed when these are other words than those that somebody looked at."""
    if fingerprint(stored) != (fingerprint(broadcast) if seen is None else seen):
        raise Changed("Somebody changed this draft meanwhile. Read it again first.")


def _announce(broadcast: Broadcast, *steps: wake.Step) -> None:
    live.publish(f"project:{broadcast.project_id}", f"broadcast:{broadcast.pk}")
    for step in steps:
        wake.up(step)


def _ensure_credentials(broadcast: Broadcast) -> None:
    """A provider without a stored key still needs a row that carries its pace and its pauses.

    Also one that nobody uses yet: a device may register while the audience is being written out.
    """
    if "push" not in broadcast.channels:
        return
    Credential.objects.bulk_create(
        [Credential(project=broadcast.project, provider=key) for key in providers.PROVIDERS],
        ignore_conflicts=True,
    )
