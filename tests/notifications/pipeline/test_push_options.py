"""The options of a broadcast's push on their way to the vendor."""

from __future__ import annotations

from notifications.models import Project
from tests.fakes.process import FakeExpo
from tests.notifications.rows import queue_messages, sending
from tests.notifications.stepping import send_step

OPTIONS = {
    "subtitle": "At six",
    "badge": 0,
    "rich_content": {"image": "https://bells.example/tower.jpg"},
    "sound_critical": True,
    "interruption_level": "critical",
    "collapse_id": "song",
    "content_available": True,
    "tag": "song",
}


def test_every_copy_carries_them(expo: FakeExpo, project: Project) -> None:
    queue_messages(project, 2, broadcast=sending(project, push_options=OPTIONS))
    send_step()
    for entry in expo.history():
        assert entry.is_accepted
        assert (
            entry.message.items()
            >= {
                "subtitle": "At six",
                "badge": 0,
                "richContent": {"image": "https://bells.example/tower.jpg"},
                "sound": {"critical": True, "name": "default"},
                "interruptionLevel": "critical",
                "collapseId": "song",
                "_contentAvailable": True,
                "tag": "song",
            }.items()
        )
    assert len(expo.history()) == 2
