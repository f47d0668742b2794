"""Devices in the administration: the list, registering by hand, and mending."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from dashboard.admin.links import list_of
from notifications.models import Device, Identity, Project
from tests.dashboard.admin.staff import audited, told
from tests.factories import make_account, make_device, make_message, make_token


@pytest.fixture
def ada(project: Project) -> User:
    """A person of the default project."""
    return make_account(project, "ada")


def register(browser: Client, project: Project, token: str, **fields: Any) -> HttpResponse:
    """Fill in the form for a new device and save it."""
    words = {"project": project.pk, "provider": "expo", "push_token": token, "is_active": "on"}
    return browser.post(f"{list_of(Device)}add/", {**words, **fields})


def mend(browser: Client, device: Device, **fields: Any) -> HttpResponse:
    """Change what may be changed of a device that stands."""
    words = {
        "lang": device.lang,
        "tags": ", ".join(device.tags),
        **({"is_active": "on"} if device.is_active else {}),
    }
    return browser.post(f"{list_of(Device)}{device.pk}/change/", {**words, **fields})


def wrong(page: HttpResponse) -> dict[str, list[str]]:
    """What the form finds fault with, field by field."""
    return page.context["adminform"].form.errors


class TestList:
    def test_a_token_is_shortened(self, signed_in: Client, project: Project) -> None:
        device = make_device(project)
        page = signed_in.get(list_of(Device)).content.decode()
        assert device.short_token in page
        assert device.push_token not in page

    def test_it_leads_to_the_owner_and_to_the_messages(
        self, signed_in: Client, project: Project, ada: User
    ) -> None:
        device = make_device(project, ada)
        make_message(device)
        page = signed_in.get(list_of(Device)).content.decode()
        assert f'<a href="/admin/auth/user/{ada.pk}/change/">{ada}</a>' in page
        assert f'<a href="/admin/notifications/message/?device__id__exact={device.pk}">1 message</a>' in page

    def test_one_is_found_by_its_token_and_by_its_owner(
        self, signed_in: Client, project: Project, ada: User
    ) -> None:
        device, _ = make_device(project, ada), make_device(project)
        for word in (device.push_token, ada.username):
            assert list(signed_in.get(list_of(Device), {"q": word}).context["cl"].result_list) == [device]

    def test_a_thousand_are_not_deleted_by_a_click(self, signed_in: Client, project: Project) -> None:
        make_device(project)
        assert "delete_selected" not in signed_in.get(list_of(Device)).content.decode()


class TestRegister:
    def test_a_device_is_registered_for_an_account(
        self, signed_in: Client, project: Project, ada: User
    ) -> None:
        token = make_token()
        register(signed_in, project, token, user=ada.pk, lang="de")
        device = Device.objects.get()
        assert (device.push_token, device.user, device.uid, device.lang) == (token, ada, "ada", "de")
        assert Identity.objects.get(user=ada).uid == "ada"
        assert audited("admin.add")[0][:2] == ("operator", f"device:{device.pk}")

    def test_the_provider_checks_the_token(self, signed_in: Client, project: Project) -> None:
        page = register(signed_in, project, "ExponentPushToken[abc")
        assert wrong(page)["push_token"] == ["This push token is cut off: the ] at its end is missing."]
        assert not Device.objects.exists()

    def test_a_provider_that_is_not_there_is_refused(self, signed_in: Client, project: Project) -> None:
        page = register(signed_in, project, make_token(), provider="pigeon")
        assert wrong(page)["provider"] == ["There is no provider called “pigeon” here."]

    def test_a_token_of_somebody_else_moves_and_is_told_of(
        self, signed_in: Client, project: Project, ada: User
    ) -> None:
        before = make_device(project, make_account(project, "bob"))
        answer = register(signed_in, project, before.push_token, user=ada.pk)
        assert f"Its address was taken over: {before} is switched off." in told(answer)
        assert list(Device.objects.active.values_list("uid", flat=True)) == ["ada"]
        before.refresh_from_db()
        assert before.inactive_reason == "moved"

    def test_accounts_are_suggested(self, signed_in: Client, ada: User) -> None:
        asked = {"app_label": "notifications", "model_name": "device", "field_name": "user", "term": "ada@"}
        found = signed_in.get("/admin/autocomplete/", asked).json()
        assert found["results"] == [{"id": str(ada.pk), "text": str(ada)}]


class TestMend:
    def test_what_it_speaks_is_changed_and_its_address_is_not(
        self, signed_in: Client, project: Project
    ) -> None:
        device = make_device(project, lang="en")
        mend(signed_in, device, lang="sv", push_token=make_token("other"))
        after = Device.objects.get()
        assert (after.lang, after.push_token) == ("sv", device.push_token)
        assert audited("admin.change")[0][:2] == ("operator", f"device:{device.pk}")

    def test_tags_are_words_with_commas_between_them(self, signed_in: Client, project: Project) -> None:
        device = make_device(project, tags=["weekly"])
        assert 'value="weekly"' in signed_in.get(f"{list_of(Device)}{device.pk}/change/").content.decode()
        mend(signed_in, device, tags="beta, weekly,, beta")
        assert Device.objects.get().tags == ["beta", "weekly"]

    @pytest.mark.parametrize(("field", "value"), [("timezone", "Mars/Olympus"), ("tags", "x" * 65)])
    def test_what_makes_no_sense_is_refused(
        self, signed_in: Client, project: Project, field: str, value: str
    ) -> None:
        assert list(wrong(mend(signed_in, make_device(project), **{field: value}))) == [field]

    def test_nothing_that_stays_is_written_down(self, signed_in: Client, project: Project) -> None:
        mend(signed_in, make_device(project, tags=["weekly"]))
        assert audited("admin.change")[0][2] == {"changes": []}

    def test_it_is_switched_off_and_on_by_audited_actions(self, signed_in: Client, project: Project) -> None:
        device = make_device(project)
        mend(signed_in, device, is_active="")
        device.refresh_from_db()
        assert (device.is_active, device.inactive_reason) == (False, "removed")
        mend(signed_in, device, is_active="on")
        device.refresh_from_db()
        assert (device.is_active, device.inactive_reason, device.date_retired) == (True, "", None)
        assert audited("device.switch_off")
        assert audited("device.switch_on")

    @pytest.mark.parametrize(
        ("reason", "why"),
        [("moved", "registered for somebody else"), ("removed", "belongs to another device")],
    )
    def test_one_whose_address_is_somebody_elses_stays_off(
        self, signed_in: Client, project: Project, reason: str, why: str
    ) -> None:
        device = make_device(project, is_active=False, inactive_reason=reason)
        make_device(project, make_account(project), device.push_token)
        page = mend(signed_in, device, is_active="on")
        assert why in str(wrong(page)["is_active"])
        assert not Device.objects.get(pk=device.pk).is_active

    def test_one_with_a_token_that_nobody_would_take_now_can_be_mended(
        self, signed_in: Client, project: Project
    ) -> None:
        device = make_device(project, token="from long ago")
        mend(signed_in, device, lang="sv")
        assert Device.objects.get().lang == "sv"
