"""The page of one message: the facts, what happened to it, what was sent, and another try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Actor
from notifications.models import Batch, BroadcastState, Message, Project, Role
from notifications.models.copy_rules import MessageState
from notifications.providers.expo.messages import payload_size
from tests.dashboard.copies import ALL_STATES, answer, copies_in_every_state, copy, started
from tests.dashboard.reading import has_part, part
from tests.factories import make_credential, make_device, make_message

HTMX = {"HX-Request": "true"}


def address(message: Message, name: str = "message", project: Project | None = None) -> str:
    return reverse(f"dashboard:{name}", args=[(project or message.project).slug, message.pk])


def opened(browser: Client, message: Message, **headers: str) -> HttpResponse:
    response = browser.get(address(message), headers=headers)
    assert response.status_code == 200
    return response


def told(browser: Client, message: Message) -> str:
    return part(opened(browser, message), "message")


class TestStory:
    def test_a_delivered_copy_tells_its_whole_way(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project))
        ticket = answer(message, receipt="")
        words = told(signed_in, message)
        steps = [
            "Written out",
            f"Handed to Expo Batch {ticket.batch_id}, 1 message, answered in 214 ms",
            f"Accepted by Expo Ticket {ticket.external_id}",
            "Receipt: delivered",
        ]
        places = [words.find(step) for step in steps]
        assert -1 not in places, words
        assert places == sorted(places)

    def test_a_failed_copy_says_what_to_do(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "failed", "gone", "DeviceNotRegistered")
        answer(message, "gone", "DeviceNotRegistered")
        words = told(signed_in, message)
        assert "Device no longer registered DeviceNotRegistered" in words
        assert "The words about DeviceNotRegistered" in words
        assert "Failed: Device no longer registered" in words
        assert "will not be tried again" in words

    def test_a_copy_that_was_refused_later_shows_the_receipt(
        self, signed_in: Client, project: Project
    ) -> None:
        message = copy(started(project), "failed", "rejected", "MessageTooBig")
        answer(message, receipt="MessageTooBig")
        assert "Receipt: payload over 4,096 bytes MessageTooBig" in told(signed_in, message)

    def test_a_copy_that_waits_for_another_try_says_until_when(
        self, signed_in: Client, project: Project
    ) -> None:
        at = clock.now() + timedelta(minutes=3)
        message = copy(started(project), "queued", "", "ProviderError", available_at=at)
        answer(message, "retry", "ProviderError")
        words = told(signed_in, message)
        assert "Fault at Apple or Google ProviderError Not taken: try again later" in words
        assert "Next attempt Nothing needs doing. They are tried again by themselves" in words
        assert words.find(f"{at:%H:%M:%S}") > words.find("Next attempt")

    def test_a_copy_whose_answer_was_lost_says_so(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "unknown", "no_answer", "NoAnswer")
        answer(message, "ambiguous", "NoAnswer")
        words = told(signed_in, message)
        assert "No answer from Expo NoAnswer No trustworthy answer" in words
        assert "Unknown: No answer from Expo" in words

    def test_a_copy_on_the_wire_says_who_has_it(self, signed_in: Client, project: Project) -> None:
        now = clock.now()
        batch = Batch.objects.create(
            credential=make_credential(project), size=3, created_at=now, started_at=now, leased_until=now
        )
        message = copy(started(project), "sending", batch=batch)
        assert f"Handed to Expo Batch {batch.pk}, 3 messages, no answer yet" in told(signed_in, message)

    def test_a_batch_that_never_left_says_so(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "queued")
        ticket = answer(message, "retry", "NotStarted")
        Batch.objects.filter(pk=ticket.batch_id).update(started_at=None)
        assert "Claimed, but nothing was sent" in told(signed_in, message)

    def test_an_answer_that_code_wrote_down_was_not_sent_from_here(
        self, signed_in: Client, project: Project
    ) -> None:
        message = copy(started(project), "accepted")
        message.tickets.create(is_success=True, external_id="abc")
        words = told(signed_in, message)
        assert "Written down by code Nothing was sent from here" in words
        assert "Claimed" not in words

    def test_a_replay_names_the_operator(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "failed", "rejected")
        broadcasts.retry_message(Actor("Ruth"), message)
        words = told(signed_in, message)
        assert "Sent again by Ruth" in words
        assert "1 time sent again by hand" in words

    def test_several_tries_are_told_in_their_order(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "failed", "rejected", "MessageTooBig")
        first = answer(message, "retry", "ProviderError")
        broadcasts.retry_message(Actor("Ruth"), message)
        second = answer(message)
        words = told(signed_in, message)
        places = [
            words.find(text)
            for text in (f"Batch {first.batch_id}", "Sent again by Ruth", f"Batch {second.batch_id}")
        ]
        assert -1 not in places
        assert places == sorted(places)

    @pytest.mark.parametrize("place", range(len(ALL_STATES)))
    def test_every_state_has_a_page(self, signed_in: Client, project: Project, place: int) -> None:
        message = copies_in_every_state(started(project))[place]
        assert "Written out" in told(signed_in, message)

    def test_a_message_without_a_broadcast_has_a_page(self, signed_in: Client, project: Project) -> None:
        message = make_message(make_device(project), title="Hello", state="failed", reason="rejected")
        response = opened(signed_in, message)
        assert "A message of its own" in part(response, "message")
        assert has_part(response, "retry")


class TestPayload:
    def test_it_shows_what_was_sent(self, signed_in: Client, project: Project) -> None:
        broadcast = started(
            project, title="Hello", body="<b>you</b>", link="https://a.example", data={"n": 1}
        )
        words = told(signed_in, copy(broadcast))
        assert '"title" : "Hello"' in words
        assert '"body" : "<b>you</b>"' in words
        assert '"url" : "https://a.example"' in words
        assert "of 4,096 bytes" in words

    def test_it_counts_the_bytes_that_the_provider_counts(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project, title="é", body="b", data={"n": 0}))
        assert f"{payload_size(message.content())} of 4,096 bytes" in told(signed_in, message)

    def test_the_address_is_masked(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), device=make_device(project, token="ExponentPushToken[abcdefgh7fQ]"))
        html = opened(signed_in, message).content.decode()
        assert "abcdefgh" not in html
        assert "ExponentPushToken[…7fQ]" in html

    def test_markup_in_it_stays_text(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project, title="<script>alert(1)</script>", data={"<b>": '"</code>'}))
        html = opened(signed_in, message).content.decode()
        assert "<script>alert" not in html
        assert "<b>" not in html


class TestRetry:
    def test_it_queues_the_copy_again(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "failed", "rejected")
        response = signed_in.post(address(message, "message_retry"))
        assert response.headers["Location"] == address(message)
        message.refresh_from_db()
        assert (message.state, message.replays) == (MessageState.QUEUED, 1)

    def test_a_paused_broadcast_must_be_resumed_first(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project, BroadcastState.PAUSED), "failed", "rejected")
        response = signed_in.post(address(message, "message_retry"))
        (said,) = get_messages(response.wsgi_request)
        assert str(said) == "It is queued and will be sent again, once you resume its broadcast."

    def test_it_says_why_it_cannot(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "delivered")
        response = signed_in.post(address(message, "message_retry"))
        assert "cannot be sent again" in " ".join(str(each) for each in get_messages(response.wsgi_request))

    @pytest.mark.parametrize(
        ("state", "control"),
        [
            ("failed", "retry"),
            ("expired", "retry"),
            ("unknown", "retry-unknown-open"),
            ("delivered", None),
            ("queued", None),
        ],
    )
    def test_it_is_offered_where_it_is_possible(
        self, signed_in: Client, project: Project, state: str, control: str | None
    ) -> None:
        response = opened(signed_in, copy(started(project), state))
        assert [name for name in ("retry", "retry-unknown-open") if has_part(response, name)] == [
            control
        ] * bool(control)

    def test_it_is_not_offered_for_a_device_that_is_off(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "failed", "gone", device=make_device(project, is_active=False))
        assert not has_part(opened(signed_in, message), "retry")

    def test_it_is_not_offered_once_the_broadcast_is_cancelled(
        self, signed_in: Client, project: Project
    ) -> None:
        message = copy(started(project, BroadcastState.CANCELLED), "failed", "rejected")
        assert not has_part(opened(signed_in, message), "retry")

    def test_it_needs_a_sender(self, member: Callable[[Role], Client], project: Project) -> None:
        message = copy(started(project), "failed", "rejected")
        browser = member(Role.EDITOR)
        assert not has_part(opened(browser, message), "retry")
        assert browser.post(address(message, "message_retry")).status_code == 403
        message.refresh_from_db()
        assert message.state == MessageState.FAILED

    def test_looking_changes_nothing(self, signed_in: Client, project: Project) -> None:
        message = copy(started(project), "failed", "rejected")
        assert signed_in.get(address(message, "message_retry")).status_code == 302
        message.refresh_from_db()
        assert message.state == MessageState.FAILED


class TestAccess:
    @pytest.mark.parametrize("name", ["message", "message_retry"])
    def test_strangers_find_nothing(self, outsider: Client, project: Project, name: str) -> None:
        message = copy(started(project), "failed")
        call = outsider.post if name == "message_retry" else outsider.get
        assert call(address(message, name)).status_code == 404

    @pytest.mark.parametrize("name", ["message", "message_retry"])
    def test_a_message_of_another_project_does_not_exist(
        self, signed_in: Client, project: Project, other_project: Project, name: str
    ) -> None:
        foreign = copy(started(other_project), "failed")
        call = signed_in.post if name == "message_retry" else signed_in.get
        assert call(address(foreign, name, project)).status_code == 404

    def test_anonymous_people_are_asked_to_sign_in(self, client: Client, project: Project) -> None:
        assert client.get(address(copy(started(project)))).status_code == 302

    def test_it_cannot_be_posted_to(self, signed_in: Client, project: Project) -> None:
        assert signed_in.post(address(copy(started(project)))).status_code == 405


def test_the_part_that_changes_says_what_the_page_says(signed_in: Client, project: Project) -> None:
    message = copy(started(project))
    answer(message, receipt="")
    fragment = opened(signed_in, message, **HTMX)
    assert not has_part(fragment, "main")
    assert part(fragment, "message") == part(opened(signed_in, message), "message")


def test_its_queries_do_not_grow_with_the_attempts(signed_in: Client, project: Project) -> None:
    once, often = (copy(started(project)) for _ in range(2))
    answer(once, receipt="")
    for _ in range(6):
        answer(often, receipt="ProviderError")
    opened(signed_in, once)  # the first page of a session also remembers its project
    counted = []
    for message in (once, often):
        with CaptureQueriesContext(connection) as queries:
            opened(signed_in, message)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 14
