"""What operators do with broadcasts: compose, start, pause, resume, cancel, and send again what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from notifications import channels, clock, live, providers, wake, wire
from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.audience import reach
from notifications.models import (
    AudienceKind,
    Broadcast,
    BroadcastState,
    Credential,
    Message,
    MessageState,
    Project,
    Reason,
)
from notifications.models.message import REPLAYABLE_STATES

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
    sample = Broadcast(project=project, **_content(draft))
    for key in draft.channels:
        if key in channels.CHANNELS:
            problems += [p for p in channels.get(key).check_content(sample) if p not in problems]
    return problems


@audited("broadcast.compose")
def compose(actor: Actor, project: Project, draft: Draft) -> Facts:
    """Save a new draft. Returns {"broadcast": id}."""
    broadcast = Broadcast.objects.create(project=project, created_by_id=actor.user_id, **_content(draft))
    return {"broadcast": broadcast.pk}


@audited("broadcast.edit")
def edit(actor: Actor, broadcast: Broadcast, draft: Draft) -> Facts:
    """Change a draft. Raises Refused once it has started."""
    drafts = Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.DRAFT)
    if not drafts.update(**_content(draft)):
        raise Refused("It has started already: a broadcast cannot be changed then. Duplicate it instead.")
    return {"broadcast": broadcast.pk}


class Changed(Refused):
    """What was confirmed is no longer what would be sent: it must be looked at again."""


@audited("broadcast.start")
def start(actor: Actor, broadcast: Broadcast, *, people: int | None = None) -> Facts:
    """Start sending a draft. Returns the numbers it starts with; a broadcast that has started is left alone.

    Raises Changed when the stored draft is not what `broadcast` says, or when it would reach others than the `people`
    confirmed (where that is given); Refused when it would reach nobody. The number of queries does not depend on the
    audience.
    """
    # Held from here on: what was read and what is sent are the same words.
    draft = Broadcast.objects.select_for_update(of=("self",)).select_related("project").get(pk=broadcast.pk)
    if draft.state != BroadcastState.DRAFT:
        return {"already": True}
    if _content(draft) != _content(broadcast):
        raise Changed("Somebody changed this draft meanwhile. Read it again before you send it.")
    numbers = reach(draft.project, AudienceKind(draft.audience_kind), draft.audience_uids)
    addressed = numbers.addressed(draft.channels)
    if people is not None and people != addressed:
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
    return {"addressed": addressed}


@audited("broadcast.pause")
def pause(actor: Actor, broadcast: Broadcast) -> Facts:
    """Stop handing over copies; those on the wire finish. Raises Refused when it is not sending."""
    _move(
        broadcast,
        BroadcastState.SENDING,
        BroadcastState.PAUSED,
        "Only a broadcast that is sending can be paused.",
    )
    return _standing(broadcast)


@audited("broadcast.resume")
def resume(actor: Actor, broadcast: Broadcast) -> Facts:
    """Go on where it was paused. Raises Refused when it is not paused."""
    _move(broadcast, BroadcastState.PAUSED, BroadcastState.SENDING, "Only a paused broadcast can be resumed.")
    return _standing(broadcast)


@audited("broadcast.cancel")
def cancel(actor: Actor, broadcast: Broadcast) -> Facts:
    """Stop for good: copies that wait are cancelled, those on the wire finish. Raises Refused when it is over.

    Returns {"cancelled": n, "in_flight": n, "handed_over": n}.
    """
    now = clock.now()
    live_ones = Broadcast.objects.filter(
        pk=broadcast.pk, state__in=[BroadcastState.SENDING, BroadcastState.PAUSED]
    )
    if not live_ones.update(state=BroadcastState.CANCELLED, finished_at=now):
        raise Refused("It is over already: there is nothing left to cancel.")
    waiting = Message.objects.filter(broadcast=broadcast, state__in=[MessageState.QUEUED, MessageState.HELD])
    cancelled = waiting.update(state=MessageState.CANCELLED, reason=Reason.CANCELLED, changed_at=now)
    _announce(broadcast)
    return {**_standing(broadcast), "cancelled": cancelled}


@audited("broadcast.retry")
def retry(actor: Actor, broadcast: Broadcast, state: MessageState) -> Facts:
    """Send again, by an operator's will, the copies in this final state that can be. Returns {"requeued": n}.

    Copies to retired devices are left alone. Raises Refused for a cancelled broadcast, or when nothing is to send.
    """
    if broadcast.state == BroadcastState.CANCELLED:
        raise Refused("A cancelled broadcast stays cancelled. Duplicate it to send it again.")
    requeued = _replay(retryable(broadcast, state), clock.now(), broadcast)
    if not requeued:
        raise Refused(
            "No copy can be sent again: their devices are switched off, or somebody retried them already."
        )
    _reopen(broadcast)
    _announce(broadcast, wake.Step.DISPATCH)
    return {"requeued": requeued, "state": state.value}


@audited("message.retry")
def retry_message(actor: Actor, message: Message) -> Facts:
    """Send one copy again. Raises Refused where it cannot be."""
    rows = _replayable(Message.objects.filter(pk=message.pk))
    if not _replay(rows, clock.now(), message.broadcast):
        raise Refused(
            "This copy cannot be sent again: it is not in a final state that allows it, or its device is off."
        )
    if message.broadcast:
        _reopen(message.broadcast)
    live.publish(
        f"project:{message.project_id}",
        *([f"broadcast:{message.broadcast_id}"] if message.broadcast_id else []),
    )
    wake.up(wake.Step.DISPATCH)
    return {"requeued": 1}


def retryable(broadcast: Broadcast, state: MessageState) -> QuerySet[Message]:
    """The copies of a broadcast in this final state that an operator may send again."""
    return _replayable(Message.objects.filter(broadcast=broadcast, state=state))


def _reopen(broadcast: Broadcast) -> None:
    """A broadcast that was through is sending again: it can be paused and cancelled, and ends once more."""
    done = Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.SENT)
    done.update(state=BroadcastState.SENDING, finished_at=None)


def _replayable(messages: QuerySet[Message]) -> QuerySet[Message]:
    reachable = Q(device__is_active=True) | (Q(device=None) & ~Q(address=""))
    return messages.filter(reachable, state__in=REPLAYABLE_STATES).exclude(
        broadcast__state=BroadcastState.CANCELLED
    )


def _replay(messages: QuerySet[Message], now: datetime, broadcast: Broadcast | None) -> int:
    """A new series of attempts, counted as a replay."""
    ids = messages.values("pk")
    life: timedelta = broadcast.project.message_ttl if broadcast else timedelta(days=3)
    # The state once more: of two operators who click at once, the second must find nothing left to do.
    return Message.objects.filter(pk__in=ids, state__in=REPLAYABLE_STATES).update(
        state=MessageState.QUEUED,
        reason="",
        code="",
        attempts=0,
        rescues=0,
        batch_limit=None,
        replays=F("replays") + 1,
        available_at=now,
        expires_at=now + life,
        changed_at=now,
    )


def _move(broadcast: Broadcast, source: BroadcastState, target: BroadcastState, refusal: str) -> None:
    if not Broadcast.objects.filter(pk=broadcast.pk, state=source).update(state=target):
        raise Refused(refusal)
    _announce(broadcast, wake.Step.EXPAND, wake.Step.DISPATCH)


def _announce(broadcast: Broadcast, *steps: wake.Step) -> None:
    live.publish(f"project:{broadcast.project_id}", f"broadcast:{broadcast.pk}")
    for step in steps:
        wake.up(step)


def _standing(broadcast: Broadcast) -> Facts:
    """How many copies are on the wire and how many were handed over."""
    counted = Message.objects.filter(broadcast=broadcast).values_list("state").annotate(n=Count("pk"))
    by_state: dict[str, int] = dict(counted)
    handed = sum(
        by_state.get(s, 0) for s in (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.FAILED)
    )
    return {"in_flight": by_state.get(MessageState.SENDING, 0), "handed_over": handed}


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


def _content(source: Draft | Broadcast) -> dict[str, Any]:
    """What an operator composes and confirms, as it is stored: each channel once, line breaks of one character."""
    said = {name: getattr(source, name) for name in CONTENT}
    return said | {
        "body": source.body.replace("\r\n", "\n"),
        "channels": list(dict.fromkeys(source.channels)),
        "audience_uids": list(source.audience_uids),
    }
