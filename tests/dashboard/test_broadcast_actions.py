"""What can be done on a broadcast's page: pause, resume, cancel, retry; and who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications.models import AuditEntry, Broadcast, BroadcastState, Project, Role
from tests.dashboard.copies import copy, in_state, started
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


def said(response: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))  # type: ignore[attr-defined]


def state(broadcast: Broadcast) -> str:
    broadcast.refresh_from_db()
    return broadcast.state


class TestPause:
    def test_it_pauses_and_says_what_is_on_the_wire(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "sending")
        assert "1 on the wire will still be answered" in done(signed_in, broadcast, "pause")
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
        assert "2 waiting messages were stopped; 2 had been handed over" in words
        assert state(broadcast) == BroadcastState.CANCELLED
        assert in_state(broadcast, "cancelled") == 2

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
        assert "1 message will be sent again" in done(signed_in, broadcast, "retry", state=final)
        assert in_state(broadcast, "queued") == 1

    def test_it_leaves_the_unknown_alone_when_the_failed_are_retried(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "failed")
        copy(broadcast, "unknown")
        done(signed_in, broadcast, "retry", state="failed")
        assert in_state(broadcast, "unknown") == 1

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
        assert signed_in.get(address(started(project), action)).status_code == 405

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
