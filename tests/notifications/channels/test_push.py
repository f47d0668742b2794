"""Push: it keeps the contract, and writes a Message for each device."""

from __future__ import annotations

from notifications.models import Broadcast, Message, MessageState, Project
from tests.factories import make_account, make_device
from tests.notifications.channels.contract import ChannelContract
from tests.notifications.rows import make_crowd, make_devices


class TestPush(ChannelContract):
    key = "push"

    def copies(self, broadcast: Broadcast) -> list[str]:
        return [m.device.uid for m in Message.objects.filter(broadcast=broadcast).order_by("pk") if m.device]

    def test_each_active_device_gets_one(self, project: Project) -> None:
        user = make_account(project, "ada")
        make_device(project, user)
        make_device(project, user)
        make_device(project, user, is_active=False)
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        assert self.copies(broadcast) == ["ada", "ada"]

    def test_devices_without_an_account_come_after_the_accounts(self, project: Project) -> None:
        make_devices(project, 2, uid="kiosk")
        make_crowd(project, 2)
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        assert self.copies(broadcast) == ["p0", "p1", "kiosk", "kiosk"]

    def test_they_come_in_slices_too(self, project: Project) -> None:
        make_devices(project, 5, uid="kiosk")
        broadcast = self.broadcast(project)
        assert [each.messages for each in self.walk(broadcast, size=2)] == [0, 2, 2, 1, 0]

    def test_a_copy_is_queued_and_may_go_at_once(self, project: Project) -> None:
        make_crowd(project, 1)
        self.write_out(self.broadcast(project))
        message = Message.objects.get()
        assert message.state == MessageState.QUEUED
        assert message.available_at == message.date_created

    def test_a_copy_has_no_words_of_its_own(self, project: Project) -> None:
        make_crowd(project, 1)
        self.write_out(self.broadcast(project))
        assert not Message.objects.get().has_own_words

    def test_a_message_that_is_too_long_is_named(self, project: Project) -> None:
        (problem,) = self.subject().check_content(self.broadcast(project, body="ü" * 2100))
        assert problem.field == "body"
        assert "4,096" in problem.message

    def test_a_link_counts_as_data(self, project: Project) -> None:
        broadcast = self.broadcast(project, link="https://bells.example/" + "x" * 2000)
        broadcast.data = {"more": "y" * 2100}
        assert [each.field for each in self.subject().check_content(broadcast)] == ["data"]
