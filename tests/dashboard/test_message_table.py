"""The table of a broadcast's messages: its filters, its search, its pages, and what it makes of nonsense."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications.models import Broadcast, Device, Message, Project, Recipient
from notifications.queries import messages as rows
from tests.dashboard.copies import answer, copies_in_every_state, copy, started
from tests.dashboard.reading import has_part, links, part
from tests.factories import make_account, make_device
from tests.notifications.rows import make_crowd

TABLE = {"HX-Request": "true", "HX-Target": "section#messages"}


@pytest.fixture
def broadcast(project: Project) -> Broadcast:
    return started(project, channels=["push"])


def opened(browser: Client, broadcast: Broadcast, **query: object) -> HttpResponse:
    """The table alone, as htmx asks for it."""
    address = reverse("dashboard:broadcast", args=[broadcast.project.slug, broadcast.pk])
    response = browser.get(address, {key: str(value) for key, value in query.items()}, headers=TABLE)
    assert response.status_code == 200
    assert not has_part(response, "funnel")
    return response


def shown(response: HttpResponse) -> list[int]:
    """The ids of the messages in the table, in its order."""
    return [int(each) for each in re.findall(r'<tr id="message-(\d+)"', response.content.decode())]


class TestRows:
    def test_it_shows_the_newest_first(self, signed_in: Client, broadcast: Broadcast) -> None:
        made = [copy(broadcast).pk for _ in range(3)]
        assert shown(opened(signed_in, broadcast)) == made[::-1]

    def test_a_row_says_who_where_and_what(self, signed_in: Client, broadcast: Broadcast) -> None:
        user = make_account(broadcast.project, "ada")
        Recipient.objects.create(user=user, name="Ada Lovelace")
        device = make_device(broadcast.project, user, "ExponentPushToken[abcdefgh7fQ]")
        message = copy(broadcast, "failed", "gone", "DeviceNotRegistered", device=device)
        answer(message, receipt="DeviceNotRegistered")

        words = part(opened(signed_in, broadcast), f"message-{message.pk}")

        assert words.startswith(
            "Ada Lovelace ada Push, Expo ExponentPushToken[…7fQ] Failed DeviceNotRegistered"
        )
        assert f"ticket-{message.pk} DeviceNotRegistered" in words

    def test_a_row_never_shows_a_whole_address(self, signed_in: Client, broadcast: Broadcast) -> None:
        copy(broadcast)
        token = Device.objects.get().push_token
        assert token not in opened(signed_in, broadcast).content.decode()

    def test_a_copy_that_is_tried_again_says_so(self, signed_in: Client, broadcast: Broadcast) -> None:
        message = copy(broadcast, "queued", "", "MessageRateExceeded")
        assert "Retrying MessageRateExceeded" in part(opened(signed_in, broadcast), f"message-{message.pk}")

    def test_a_copy_that_was_stopped_says_why_and_not_what_an_earlier_try_met(
        self, signed_in: Client, broadcast: Broadcast
    ) -> None:
        message = copy(broadcast, "suppressed", "muted", "MessageRateExceeded")
        assert "Suppressed Muted none none" in part(opened(signed_in, broadcast), f"message-{message.pk}")

    def test_a_row_leads_to_its_message(self, signed_in: Client, broadcast: Broadcast) -> None:
        message = copy(broadcast)
        expected = reverse("dashboard:message", args=[broadcast.project.slug, message.pk])
        assert expected in links(opened(signed_in, broadcast), "messages")

    def test_nothing_yet_is_said_in_words(self, signed_in: Client, broadcast: Broadcast) -> None:
        assert "No messages yet" in part(opened(signed_in, broadcast), "messages")

    def test_messages_of_another_broadcast_stay_away(self, signed_in: Client, broadcast: Broadcast) -> None:
        copy(started(broadcast.project))
        assert shown(opened(signed_in, broadcast)) == []


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"state": "failed"}, 2),
            ({"state": "waiting"}, 3),
            ({"state": "handed_over"}, 6),
            ({"state": "taken_over"}, 3),
            ({"cause": "gone:DeviceNotRegistered"}, 1),
            ({"cause": ":MessageRateExceeded"}, 1),
            ({"state": "failed", "cause": "gone:DeviceNotRegistered"}, 1),
            ({"state": "delivered", "cause": "gone:DeviceNotRegistered"}, 0),
            ({"cause": "gone"}, 1),
            ({"via": "push:expo"}, 13),
            ({"via": "push"}, 13),
            ({"via": "email:"}, 0),
        ],
    )
    def test_it_shows_only_what_is_asked_for(
        self, signed_in: Client, broadcast: Broadcast, query: dict[str, str], count: int
    ) -> None:
        copies_in_every_state(broadcast)
        assert len(shown(opened(signed_in, broadcast, **query))) == count

    def test_what_was_accepted_and_failed_later_counts_as_accepted(
        self, signed_in: Client, broadcast: Broadcast
    ) -> None:
        message = copy(broadcast, "failed", "gone")
        answer(message, receipt="DeviceNotRegistered")
        assert shown(opened(signed_in, broadcast, state="taken_over")) == [message.pk]

    def test_it_says_how_many_there_are(self, signed_in: Client, broadcast: Broadcast) -> None:
        copies_in_every_state(broadcast)
        assert "2 messages" in part(opened(signed_in, broadcast, state="failed"), "messages")

    def test_nothing_that_fits_is_said_in_words(self, signed_in: Client, broadcast: Broadcast) -> None:
        copy(broadcast)
        assert "No message fits" in part(opened(signed_in, broadcast, state="failed"), "messages")

    def test_a_reason_of_many_codes_is_named_in_the_choice(
        self, signed_in: Client, broadcast: Broadcast
    ) -> None:
        copies_in_every_state(broadcast)
        html = opened(signed_in, broadcast, cause="gone", via="push").content.decode()
        assert '<option value="gone" selected>Device no longer registered (1)</option>' in html
        assert '<option value="push" selected>Push (13)</option>' in html

    def test_the_choice_stays_chosen(self, signed_in: Client, broadcast: Broadcast) -> None:
        copies_in_every_state(broadcast)
        html = opened(signed_in, broadcast, state="failed", via="push:expo").content.decode()
        assert '<option value="failed" selected>Failed (2)</option>' in html
        assert '<option value="push:expo" selected>Push, Expo (13)</option>' in html


class TestSearch:
    @pytest.mark.parametrize("text", ["ada-1", "ada", "ExponentPushToken[abcdefgh7fQ]", "h7fQ]"])
    def test_it_finds_a_person_and_an_address(
        self, signed_in: Client, broadcast: Broadcast, text: str
    ) -> None:
        device = make_device(broadcast.project, token="ExponentPushToken[abcdefgh7fQ]", uid="ada-1")
        message = copy(broadcast, device=device)
        copy(broadcast, device=make_device(broadcast.project, uid="bob"))
        assert shown(opened(signed_in, broadcast, q=text)) == [message.pk]

    def test_it_finds_a_ticket(self, signed_in: Client, broadcast: Broadcast) -> None:
        message = copy(broadcast)
        ticket = answer(message)
        copy(broadcast)
        assert shown(opened(signed_in, broadcast, q=ticket.external_id)) == [message.pk]

    def test_it_finds_one_of_many_who_are_called_alike(self, signed_in: Client, broadcast: Broadcast) -> None:
        crowd = make_crowd(broadcast.project, rows.MOST_LISTED + 1, name="rider-")
        message = copy(broadcast, device=crowd[-1].devices.get())
        copy(broadcast, device=make_device(broadcast.project, uid="bob"))
        assert shown(opened(signed_in, broadcast, q="rider-")) == [message.pk]

    def test_it_finds_an_account_by_each_of_its_many_names(
        self, signed_in: Client, broadcast: Broadcast
    ) -> None:
        project = broadcast.project
        make_crowd(project, rows.MOST_LISTED + 1, name="rider-")
        user = make_account(project, "rider-last")
        message = copy(broadcast, device=make_device(project, user, uid="ada"), user=user)
        assert shown(opened(signed_in, broadcast, q="rider-")) == [message.pk]

    def test_a_ticket_of_another_broadcast_hides_nobody(
        self, signed_in: Client, broadcast: Broadcast
    ) -> None:
        ticket = answer(copy(started(broadcast.project)))
        message = copy(broadcast, device=make_device(broadcast.project, uid=ticket.external_id))
        assert shown(opened(signed_in, broadcast, q=ticket.external_id)) == [message.pk]

    def test_two_letters_are_no_end_of_an_address(self, signed_in: Client, broadcast: Broadcast) -> None:
        copy(broadcast, device=make_device(broadcast.project, token="ExponentPushToken[abcdefgh7fQ]"))
        assert shown(opened(signed_in, broadcast, q="Q]")) == []

    def test_it_finds_nobody_of_another_project(
        self, signed_in: Client, broadcast: Broadcast, other_project: Project
    ) -> None:
        foreign = copy(started(other_project), device=make_device(other_project, uid="ada"))
        answer(foreign)
        assert shown(opened(signed_in, broadcast, q="ada")) == []
        assert shown(opened(signed_in, broadcast, q=f"ticket-{foreign.pk}")) == []


class TestPages:
    @pytest.fixture
    def many(self, broadcast: Broadcast) -> list[int]:
        """The ids of three pages and a bit, newest first."""
        device = make_device(broadcast.project)
        made = Message.objects.bulk_create(
            Message(
                project=broadcast.project,
                channel="push",
                provider="expo",
                device=device,
                broadcast=broadcast,
                key=f"page:{place}",
                state="failed" if place % 2 else "delivered",
            )
            for place in range(rows.PAGE * 3 + 5)
        )
        return [message.pk for message in made][::-1]

    def walk(self, browser: Client, broadcast: Broadcast, label: str, **query: object) -> list[list[int]]:
        """The ids page by page from here on, by one of the two links."""
        response = opened(browser, broadcast, **query)
        pages = [shown(response)]
        while link := re.search(rf'id="pager-{label}" href="([^"]+)"', response.content.decode()):
            response = browser.get(link[1].replace("&amp;", "&"), headers=TABLE)
            pages.append(shown(response))
        return pages

    def test_following_next_shows_each_message_once(
        self, signed_in: Client, broadcast: Broadcast, many: list[int]
    ) -> None:
        assert list(chain(*self.walk(signed_in, broadcast, "next"))) == many

    def test_following_next_keeps_the_filter(
        self, signed_in: Client, broadcast: Broadcast, many: list[int]
    ) -> None:
        failed = Message.objects.filter(state="failed").order_by("-pk").values_list("pk", flat=True)
        assert list(chain(*self.walk(signed_in, broadcast, "next", state="failed"))) == list(failed)

    def test_going_back_shows_the_same_pages(
        self, signed_in: Client, broadcast: Broadcast, many: list[int]
    ) -> None:
        there = self.walk(signed_in, broadcast, "next")
        back = self.walk(signed_in, broadcast, "previous", after=there[-2][-1])
        assert back == there[::-1]

    def test_only_the_first_page_renews_itself(
        self, signed_in: Client, broadcast: Broadcast, many: list[int]
    ) -> None:
        live = b"live-broadcast-"
        assert live in opened(signed_in, broadcast).content
        assert live not in opened(signed_in, broadcast, after=many[10]).content

    @pytest.mark.parametrize(
        "query",
        [
            {"after": "abc"},
            {"after": "-1"},
            {"after": "9" * 40},
            {"before": "0x10"},
            {"before": "9" * 18},
            {"after": "1"},
            {"after": ""},
        ],
    )
    def test_a_cursor_that_leads_nowhere_leads_to_the_top(
        self, signed_in: Client, broadcast: Broadcast, many: list[int], query: dict[str, str]
    ) -> None:
        assert shown(opened(signed_in, broadcast, **query)) == many[: rows.PAGE]


class TestNonsense:
    @pytest.mark.parametrize(
        "query",
        [
            {"state": "nonsense"},
            {"state": "failed' OR 1=1 --"},
            {"state": ["failed"], "x": "y"},
            {"q": ""},
            {"q": "\0"},
            {"q": " "},
        ],
    )
    def test_it_is_left_out(self, signed_in: Client, broadcast: Broadcast, query: dict[str, str]) -> None:
        message = copy(broadcast)
        assert shown(opened(signed_in, broadcast, **query)) == [message.pk]

    @pytest.mark.parametrize(
        "query", [{"q": "%"}, {"q": "x" * 5000}, {"via": "a:b:c"}, {"cause": ":::"}, {"cause": "\0x"}]
    )
    def test_it_finds_nothing(self, signed_in: Client, broadcast: Broadcast, query: dict[str, str]) -> None:
        copy(broadcast)
        assert shown(opened(signed_in, broadcast, **query)) == []

    def test_markup_in_a_search_stays_text(self, signed_in: Client, broadcast: Broadcast) -> None:
        assert b"<script>" not in opened(signed_in, broadcast, q="<script>alert(1)</script>").content
