"""Pause, resume, cancel: what moves, and what stays."""

from __future__ import annotations

import pytest

from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.models import Broadcast, BroadcastState, Message, MessageState, Project
from notifications.pipeline import sweep
from tests.factories import make_broadcast
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import claim, save_answers, start
from tests.notifications.rows import ACTOR, HOUR, queue_messages, sending

OVER = [BroadcastState.DRAFT, BroadcastState.SENT, BroadcastState.CANCELLED]


def state_of(broadcast: Broadcast) -> str:
    broadcast.refresh_from_db()
    return broadcast.state


def with_copies(project: Project) -> Broadcast:
    """A broadcast with copies in every state: 3 queued, 2 sending, 1 each accepted, delivered, failed."""
    broadcast = sending(project)
    queue_messages(project, 3, broadcast=broadcast)
    queue_messages(project, 2, broadcast=broadcast, state=MessageState.SENDING)
    for state in (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.FAILED):
        queue_messages(project, 1, broadcast=broadcast, state=state)
    return broadcast


class TestPause:
    def test_a_broadcast_that_sends_pauses(self, project: Project) -> None:
        broadcast = sending(project)
        broadcasts.pause(ACTOR, broadcast)
        assert state_of(broadcast) == BroadcastState.PAUSED

    @pytest.mark.parametrize("state", [*OVER, BroadcastState.PAUSED])
    def test_no_other_does(self, project: Project, state: BroadcastState) -> None:
        with pytest.raises(Refused):
            broadcasts.pause(ACTOR, make_broadcast(project, state=state))


class TestResume:
    def test_a_paused_one_goes_on(self, project: Project) -> None:
        broadcast = sending(project, state=BroadcastState.PAUSED)
        broadcasts.resume(ACTOR, broadcast)
        assert state_of(broadcast) == BroadcastState.SENDING

    @pytest.mark.parametrize("state", [*OVER, BroadcastState.SENDING])
    def test_no_other_does(self, project: Project, state: BroadcastState) -> None:
        with pytest.raises(Refused):
            broadcasts.resume(ACTOR, make_broadcast(project, state=state))


class TestCancel:
    @pytest.mark.parametrize("state", [BroadcastState.SENDING, BroadcastState.PAUSED])
    def test_it_is_over(self, project: Project, state: BroadcastState) -> None:
        broadcast = sending(project, state=state)
        broadcasts.cancel(ACTOR, broadcast)
        assert state_of(broadcast) == BroadcastState.CANCELLED
        assert broadcast.finished_at is not None

    def test_it_says_how_many_it_stopped(self, project: Project) -> None:
        assert broadcasts.cancel(ACTOR, with_copies(project)) == {"waiting": 3}

    def test_of_one_that_was_through_only_what_is_sent_again_is_called_off(self, project: Project) -> None:
        before = clock.now() - HOUR
        broadcast = sending(project, state=BroadcastState.SENT, finished_at=before, expanded_at=before)
        queue_messages(project, 2, broadcast=broadcast, state=MessageState.FAILED, reason="rejected")
        broadcasts.retry(ACTOR, broadcast, MessageState.FAILED)
        assert state_of(broadcast) == BroadcastState.SENDING
        broadcasts.cancel(ACTOR, broadcast)
        assert (state_of(broadcast), broadcast.finished_at) == (BroadcastState.SENT, before)
        assert set(broadcast.messages.values_list("state", flat=True)) == {MessageState.CANCELLED}

    def test_only_what_waits_is_cancelled(self, project: Project) -> None:
        broadcasts.cancel(ACTOR, with_copies(project))
        assert Message.objects.filter(state=MessageState.CANCELLED, reason="cancelled").count() == 3
        assert Message.objects.filter(state=MessageState.SENDING).count() == 2

    def test_another_broadcast_goes_on(self, project: Project) -> None:
        other = sending(project)
        queue_messages(project, 2, broadcast=other)
        broadcasts.cancel(ACTOR, with_copies(project))
        assert other.messages.filter(state=MessageState.QUEUED).count() == 2

    @pytest.mark.parametrize("state", OVER)
    def test_what_is_over_cannot_be_cancelled(self, project: Project, state: BroadcastState) -> None:
        with pytest.raises(Refused):
            broadcasts.cancel(ACTOR, make_broadcast(project, state=state))

    def test_a_copy_on_the_wire_that_comes_back_is_cancelled_too(
        self, project: Project, expo: FakeExpo
    ) -> None:
        broadcast = sending(project)
        (message,) = queue_messages(project, 1, broadcast=broadcast)
        expo.faults(on_send(Kind.TICKET_ERROR, code="ProviderError"))
        claimed = claim()
        assert start(claimed)
        broadcasts.cancel(ACTOR, broadcast)
        save_answers(claimed)
        sweep.step()
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.CANCELLED, "cancelled")
