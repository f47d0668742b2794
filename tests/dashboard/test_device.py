"""The page of one device: whose it is, why it is off, and its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import clock
from notifications.actions import one_device
from notifications.actions.audit import Actor
from notifications.models import Device, Project, Receipt, Recipient, Role, Ticket
from notifications.queries.device_history import PAGE
from tests.dashboard.copies import ALL_STATES, answer, copy, started
from tests.dashboard.reading import has_part, links, part
from tests.factories import make_account, make_device, make_message

Member = Callable[[Role], Client]
HTMX = {"HX-Request": "true"}


def address(device: Device, name: str = "device") -> str:
    return reverse(f"dashboard:{name}", args=[device.project.slug, device.pk])


def opened(browser: Client, device: Device, query: str = "", **headers: str) -> HttpResponse:
    response = browser.get(address(device) + query, headers=headers)
    assert response.status_code == 200
    return response


def told(browser: Client, device: Device, name: str = "device") -> str:
    return part(opened(browser, device), name)


def retired(project: Project, reason: str, **fields: Any) -> Device:
    at = clock.now()
    return make_device(project, is_active=False, inactive_reason=reason, date_retired=at, **fields)


@pytest.fixture
def device(project: Project) -> Device:
    """Ada's phone."""
    user = make_account(project, "u_1")
    Recipient.objects.create(user=user, name="Ada Moreau")
    return make_device(project, user, "ExponentPushToken[abcdefgh7fQ]", uid="u_1")


class TestFacts:
    def test_it_says_whose_it_is(self, signed_in: Client, device: Device) -> None:
        words = told(signed_in, device, "facts")
        assert "Person Ada Moreau Uid u_1 Account u_1@default Provider Expo" in words

    def test_it_says_what_the_app_told_of_it(self, signed_in: Client, device: Device) -> None:
        Device.objects.update(lang="fr", timezone="Europe/Paris", tags=["vip", "beta"])
        words = told(signed_in, device, "facts")
        assert "Language fr Time zone Europe/Paris Tags vip, beta Registered Today" in words

    def test_a_device_of_nobody_has_a_page(self, signed_in: Client, project: Project) -> None:
        assert "Device of nobody known Expo" in told(signed_in, make_device(project))

    def test_its_token_is_never_shown_whole(self, signed_in: Client, device: Device) -> None:
        copy(started(device.project), device=device)
        html = opened(signed_in, device).content.decode()
        assert "abcdefgh" not in html
        assert "ExponentPushToken[…7fQ]" in html

    def test_its_messages_are_counted_by_state(self, signed_in: Client, device: Device) -> None:
        for state in ("delivered", "delivered", "unknown"):
            make_message(device, state=state)
        assert "Messages 3: 2 delivered, 1 unknown" in told(signed_in, device, "facts")

    def test_markup_stays_text(self, signed_in: Client, device: Device) -> None:
        Device.objects.update(uid="<b>", lang="<b>", tags=["<b>"], inactive_reason="<b>", is_active=False)
        Recipient.objects.update(name="<b>Ada")
        assert b"<b>" not in opened(signed_in, device).content


class TestGone:
    def test_the_ticket_that_retired_it_is_shown(self, signed_in: Client, project: Project) -> None:
        device = retired(project, "gone")
        message = copy(started(project), "failed", "gone", "DeviceNotRegistered", device=device)
        ticket = _gone_in_ticket(message, device)
        response = opened(signed_in, device)
        words = part(response, "retirement")
        assert "Expo says that this address is dead" in words
        assert "Device no longer registered DeviceNotRegistered The words about" in words
        assert f"in the ticket of The coast line reopens, batch {ticket.batch_id}, Today" in words
        assert "The app was removed or its token replaced" in words
        assert reverse("dashboard:message", args=[project.slug, message.pk]) in links(response, "retirement")

    def test_the_receipt_that_retired_it_is_shown(self, signed_in: Client, project: Project) -> None:
        device = retired(project, "gone")
        message = make_message(device, state="failed", reason="gone", title="Your train")
        ticket = answer(message, receipt="DeviceNotRegistered")
        Receipt.objects.filter(ticket=ticket).update(date_checked=device.date_retired)
        words = told(signed_in, device, "retirement")
        assert f"in the receipt of Your train, batch {ticket.batch_id}" in words

    def test_an_answer_that_came_after_its_end_did_not_retire_it(
        self, signed_in: Client, project: Project
    ) -> None:
        device = retired(project, "gone")
        first = make_message(device, state="failed", reason="gone", title="First")
        late = make_message(device, state="failed", reason="gone", title="Late")
        _gone_in_ticket(first, device)
        _gone_in_ticket(late, device, timedelta(seconds=1))
        assert "ticket of First" in told(signed_in, device, "retirement")

    def test_an_answer_from_before_it_came_back_is_not_the_one(
        self, signed_in: Client, project: Project
    ) -> None:
        device = retired(project, "gone")
        for title, since in (("Second", timedelta(0)), ("First", -timedelta(days=9))):
            message = make_message(device, state="failed", reason="gone", title=title)
            _gone_in_ticket(message, device, since)
        assert "ticket of Second" in told(signed_in, device, "retirement")

    def test_another_devices_answer_is_not_the_one(self, signed_in: Client, project: Project) -> None:
        device, other = retired(project, "gone"), retired(project, "gone")
        _gone_in_ticket(make_message(other, state="failed", reason="gone", title="Other"), device)
        words = told(signed_in, device, "retirement")
        assert "Other" not in words
        assert "is not kept any more" in words

    def test_it_may_be_tried_all_the_same(self, signed_in: Client, project: Project) -> None:
        response = opened(signed_in, retired(project, "gone"))
        assert "comes back when the app registers it again" in part(response, "retirement")
        assert has_part(response, "try-again")
        assert not has_part(response, "switch-on")

    def test_it_may_not_be_tried_while_another_has_its_address(
        self, signed_in: Client, project: Project, device: Device
    ) -> None:
        response = opened(signed_in, retired(project, "gone", token=device.push_token))
        assert not has_part(response, "try-again")
        assert links(response, "retirement") == [address(device)]


class TestMoved:
    def test_it_says_who_has_its_address_now(
        self, signed_in: Client, project: Project, device: Device
    ) -> None:
        response = opened(signed_in, retired(project, "moved", token=device.push_token))
        words = part(response, "retirement")
        assert words.startswith("Its address belongs to Ada Moreau now")
        assert links(response, "retirement") == [address(device)]

    def test_the_same_address_in_another_project_is_nobodys_business(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        token = make_device(other_project, uid="theirs").push_token
        response = opened(signed_in, retired(project, "moved", token=token))
        assert part(response, "retirement").startswith("Its address moved on")
        assert b"theirs" not in response.content

    def test_it_cannot_be_switched_on(self, signed_in: Client, project: Project) -> None:
        response = opened(signed_in, retired(project, "moved"))
        assert not has_part(response, "switch-on")
        assert not has_part(response, "try-again")


class TestRemoved:
    def test_it_names_the_operator(self, signed_in: Client, device: Device) -> None:
        one_device.switch_off(Actor("Ruth"), device)
        assert told(signed_in, device, "retirement").startswith("Switched off by Ruth Nothing is sent to it")

    def test_without_an_operator_it_was_somebody_else(self, signed_in: Client, project: Project) -> None:
        assert "Removed by its owner" in told(signed_in, retired(project, "removed"), "retirement")

    def test_one_that_nobody_gave_a_reason_for_says_so(self, signed_in: Client, project: Project) -> None:
        assert "nobody wrote down why" in told(signed_in, retired(project, ""), "retirement")

    @pytest.mark.parametrize("reason", ["removed", ""])
    def test_it_can_be_switched_on_again(self, signed_in: Client, project: Project, reason: str) -> None:
        assert has_part(opened(signed_in, retired(project, reason)), "switch-on")

    def test_an_active_one_has_nothing_to_explain(self, signed_in: Client, device: Device) -> None:
        assert not has_part(opened(signed_in, device), "retirement")


class TestHistory:
    def test_a_copy_shows_all_that_was_answered(self, signed_in: Client, device: Device) -> None:
        broadcast = started(device.project)
        message = copy(broadcast, device=device)
        ticket = answer(message, receipt="")
        response = opened(signed_in, device)
        words = part(response, f"message-{message.pk}")
        assert words.startswith(f"The coast line reopens A copy of broadcast {broadcast.pk}, Today")
        assert f"Delivered Handed to Expo Batch {ticket.batch_id}, 1 message, answered in 214 ms" in words
        assert f"Accepted by Expo Ticket {ticket.external_id}" in words
        assert "Receipt: delivered" in words
        assert links(response, f"message-{message.pk}") == [
            reverse("dashboard:message", args=[device.project.slug, message.pk]),
            reverse("dashboard:broadcast", args=[device.project.slug, broadcast.pk]),
        ]

    def test_a_message_of_its_own_stands_alone(self, signed_in: Client, device: Device) -> None:
        message = make_message(
            device, title="Your train", state="failed", reason="rejected", code="MessageTooBig"
        )
        answer(message, "rejected", "MessageTooBig")
        words = told(signed_in, device, f"message-{message.pk}")
        assert words.startswith("Your train Sent alone, Today")
        assert "Payload over 4,096 bytes MessageTooBig Refused The words about MessageTooBig" in words

    def test_one_that_waits_says_until_when(self, signed_in: Client, device: Device) -> None:
        at = clock.now() + timedelta(minutes=3)
        message = make_message(device, available_at=at)
        words = told(signed_in, device, f"message-{message.pk}")
        assert f"First attempt It waits its turn. {at:%H:%M:%S}" in words

    def test_one_that_was_not_sent_says_why(self, signed_in: Client, device: Device) -> None:
        message = make_message(device, state="suppressed", reason="device_inactive")
        assert "Device switched off while waiting" in told(signed_in, device, f"message-{message.pk}")

    def test_only_its_own_messages_are_there(self, signed_in: Client, device: Device) -> None:
        other = make_message(make_device(device.project, device.user))
        assert not has_part(opened(signed_in, device), f"message-{other.pk}")

    def test_every_state_is_shown(self, signed_in: Client, device: Device) -> None:
        shown = [copy(started(device.project), *each, device=device) for each in ALL_STATES]
        response = opened(signed_in, device)
        assert all(has_part(response, f"message-{message.pk}") for message in shown)

    def test_it_goes_on_page_by_page(self, signed_in: Client, device: Device) -> None:
        messages = [make_message(device) for _ in range(PAGE + 1)]
        first = opened(signed_in, device)
        assert f"{PAGE} of {PAGE + 1}, newest first" in part(first, "history")
        assert not has_part(first, f"message-{messages[0].pk}")
        older = signed_in.get(first.context["older"])
        assert has_part(older, f"message-{messages[0].pk}")
        assert older.context["self_url"] == first.context["older"]

    @pytest.mark.parametrize("query", ["?before=x", "?after='", "?before=99999999999999999999", "?before=-1"])
    def test_a_place_that_means_nothing_is_the_first_page(
        self, signed_in: Client, device: Device, query: str
    ) -> None:
        message = make_message(device)
        assert has_part(opened(signed_in, device, query), f"message-{message.pk}")

    def test_without_any_it_says_what_to_do(self, signed_in: Client, device: Device) -> None:
        assert "A test shows at once whether it is reached" in told(signed_in, device, "history")

    def test_its_queries_do_not_grow(self, signed_in: Client, device: Device) -> None:
        broadcast = started(device.project)
        answer(copy(broadcast, device=device), receipt="")
        few = queries(signed_in, device)
        for _ in range(PAGE + 5):
            message = copy(started(device.project), device=device)
            answer(message, "retry", "ProviderError")
            answer(message, receipt="ProviderError")
        assert queries(signed_in, device) == few <= 14

    @pytest.mark.parametrize("reason", ["gone", "moved", "removed"])
    def test_a_retired_one_costs_three_more_at_most(
        self, signed_in: Client, device: Device, project: Project, reason: str
    ) -> None:
        assert queries(signed_in, retired(project, reason)) <= queries(signed_in, device) + 3


class TestLive:
    def test_it_follows_its_project(self, signed_in: Client, device: Device) -> None:
        html = opened(signed_in, device).content.decode()
        assert f"topic=project:{device.project_id}" in html
        assert f"live-project-{device.project_id} from:body" in html

    def test_the_part_that_changes_says_what_the_page_says(self, signed_in: Client, device: Device) -> None:
        answer(copy(started(device.project), device=device), receipt="")
        fragment = opened(signed_in, device, **HTMX)
        assert not has_part(fragment, "main")
        assert part(fragment, "device") == told(signed_in, device)


class TestLinks:
    def test_a_messages_page_leads_here(self, signed_in: Client, device: Device) -> None:
        message = make_message(device)
        page = signed_in.get(reverse("dashboard:message", args=[device.project.slug, message.pk]))
        assert address(device) in links(page, "facts-t") + links(page, "message")

    def test_a_broadcasts_table_leads_here(self, signed_in: Client, device: Device) -> None:
        broadcast = started(device.project)
        message = copy(broadcast, device=device)
        page = signed_in.get(reverse("dashboard:broadcast", args=[device.project.slug, broadcast.pk]))
        assert address(device) in links(page, f"message-{message.pk}")

    def test_a_copy_whose_device_was_deleted_leads_nowhere(self, signed_in: Client, device: Device) -> None:
        broadcast = started(device.project)
        message = copy(broadcast, device=device)
        device.delete()
        page = signed_in.get(reverse("dashboard:broadcast", args=[device.project.slug, broadcast.pk]))
        assert len(links(page, f"message-{message.pk}")) == 1


class TestAccess:
    def test_a_viewer_sees_everything_and_may_do_nothing(
        self, member: Member, device: Device, project: Project
    ) -> None:
        browser, gone = member(Role.VIEWER), retired(project, "gone")
        for each, controls in ((device, ("switch-off", "test")), (gone, ("try-again", "test"))):
            response = opened(browser, each)
            assert [name for name in controls if has_part(response, name)] == []

    @pytest.mark.parametrize("number", ["9" * 30, "0"])
    def test_a_number_that_no_device_has_is_not_found(
        self, signed_in: Client, project: Project, number: str
    ) -> None:
        assert signed_in.get(f"/dashboard/{project.slug}/devices/{number}/").status_code == 404

    def test_another_projects_device_does_not_exist(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        foreign = make_device(other_project)
        assert signed_in.get(f"/dashboard/{project.slug}/devices/{foreign.pk}/").status_code == 404


def _gone_in_ticket(message: Any, device: Device, since: timedelta = timedelta(0)) -> Ticket:
    """The provider's word that retired the device, so long after its end."""
    ticket = answer(message, "gone", "DeviceNotRegistered")
    assert device.date_retired is not None
    Ticket.objects.filter(pk=ticket.pk).update(date_received=device.date_retired + since)
    return ticket


def queries(browser: Client, device: Device) -> int:
    opened(browser, device)  # the first page of a session also remembers its project
    with CaptureQueriesContext(connection) as counted:
        opened(browser, device)
    return len(counted)
