"""What can be done on a broadcast's page: pause, resume, cancel, retry; and who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications import clock
from notifications.models import AuditEntry, Broadcast, BroadcastState, Project, Role
from tests.dashboard.copies import copy, in_state, ring, started
from tests.dashboard.reading import part
from tests.factories import make_broadcast, make_device

ACTIONS = ["pause", "resume", "cancel", "retry"]


def address(broadcast: Broadcast, action: str, project: Project | None = None) -> str:
    return reverse(f"dashboard:broadcast_{action}", args=[(project or broadcast.project).slug, broadcast.pk])


def done(browser: Client, broadcast: Broadcast, action: str, **fields: str) -> str:
    """Posts, and returns what the page says of it."""
    response = browser.post(address(broadcast, action), fields)
    page = reverse("dashboard:broadcast", args=[broadcast.project.slug, broadcast.pk])
    assert (response.status_code, response.headers.get("Location")) == (302, page)
    return said(response)


def shown(browser: Client, broadcast: Broadcast, name: str) -> str:
    """The words of one part of its page."""
    page = reverse("dashboard:broadcast", args=[broadcast.project.slug, broadcast.pk])
    return part(browser.get(page), name)


def said(response: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))  # type: ignore[attr-defined]


def state(broadcast: Broadcast) -> str:
    broadcast.refresh_from_db()
    return broadcast.state


class TestPause:
    def test_it_pauses_and_says_what_is_on_the_wire(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "sending")
        assert "1 copy is on the wire and will still be answered." in done(signed_in, broadcast, "pause")
        assert state(broadcast) == BroadcastState.PAUSED

    def test_what_is_over_cannot_be_paused(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, BroadcastState.SENT)
        assert "Only a broadcast that is sending can be paused" in done(signed_in, broadcast, "pause")
        assert state(broadcast) == BroadcastState.SENT

    def test_it_goes_on(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, BroadcastState.PAUSED)
        assert "Sending goes on" in done(signed_in, broadcast, "resume")
        assert state(broadcast) == BroadcastState.SENDING


class TestCancel:
    def test_it_stops_what_waits_and_says_what_had_left(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        for each in ("queued", "queued", "sending", "delivered"):
            copy(broadcast, each)
        words = done(signed_in, broadcast, "cancel")
        assert "19 copies were stopped. 1 copy had been handed over and cannot be called back." in words
        assert state(broadcast) == BroadcastState.CANCELLED
        assert in_state(broadcast, "cancelled") == 2

    def test_question_answer_and_page_say_the_same_numbers(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        for each in ("queued", "queued", "sending", "delivered", "unknown"):
            copy(broadcast, each)
        ring(broadcast)
        assert "Cancel the 17 copies not yet handed over?" in shown(signed_in, broadcast, "cancel")
        assert "3 copies are handed over already and 1 on the wire" in shown(signed_in, broadcast, "cancel")
        assert done(signed_in, broadcast, "cancel") == (
            "Cancelled. 17 copies were stopped. 3 copies had been handed over and cannot be called back. "
            "1 copy is on the wire and will still be answered."
        )
        words = "17 stopped, 15 of them never written out, 1 on the wire, 3 had been handed over"
        assert words in shown(signed_in, broadcast, "state")

    def test_nothing_to_stop_is_said(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, expanded_at=clock.now())
        assert "Nothing waits any more." in shown(signed_in, broadcast, "cancel")
        assert done(signed_in, broadcast, "cancel") == "Cancelled. Nothing waited any more."

    def test_a_draft_cannot_be_cancelled(self, signed_in: Client, project: Project) -> None:
        broadcast = make_broadcast(project)
        assert "nothing left to cancel" in done(signed_in, broadcast, "cancel")
        assert state(broadcast) == BroadcastState.DRAFT


class TestRetry:
    @pytest.mark.parametrize("final", ["failed", "unknown", "expired"])
    def test_it_sends_again_what_ended_in_this_state(
        self, signed_in: Client, project: Project, final: str
    ) -> None:
        broadcast = started(project)
        copy(broadcast, final)
        copy(broadcast, "delivered")
        words = done(signed_in, broadcast, "retry", state=final, copies="1")
        assert words == "1 message will be sent again."
        assert in_state(broadcast, "queued") == 1

    def test_it_leaves_the_unknown_alone_when_the_failed_are_retried(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "failed")
        copy(broadcast, "unknown")
        done(signed_in, broadcast, "retry", state="failed")
        assert in_state(broadcast, "unknown") == 1

    def test_a_paused_broadcast_must_be_resumed_first(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, BroadcastState.PAUSED)
        copy(broadcast, "failed")
        words = done(signed_in, broadcast, "retry", state="failed")
        assert words == "1 message will be sent again, once you resume the broadcast."

    def test_the_question_names_how_many_would_be_sent_twice(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "unknown")
        copy(broadcast, "unknown")
        copy(broadcast, "unknown", device=make_device(project, is_active=False))
        assert "Send 2 unknown copies again?" in shown(signed_in, broadcast, "retry-unknown")

    @pytest.mark.parametrize("fields", [{"copies": "1"}, {"copies": "many"}, {}])
    def test_another_number_of_unknown_ones_is_asked_for_again(
        self, signed_in: Client, project: Project, fields: dict[str, str]
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "unknown")
        copy(broadcast, "unknown")
        assert "the number changed" in done(signed_in, broadcast, "retry", state="unknown", **fields)
        assert in_state(broadcast, "unknown") == 2

    def test_it_says_why_nothing_can_be_sent_again(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "gone", device=make_device(project, is_active=False))
        assert "No copy can be sent again" in done(signed_in, broadcast, "retry", state="failed")

    @pytest.mark.parametrize(
        "fields", [{}, {"state": "delivered"}, {"state": "nonsense"}, {"state": "queued"}]
    )
    def test_any_other_state_is_refused(
        self, signed_in: Client, project: Project, fields: dict[str, str]
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "delivered")
        assert signed_in.post(address(broadcast, "retry"), fields).status_code == 400
        assert in_state(broadcast, "delivered") == 1


class TestAccess:
    @pytest.mark.parametrize("action", ACTIONS)
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
    def test_it_needs_a_sender(
        self, member: Callable[[Role], Client], project: Project, action: str, role: Role
    ) -> None:
        broadcast = started(project)
        assert member(role).post(address(broadcast, action), {"state": "failed"}).status_code == 403
        assert state(broadcast) == BroadcastState.SENDING

    @pytest.mark.parametrize("action", ACTIONS)
    def test_strangers_find_nothing(self, outsider: Client, project: Project, action: str) -> None:
        broadcast = started(project)
        assert outsider.post(address(broadcast, action), {"state": "failed"}).status_code == 404
        assert state(broadcast) == BroadcastState.SENDING

    @pytest.mark.parametrize("action", ACTIONS)
    def test_a_broadcast_of_another_project_is_out_of_reach(
        self, signed_in: Client, project: Project, other_project: Project, action: str
    ) -> None:
        foreign = started(other_project)
        assert signed_in.post(address(foreign, action, project), {"state": "failed"}).status_code == 404
        assert state(foreign) == BroadcastState.SENDING

    @pytest.mark.parametrize("action", ACTIONS)
    def test_looking_changes_nothing(self, signed_in: Client, project: Project, action: str) -> None:
        broadcast = started(project)
        assert signed_in.get(address(broadcast, action)).status_code == 302
        assert state(broadcast) == BroadcastState.SENDING

    @pytest.mark.parametrize("action", ACTIONS)
    def test_anonymous_people_are_asked_to_sign_in(
        self, client: Client, project: Project, action: str
    ) -> None:
        broadcast = started(project)
        assert client.post(address(broadcast, action)).status_code == 302
        assert state(broadcast) == BroadcastState.SENDING

    def test_who_did_it_is_written_down(self, member: Callable[[Role], Client], project: Project) -> None:
        broadcast = started(project)
        done(member(Role.SENDER), broadcast, "pause")
        entry = AuditEntry.objects.get(verb="broadcast.pause")
        assert (entry.target, entry.project) == (f"broadcast:{broadcast.pk}", project)
