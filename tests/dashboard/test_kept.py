"""A form that was sent after its session had ended is not lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications.models import Broadcast, Project
from tests.factories import make_broadcast

TYPED = {
    "title": 'Doors & "bells"',
    "body": "Two\r\nlines",
    "audience": "everyone",
    "channels": ["bell", "push"],
    "priority": "3",
}
WHO = {"username": "operator", "password": "correct horse"}


@pytest.fixture
def compose(project: Project) -> str:
    """The address of the form."""
    return reverse("dashboard:compose", args=[project.slug])


def hidden(page: HttpResponse) -> dict[str, list[str]]:
    """The hidden fields of a page, as a browser would send them."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()):
        fields.setdefault(name, []).append(unescape(value))
    return fields


def test_it_asks_to_sign_in_and_says_that_nothing_is_lost(client: Client, compose: str) -> None:
    answer = client.post(compose, TYPED)
    assert answer.status_code == 401
    assert "what you typed is kept" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


def test_after_signing_in_one_goes_on_as_if_nothing_had_happened(operator: User, compose: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/dashboard/login/")
    token = {"csrfmiddlewaretoken": browser.cookies["csrf"].value}
    gate = browser.post(compose, {**TYPED, **token})
    onward = browser.post("/dashboard/login/", {**hidden(gate), **WHO})
    assert f'action="{compose}"' in onward.content.decode()
    assert browser.post(compose, hidden(onward)).status_code == 303
    draft = Broadcast.objects.get()
    assert (draft.title, draft.body, draft.channels) == (TYPED["title"], "Two\nlines", ["bell", "push"])


@pytest.mark.parametrize(("tries", "status"), [(1, 422), (6, 429)])
def test_a_wrong_password_loses_nothing(
    client: Client, operator: User, compose: str, tries: int, status: int
) -> None:
    fields = hidden(client.post(compose, TYPED))
    for _ in range(tries):
        answer = client.post("/dashboard/login/", {**fields, **WHO, "password": "wrong"})
    assert answer.status_code == status
    assert hidden(answer)["kept"] == fields["kept"]


def test_a_form_that_we_did_not_keep_is_not_taken_for_ours(client: Client, operator: User) -> None:
    answer = client.post("/dashboard/login/", {**WHO, "kept": "eyJhIjoxfQ:forged:forged"})
    assert answer.headers["Location"] == reverse("dashboard:home")


def test_the_way_back_does_not_lose_its_query(client: Client, compose: str) -> None:
    answer = client.post(compose, TYPED, headers={"Referer": f"http://testserver{compose}?from=3"})
    assert hidden(answer)["next"] == [f"{compose}?from=3"]


@pytest.mark.parametrize("action", ["provider_save", "broadcast_send"])
def test_secrets_and_buttons_are_not_kept(client: Client, project: Project, action: str) -> None:
    given = (
        {"provider": "expo"} if action == "provider_save" else {"broadcast_id": make_broadcast(project).pk}
    )
    address = reverse(f"dashboard:{action}", kwargs={"project_slug": project.slug, **given})
    assert client.post(address, {"access_token": "hush", "people": "1"}).status_code == 302


def test_a_fragment_is_only_led_to_the_form(client: Client, compose: str) -> None:
    assert client.post(compose, TYPED, headers={"HX-Request": "true"}).status_code == 302
