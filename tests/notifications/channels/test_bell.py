"""The bell: it keeps the contract, and a Notification is its own copy."""

from __future__ import annotations

import pytest

from notifications import channels
from notifications.models import Broadcast, Credential, Identity, Notification, Project
from tests.notifications.channels.contract import ChannelContract
from tests.notifications.rows import make_crowd, make_devices


class TestBell(ChannelContract):
    key = "bell"

    def copies(self, broadcast: Broadcast) -> list[str]:
        rung = Notification.objects.filter(broadcast=broadcast).values_list("user_id", flat=True)
        called = dict(Identity.objects.filter(project=broadcast.project).values_list("user_id", "uid"))
        return [called[user_id] for user_id in rung]

    def test_a_device_without_an_account_has_no_bell(self, project: Project) -> None:
        make_devices(project, 2, uid="kiosk")
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        assert self.copies(broadcast) == []

    def test_a_copy_carries_kind_and_priority(self, project: Project) -> None:
        make_crowd(project, 1)
        broadcast = self.broadcast(project, kind="news.weekly")
        self.write_out(broadcast)
        notification = Notification.objects.get()
        assert (notification.kind, notification.priority) == ("news.weekly", broadcast.priority)

    def test_nobody_has_read_it_yet(self, project: Project) -> None:
        make_crowd(project, 1)
        self.write_out(self.broadcast(project))
        notification = Notification.objects.get()
        assert (notification.seen_at, notification.read_at, notification.context) == (None, None, {})


def test_it_has_no_messages_to_send() -> None:
    with pytest.raises(TypeError, match="bell"):
        channels.get("bell").send(Credential(), [])
