"""What is done on a device's page: a test, and its switch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications import clock
from notifications.models import AuditEntry, Credential, Device, Message, MessageState, Project, Role
from notifications.pipeline import receipts
from tests.dashboard.reading import has_part, part
from tests.factories import make_device
from tests.fakes.process import FakeExpo
from tests.notifications.stepping import send_step

Member = Callable[[Role], Client]
ACTIONS = ["device_test", "device_off", "device_on"]
WORDS = {"title": "Ding", "body": "Dong"}


@pytest.fixture
def device(project: Project) -> Device:
    return make_device(project, uid="u_1")


def address(device: Device, name: str = "device") -> str:
    return reverse(f"dashboard:{name}", args=[device.project.slug, device.pk])


def act(browser: Client, device: Device, name: str, **words: Any) -> HttpResponse:
    response = browser.post(address(device, name), words)
    assert response.status_code == 302
    assert response.headers["Location"] == address(device)
    return response


def said(response: HttpResponse) -> str:
    return " ".join(str(each) for each in get_messages(response.wsgi_request))


def off(device: Device, reason: str) -> Device:
    Device.objects.update(is_active=False, inactive_reason=reason, date_retired=clock.now())
    return device


class TestSendTest:
    def test_the_form_is_filled_in_already(self, signed_in: Client, device: Device) -> None:
        html = signed_in.get(address(device)).content.decode()
        assert 'value="A test from Carillon"' in html
        assert "If you can read this" in html

    def test_it_sends_the_words_that_were_typed(self, signed_in: Client, device: Device) -> None:
        response = act(signed_in, device, "device_test", **WORDS)
        message = Message.objects.get(device=device)
        assert (message.title, message.body) == ("Ding", "Dong")
        assert "on its way" in said(response)

    def test_line_ends_are_those_of_phones(self, signed_in: Client, device: Device) -> None:
        act(signed_in, device, "device_test", title="Ding", body="Dong\r\nDong")
        assert Message.objects.get().body == "Dong\nDong"

    def test_its_progress_stands_in_the_history(
        self, signed_in: Client, device: Device, expo: FakeExpo, settings: Any
    ) -> None:
        settings.EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY = timedelta(0)
        act(signed_in, device, "device_test", **WORDS)
        assert "Queued First attempt" in part(signed_in.get(address(device)), "history")
        send_step()
        assert "Accepted Handed to Expo" in part(signed_in.get(address(device)), "history")
        receipts.step()
        assert "Receipt: delivered" in part(signed_in.get(address(device)), "history")

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            ({"title": " ", "body": "Dong"}, "Write a title"),
            ({"title": "x" * 201}, "at most 200"),
            ({"title": "x", "body": "x" * 4001}, "at most 4000"),
            ({"title": "\0"}, "Null characters"),
            ({}, "Write a title"),
        ],
    )
    def test_words_that_do_not_fit_are_marked_and_kept(
        self, signed_in: Client, device: Device, words: dict[str, str], complaint: str
    ) -> None:
        response = signed_in.post(address(device, "device_test"), words)
        assert response.status_code == 422
        assert complaint in part(response, "test-form")
        assert words.get("body", "") in part(response, "test-form")
        assert f'hx-get="{address(device)}"' in response.content.decode()
        assert not Message.objects.exists()

    def test_words_that_the_provider_would_refuse_are_refused(
        self, signed_in: Client, device: Device
    ) -> None:
        response = act(signed_in, device, "device_test", title="x", body="é" * 4000)
        assert "No test was sent" in said(response)

    @pytest.mark.parametrize("reason", ["gone", "moved", "removed", ""])
    def test_a_device_that_is_off_gets_none_and_the_page_says_so(
        self, signed_in: Client, device: Device, reason: str
    ) -> None:
        response = act(signed_in, off(device, reason), "device_test", **WORDS)
        assert "No test was sent: this device is switched off" in said(response)
        assert not Message.objects.exists()
        page = signed_in.get(address(device))
        assert not has_part(page, "test-form")
        assert "Nothing can be sent to it" in part(page, "test")

    def test_a_paused_provider_is_named(self, signed_in: Client, device: Device) -> None:
        Credential.objects.create(project=device.project, provider="expo", paused_reason="Paused by Ruth")
        response = act(signed_in, device, "device_test", **WORDS)
        assert said(response) == "The test waits: Expo is paused. It leaves once you resume Expo."
        assert Message.objects.get().state == MessageState.QUEUED


class TestSwitch:
    def test_off_and_on_again(self, signed_in: Client, device: Device) -> None:
        assert "switched off" in said(act(signed_in, device, "device_off"))
        device.refresh_from_db()
        assert (device.is_active, device.inactive_reason) == (False, "removed")
        assert "switched on again" in said(act(signed_in, device, "device_on"))
        device.refresh_from_db()
        assert device.is_active

    def test_one_that_is_gone_may_be_tried(self, signed_in: Client, device: Device) -> None:
        response = act(signed_in, off(device, "gone"), "device_on")
        assert "Send a test: its provider says whether it is there." in said(response)

    def test_one_that_moved_stays_off(self, signed_in: Client, device: Device) -> None:
        assert "wrong person" in said(act(signed_in, off(device, "moved"), "device_on"))
        device.refresh_from_db()
        assert not device.is_active

    @pytest.mark.parametrize("name", ["device_off", "device_on"])
    def test_a_second_click_says_that_it_was_done_already(
        self, signed_in: Client, device: Device, name: str
    ) -> None:
        if name == "device_on":
            off(device, "removed")
        act(signed_in, device, name)
        assert "already" in said(act(signed_in, device, name))

    def test_the_list_counts_anew(self, signed_in: Client, device: Device) -> None:
        act(signed_in, device, "device_off")
        page = signed_in.get(reverse("dashboard:devices", args=[device.project.slug]))
        assert part(page, "device-states").startswith("All 1 Active 0 Switched off 1")


class TestAccess:
    @pytest.mark.parametrize("name", ACTIONS)
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
    def test_it_needs_a_sender(self, member: Member, device: Device, role: Role, name: str) -> None:
        assert member(role).post(address(device, name), WORDS).status_code == 403
        assert not Message.objects.exists()
        device.refresh_from_db()
        assert device.is_active

    @pytest.mark.parametrize("name", ACTIONS)
    def test_another_projects_device_does_not_exist(
        self, signed_in: Client, project: Project, other_project: Project, name: str
    ) -> None:
        foreign = make_device(other_project)
        url = reverse(f"dashboard:{name}", args=[project.slug, foreign.pk])
        assert signed_in.post(url, WORDS).status_code == 404
        assert not AuditEntry.objects.exists()

    def test_the_operator_is_written_down(self, signed_in: Client, device: Device) -> None:
        act(signed_in, device, "device_test", **WORDS)
        assert AuditEntry.objects.get(verb="device.test").actor_name == "operator"
