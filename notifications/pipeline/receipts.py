"""Receipts: asks the provider later what became of what it accepted, until it says or a day has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from notifications import clock, encryption, wire
from notifications.models import Credential
from notifications.models.bulk import commit_with_the_next
from notifications.pipeline import Done, questions, record, topics, verdicts
from notifications.pipeline.asking import Answered, Ask, Turn
from notifications.pipeline.questions import Asked
from notifications.pipeline.verdicts import Heard

GIVE_UP_AFTER = timedelta(hours=24)
"""Expo forgets receipts after a day (docs.expo.dev, push receipts)."""
HOPELESS_AFTER = timedelta(hours=48)
"""By then no receipt is left, even if each question since has failed."""
LAST_AFTER_TROUBLE = timedelta(minutes=1)
"""How long a credential comes last whose question failed: one that hangs would keep the others waiting for ever."""

_last: dict[int, datetime] = {}
"""Credentials that come last, and until when. Forgotten with the process: it decides about the order alone."""


def step() -> Done:
    """Ask for the receipts that are due with one credential, for about a second."""
    now = clock.now()
    credential = _credential_with_questions(now)
    if credential is None:
        return Done()
    tickets = questions.claim(credential, now)
    turn = Turn(_ask_with(credential), tickets, credential.provider_class.receipt_batch_size)
    asked: list[Asked] = []
    requeued = False
    for answered in turn:
        saved = _saved(credential, answered, turn)
        if saved is None:
            break
        asked += answered.tickets
        requeued |= saved
    changed = topics({credential.project_id}, {t.broadcast_id for t in asked if t.broadcast_id})
    return Done(
        messages=len(asked), more=bool(asked), requeued=requeued, topics=changed if asked else frozenset()
    )


def _credential_with_questions(now: datetime) -> Credential | None:
    """The credential whose ticket waits longest, of those that may be asked; after trouble, the others first."""
    waiting = questions.with_due(now)
    return min(waiting, key=lambda c: (_last.get(c.pk, now) > now, c.waits_since), default=None)  # type: ignore[attr-defined]


def _ask_with(credential: Credential) -> Ask:
    """Asks the provider one question. What goes wrong with it is a value."""
    try:
        provider = credential.opened_provider()
    except encryption.UnreadableSecret as error:
        trouble = wire.Ticket(outcome=wire.Outcome.MISCONFIGURED, code="UnreadableSecret", detail=str(error))
        return lambda tickets: wire.ReceiptAnswer(trouble=trouble)
    return lambda tickets: provider.receipts([ticket.external_id for ticket in tickets])


def _saved(credential: Credential, answered: Answered, turn: Turn) -> bool | None:
    """Save an answer; where it says that the key is wrong, the questions on their way are the last.

    Were messages queued again? None where this worker's lease was over: nothing is changed then.
    """
    trouble = answered.answer.trouble
    _give_others_their_turn(credential, trouble)
    heard = verdicts.sort(answered.tickets, answered.answer.receipts)
    wrong = _wrong(credential, heard, answered.answer)
    if wrong:
        turn.stop()
    return _save(credential, answered, heard, wrong)


def _give_others_their_turn(credential: Credential, trouble: wire.Ticket | None) -> None:
    if trouble:
        _last[credential.pk] = clock.now() + LAST_AFTER_TROUBLE
    else:
        _last.pop(credential.pk, None)


def _wrong(credential: Credential, heard: Heard, answer: wire.ReceiptAnswer) -> wire.Receipt | None:
    """A receipt that says that the key is wrong."""
    wrong = next((r for _, r in heard.bad if r.outcome == wire.Outcome.MISCONFIGURED), None)
    is_tolerated = answer.doubt and answer.doubt.code == credential.tolerated_code
    return wrong or (None if is_tolerated else answer.doubt)


@transaction.atomic
def _save(
    credential: Credential, answered: Answered, heard: Heard, wrong: wire.Receipt | None
) -> bool | None:
    """Save what was answered; plan the next question for what was not. What comes after the lease changes nothing."""
    commit_with_the_next()  # who loses it asks again
    now = clock.now()
    trouble = answered.answer.trouble
    over = _over(heard.silent, trouble, now)
    requeued = verdicts.carry_out(credential, heard, over, now)
    questions.close([*heard.good, *(t for t, _ in heard.bad), *over])
    given_up = {t.id for t in over}
    questions.plan(credential, [t for t in heard.silent if t.id not in given_up], trouble, now)
    if wrong:
        record.pause_credential(credential, wrong.code, wrong.detail, now)
    if trouble:
        _note(credential, trouble, now)
    # At the end, so that nobody who sends with the credential waits for the rest.
    if questions.hold(credential, None if answered.is_last else now + settings.CARILLON_LEASE):
        return requeued
    transaction.set_rollback(True)
    return None


def _over(silent: Sequence[Asked], trouble: wire.Ticket | None, now: datetime) -> list[Asked]:
    """Those for which the provider has no receipt any more."""
    asked_in_vain = trouble is None or trouble.outcome == wire.Outcome.REJECTED
    return questions.received_before(silent, now - (GIVE_UP_AFTER if asked_in_vain else HOPELESS_AFTER))


def _note(credential: Credential, trouble: wire.Ticket, now: datetime) -> None:
    """A wrong key, or patience that was asked for, holds back all that is asked and sent with the credential.

    Any other trouble is the question's own: it is asked again later, and says nothing against sending.
    """
    if trouble.outcome == wire.Outcome.MISCONFIGURED:
        record.pause_credential(credential, trouble.code, trouble.detail, now)
    elif trouble.throttled or trouble.retry_after:
        record.slow_down(credential, [trouble], questions.shortest_pause(credential), now)
