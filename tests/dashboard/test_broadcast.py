"""The page of one broadcast: what it says in every state, whole and in parts, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import clock
from notifications.models import Broadcast, BroadcastState, Credential, Project, Role
from tests.dashboard.copies import answer, copies_in_every_state, copy, leave_out, ring, started
from tests.dashboard.reading import has_part, part
from tests.factories import make_broadcast, make_credential

HTMX = {"HX-Request": "true"}
LIVE = HTMX | {"HX-Target": "div#live"}
PARTS = ["state", "funnel", "channels", "throughput", "causes"]


def address(broadcast: Broadcast, name: str = "broadcast") -> str:
    return reverse(f"dashboard:{name}", args=[broadcast.project.slug, broadcast.pk])


def opened(browser: Client, broadcast: Broadcast, query: str = "", **headers: str) -> HttpResponse:
    response = browser.get(f"{address(broadcast)}{query}", headers=headers)
    assert response.status_code == 200
    return response


class TestNumbers:
    def test_it_counts_every_state(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, channels=["push"])
        copies_in_every_state(broadcast)

        words = part(opened(signed_in, broadcast), "funnel")

        assert "Copies 13 1.86 per person, 3 waiting" in words
        assert "Handed over 6 1 on the wire, 1 cancelled, 1 too old, 1 stopped while waiting" in words
        assert "Accepted 3 2 refused, 1 without an answer" in words
        assert "Delivered 1 1 receipt pending, 1 without a receipt" in words

    def test_it_tells_a_failure_after_acceptance_from_a_refusal(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = started(project, channels=["push"])
        answer(copy(broadcast, "failed", "gone", "DeviceNotRegistered"), receipt="DeviceNotRegistered")

        words = part(opened(signed_in, broadcast), "funnel")

        assert "Accepted 1 Delivered 0 1 failed" in words

    def test_it_counts_the_bell_from_its_notifications(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, channels=["bell"])
        ring(broadcast)
        ring(broadcast)

        response = opened(signed_in, broadcast)

        assert "In-app 2 / 2 2 0" in part(response, "channels")
        assert "Delivered 2" in part(response, "funnel")

    def test_one_whose_copies_are_sent_again_is_not_called_finished(
        self, signed_in: Client, project: Project
    ) -> None:
        before = clock.now() - timedelta(hours=1)
        broadcast = started(project, finished_at=before, expanded_at=before)
        copy(broadcast, "queued")
        assert "Finished" not in part(opened(signed_in, broadcast), "main")
        Broadcast.objects.update(state=BroadcastState.SENT)
        assert "Finished" in part(opened(signed_in, broadcast), "main")

    def test_it_says_how_many_are_still_to_be_written_out(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, channels=["push"])
        copy(broadcast, "delivered")
        assert "Copies 1 of 13" in part(opened(signed_in, broadcast), "funnel")

    def test_it_counts_who_was_left_out_on_every_channel(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        leave_out(broadcast, "ada", "bell", "muted")
        leave_out(broadcast, "ada", "push", "muted")
        leave_out(broadcast, "bob", "push")

        response = opened(signed_in, broadcast)

        assert "1 left out" in part(response, "funnel")
        assert "The person has no active device. 0 1" in part(response, "not-sent")
        assert "The person has muted all notifications for now. 1 1" in part(response, "not-sent")

    def test_it_shows_no_messages_for_the_bell_alone(self, signed_in: Client, project: Project) -> None:
        response = opened(signed_in, started(project, channels=["bell"]))
        assert not has_part(response, "messages")
        assert not has_part(response, "throughput")


class TestWords:
    def test_it_says_how_far_it_is(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, channels=["push"], expanded_at=clock.now())
        for state in ("delivered", "delivered", "queued"):
            copy(broadcast, state)
        assert "66% handed over" in part(opened(signed_in, broadcast), "state")

    def test_it_says_when_it_was_done(self, signed_in: Client, project: Project) -> None:
        now = clock.now()
        broadcast = started(
            project,
            BroadcastState.SENT,
            channels=["push"],
            started_at=now - timedelta(seconds=40),
            finished_at=now,
            expanded_at=now,
        )
        copy(broadcast)
        assert "Sent All 1 handed over in 40 s" in part(opened(signed_in, broadcast), "state")

    def test_it_says_what_was_cancelled(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, BroadcastState.CANCELLED, channels=["push"])
        copy(broadcast)
        copy(broadcast, "cancelled", "cancelled")
        words = part(opened(signed_in, broadcast), "state")
        assert "12 stopped, 11 of them never written out, 1 had been handed over" in words

    def test_a_draft_says_that_nothing_was_sent(self, signed_in: Client, project: Project) -> None:
        response = opened(signed_in, make_broadcast(project))
        assert "Nothing was sent yet" in part(response, "state")
        assert "Review and send" in part(response, "live")
        assert not has_part(response, "messages")

    def test_it_names_a_cause_in_the_words_of_its_provider(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "gone", "DeviceNotRegistered")
        words = part(opened(signed_in, broadcast), "causes")
        assert "1 failed" in words
        assert "Device no longer registered DeviceNotRegistered" in words
        assert "will not be tried again" in words

    def test_it_names_a_cause_in_our_words_where_the_provider_has_none(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "rejected", "SomethingNew")
        assert "Refused by the provider SomethingNew" in part(opened(signed_in, broadcast), "causes")

    def test_it_says_when_a_copy_is_tried_again(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        at = clock.now() + timedelta(minutes=5)
        copy(broadcast, "queued", "", "MessageRateExceeded", available_at=at)
        words = part(opened(signed_in, broadcast), "causes")
        assert "1 to be tried again" in words
        assert f"Retrying at {at:%H:%M:%S}" in words

    def test_a_try_that_is_due_has_no_time_to_wait_for(self, signed_in: Client, project: Project) -> None:
        broadcast, past = started(project), clock.now() - timedelta(minutes=5)
        copy(broadcast, "queued", "", "MessageRateExceeded", available_at=past)
        words = part(opened(signed_in, broadcast), "causes")
        assert "Retrying" in words
        assert "Retrying at" not in words

    def test_a_paused_provider_is_quoted(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "queued")
        credential = make_credential(project)
        Credential.objects.filter(pk=credential.pk).update(
            paused_reason="UNAUTHORIZED: The bearer token is invalid"
        )
        words = part(opened(signed_in, broadcast), "live")
        assert "Expo is paused: Access token missing or wrong." in words
        assert "UNAUTHORIZED: The bearer token is invalid" in words

    def test_a_paused_provider_that_holds_nothing_up_is_not_mentioned(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "delivered")
        make_credential(project, paused_reason="Paused by Ruth")
        assert "Paused by Ruth" not in part(opened(signed_in, broadcast), "live")


class TestParts:
    def test_the_live_part_says_what_the_page_says(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, started_at=clock.now() - timedelta(hours=1))
        copies_in_every_state(broadcast)
        ring(broadcast)

        page = opened(signed_in, broadcast)
        fragment = opened(signed_in, broadcast, **HTMX)

        assert not fragment.content.lstrip().startswith(b"<!doctype")
        assert [part(page, name) for name in PARTS] == [part(fragment, name) for name in PARTS]

    def test_a_cache_keeps_page_and_parts_apart(self, signed_in: Client, project: Project) -> None:
        vary = opened(signed_in, started(project)).headers["Vary"]
        assert "HX-Request" in vary
        assert "HX-Target" in vary

    @pytest.mark.parametrize("headers", [{}, HTMX, HTMX | {"HX-Target": "section#messages"}])
    def test_its_queries_do_not_grow_with_the_broadcast(
        self, signed_in: Client, project: Project, headers: dict[str, str]
    ) -> None:
        small, large = started(project), started(project)
        for broadcast, times in ((small, 1), (large, 4)):
            for place in range(times):
                copies_in_every_state(broadcast)
                leave_out(broadcast, f"person {place}")
                ring(broadcast)
        counted = []
        opened(signed_in, small)  # the first page of a session also remembers its project
        for broadcast in (small, large):
            with CaptureQueriesContext(connection) as queries:
                opened(signed_in, broadcast, **headers)
            counted.append(len(queries))
        assert counted[0] == counted[1]
        assert counted[0] <= 30

    def test_the_page_of_a_draft_loads_anew_once_it_has_started(
        self, signed_in: Client, project: Project
    ) -> None:
        broadcast = make_broadcast(project)
        assert b"?was=draft" in opened(signed_in, broadcast, **HTMX).content
        Broadcast.objects.update(state=BroadcastState.SENDING)
        assert opened(signed_in, broadcast, "?was=draft", **LIVE).headers["HX-Refresh"] == "true"

    @pytest.mark.parametrize("question", ["cancel", "retry-unknown"])
    def test_a_question_is_there_before_it_is_needed(
        self, signed_in: Client, project: Project, question: str
    ) -> None:
        assert has_part(opened(signed_in, started(project, BroadcastState.SENT)), question)

    @pytest.mark.parametrize("question", ["cancel", "retry-unknown"])
    def test_the_live_part_brings_its_words_up_to_date(
        self, signed_in: Client, project: Project, question: str
    ) -> None:
        fragment = opened(signed_in, started(project), **LIVE)
        assert f'id="{question}-words" hx-swap-oob="true"' in fragment.content.decode()


class TestAccess:
    @pytest.mark.parametrize("name", ["broadcast", "broadcast_messages", "broadcast_suppressions"])
    def test_strangers_find_nothing(self, outsider: Client, project: Project, name: str) -> None:
        assert outsider.get(address(started(project), name)).status_code == 404

    @pytest.mark.parametrize("name", ["broadcast", "broadcast_messages", "broadcast_suppressions"])
    def test_a_broadcast_of_another_project_does_not_exist(
        self, signed_in: Client, project: Project, other_project: Project, name: str
    ) -> None:
        foreign = started(other_project)
        assert signed_in.get(reverse(f"dashboard:{name}", args=[project.slug, foreign.pk])).status_code == 404

    def test_anonymous_people_are_asked_to_sign_in(self, client: Client, project: Project) -> None:
        response = client.get(address(started(project)))
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("dashboard:login"))

    def test_it_cannot_be_posted_to(self, signed_in: Client, project: Project) -> None:
        assert signed_in.post(address(started(project))).status_code == 405

    def test_a_viewer_is_offered_nothing_to_do(
        self, member: Callable[[Role], Client], project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "rejected")
        copy(broadcast, "unknown", "no_answer")
        response = opened(member(Role.VIEWER), broadcast)
        for control in (
            "pause",
            "cancel-open",
            "cancel",
            "duplicate",
            "retry-failed",
            "retry-unknown",
            "retry-unknown-open",
        ):
            assert not has_part(response, control)

    def test_a_sender_is_offered_what_can_be_done(
        self, member: Callable[[Role], Client], project: Project
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "rejected")
        copy(broadcast, "unknown", "no_answer")
        response = opened(member(Role.SENDER), broadcast)
        for control in ("pause", "cancel-open", "cancel", "duplicate", "retry-failed", "retry-unknown-open"):
            assert has_part(response, control)
