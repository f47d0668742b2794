"""What stands around every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dashboard.context import shell
from notifications.models import BroadcastState, Project, Role
from tests.factories import make_broadcast, make_credential, make_project

SETTINGS = pytest.FixtureRequest


def in_project(rf: RequestFactory, project: Project, user: Any) -> Any:
    """A request as the access decorator leaves it."""
    request = rf.get("/")
    request.user, request.project, request.role = user, project, Role.ADMIN
    return request


def test_a_stranger_costs_no_question(
    rf: RequestFactory, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    with django_assert_num_queries(0):
        assert set(shell(request)) == {"theme", "sandbox"}


def test_a_request_without_anybody_is_no_error(rf: RequestFactory) -> None:
    assert set(shell(rf.get("/"))) == {"theme", "sandbox"}


def test_the_sign_in_page_costs_no_question(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        client.get("/dashboard/login/")


def test_an_address_that_leads_nowhere_costs_a_stranger_no_question(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/nowhere/").status_code == 404


def test_what_is_around_a_page_is_not_counted_before_it_is_drawn(
    rf: RequestFactory, project: Project, operator: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        shell(in_project(rf, project, operator))


def test_a_page_missing_in_a_project_counts_nothing_around_it(
    signed_in: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed_in.get(reverse("dashboard:start", args=[project.slug]))
    lookups = ["session", "operator", "project", "broadcast"]
    with django_assert_num_queries(len(lookups)):
        missing = signed_in.get(reverse("dashboard:broadcast_confirm", args=[project.slug, 999]))
    assert missing.status_code == 404


def test_the_navigation_counts_what_is_sending_and_paused_here(
    rf: RequestFactory, project: Project, other_project: Project, operator: Any
) -> None:
    make_broadcast(project, state=BroadcastState.SENDING)
    make_broadcast(other_project, state=BroadcastState.SENDING)
    make_credential(project, paused_reason="MismatchSenderId: wrong key")
    counts = shell(in_project(rf, project, operator))["nav_counts"]
    assert (counts["sending"], counts["paused"]) == (1, 1)


def current(page: str) -> dict[str, str]:
    """The links of the navigation that are marked as current, by their keys."""
    return dict(re.findall(r'data-key="([^"]+)" aria-current="(\w+)"', page))


def test_whoever_composes_is_among_the_broadcasts(signed_in: Client, project: Project) -> None:
    draft = make_broadcast(project)
    new = signed_in.get(reverse("dashboard:compose", args=[project.slug])).content.decode()
    old = signed_in.get(reverse("dashboard:compose_edit", args=[project.slug, draft.pk])).content.decode()
    assert current(new) == {"c": "page", "g b": "true"}
    assert current(old) == {"g b": "true"}


def test_an_operator_sees_only_the_projects_of_the_team(
    member: Callable[[Role], Client], project: Project
) -> None:
    make_project("secret", name="Secret project")
    page = member(Role.VIEWER).get(reverse("dashboard:start", args=[project.slug]))
    assert "Secret project" not in page.content.decode()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_cookie_chooses_the_theme(client: Client, db: None, theme: str) -> None:
    client.cookies["theme"] = theme
    assert f'data-theme="{theme}"' in client.get("/dashboard/login/").content.decode()


def test_a_made_up_theme_is_left_out(client: Client, db: None) -> None:
    client.cookies["theme"] = '"><script>'
    page = client.get("/dashboard/login/").content.decode()
    assert "data-theme" not in page
    assert "<script>" not in page


def test_the_sandbox_says_so(client: Client, db: None, settings: SETTINGS) -> None:
    settings.CARILLON_SANDBOX_URL = "http://127.0.0.1:1/sandbox/expo"  # type: ignore[attr-defined]
    assert "no phone rings" in client.get("/dashboard/login/").content.decode()


def test_without_a_sandbox_nothing_is_said(client: Client, db: None, settings: SETTINGS) -> None:
    settings.CARILLON_SANDBOX_URL = None  # type: ignore[attr-defined]
    assert "no phone rings" not in client.get("/dashboard/login/").content.decode()
