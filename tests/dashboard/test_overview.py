"""The overview: volume, delivery, queue, failures and recent broadcasts of one project in one window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.spans import WINDOWS, Window
from dashboard.stats import volume
from dashboard.templatetags.figures import DASH
from notifications import clock
from notifications.models import Batch, BroadcastState, Project
from tests.dashboard.copies import answer, copies_in_every_state, copy, ring, started
from tests.dashboard.reading import has_part, links, part
from tests.factories import make_broadcast, make_credential, make_device, make_message

HTMX = {"HX-Request": "true"}
PARTS = ["stats", "volume", "queue", "failures", "recent"]


def opened(browser: Client, project: Project, query: str = "", **headers: str) -> HttpResponse:
    response = browser.get(reverse("dashboard:overview", args=[project.slug]) + query, headers=headers)
    assert response.status_code == 200
    return response


class TestNumbers:
    def test_it_counts_what_was_written_out(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copies_in_every_state(broadcast)
        ring(broadcast)
        words = part(opened(signed_in, project), "stats")
        assert "Notifications 1 in people" in words
        assert "Messages 13 13.00 per notification" in words
        assert "Failures 4 1 receipt pending" in words

    def test_only_what_is_decided_counts_for_the_share(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        for state in ("delivered", "delivered", "delivered", "failed", "accepted", "queued"):
            copy(broadcast, state, "gone" if state == "failed" else "")
        assert "Delivered 75.0% 3 of 4 that are decided" in part(opened(signed_in, project), "stats")

    def test_a_share_of_nothing_is_a_dash(self, signed_in: Client, project: Project) -> None:
        assert f"Delivered {DASH} no message is decided yet" in part(opened(signed_in, project), "stats")

    def test_no_number_leads_to_other_rows_than_it_counts(self, signed_in: Client, project: Project) -> None:
        copies_in_every_state(started(project))
        assert links(opened(signed_in, project), "stats") == ["#failures"]

    def test_another_project_is_not_counted(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        foreign = started(other_project)
        copies_in_every_state(foreign)
        ring(foreign)
        make_message(make_device(other_project), state="failed", reason="rejected")
        make_credential(other_project, paused_reason="Paused by somebody")
        response = opened(signed_in, project)
        assert "Messages 0" in part(response, "stats")
        assert "Waiting 0 On the wire 0" in part(response, "queue")
        assert "Nothing failed" in part(response, "failures")
        assert "No broadcasts yet" in part(response, "recent")
        assert sum(span.handed_over + span.failed for span in volume(project, WINDOWS["24h"]).spans) == 0

    @pytest.mark.parametrize(
        ("query", "count"), [("", 1), ("?window=7d", 2), ("?window=30d", 3), ("?window=x", 1)]
    )
    def test_a_longer_window_holds_more(
        self, signed_in: Client, project: Project, query: str, count: int
    ) -> None:
        for days in (0, 3, 20, 60):
            at = clock.now() - timedelta(days=days)
            copy(started(project, BroadcastState.SENT, started_at=at, finished_at=at))
        assert f"Messages {count} " in part(opened(signed_in, project, query), "stats")

    def test_a_broadcast_that_still_runs_counts_however_old(
        self, signed_in: Client, project: Project
    ) -> None:
        copy(started(project, BroadcastState.PAUSED, started_at=clock.now() - timedelta(days=3)))
        assert "Messages 1 " in part(opened(signed_in, project), "stats")

    def test_a_message_of_its_own_counts_when_it_was_written(
        self, signed_in: Client, project: Project
    ) -> None:
        for days in (0, 3):
            make_message(make_device(project), date_created=clock.now() - timedelta(days=days))
        assert "Messages 1 " in part(opened(signed_in, project), "stats")
        assert "Messages 2 " in part(opened(signed_in, project, "?window=7d"), "stats")


class TestChart:
    def test_each_copy_stands_in_its_hour(self, project: Project) -> None:
        broadcast = started(project)
        now, earlier = clock.now(), clock.now() - timedelta(hours=5)
        ring(broadcast)
        answer(copy(broadcast))
        ticket = answer(copy(broadcast, "failed", "gone", changed_at=now), "gone", "DeviceNotRegistered")
        Batch.objects.filter(pk=ticket.batch_id).update(started_at=earlier, size=7)

        spans = {span.start: span for span in volume(project, WINDOWS["24h"]).spans}

        hour, hour_before = WINDOWS["24h"].span_of(now), WINDOWS["24h"].span_of(earlier)
        assert (spans[hour].by_channel, spans[hour].failed) == ({"push": 1, "bell": 1}, 1)
        assert (spans[hour_before].by_channel, spans[hour_before].failed) == ({"push": 7}, 0)
        assert sum(span.handed_over for span in spans.values()) == 9

    def test_it_has_a_table_with_every_number(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        answer(copy(broadcast))
        answer(copy(broadcast, "failed", "gone"), "gone")
        hour = f"{clock.now():%H}:00"
        words = part(opened(signed_in, project), "volume-table")
        assert f"Hour (UTC) Push All Failed {hour} 2 2 1" in words

    @pytest.mark.parametrize(
        ("window", "first", "last"),
        [
            (WINDOWS["24h"], datetime(2026, 3, 1, 15, tzinfo=UTC), datetime(2026, 3, 2, 14, tzinfo=UTC)),
            (WINDOWS["7d"], datetime(2026, 2, 24, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
            (WINDOWS["30d"], datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        ],
    )
    def test_a_window_ends_with_the_span_that_has_begun(
        self, window: Window, first: datetime, last: datetime
    ) -> None:
        starts = window.starts(datetime(2026, 3, 2, 14, 21, 9, tzinfo=UTC))
        assert (starts[0], starts[-1], len(starts)) == (first, last, window.spans)


class TestQueue:
    def test_it_says_what_waits_and_for_how_long(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        make_credential(project)
        copy(broadcast, "queued", available_at=clock.now() - timedelta(minutes=3))
        copy(broadcast, "queued", available_at=clock.now() + timedelta(minutes=3))
        copy(broadcast, "sending")
        words = part(opened(signed_in, project), "queue")
        assert "Behind Oldest waiting 3 min Waiting 2 On the wire 1" in words
        assert "Expo accepting" in words

    def test_it_says_when_the_next_is_due_where_only_retries_wait(
        self, signed_in: Client, project: Project
    ) -> None:
        later, latest = clock.now() + timedelta(minutes=3), clock.now() + timedelta(minutes=9)
        for at in (latest, later):
            copy(started(project), "queued", code="MessageRateExceeded", available_at=at)
        words = part(opened(signed_in, project), "queue")
        assert f"Oldest waiting none is due before {later:%H:%M:%S} Waiting 2" in words

    def test_nothing_due_is_a_dash(self, signed_in: Client, project: Project) -> None:
        words = part(opened(signed_in, project), "queue")
        assert f"Nothing waits Oldest waiting {DASH} Waiting 0" in words

    def test_a_pause_by_hand_names_the_operator(self, signed_in: Client, project: Project) -> None:
        make_credential(project, paused_reason="Paused by Ruth")
        assert "Expo was paused by Ruth." in part(opened(signed_in, project), "live")

    def test_a_paused_provider_holds_it_up(self, signed_in: Client, project: Project) -> None:
        make_credential(project, paused_reason="UNAUTHORIZED: Bad token")
        copy(started(project), "queued")
        response = opened(signed_in, project)
        assert "Queue Held up" in part(response, "queue")
        assert "Expo is paused: Access token missing or wrong." in part(response, "live")


class TestFailures:
    def test_a_cause_is_told_in_words_and_leads_to_its_rows(
        self, signed_in: Client, project: Project
    ) -> None:
        worst, other = started(project), started(project)
        for broadcast in (worst, worst, other):
            copy(broadcast, "failed", "gone", "DeviceNotRegistered")
        response = opened(signed_in, project)
        assert "3 Device no longer registered DeviceNotRegistered" in part(response, "failures")
        page = reverse("dashboard:broadcast", args=[project.slug, worst.pk])
        assert links(response, "failures") == [f"{page}?state=failed&cause=gone:DeviceNotRegistered#messages"]

    def test_a_failure_without_a_broadcast_is_counted_too(self, signed_in: Client, project: Project) -> None:
        make_message(make_device(project), state="failed", reason="rejected", code="MessageTooBig")
        response = opened(signed_in, project)
        assert "1 Payload over 4,096 bytes" in part(response, "failures")
        assert links(response, "failures") == []

    def test_what_is_tried_again_is_no_failure(self, signed_in: Client, project: Project) -> None:
        copy(started(project), "queued", "", "MessageRateExceeded")
        assert "Nothing failed" in part(opened(signed_in, project), "failures")


class TestBroadcasts:
    def test_the_latest_come_first(self, signed_in: Client, project: Project) -> None:
        for number in range(7):
            started(project, title=f"Number {number}")
        words = part(opened(signed_in, project), "recent")
        assert [words.find(f"Number {number}") for number in (0, 1)] == [-1, -1]
        assert words.find("Number 6") < words.find("Number 2")

    def test_a_draft_has_no_numbers_yet(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project, title="Half a thought")
        assert f"Half a thought Draft Everyone {DASH} {DASH}" in part(opened(signed_in, project), "recent")

    def test_a_new_project_is_led_to_the_first_steps(self, signed_in: Client, project: Project) -> None:
        start = reverse("dashboard:start", args=[project.slug])
        make_broadcast(project)
        assert start in links(opened(signed_in, project), "live")
        started(project, BroadcastState.SENT)
        assert start not in links(opened(signed_in, project), "live")


class TestParts:
    @pytest.mark.parametrize("query", ["", "?window=7d"])
    def test_the_live_part_says_what_the_page_says(
        self, signed_in: Client, project: Project, query: str
    ) -> None:
        copies_in_every_state(started(project))
        page, fragment = opened(signed_in, project, query), opened(signed_in, project, query, **HTMX)
        assert not has_part(fragment, "main")
        assert [part(page, name) for name in PARTS] == [part(fragment, name) for name in PARTS]

    def test_its_queries_do_not_grow_with_the_rows(self, signed_in: Client, project: Project) -> None:
        copies_in_every_state(started(project))
        opened(signed_in, project)  # the first page of a session also remembers its project
        counted = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                opened(signed_in, project)
            counted.append(len(queries))
            for _ in range(4):
                broadcast = started(project)
                copies_in_every_state(broadcast)
                ring(broadcast)
        assert counted[0] == counted[1] <= 26


class TestAccess:
    def test_strangers_find_nothing(self, outsider: Client, project: Project) -> None:
        assert outsider.get(reverse("dashboard:overview", args=[project.slug])).status_code == 404

    def test_anonymous_people_are_asked_to_sign_in(self, client: Client, project: Project) -> None:
        assert client.get(reverse("dashboard:overview", args=[project.slug])).status_code == 302

    def test_it_cannot_be_posted_to(self, signed_in: Client, project: Project) -> None:
        assert signed_in.post(reverse("dashboard:overview", args=[project.slug])).status_code == 405
