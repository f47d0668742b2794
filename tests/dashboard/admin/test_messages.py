"""Messages in the administration: columns, filters, the form, and sending by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from dashboard.admin.links import list_of
from notifications.actions import by_hand
from notifications.models import Device, Message, Project
from tests.dashboard.admin.staff import act, audited, staff_with, told
from tests.dashboard.copies import answer
from tests.factories import make_account, make_broadcast, make_credential, make_device, make_message
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

SEND = "send_selected_messages"


@pytest.fixture
def device(project: Project) -> Device:
    """Somebody's phone."""
    make_credential(project)
    return make_device(project, make_account(project, "ada"))


def add(browser: Client, device: Device, **fields: Any) -> HttpResponse:
    """Fill in the form for a new message and save it."""
    return browser.post(f"{list_of(Message)}add/", {"device": device.pk, "title": "Hello", **fields})


def wrong(page: HttpResponse) -> dict[str, list[str]]:
    """What the form finds fault with, field by field."""
    return page.context["adminform"].form.errors


class TestList:
    def test_it_shows_what_a_message_says_and_where_it_stands(
        self, signed_in: Client, device: Device
    ) -> None:
        message = make_message(
            device, title="Hello", body="The coast line reopens", state="failed", reason="gone"
        )
        page = signed_in.get(list_of(Message)).content.decode()
        for word in (f"Message #{message.pk}", "Hello", "The coast line reopens", "failed", "gone"):
            assert word in page

    def test_it_leads_to_the_device_and_to_the_tickets(self, signed_in: Client, device: Device) -> None:
        message = make_message(device)
        answer(message, "retry"), answer(message)
        page = signed_in.get(list_of(Message)).content.decode()
        assert f'<a href="/admin/notifications/device/{device.pk}/change/">' in page
        assert f'<a href="/admin/notifications/ticket/?message__id__exact={message.pk}">2 tickets</a>' in page

    def test_that_link_lists_this_messages_tickets(self, signed_in: Client, device: Device) -> None:
        ticket = answer(make_message(device))
        answer(make_message(device))
        page = signed_in.get(f"/admin/notifications/ticket/?message__id__exact={ticket.message_id}")
        assert list(page.context["cl"].result_list) == [ticket]

    @pytest.mark.parametrize("column", ["title", "body", "subtitle"])
    def test_a_search_looks_into_the_words(self, signed_in: Client, device: Device, column: str) -> None:
        found = make_message(device, **{column: "The coast line"})
        make_message(device)
        assert list(signed_in.get(list_of(Message), {"q": "coast"}).context["cl"].result_list) == [found]

    @pytest.mark.parametrize(
        ("column", "value", "word"),
        [
            ("state", "failed", "failed"),
            ("reason", "gone", "gone"),
            ("priority", "high", "high"),
            ("channel_id", "news", "news"),
            ("category_id", "reply", "reply"),
            ("mutable_content", True, "1"),
        ],
    )
    def test_a_filter_leaves_the_rows_that_have_it(
        self, signed_in: Client, device: Device, column: str, value: Any, word: str
    ) -> None:
        found = make_message(device, **{column: value})
        make_message(device)
        name = "mutable_content__exact" if column == "mutable_content" else column
        page = signed_in.get(list_of(Message), {name: word})
        assert list(page.context["cl"].result_list) == [found]
        assert page.context["cl"].has_active_filters

    def test_a_menu_offers_the_words_that_rows_have_and_the_chosen_one(
        self, signed_in: Client, device: Device
    ) -> None:
        make_message(device, channel_id="news")
        make_message(device)
        page = signed_in.get(list_of(Message), {"channel_id": "old"})
        menu = next(spec for spec in page.context["cl"].filter_specs if spec.title == "channel id")
        choices = [(each["display"], each["selected"]) for each in menu.choices(page.context["cl"])]
        assert choices == [("All", False), ("news", False), ("old", True)]


class TestForm:
    def test_a_message_is_made_and_not_sent(self, signed_in: Client, device: Device, expo: FakeExpo) -> None:
        add(
            signed_in, device, body="It works", data='{"screen": "news"}', ttl="0", priority="high", badge="0"
        )
        message = Message.objects.get()
        assert (message.state, message.reason) == ("held", "unsent")
        assert (message.project, message.user, message.provider) == (device.project, device.user, "expo")
        assert (message.data, message.ttl, message.badge) == ({"screen": "news"}, timedelta(0), 0)
        send_step()
        assert expo.history() == []

    def test_it_is_audited(self, signed_in: Client, device: Device) -> None:
        add(signed_in, device)
        assert [entry[:2] for entry in audited("admin.add")] == [
            ("operator", f"message:{Message.objects.get().pk}")
        ]

    def test_expos_own_rules_are_asked(self, signed_in: Client, device: Device) -> None:
        page = add(signed_in, device, body="x" * 5_000)
        assert "Expo allows 4,096" in str(wrong(page)["body"])
        assert not Message.objects.exists()

    @pytest.mark.parametrize("data", ["{", "[1]", '{"n": NaN}'])
    def test_data_is_a_json_object(self, signed_in: Client, device: Device, data: str) -> None:
        assert list(wrong(add(signed_in, device, data=data))) == ["data"]

    def test_it_goes_to_some_device(self, signed_in: Client) -> None:
        page = signed_in.post(f"{list_of(Message)}add/", {"title": "Hello"})
        assert list(wrong(page)) == ["device"]

    def test_a_device_that_is_switched_off_gets_none(self, signed_in: Client, device: Device) -> None:
        Device.objects.filter(pk=device.pk).update(is_active=False, inactive_reason="gone")
        assert wrong(add(signed_in, device))["device"] == ["It is switched off (gone)."]

    def test_devices_are_suggested_by_their_owner(self, signed_in: Client, device: Device) -> None:
        make_device(device.project)
        asked = {"app_label": "notifications", "model_name": "message", "field_name": "device", "term": "ada"}
        found = signed_in.get("/admin/autocomplete/", asked).json()
        assert found["results"] == [{"id": str(device.pk), "text": str(device)}]

    def test_a_message_that_stands_is_only_looked_at(self, signed_in: Client, device: Device) -> None:
        message = make_message(device)
        address = f"{list_of(Message)}{message.pk}"
        assert 'name="title"' not in signed_in.get(f"{address}/change/").content.decode()
        assert signed_in.post(f"{address}/change/", {"title": "Another"}).status_code == 403
        assert signed_in.post(f"{address}/delete/", {"post": "yes"}).status_code == 403


class TestSend:
    def test_selected_messages_are_sent(self, signed_in: Client, device: Device, expo: FakeExpo) -> None:
        add(signed_in, device)
        act(signed_in, Message, SEND, Message.objects.get())
        send_step()
        assert [entry.token for entry in expo.history()] == [device.push_token]
        assert Message.objects.get().state == "accepted"

    def test_it_only_schedules(self, signed_in: Client, device: Device, expo: FakeExpo) -> None:
        message = make_message(device, state="held")
        act(signed_in, Message, SEND, message)
        message.refresh_from_db()
        assert message.state == "queued"
        assert expo.history() == []

    def test_it_tells_how_many_will_be_sent(self, signed_in: Client, device: Device) -> None:
        rows = [make_message(device, state="held"), make_message(device, state="failed", reason="rejected")]
        assert told(act(signed_in, Message, SEND, *rows)) == ["2 message(s) will be send."]

    def test_a_message_is_sent_as_often_as_one_likes(
        self, signed_in: Client, device: Device, expo: FakeExpo
    ) -> None:
        message = make_message(device, state="held")
        for times in (1, 2):
            act(signed_in, Message, SEND, message)
            send_step()
            assert message.tickets.count() == times

    def test_copies_of_a_cancelled_broadcast_stay(self, signed_in: Client, device: Device) -> None:
        copy = make_message(device, make_broadcast(device.project, state="cancelled"), state="cancelled")
        assert told(act(signed_in, Message, SEND, copy, make_message(device, state="held"))) == [
            "1 message(s) will be send.",
            "1 message(s) stay as they are: their broadcast is cancelled.",
        ]
        copy.refresh_from_db()
        assert copy.state == "cancelled"

    def test_each_project_gets_an_audit_entry(
        self, signed_in: Client, device: Device, other_project: Project
    ) -> None:
        rows = [make_message(device, state="held") for _ in range(2)]
        act(signed_in, Message, SEND, *rows, make_message(make_device(other_project), state="held"))
        assert audited("messages.send") == [
            ("operator", f"project:{device.project_id}", {"messages": 2}),
            ("operator", f"project:{other_project.pk}", {"messages": 1}),
        ]

    def test_more_than_so_many_at_once_are_refused(
        self, signed_in: Client, device: Device, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(by_hand, "MOST", 1)
        rows = [make_message(device, state="held") for _ in range(2)]
        (refusal,) = told(act(signed_in, Message, SEND, rows[0], every=True))
        assert refusal.startswith("Nothing was done: no more than 1 at once.")
        assert Message.objects.filter(state="held").count() == 2

    def test_who_may_only_look_sends_nothing(self, device: Device) -> None:
        message = make_message(device, state="held")
        browser = staff_with("view_message")
        act(browser, Message, SEND, message)
        message.refresh_from_db()
        assert message.state == "held"
        assert "Send selected messages" not in browser.get(list_of(Message)).content.decode()

    def test_who_may_change_messages_sends(self, device: Device) -> None:
        message = make_message(device, state="held")
        act(staff_with("change_message"), Message, SEND, message)
        message.refresh_from_db()
        assert message.state == "queued"
