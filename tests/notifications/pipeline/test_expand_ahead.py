"""Expansion: how far it runs ahead of sending, what stops it, and what a crash leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.actions import broadcasts
from notifications.models import (
    Broadcast,
    BroadcastState,
    Message,
    MessageState,
    Notification,
    Project,
)
from notifications.pipeline import expand
from notifications.pipeline.expand import Resting
from tests.factories import make_credential
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR, DAY, make_crowd, sending
from tests.notifications.stepping import send_step

SECOND = timedelta(seconds=1)


def write_out() -> None:
    """Step until there is nothing more to do at once."""
    while expand.step().more:
        pass


class TestWindow:
    @pytest.fixture(autouse=True)
    def _small(self, settings: Settings) -> None:
        settings.CARILLON_SLICE = 10
        settings.CARILLON_WINDOW = 20

    def test_it_stops_while_the_queue_is_full(self, project: Project) -> None:
        make_crowd(project, 50)
        sending(project, "push")
        write_out()
        assert Message.objects.count() == 20

    def test_it_goes_on_when_the_queue_is_shorter(self, project: Project, expo: FakeExpo) -> None:
        make_crowd(project, 50)
        make_credential(project)
        sending(project, "push")
        write_out()
        send_step()
        write_out()
        assert Message.objects.count() == 40

    def test_all_is_written_out_in_the_end(self, project: Project, expo: FakeExpo) -> None:
        make_crowd(project, 50)
        make_credential(project)
        sending(project, "push")
        write_out()
        while send_step().messages:
            write_out()
        assert len({entry.token for entry in expo.history()}) == len(expo.history()) == 50

    def test_a_full_queue_of_one_channel_holds_back_no_other(self, project: Project) -> None:
        make_crowd(project, 50)
        sending(project)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (50, 20)

    def test_one_broadcast_holds_back_no_other(self, project: Project) -> None:
        make_crowd(project, 50)
        first, second = sending(project, "push"), sending(project, "push")
        write_out()
        assert first.messages.count() == second.messages.count() == 20


class TestCrash:
    """A channel that does not exist ends the step after the bell has written its slice."""

    @pytest.fixture(autouse=True)
    def _small(self, settings: Settings) -> None:
        settings.CARILLON_SLICE = 10

    def crash(self) -> None:
        Broadcast.objects.update(channels=["bell", "pigeon"])
        expand.step()
        Broadcast.objects.update(channels=["bell"])

    def test_a_slice_that_was_not_finished_leaves_nothing_behind(self, project: Project) -> None:
        make_crowd(project, 30)
        sending(project)
        self.crash()
        assert Notification.objects.count() == 0
        assert Broadcast.objects.get().cursors == {}

    def test_nobody_is_lost_and_nobody_doubled(self, project: Project) -> None:
        users = make_crowd(project, 30)
        sending(project, "bell")
        for _ in range(3):
            expand.step()
            self.crash()
        write_out()
        assert sorted(Notification.objects.values_list("user_id", flat=True)) == [u.pk for u in users]

    def test_a_cursor_that_is_behind_doubles_nobody(self, project: Project) -> None:
        make_crowd(project, 30)
        sending(project)
        write_out()
        Broadcast.objects.update(cursors={}, expanded_at=None, state=BroadcastState.SENDING)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (30, 30)


class TestRest:
    """A channel that does not exist cannot be written out."""

    @pytest.fixture
    def broken(self, project: Project) -> Broadcast:
        return sending(project, "pigeon")

    def test_one_that_cannot_be_written_out_holds_back_no_other(
        self, project: Project, broken: Broadcast
    ) -> None:
        make_crowd(project, 30)
        good = sending(project, "bell")
        write_out()
        assert good.notifications.count() == 30

    def test_it_rests_twice_as_long_each_time(
        self, broken: Broadcast, caplog: pytest.LogCaptureFixture
    ) -> None:
        resting = Resting()
        for _ in range(64):
            expand.step(resting)
            clock.turn(SECOND)
        pauses = [record.args[-1] for record in caplog.records if record.args]
        assert pauses == [1, 2, 4, 8, 16, 30, 30]

    def test_it_is_named_and_its_traceback_told_once(
        self, broken: Broadcast, caplog: pytest.LogCaptureFixture
    ) -> None:
        resting = Resting()
        for _ in range(3):
            expand.step(resting)
            clock.turn(SECOND)
        assert [bool(record.exc_info) for record in caplog.records] == [True, False]
        assert f"Broadcast {broken.pk} cannot be written out (KeyError)" in caplog.text

    def test_it_goes_on_as_soon_as_it_can(self, project: Project, broken: Broadcast) -> None:
        make_crowd(project, 1)
        resting = Resting()
        expand.step(resting)
        Broadcast.objects.update(channels=["bell"])
        assert not expand.step(resting).more
        clock.turn(SECOND)
        assert expand.step(resting).more
        assert Notification.objects.count() == 1


class TestStops:
    @pytest.fixture(autouse=True)
    def _small(self, settings: Settings) -> None:
        settings.CARILLON_SLICE = 10

    @pytest.mark.parametrize("state", [s for s in BroadcastState if s != BroadcastState.SENDING])
    def test_only_a_broadcast_that_is_sending_grows(self, project: Project, state: BroadcastState) -> None:
        make_crowd(project, 3)
        sending(project, state=state)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (0, 0)

    def test_a_pause_stops_it_and_resume_goes_on(self, project: Project) -> None:
        make_crowd(project, 30)
        broadcast = sending(project, "bell")
        expand.step()
        broadcasts.pause(ACTOR, broadcast)
        write_out()
        assert Notification.objects.count() == 10
        broadcasts.resume(ACTOR, broadcast)
        write_out()
        assert Notification.objects.count() == 30

    def test_cancel_closes_what_waits_and_writes_no_more(self, project: Project) -> None:
        make_crowd(project, 30)
        broadcast = sending(project, "push")
        expand.step()
        broadcasts.cancel(ACTOR, broadcast)
        write_out()
        assert set(Message.objects.values_list("state", "reason")) == {("cancelled", "cancelled")}
        assert Message.objects.count() == 10


class TestEnd:
    def test_a_broadcast_is_sent_when_every_copy_is_handed_over(
        self, project: Project, expo: FakeExpo
    ) -> None:
        make_crowd(project, 3)
        make_credential(project)
        broadcast = sending(project)
        write_out()
        send_step()
        expand.step()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENT
        assert broadcast.finished_at is not None

    def test_not_while_a_copy_waits(self, project: Project) -> None:
        make_crowd(project, 3)
        broadcast = sending(project)
        write_out()
        expand.step()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENDING

    def test_not_while_it_is_paused(self, project: Project) -> None:
        make_crowd(project, 3)
        broadcast = sending(project, "bell")
        while not Broadcast.objects.filter(expanded_at__isnull=False).exists():
            expand.step()
        broadcasts.pause(ACTOR, broadcast)
        expand.step()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.PAUSED

    def test_one_whose_copies_expired_is_over_too(self, project: Project) -> None:
        make_crowd(project, 3)
        broadcast = sending(project, "push")
        write_out()
        Message.objects.update(state=MessageState.EXPIRED, reason="expired", changed_at=clock.now() + DAY)
        expand.step()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENT

    def test_an_empty_one_is_over_at_once(self, project: Project) -> None:
        broadcast = sending(project)
        write_out()
        expand.step()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENT
