"""Expansion: who gets a copy, who gets none and why, and how far ahead of sending it runs."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.actions import broadcasts
from notifications.models import (
    Broadcast,
    BroadcastState,
    Device,
    Identity,
    Message,
    MessageState,
    Notification,
    NotificationPriority,
    Project,
    Suppression,
    SuppressionReason,
)
from notifications.models.broadcast import LANE_BULK, LANE_CRITICAL
from notifications.pipeline import dispatch, expand
from tests.factories import make_account, make_credential, make_device
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR, DAY, make_crowd, make_devices, mute, sending


def write_out() -> None:
    """Step until there is nothing more to do at once."""
    while expand.step().more:
        pass


def reasons(channel: str) -> dict[str, str]:
    """uid → why this person gets nothing on the channel."""
    return dict(Suppression.objects.filter(channel=channel).values_list("uid", "reason"))


class TestAudience:
    def test_everyone_gets_a_copy_on_each_channel(self, project: Project) -> None:
        make_crowd(project, 5)
        sending(project)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (5, 5)

    def test_each_device_of_a_person_gets_one(self, project: Project) -> None:
        make_crowd(project, 2, devices=3)
        sending(project)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (2, 6)

    def test_only_those_with_the_uids_are_meant(self, project: Project) -> None:
        make_crowd(project, 5)
        sending(project, uids=["p1", "p3"])
        write_out()
        got = Identity.objects.filter(user__notifications__isnull=False).values_list("uid", flat=True)
        assert set(got) == {"p1", "p3"}
        assert set(Message.objects.values_list("device__uid", flat=True)) == {"p1", "p3"}

    def test_a_device_without_an_account_gets_a_push_and_nobody_a_notification(
        self, project: Project
    ) -> None:
        make_devices(project, 2)
        sending(project)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (0, 2)

    def test_it_can_be_meant_by_its_uid(self, project: Project) -> None:
        make_devices(project, 1, uid="kiosk")
        make_devices(project, 1, uid="another")
        sending(project, uids=["kiosk"])
        write_out()
        assert [m.device.uid for m in Message.objects.all() if m.device] == ["kiosk"]
        assert reasons("push") == {}

    def test_a_channel_that_was_not_chosen_gets_nothing(self, project: Project) -> None:
        make_crowd(project, 3)
        sending(project, "bell")
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (3, 0)

    def test_nobody_of_another_project_is_touched(self, project: Project, other_project: Project) -> None:
        make_crowd(other_project, 3)
        make_devices(other_project, 2)
        make_crowd(project, 1)
        sending(project, uids=["p0", "p1"])
        sending(project)
        write_out()
        assert not Device.objects.filter(project=other_project, messages__isnull=False).exists()
        assert Notification.objects.count() == 2

    def test_a_person_known_to_two_projects_gets_the_devices_of_one(
        self, project: Project, other_project: Project
    ) -> None:
        user = make_account(project, "ada")
        make_device(project, user)
        make_device(other_project, user)
        sending(project)
        write_out()
        assert [m.device.project_id for m in Message.objects.all() if m.device] == [project.pk]

    def test_a_person_with_two_uids_gets_one_copy(self, project: Project) -> None:
        user = make_account(project, "ada")
        make_device(project, user)
        Identity.objects.create(project=project, uid="ada-too", user=user)
        sending(project)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (1, 1)

    def test_who_joins_while_it_is_written_out_is_included(
        self, project: Project, settings: Settings
    ) -> None:
        settings.CARILLON_SLICE = 2
        make_crowd(project, 4)
        sending(project)
        expand.step()
        make_crowd(project, 1, name="late")
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (5, 5)


class TestReasons:
    def test_a_uid_that_nobody_has_is_named(self, project: Project) -> None:
        make_crowd(project, 1)
        sending(project, uids=["p0", "nobody"])
        write_out()
        assert reasons("bell") == reasons("push") == {"nobody": SuppressionReason.UNKNOWN_UID}

    def test_someone_who_muted_is_left_out(self, project: Project) -> None:
        mute(make_crowd(project, 1)[0])
        sending(project)
        write_out()
        assert reasons("bell") == reasons("push") == {"p0": SuppressionReason.MUTED}
        assert (Notification.objects.count(), Message.objects.count()) == (0, 0)

    def test_an_account_that_is_off_is_left_out(self, project: Project) -> None:
        make_account(project, "gone", is_active=False)
        sending(project)
        write_out()
        assert reasons("bell") == reasons("push") == {"gone": SuppressionReason.ACCOUNT_INACTIVE}

    def test_someone_without_a_device_gets_the_bell_alone(self, project: Project) -> None:
        make_account(project, "ada")
        sending(project)
        write_out()
        assert (reasons("bell"), reasons("push")) == ({}, {"ada": SuppressionReason.NO_DEVICE})
        assert Notification.objects.count() == 1

    def test_a_device_that_is_off_is_none(self, project: Project) -> None:
        make_crowd(project, 1)
        Device.objects.update(is_active=False)
        sending(project, "push")
        write_out()
        assert reasons("push") == {"p0": SuppressionReason.NO_DEVICE}

    def test_a_device_of_an_unspoken_provider_is_none(self, project: Project) -> None:
        make_device(project, make_account(project, "ada"), provider="pigeon")
        sending(project, "push")
        write_out()
        assert reasons("push") == {"ada": SuppressionReason.NO_DEVICE}

    def test_everybody_ends_with_a_copy_or_a_reason_on_each_channel(
        self, project: Project, settings: Settings
    ) -> None:
        settings.CARILLON_SLICE = 3
        users = make_crowd(project, 12)
        for user in users[:3]:
            mute(user)
        Device.objects.filter(user__in=users[2:6]).update(is_active=False)
        make_account(project, "off", is_active=False)
        broadcast = sending(project, uids=[*[f"p{n}" for n in range(12)], "off", "nobody"])
        write_out()
        broadcast.refresh_from_db()
        pushed = set(Message.objects.values_list("device__uid", flat=True))
        rung = {n.user.identities.get().uid for n in Notification.objects.all()}
        assert pushed | set(reasons("push")) == rung | set(reasons("bell")) == set(broadcast.audience_uids)
        assert not pushed & set(reasons("push")) | rung & set(reasons("bell"))


class TestRows:
    def test_a_copy_knows_its_broadcast_and_its_end(self, project: Project) -> None:
        (user,) = make_crowd(project, 1)
        broadcast = sending(project)
        write_out()
        message = Message.objects.get()
        assert (message.broadcast_id, message.user_id) == (broadcast.pk, user.pk)
        assert (message.lane, message.expires_at) == (LANE_BULK, broadcast.expires_at)

    def test_a_critical_broadcast_takes_the_first_lane(self, project: Project) -> None:
        make_crowd(project, 1)
        sending(project, priority=NotificationPriority.CRITICAL)
        write_out()
        assert Message.objects.get().lane == LANE_CRITICAL

    def test_a_notification_knows_its_kind(self, project: Project) -> None:
        make_crowd(project, 1)
        broadcast = sending(project, kind="news.weekly")
        write_out()
        notification = Notification.objects.get()
        assert (notification.kind, notification.broadcast_id) == ("news.weekly", broadcast.pk)

    def test_the_broadcast_counts_what_was_written(self, project: Project) -> None:
        make_crowd(project, 3, devices=2)
        make_account(project, "ada")
        broadcast = sending(project)
        write_out()
        broadcast.refresh_from_db()
        assert broadcast.expanded_notifications == 4
        assert broadcast.expanded_messages == 6
        assert broadcast.expanded_suppressions == 1

    def test_the_end_is_noted(self, project: Project) -> None:
        make_crowd(project, 3)
        broadcast = sending(project)
        write_out()
        broadcast.refresh_from_db()
        assert broadcast.expanded_at is not None


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
        dispatch.step()
        write_out()
        assert Message.objects.count() == 40

    def test_all_is_written_out_in_the_end(self, project: Project, expo: FakeExpo) -> None:
        make_crowd(project, 50)
        make_credential(project)
        sending(project, "push")
        write_out()
        while dispatch.step().messages:
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
        with pytest.raises(KeyError):
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

    def test_one_that_cannot_be_written_out_holds_back_no_other(self, project: Project) -> None:
        make_crowd(project, 30)
        sending(project, "pigeon")
        good = sending(project, "bell")
        write_out()
        assert good.notifications.count() == 30
        with pytest.raises(KeyError):
            expand.step()

    def test_a_cursor_that_is_behind_doubles_nobody(self, project: Project) -> None:
        make_crowd(project, 30)
        sending(project)
        write_out()
        Broadcast.objects.update(cursors={}, expanded_at=None, state=BroadcastState.SENDING)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (30, 30)


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
        dispatch.step()
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
