"""The front door."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from notifications.models import Membership, Project, Role
from tests.factories import make_broadcast, make_project

HOME = "/dashboard/"


def overview(project: Project) -> str:
    """The address of a project's first page."""
    return reverse("dashboard:overview", args=[project.slug])


def test_the_root_leads_to_the_front_door(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"] == HOME


def test_a_stranger_is_asked_to_sign_in(client: Client, db: None) -> None:
    assert client.get(HOME).headers["Location"] == f"/dashboard/login/?next={HOME}"


def test_it_leads_to_the_project_visited_last(
    signed_in: Client, project: Project, other_project: Project
) -> None:
    make_broadcast(project)
    signed_in.get(reverse("dashboard:start", args=[other_project.slug]))
    assert signed_in.get(HOME).headers["Location"] == overview(other_project)


def test_without_a_visit_it_leads_to_the_newest_broadcast(
    signed_in: Client, project: Project, other_project: Project
) -> None:
    make_project("a-third-one-without-any")
    make_broadcast(project)
    make_broadcast(other_project)
    assert signed_in.get(HOME).headers["Location"] == overview(other_project)


def test_a_project_with_broadcasts_goes_before_one_without(signed_in: Client, project: Project) -> None:
    busy = make_project("busy")
    make_broadcast(busy)
    assert signed_in.get(HOME).headers["Location"] == overview(busy)


def test_without_any_broadcast_it_leads_to_the_first_project(signed_in: Client, project: Project) -> None:
    make_project("later")
    assert signed_in.get(HOME).headers["Location"] == overview(project)


def test_an_operator_is_led_to_no_project_of_others(
    outsider: Client, project: Project, other_project: Project
) -> None:
    make_broadcast(project)
    assert outsider.get(HOME).headers["Location"] == overview(other_project)


def test_a_project_that_let_the_operator_go_is_forgotten(
    member: Callable[[Role], Client], project: Project, other_project: Project
) -> None:
    browser = member(Role.VIEWER)
    browser.get(reverse("dashboard:start", args=[project.slug]))
    membership = Membership.objects.get(project=project)
    Membership.objects.create(user=membership.user, project=other_project, role=Role.VIEWER)
    membership.delete()
    assert browser.get(HOME).headers["Location"] == overview(other_project)


def test_who_is_in_no_team_is_told_whom_to_ask_and_can_sign_out(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("guest"))
    page = client.get(HOME)
    assert page.status_code == 403
    assert "manage.py grant guest viewer" in page.content.decode()
    assert 'action="/dashboard/logout/"' in page.content.decode()


def test_it_is_only_for_looking(signed_in: Client) -> None:
    assert signed_in.post(HOME).status_code == 405
