"""Message: which state follows which answer, and what a copy says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import CharField

from notifications import clock
from notifications.models import Broadcast, Change, Message, MessageState, Reason, RetryPolicy
from notifications.models.broadcast import LANE_BULK, LANE_CRITICAL
from notifications.models.copy_rules import OPEN_STATES, REPLAYABLE_STATES
from notifications.models.reasons import REASON_WORDS
from notifications.wire import Outcome, Receipt, Ticket

CAREFUL = RetryPolicy(max_attempts=3, resend_ambiguous=False)
MERGING = RetryPolicy(max_attempts=3, resend_ambiguous=True)
NOW = clock.now()
WAIT = timedelta(seconds=30)
QUEUED, FAILED, UNKNOWN = MessageState.QUEUED, MessageState.FAILED, MessageState.UNKNOWN


def after(
    outcome: Outcome,
    policy: RetryPolicy = CAREFUL,
    attempts: int = 0,
    lane: int = LANE_BULK,
    throttled: bool = False,
) -> Change:
    """What a ticket makes of a message that was tried so often before."""
    message = Message(pk=1, state=MessageState.SENDING, attempts=attempts, lane=lane)
    ticket = Ticket(outcome=outcome, code="Code", throttled=throttled)
    return message.after_ticket(ticket, policy, NOW, WAIT)


class TestTicket:
    @pytest.mark.parametrize(
        ("outcome", "state", "reason", "attempts"),
        [
            (Outcome.ACCEPTED, MessageState.ACCEPTED, "", 1),
            (Outcome.REJECTED, FAILED, Reason.REJECTED, 1),
            (Outcome.GONE, FAILED, Reason.GONE, 1),
            (Outcome.RETRY, QUEUED, "", 1),
            (Outcome.MISCONFIGURED, QUEUED, "", 0),
            (Outcome.AMBIGUOUS, UNKNOWN, Reason.NO_ANSWER, 2),
        ],
    )
    def test_each_of_the_six_outcomes_has_its_state(
        self, outcome: Outcome, state: str, reason: str, attempts: int
    ) -> None:
        change = after(outcome)
        assert (change.state, change.reason, change.attempts) == (state, reason, attempts)

    def test_no_outcome_is_left_out(self) -> None:
        assert all(isinstance(after(outcome), Change) for outcome in Outcome)

    def test_another_try_waits(self) -> None:
        assert after(Outcome.RETRY).available_at == NOW + WAIT

    def test_the_last_try_is_the_last(self) -> None:
        change = after(Outcome.RETRY, attempts=2)
        assert (change.state, change.reason) == (FAILED, Reason.ATTEMPTS_USED_UP)

    def test_a_throttled_try_does_not_count(self) -> None:
        change = after(Outcome.RETRY, attempts=2, throttled=True)
        assert (change.state, change.attempts) == (QUEUED, 2)

    def test_wrong_credentials_use_up_nothing(self) -> None:
        assert after(Outcome.MISCONFIGURED, attempts=2).state == QUEUED

    def test_the_vendors_code_is_kept_and_cut(self) -> None:
        message = Message(pk=1)
        change = message.after_ticket(Ticket(outcome=Outcome.GONE, code="x" * 100), CAREFUL, NOW, WAIT)
        assert change.code == "x" * 64


class TestSilence:
    def test_where_copies_merge_it_is_sent_again(self) -> None:
        change = after(Outcome.AMBIGUOUS, MERGING)
        assert (change.state, change.attempts, change.available_at) == (QUEUED, 2, NOW + WAIT)

    def test_a_critical_one_is_sent_again_anywhere(self) -> None:
        assert after(Outcome.AMBIGUOUS, lane=LANE_CRITICAL).state == QUEUED

    def test_the_last_one_ends_unknown_because_it_may_have_arrived(self) -> None:
        change = after(Outcome.AMBIGUOUS, MERGING, attempts=2)
        assert (change.state, change.reason) == (UNKNOWN, Reason.NO_ANSWER)


class TestReceipt:
    @pytest.mark.parametrize(
        ("outcome", "state", "reason"),
        [
            (Outcome.ACCEPTED, MessageState.DELIVERED, ""),
            (Outcome.GONE, FAILED, Reason.GONE),
            (Outcome.REJECTED, FAILED, Reason.REJECTED),
            (Outcome.AMBIGUOUS, FAILED, Reason.REJECTED),
            (Outcome.RETRY, QUEUED, ""),
            (Outcome.MISCONFIGURED, QUEUED, ""),
        ],
    )
    def test_each_outcome_has_its_state(self, outcome: Outcome, state: str, reason: str) -> None:
        message = Message(pk=1, state=MessageState.ACCEPTED, attempts=1)
        change = message.after_receipt(Receipt(outcome=outcome), CAREFUL, NOW, WAIT)
        assert (change.state, change.reason) == (state, reason)

    def test_it_counts_no_try_of_its_own(self) -> None:
        message = Message(pk=1, state=MessageState.ACCEPTED, attempts=1)
        assert message.after_receipt(Receipt(outcome=Outcome.RETRY), CAREFUL, NOW, WAIT).attempts == 1

    def test_a_busy_one_is_not_sent_for_ever(self) -> None:
        message = Message(pk=1, state=MessageState.ACCEPTED, attempts=3)
        change = message.after_receipt(Receipt(outcome=Outcome.RETRY), CAREFUL, NOW, WAIT)
        assert (change.state, change.reason) == (FAILED, Reason.ATTEMPTS_USED_UP)


class TestWords:
    def test_one_of_a_broadcast_says_what_the_broadcast_says(self) -> None:
        assert not Message(broadcast=Broadcast(pk=1)).has_own_words

    @pytest.mark.parametrize("field", ["title", "body", "data"])
    def test_one_with_anything_of_its_own_says_that(self, field: str) -> None:
        message = Message(broadcast=Broadcast(pk=1), **{field: {"a": 1} if field == "data" else "Hello"})
        assert message.has_own_words

    def test_one_without_a_broadcast_speaks_for_itself(self) -> None:
        assert Message().has_own_words

    def test_durations_become_seconds(self) -> None:
        message = Message(ttl=timedelta(minutes=2), expiration=NOW)
        content = message.own_content()
        assert (content.ttl, content.expiration) == (120, int(NOW.timestamp()))

    def test_nought_is_a_value(self) -> None:
        content = Message(ttl=timedelta(0), badge=0).own_content()
        assert (content.ttl, content.badge) == (0, 0)

    def test_what_was_not_said_is_absent(self) -> None:
        content = Message().own_content()
        assert (content.ttl, content.expiration, content.badge, content.data) == (None, None, None, None)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told_to_people(reason: Reason) -> None:
    words = REASON_WORDS[reason]
    assert words.title
    assert words.remedy.endswith(".")


def test_no_state_is_open_and_replayable() -> None:
    assert not set(OPEN_STATES) & set(REPLAYABLE_STATES)


@pytest.mark.parametrize("word", [*MessageState, *Reason])
def test_every_word_fits_its_column(word: str) -> None:
    column = "state" if isinstance(word, MessageState) else "reason"
    field = Message._meta.get_field(column)
    assert isinstance(field, CharField)
    field.run_validators(word)
