"""The list of devices: its rows, search, filters and pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.device_list import PAGE
from notifications import clock
from notifications.models import Device, Project, Recipient, Role
from tests.dashboard.copies import copy, started
from tests.dashboard.reading import has_part, links, part
from tests.factories import make_account, make_device, make_message
from tests.notifications.rows import make_devices

Member = Callable[[Role], Client]
HTMX = {"HX-Request": "true"}
HOSTILE = ["'", '"; DROP TABLE x; --', "%", "_", "\\", "\0", "x" * 10_000, "…", "<b>", "💥", "None"]


def listed(browser: Client, project: Project, headers: dict[str, str] | None = None, **words: object) -> Any:
    url = f"{reverse('dashboard:devices', args=[project.slug])}?{urlencode(words)}"
    answer = browser.get(url, headers=headers or {})
    assert answer.status_code == 200
    return answer


def found(answer: HttpResponse) -> list[Device]:
    return [row.device for row in answer.context["rows"]]


def row(answer: HttpResponse, device: Device) -> str:
    return part(answer, f"device-{device.pk}")


def retired(project: Project, reason: str, **fields: Any) -> Device:
    return make_device(project, is_active=False, inactive_reason=reason, date_retired=clock.now(), **fields)


def person(project: Project, uid: str, name: str) -> Any:
    user = make_account(project, uid)
    Recipient.objects.create(user=user, name=name)
    return user


class TestRows:
    def test_the_newest_comes_first(self, signed_in: Client, project: Project) -> None:
        devices = [make_device(project) for _ in range(3)]
        assert found(listed(signed_in, project)) == devices[::-1]

    def test_a_row_says_whose_it_is_and_how_it_stands(self, signed_in: Client, project: Project) -> None:
        user = person(project, "u_1", "Ada Moreau")
        device = make_device(project, user, "ExponentPushToken[abcdefgh7fQ]", lang="fr")
        words = row(listed(signed_in, project), device)
        assert words.startswith("Ada Moreau u_1 Expo ExponentPushToken[…7fQ] Active fr none yet Today")

    def test_a_device_of_nobody_has_a_row(self, signed_in: Client, project: Project) -> None:
        device = make_device(project)
        assert "nobody known" in row(listed(signed_in, project), device)

    def test_tokens_are_never_shown_whole(self, signed_in: Client, project: Project) -> None:
        make_device(project, token="ExponentPushToken[abcdefgh7fQ]")
        assert b"abcdefgh" not in listed(signed_in, project).content

    @pytest.mark.parametrize(
        ("reason", "words"),
        [
            ("gone", "Off Gone"),
            ("moved", "Off Moved to somebody else"),
            ("removed", "Off Removed"),
            ("", "Off"),
        ],
    )
    def test_one_that_is_off_says_why(
        self, signed_in: Client, project: Project, reason: str, words: str
    ) -> None:
        device = retired(project, reason)
        assert words in row(listed(signed_in, project), device)

    def test_the_last_message_counts(self, signed_in: Client, project: Project) -> None:
        device = make_device(project)
        copy(started(project), "failed", "rejected", device=device)
        make_message(device, state="delivered")
        words = row(listed(signed_in, project), device)
        assert "Delivered" in words
        assert "Failed" not in words

    def test_a_message_that_is_tried_again_says_so(self, signed_in: Client, project: Project) -> None:
        device = make_device(project)
        make_message(device, state="queued", code="MessageRateExceeded")
        assert "Retrying" in row(listed(signed_in, project), device)

    def test_a_row_leads_to_its_page(self, signed_in: Client, project: Project) -> None:
        device = make_device(project)
        page = reverse("dashboard:device", args=[project.slug, device.pk])
        assert links(listed(signed_in, project), f"device-{device.pk}") == [page]

    def test_markup_stays_text(self, signed_in: Client, project: Project) -> None:
        make_device(project, person(project, "<i>u", "<b>Ada"), lang="<i>")
        content = listed(signed_in, project, q="<b>").content
        assert b"<b>" not in content
        assert b"<i>" not in content

    def test_no_other_projects_devices_are_shown_or_counted(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        device = make_device(other_project, uid="theirs")
        answer = listed(signed_in, project, q="theirs")
        assert not has_part(answer, f"device-{device.pk}")
        assert part(answer, "device-states").startswith("All 0 Active 0")

    @pytest.mark.parametrize("words", [{}, {"q": "Ada"}])
    def test_its_queries_do_not_depend_on_the_rows(
        self, signed_in: Client, project: Project, words: dict[str, str]
    ) -> None:
        user = person(project, "u", "Ada")
        copy(started(project), device=make_device(project, user))
        few = queries(signed_in, project, words)
        for _ in range(10):
            copy(started(project), device=make_device(project, user))
        assert queries(signed_in, project, words) == few <= 12


class TestEmpty:
    def test_it_says_what_to_do(self, signed_in: Client, project: Project) -> None:
        answer = listed(signed_in, project)
        assert "Import people and their devices from a CSV file, or let your app" in part(answer, "devices")
        assert links(answer, "devices") == [reverse("dashboard:import", args=[project.slug])]

    def test_who_may_not_import_is_told_who_may(self, member: Member, project: Project) -> None:
        answer = listed(member(Role.SENDER), project)
        assert "An admin of this project can import" in part(answer, "devices")
        assert reverse("dashboard:import", args=[project.slug]) not in links(answer, "main")

    def test_a_search_without_result_leads_back(self, signed_in: Client, project: Project) -> None:
        make_device(project)
        answer = listed(signed_in, project, q="nobody-at-all")
        assert "No device fits" in part(answer, "devices")
        assert links(answer, "devices") == [reverse("dashboard:devices", args=[project.slug])]


class TestSearch:
    @pytest.fixture
    def ada(self, project: Project) -> Device:
        """Ada's device among others."""
        make_devices(project, 3, uid="someone")
        user = person(project, "u_1", "Ada Moreau")
        return make_device(project, user, "ExponentPushToken[Abcdefgh7fQ]")

    @pytest.mark.parametrize(
        "text",
        [
            "u_1",
            "u_",
            "Moreau",
            "ada mo",
            "u_1@default",
            "ExponentPushToken[Abcdefgh7fQ]",
            "7fQ]",
            "7fQ",
            "ExponentPushToken[…7fQ]",
            "…7fQ]",
            "  u_1  ",
        ],
    )
    def test_it_is_found(self, signed_in: Client, project: Project, ada: Device, text: str) -> None:
        assert found(listed(signed_in, project, q=text)) == [ada]

    @pytest.mark.parametrize(
        "text", ["1_u", "Q]", "ExpoPushToken[…7fQ]", "bcdefgh7f", "%", "u%1", "_", "u?1"]
    )
    def test_it_is_not_found(self, signed_in: Client, project: Project, ada: Device, text: str) -> None:
        assert found(listed(signed_in, project, q=text)) == []

    @pytest.mark.parametrize(
        "text", ["h7fQ", "h7fQ]", "gh7fQ]", "…h7fQ]", "ExponentPushToken[A…7fQ]", "ExponentPushToken[Abc…"]
    )
    def test_nobody_guesses_a_token_letter_by_letter(
        self, signed_in: Client, project: Project, ada: Device, text: str
    ) -> None:
        assert found(listed(signed_in, project, q=text)) == []

    def test_devices_of_accounts_that_a_project_calls_otherwise_are_found_by_the_account(
        self, signed_in: Client, project: Project
    ) -> None:
        device = make_device(project, make_account(project, "name"), uid="other")
        assert found(listed(signed_in, project, q="name@")) == [device]

    def test_a_retired_one_is_found_by_its_token(self, signed_in: Client, project: Project) -> None:
        device = retired(project, "gone")
        assert found(listed(signed_in, project, q=device.push_token)) == [device]

    @pytest.mark.parametrize("text", HOSTILE)
    def test_whatever_is_typed_is_only_looked_for(
        self, signed_in: Client, project: Project, text: str
    ) -> None:
        make_device(project, uid="u")
        answer = listed(signed_in, project, q=text, provider=text, state=text)
        assert found(answer) in ([], list(Device.objects.all()))

    @pytest.mark.parametrize("place", ["x", "-1", "9" * 30, "1'", ""])
    def test_a_place_that_means_nothing_is_the_first_page(
        self, signed_in: Client, project: Project, place: str
    ) -> None:
        device = make_device(project)
        assert found(listed(signed_in, project, before=place, after=place)) == [device]


class TestFilters:
    @pytest.fixture
    def one_of_each(self, project: Project) -> dict[str, Device]:
        """A device in each state, the active one at another provider."""
        off = {reason or "unsaid": retired(project, reason) for reason in ("gone", "moved", "removed", "")}
        return {"active": make_device(project, provider="pigeon"), **off}

    @pytest.mark.parametrize("state", ["active", "gone", "moved", "removed"])
    def test_one_state_alone(
        self, signed_in: Client, project: Project, one_of_each: dict[str, Device], state: str
    ) -> None:
        assert found(listed(signed_in, project, state=state)) == [one_of_each[state]]

    def test_all_that_are_off(
        self, signed_in: Client, project: Project, one_of_each: dict[str, Device]
    ) -> None:
        rows = found(listed(signed_in, project, state="retired"))
        assert set(rows) == set(one_of_each.values()) - {one_of_each["active"]}

    def test_one_provider_alone(
        self, signed_in: Client, project: Project, one_of_each: dict[str, Device]
    ) -> None:
        assert found(listed(signed_in, project, provider="pigeon")) == [one_of_each["active"]]

    def test_the_tabs_count_what_they_lead_to(
        self, signed_in: Client, project: Project, one_of_each: dict[str, Device]
    ) -> None:
        words = part(listed(signed_in, project), "device-states")
        assert words == "All 5 Active 1 Switched off 4 Gone 1 Moved 1 Removed 1"

    def test_the_tabs_keep_the_provider(
        self, signed_in: Client, project: Project, one_of_each: dict[str, Device]
    ) -> None:
        answer = listed(signed_in, project, provider="pigeon")
        assert part(answer, "device-states").startswith("All 1 Active 1 Switched off 0")
        assert all("provider=pigeon" in href for href in links(answer, "device-states"))

    def test_the_providers_are_counted(
        self, signed_in: Client, project: Project, one_of_each: dict[str, Device]
    ) -> None:
        assert "Expo (4) pigeon (1)" in part(listed(signed_in, project), "device-filters")

    def test_an_active_device_with_a_reason_left_over_is_active(
        self, signed_in: Client, project: Project
    ) -> None:
        device = make_device(project, inactive_reason="gone")
        assert found(listed(signed_in, project, state="gone")) == []
        assert row(listed(signed_in, project), device).count("Gone") == 0


class TestPages:
    def test_each_row_is_on_one_page(self, signed_in: Client, project: Project) -> None:
        devices = make_devices(project, PAGE + 1, uid="u")
        first = listed(signed_in, project, q="u", state="active")
        older = signed_in.get(first.context["older"])
        assert [*found(first), *found(older)] == devices[::-1]
        assert signed_in.get(older.context["newer"]).context["rows"][0].device == devices[-1]

    def test_it_says_how_many_there_are(self, signed_in: Client, project: Project) -> None:
        make_devices(project, PAGE + 1)
        assert f"{PAGE} of {PAGE + 1}, newest first" in part(listed(signed_in, project), "devices")

    def test_a_fragment_has_the_rows_and_the_tabs(self, signed_in: Client, project: Project) -> None:
        make_device(project)
        fragment = listed(signed_in, project, HTMX)
        assert not has_part(fragment, "main")
        assert has_part(fragment, "devices")
        assert has_part(fragment, "device-states")

    @pytest.mark.parametrize(
        ("words", "is_live"), [({}, True), ({"q": "u"}, False), ({"before": 9999}, False)]
    )
    def test_what_is_looked_for_does_not_move_away(
        self, signed_in: Client, project: Project, words: dict[str, object], is_live: bool
    ) -> None:
        make_devices(project, 2, uid="u")
        content = listed(signed_in, project, **words).content.decode()
        assert (f"live-project-{project.pk} from:body" in content) is is_live


def test_the_registration_shows_its_day(signed_in: Client, project: Project) -> None:
    at = clock.now() - timedelta(days=400)
    device = make_device(project, date_registered=at)
    assert f"{at.day} {at:%b %Y}" in row(listed(signed_in, project), device)


def test_the_navigation_leads_here(signed_in: Client, project: Project) -> None:
    assert reverse("dashboard:devices", args=[project.slug]) in links(
        signed_in.get(reverse("dashboard:overview", args=[project.slug])), "side"
    )


def queries(browser: Client, project: Project, words: dict[str, str]) -> int:
    listed(browser, project)  # the first page of a session also remembers its project
    with CaptureQueriesContext(connection) as counted:
        listed(browser, project, **words)
    return len(counted)
