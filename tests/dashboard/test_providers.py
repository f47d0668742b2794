"""The providers' page: their health in words, secrets that go in and never come out, pause and resume."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from notifications import clock
from notifications.models import AuditEntry, Credential, Project, Role
from notifications.queries.credentials import secrets_kept
from tests.dashboard.reading import has_part, part
from tests.factories import make_credential

SECRET = "s3cret-token-of-expo"


def address(project: Project, action: str = "", provider: str = "expo") -> str:
    if not action:
        return reverse("dashboard:providers", args=[project.slug])
    return reverse(f"dashboard:provider_{action}", args=[project.slug, provider])


def card(browser: Client, project: Project) -> str:
    response = browser.get(address(project))
    assert response.status_code == 200
    return part(response, "expo")


def said(response: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))  # type: ignore[attr-defined]


class TestCards:
    def test_a_provider_nobody_used_says_so(self, signed_in: Client, project: Project) -> None:
        assert "Expo Not used yet" in card(signed_in, project)

    def test_one_that_takes_messages_says_so(self, signed_in: Client, project: Project) -> None:
        make_credential(project)
        words = card(signed_in, project)
        assert "Expo Accepting" in words
        assert "At most 545 messages a second, 100 in a batch." in words
        assert "Asked for after sending" in words

    def test_one_that_refused_us_is_quoted_with_what_to_do(self, signed_in: Client, project: Project) -> None:
        make_credential(project, paused_reason="UNAUTHORIZED: Bad token", paused_at=clock.now())
        words = card(signed_in, project)
        assert "Expo Paused" in words
        assert "Access token missing or wrong." in words
        assert "enter it under Providers" in words
        assert "UNAUTHORIZED: Bad token" in words

    def test_one_that_asked_for_patience_says_until_when(self, signed_in: Client, project: Project) -> None:
        until = clock.now() + timedelta(seconds=50)
        make_credential(project, not_before=until, failures=1)
        words = card(signed_in, project)
        assert "Expo Asked to slow down" in words
        assert f"It goes on at {until:%H:%M:%S}" in words

    def test_one_that_failed_too_often_is_left_alone(self, signed_in: Client, project: Project) -> None:
        make_credential(project, not_before=clock.now() + timedelta(minutes=1), failures=5)
        words = card(signed_in, project)
        assert "Expo Left alone for a while" in words
        assert "5 failures in a row" in words

    def test_patience_that_is_over_is_not_mentioned(self, signed_in: Client, project: Project) -> None:
        make_credential(project, not_before=clock.now() - timedelta(seconds=1), failures=5)
        assert "Expo Accepting" in card(signed_in, project)

    def test_the_sandbox_says_that_it_answers(
        self, signed_in: Client, project: Project, settings: Settings
    ) -> None:
        settings.CARILLON_SANDBOX_URL = settings.EXPO_NOTIFICATIONS_HOST = (
            "http://127.0.0.1:8000/sandbox/expo"
        )
        assert "The sandbox of this server answers instead of Expo." in card(signed_in, project)

    def test_another_projects_credential_is_not_ours(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        make_credential(other_project, paused_reason="Paused by somebody")
        assert "Not used yet" in card(signed_in, project)


class TestSecrets:
    def test_a_secret_is_kept_and_never_shown(self, signed_in: Client, project: Project) -> None:
        response = signed_in.post(address(project, "save"), {"access_token": SECRET}, follow=True)
        assert SECRET not in response.content.decode()
        credential = Credential.objects.get(project=project, provider="expo")
        assert secrets_kept(credential) == {"access_token": SECRET}
        assert SECRET not in credential.sealed_secrets
        assert "Now set." in part(response, "expo")

    def test_a_new_secret_lets_a_paused_provider_go_on(self, signed_in: Client, project: Project) -> None:
        make_credential(project, paused_reason="UNAUTHORIZED: Bad token")
        signed_in.post(address(project, "save"), {"access_token": SECRET})
        assert Credential.objects.get(project=project).paused_reason == ""

    def test_a_provider_that_somebody_paused_stays_paused(self, signed_in: Client, project: Project) -> None:
        make_credential(project, paused_reason="Paused by Ruth")
        words = said(signed_in.post(address(project, "save"), {"access_token": SECRET}))
        assert words == "Saved. Expo stays paused until you resume it: Paused by Ruth."

    def test_nothing_entered_is_an_error_and_changes_nothing(
        self, signed_in: Client, project: Project
    ) -> None:
        signed_in.post(address(project, "save"), {"access_token": SECRET})
        response = signed_in.post(address(project, "save"), {"access_token": "  "})
        assert response.status_code == 422
        assert "Nothing to save" in part(response, "expo")
        assert secrets_kept(Credential.objects.get(project=project)) == {"access_token": SECRET}

    def test_a_wrong_form_does_not_show_the_secret_again(self, signed_in: Client, project: Project) -> None:
        response = signed_in.post(address(project, "save"), {"access_token": SECRET * 2000})
        assert response.status_code == 422
        assert SECRET not in response.content.decode()

    def test_a_secret_can_be_removed(self, signed_in: Client, project: Project) -> None:
        signed_in.post(address(project, "save"), {"access_token": SECRET})
        signed_in.post(address(project, "save"), {"access_token": "", "remove_access_token": "on"})
        assert secrets_kept(Credential.objects.get(project=project)) == {}

    def test_a_secret_of_the_environment_is_said_to_be_there(
        self, signed_in: Client, project: Project, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_TOKEN = SECRET
        response = signed_in.get(address(project))
        assert "Now set in this server's environment." in part(response, "expo")
        assert SECRET not in response.content.decode()

    def test_the_log_names_the_field_and_not_the_value(self, signed_in: Client, project: Project) -> None:
        signed_in.post(address(project, "save"), {"access_token": SECRET})
        assert AuditEntry.objects.get(verb="credential.set_secrets").detail == {"fields": ["access_token"]}

    def test_only_an_admin_sees_the_form(self, member: Callable[[Role], Client], project: Project) -> None:
        assert not has_part(member(Role.SENDER).get(address(project)), "expo-secrets")
        assert has_part(member(Role.ADMIN).get(address(project)), "expo-secrets")


class TestPause:
    def test_it_is_paused_and_resumed(self, signed_in: Client, project: Project) -> None:
        assert "Expo is paused" in said(signed_in.post(address(project, "pause")))
        assert "Paused by operator" in card(signed_in, project)
        assert "asked again" in said(signed_in.post(address(project, "resume")))
        assert "Accepting" in card(signed_in, project)

    def test_it_cannot_be_paused_twice(self, signed_in: Client, project: Project) -> None:
        signed_in.post(address(project, "pause"))
        assert "paused already" in said(signed_in.post(address(project, "pause")))

    def test_what_was_never_used_cannot_be_resumed(self, signed_in: Client, project: Project) -> None:
        assert signed_in.post(address(project, "resume")).status_code == 404


class TestAccess:
    @pytest.mark.parametrize(
        ("action", "role"), [("save", Role.SENDER), ("pause", Role.EDITOR), ("resume", Role.EDITOR)]
    )
    def test_it_needs_a_higher_role(
        self, member: Callable[[Role], Client], project: Project, action: str, role: Role
    ) -> None:
        response = member(role).post(address(project, action), {"access_token": SECRET})
        assert response.status_code == 403
        assert not Credential.objects.exists()

    @pytest.mark.parametrize("action", ["save", "pause", "resume"])
    def test_looking_changes_nothing(self, signed_in: Client, project: Project, action: str) -> None:
        assert signed_in.get(address(project, action)).status_code == 302
        assert not Credential.objects.exists()

    @pytest.mark.parametrize("action", ["save", "pause", "resume"])
    def test_an_unknown_provider_does_not_exist(
        self, signed_in: Client, project: Project, action: str
    ) -> None:
        assert signed_in.post(address(project, action, "nonsense")).status_code == 404
        assert not Credential.objects.exists()

    @pytest.mark.parametrize("action", ["save", "pause", "resume"])
    def test_strangers_find_nothing(self, outsider: Client, project: Project, action: str) -> None:
        assert outsider.get(address(project)).status_code == 404
        assert outsider.post(address(project, action)).status_code == 404

    def test_anonymous_people_are_asked_to_sign_in(self, client: Client, project: Project) -> None:
        assert client.get(address(project)).status_code == 302


def test_the_part_that_changes_says_what_the_page_says(signed_in: Client, project: Project) -> None:
    make_credential(project)
    fragment = signed_in.get(address(project), headers={"HX-Request": "true"})
    assert not has_part(fragment, "main")
    assert part(fragment, "providers") == part(signed_in.get(address(project)), "providers")
