"""Sending again by hand: what may be, and how it is counted."""

from __future__ import annotations

import pytest

from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.models import Broadcast, BroadcastState, Device, Message, MessageState, Project
from notifications.models.copy_rules import REPLAYABLE_STATES
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR, DAY, queue_message, queue_messages, sending
from tests.notifications.stepping import send_step

FAILED, UNKNOWN, QUEUED = MessageState.FAILED, MessageState.UNKNOWN, MessageState.QUEUED
SPENT = {"reason": "attempts_used_up", "code": "HTTP 500", "attempts": 6, "rescues": 2, "batch_limit": 1}


@pytest.fixture
def broadcast(project: Project) -> Broadcast:
    """A broadcast with three copies that failed and two that are unknown."""
    broadcast = sending(project, state=BroadcastState.SENT)
    queue_messages(project, 3, broadcast=broadcast, state=FAILED, **SPENT)
    queue_messages(project, 2, broadcast=broadcast, state=UNKNOWN, reason="no_answer")
    return broadcast


class TestMany:
    def test_those_in_that_state_are_queued_again(self, broadcast: Broadcast) -> None:
        assert broadcasts.retry(ACTOR, broadcast, FAILED) == {"requeued": 3, "state": FAILED}
        assert broadcast.messages.filter(state=QUEUED).count() == 3
        assert broadcast.messages.filter(state=UNKNOWN).count() == 2

    def test_unknown_ones_are_sent_again_only_by_hand(self, broadcast: Broadcast, expo: FakeExpo) -> None:
        assert send_step().messages == 0
        broadcasts.retry(ACTOR, broadcast, UNKNOWN)
        send_step()
        assert len(expo.history()) == 2

    def test_it_is_a_new_series_of_tries(self, broadcast: Broadcast) -> None:
        broadcasts.retry(ACTOR, broadcast, FAILED)
        message = broadcast.messages.filter(state=QUEUED)[0]
        assert (message.reason, message.code) == ("", "")
        assert (message.attempts, message.rescues, message.batch_limit) == (0, 0, None)

    def test_each_is_counted_as_a_replay(self, broadcast: Broadcast) -> None:
        broadcasts.retry(ACTOR, broadcast, FAILED)
        assert set(broadcast.messages.values_list("state", "replays")) == {(QUEUED, 1), (UNKNOWN, 0)}

    def test_they_get_time_again(self, broadcast: Broadcast) -> None:
        clock.turn(30 * DAY)
        broadcasts.retry(ACTOR, broadcast, FAILED)
        expires_at = broadcast.messages.filter(state=QUEUED)[0].expires_at
        assert expires_at is not None
        assert expires_at - clock.now() > 2 * DAY

    def test_devices_that_are_gone_are_left_alone(self, broadcast: Broadcast) -> None:
        gone = broadcast.messages.filter(state=FAILED)[0]
        Device.objects.filter(pk=gone.device_id).update(is_active=False)
        assert broadcasts.retry(ACTOR, broadcast, FAILED)["requeued"] == 2

    def test_devices_that_were_deleted_are_left_alone(self, broadcast: Broadcast) -> None:
        Device.objects.filter(messages__state=FAILED).delete()
        with pytest.raises(Refused):
            broadcasts.retry(ACTOR, broadcast, FAILED)

    def test_a_broadcast_that_was_through_is_sending_again(self, broadcast: Broadcast) -> None:
        broadcasts.retry(ACTOR, broadcast, FAILED)
        broadcast.refresh_from_db()
        assert (broadcast.state, broadcast.finished_at) == (BroadcastState.SENDING, None)

    def test_another_broadcast_is_left_alone(self, broadcast: Broadcast, project: Project) -> None:
        other = sending(project, state=BroadcastState.SENT)
        queue_messages(project, 1, broadcast=other, state=FAILED, reason="rejected")
        broadcasts.retry(ACTOR, broadcast, FAILED)
        assert other.messages.get().state == FAILED

    def test_a_second_click_finds_nothing(self, broadcast: Broadcast) -> None:
        broadcasts.retry(ACTOR, broadcast, FAILED)
        with pytest.raises(Refused, match="retried them already"):
            broadcasts.retry(ACTOR, broadcast, FAILED)

    def test_another_number_than_was_confirmed_changes_nothing(self, broadcast: Broadcast) -> None:
        with pytest.raises(broadcasts.Changed):
            broadcasts.retry(ACTOR, broadcast, UNKNOWN, copies=1)
        assert broadcast.messages.filter(state=UNKNOWN, replays=0).count() == 2

    def test_the_number_that_was_confirmed_is_sent(self, broadcast: Broadcast) -> None:
        assert broadcasts.retry(ACTOR, broadcast, UNKNOWN, copies=2)["requeued"] == 2

    def test_a_cancelled_broadcast_stays_cancelled(self, broadcast: Broadcast) -> None:
        Broadcast.objects.update(state=BroadcastState.CANCELLED)
        broadcast.refresh_from_db()
        with pytest.raises(Refused, match="stays cancelled"):
            broadcasts.retry(ACTOR, broadcast, FAILED)

    def test_also_where_the_page_did_not_know_that_yet(self, broadcast: Broadcast) -> None:
        Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.CANCELLED)
        with pytest.raises(Refused):
            broadcasts.retry(ACTOR, broadcast, FAILED)

    @pytest.mark.parametrize("state", [s for s in MessageState if s not in REPLAYABLE_STATES])
    def test_no_other_state_can_be_left(self, project: Project, state: MessageState) -> None:
        broadcast = sending(project)
        queue_message(project, broadcast=broadcast, state=state)
        with pytest.raises(Refused):
            broadcasts.retry(ACTOR, broadcast, state)
        assert broadcast.messages.get().state == state


class TestOne:
    @pytest.mark.parametrize("state", REPLAYABLE_STATES)
    def test_it_is_queued_again(self, project: Project, state: MessageState) -> None:
        message = queue_message(project, state=state, reason="rejected")
        assert broadcasts.retry_message(ACTOR, message) == {"requeued": 1}
        message.refresh_from_db()
        assert (message.state, message.replays) == (QUEUED, 1)

    def test_its_broadcast_is_sending_again(self, broadcast: Broadcast) -> None:
        broadcasts.retry_message(ACTOR, broadcast.messages.filter(state=FAILED)[0])
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENDING

    def test_its_neighbours_are_left_alone(self, broadcast: Broadcast) -> None:
        broadcasts.retry_message(ACTOR, broadcast.messages.filter(state=FAILED)[0])
        assert broadcast.messages.filter(state=FAILED).count() == 2

    def test_one_to_a_device_that_is_off_is_refused(self, project: Project) -> None:
        message = queue_message(project, state=FAILED, reason="gone")
        Device.objects.update(is_active=False)
        with pytest.raises(Refused):
            broadcasts.retry_message(ACTOR, message)

    def test_one_of_a_cancelled_broadcast_is_refused(self, broadcast: Broadcast) -> None:
        Broadcast.objects.update(state=BroadcastState.CANCELLED)
        with pytest.raises(Refused):
            broadcasts.retry_message(ACTOR, Message.objects.filter(state=FAILED)[0])

    @pytest.mark.parametrize("state", [s for s in MessageState if s not in REPLAYABLE_STATES])
    def test_one_in_any_other_state_is_refused(self, project: Project, state: MessageState) -> None:
        with pytest.raises(Refused):
            broadcasts.retry_message(ACTOR, queue_message(project, state=state))
