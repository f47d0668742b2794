"""One device: a test, its switch, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from notifications import clock
from notifications.actions import one_device
from notifications.actions.audit import Facts, Refused
from notifications.invariants import check
from notifications.models import AuditEntry, Credential, Device, Message, MessageState, Project
from notifications.pipeline import record
from tests.factories import make_account, make_device
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR
from tests.notifications.stepping import send_step

OFF: dict[str, Any] = {"is_active": False, "date_retired": clock.now()}
REASONS = ("gone", "moved", "removed", "")


@pytest.fixture
def device(project: Project) -> Device:
    return make_device(project, make_account(project, "ada"))


def retired(project: Project, reason: str, **fields: Any) -> Device:
    return make_device(project, inactive_reason=reason, **OFF, **fields)


def send(device: Device, title: str = "Hello", body: str = "You") -> Facts:
    return one_device.send_test(ACTOR, device, title, body)


def is_on(device: Device) -> bool:
    device.refresh_from_db()
    return device.is_active


class TestSendTest:
    def test_it_queues_one_message_of_its_own(self, device: Device) -> None:
        facts = send(device)
        message = Message.objects.get()
        assert facts == {"message": message.pk}
        assert (message.state, message.channel, message.broadcast_id) == (MessageState.QUEUED, "push", None)
        assert (message.device, message.user, message.title, message.body) == (
            device,
            device.user,
            "Hello",
            "You",
        )

    def test_it_lives_as_long_as_its_project_says(self, device: Device) -> None:
        Project.objects.update(message_ttl=timedelta(hours=2))
        send(device)
        message = Message.objects.get()
        assert message.expires_at is not None
        life = message.expires_at - message.date_created
        assert timedelta(hours=2) <= life < timedelta(hours=2, minutes=1)

    def test_it_arrives_though_nobody_sent_with_this_provider_before(
        self, device: Device, expo: FakeExpo
    ) -> None:
        send(device)
        send_step()
        assert Message.objects.get().state == MessageState.ACCEPTED
        assert check() == []

    def test_each_test_is_a_message(self, device: Device) -> None:
        for _ in range(2):
            send(device)
        assert Message.objects.count() == 2

    def test_the_workers_are_woken_once_it_is_committed(
        self,
        device: Device,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        settings.HUEY.flush()
        with django_capture_on_commit_callbacks(execute=True):
            send(device)
        assert settings.HUEY.pending_count() == 1
        settings.HUEY.flush()

    def test_it_is_audited_without_its_words(self, device: Device) -> None:
        facts = send(device, "A secret")
        entry = AuditEntry.objects.get(verb="device.test")
        assert (entry.target, entry.detail) == (f"device:{device.pk}", facts)

    def test_it_says_where_its_provider_is_paused(self, device: Device, project: Project) -> None:
        Credential.objects.create(project=project, provider="expo", paused_reason="Paused by Ruth")
        assert send(device)["paused"] == "Paused by Ruth"

    @pytest.mark.parametrize("reason", REASONS)
    def test_a_device_that_is_off_gets_none(self, project: Project, reason: str) -> None:
        with pytest.raises(Refused, match="switched off"):
            send(retired(project, reason))
        assert not Message.objects.exists()

    def test_also_where_the_page_did_not_know_that_yet(self, device: Device) -> None:
        Device.objects.update(is_active=False)
        with pytest.raises(Refused):
            send(device)

    def test_a_provider_that_nobody_speaks_to_is_named(self, project: Project) -> None:
        with pytest.raises(Refused, match="“pigeon”"):
            send(make_device(project, provider="pigeon"))

    def test_words_that_its_provider_would_not_take_are_refused(self, device: Device) -> None:
        with pytest.raises(Refused, match="Expo allows 4,096"):
            send(device, body="x" * 4000 + "é" * 100)
        assert not Message.objects.exists()


class TestSwitchOff:
    def test_it_is_removed_from_now_on(self, device: Device) -> None:
        one_device.switch_off(ACTOR, device)
        device.refresh_from_db()
        assert (device.is_active, device.inactive_reason) == (False, "removed")
        assert device.date_retired is not None

    def test_what_waits_for_it_is_not_sent(self, device: Device, expo: FakeExpo) -> None:
        send(device)
        one_device.switch_off(ACTOR, device)
        send_step()
        message = Message.objects.get()
        assert (message.state, message.reason) == (MessageState.SUPPRESSED, "device_inactive")
        assert expo.history() == []

    @pytest.mark.parametrize("reason", REASONS)
    def test_why_it_was_off_before_stays_known(self, project: Project, reason: str) -> None:
        device = retired(project, reason)
        with pytest.raises(Refused, match="already"):
            one_device.switch_off(ACTOR, device)
        device.refresh_from_db()
        assert device.inactive_reason == reason

    def test_it_is_audited(self, device: Device) -> None:
        one_device.switch_off(ACTOR, device)
        assert AuditEntry.objects.get(verb="device.switch_off").target == f"device:{device.pk}"


class TestSwitchOn:
    @pytest.mark.parametrize("reason", ["gone", "removed", ""])
    def test_it_is_sent_to_again(self, project: Project, reason: str) -> None:
        device = retired(project, reason)
        assert one_device.switch_on(ACTOR, device) == {"was": reason}
        assert is_on(device)
        assert (device.inactive_reason, device.date_retired) == ("", None)

    def test_a_late_word_about_an_earlier_copy_is_not_about_it_any_more(self, project: Project) -> None:
        device = retired(project, "removed")
        before = clock.now()
        clock.turn(timedelta(hours=1))
        one_device.switch_on(ACTOR, device)
        assert record.retire([device.pk], before, clock.now()) == 0
        assert is_on(device)

    def test_one_that_moved_stays_off_also_when_nobody_has_its_address(self, project: Project) -> None:
        device = retired(project, "moved")
        with pytest.raises(Refused, match="wrong person"):
            one_device.switch_on(ACTOR, device)
        assert not is_on(device)

    @pytest.mark.parametrize("reason", ["gone", "removed", ""])
    def test_an_address_that_another_device_has_stays_there(self, project: Project, reason: str) -> None:
        now_with = make_device(project)
        device = retired(project, reason, token=now_with.push_token)
        with pytest.raises(Refused, match="belongs to another device"):
            one_device.switch_on(ACTOR, device)
        assert not is_on(device)
        assert is_on(now_with)

    def test_the_same_address_in_another_project_does_not_matter(
        self, project: Project, other_project: Project
    ) -> None:
        device = retired(project, "removed", token=make_device(other_project).push_token)
        one_device.switch_on(ACTOR, device)
        assert is_on(device)

    def test_one_that_is_on_is_left_alone(self, device: Device) -> None:
        with pytest.raises(Refused, match="already"):
            one_device.switch_on(ACTOR, device)

    def test_one_that_is_gone_all_the_same_is_off_again(self, device: Device, expo: FakeExpo) -> None:
        expo.faults(Rule(match=Match(), action=Action(kind=Kind.TICKET_ERROR, code="DeviceNotRegistered")))
        for _ in range(2):
            send(device)
            send_step()
            assert not is_on(device)
            assert device.inactive_reason == "gone"
            one_device.switch_on(ACTOR, device)
        assert check() == []

    def test_it_is_audited_with_the_reason_it_was_off_for(self, project: Project) -> None:
        one_device.switch_on(ACTOR, retired(project, "gone"))
        assert AuditEntry.objects.get(verb="device.switch_on").detail == {"was": "gone"}
