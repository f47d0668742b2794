"""Expansion: who gets a copy, who gets none, and why."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from notifications import clock
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
from notifications.pipeline import expand
from tests.factories import make_account, make_device
from tests.notifications.meanwhile import after_first
from tests.notifications.rows import DAY, make_crowd, make_devices, mute, sending


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

    def test_a_uid_whose_device_is_off_is_not_called_unknown(self, project: Project) -> None:
        make_devices(project, 1, uid="kiosk", is_active=False)
        sending(project, uids=["kiosk"])
        write_out()
        assert reasons("bell") == reasons("push") == {"kiosk": SuppressionReason.NO_DEVICE}

    def test_someone_whose_device_was_retired_after_its_copy_left_was_sent_to(
        self, project: Project, settings: Settings
    ) -> None:
        settings.CARILLON_SLICE = 1
        make_devices(project, 1, uid="kiosk")
        sending(project, "push", uids=["kiosk", "nobody"])
        while not Message.objects.exists():
            expand.step()
        Device.objects.update(is_active=False)
        write_out()
        assert reasons("push") == {"nobody": SuppressionReason.UNKNOWN_UID}

    def test_what_is_critical_passes_a_mute(self, project: Project) -> None:
        mute(make_crowd(project, 1)[0])
        sending(project, priority=NotificationPriority.CRITICAL)
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (1, 1)
        assert reasons("bell") == reasons("push") == {}

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


class TestMeanwhile:
    """On PostgreSQL each statement of a slice sees what others committed since the one before."""

    @pytest.mark.parametrize("channel", ["bell", "push"])
    @pytest.mark.parametrize("before", [True, False])
    def test_someone_who_is_switched_on_or_off_ends_with_a_copy_or_a_reason(
        self, project: Project, channel: str, before: bool
    ) -> None:
        user = make_account(project, "ada", is_active=before)
        make_device(project, user)
        sending(project, channel)
        switch = User.objects.filter(pk=user.pk)
        with after_first("INSERT", lambda: switch.update(is_active=not before)):
            write_out()
        assert Notification.objects.count() + Message.objects.count() == (1 if before else 0)
        assert reasons(channel) == ({} if before else {"ada": SuppressionReason.ACCOUNT_INACTIVE})


class TestTooLate:
    @pytest.fixture
    def broadcast(self, project: Project, settings: Settings) -> Broadcast:
        """One that expired when two of five people and no device of a shop had got their copies."""
        settings.CARILLON_SLICE = 2
        mute(make_crowd(project, 5)[-1], DAY * 9)
        make_devices(project, 3, uid="kiosk")
        make_devices(project, 1)
        broadcast = sending(project)
        expand.step()
        clock.turn(DAY * 3)
        return broadcast

    def test_nobody_gets_a_copy_any_more(self, broadcast: Broadcast) -> None:
        write_out()
        assert (Notification.objects.count(), Message.objects.count()) == (2, 2)

    def test_everybody_else_has_a_reason(self, broadcast: Broadcast) -> None:
        write_out()
        late = dict.fromkeys(["p2", "p3"], SuppressionReason.EXPIRED) | {"p4": SuppressionReason.MUTED}
        assert reasons("bell") == late
        assert reasons("push") == {**late, "kiosk": SuppressionReason.EXPIRED}

    def test_the_numbers_are_those_of_the_rows(self, broadcast: Broadcast) -> None:
        write_out()
        broadcast.refresh_from_db()
        assert broadcast.expanded_suppressions == Suppression.objects.count() == 7
        assert (broadcast.expanded_notifications, broadcast.expanded_messages) == (2, 2)

    def test_it_comes_to_an_end(self, broadcast: Broadcast) -> None:
        write_out()
        Message.objects.update(state=MessageState.EXPIRED, reason="expired")
        write_out()
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.SENT


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
