"""The first steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from notifications.models import BroadcastState, MessageState, Notification, Project, Role
from tests.dashboard.reading import has_part, links, part
from tests.factories import (
    make_account,
    make_broadcast,
    make_credential,
    make_device,
    make_message,
    make_people,
)


@pytest.fixture
def address(project: Project) -> str:
    """Where the checklist is."""
    return reverse("dashboard:start", args=[project.slug])


def steps(browser: Client, address: str) -> str:
    """The words of the checklist."""
    return part(browser.get(address), "steps")


def test_of_an_empty_project_only_the_sign_in_and_the_provider_are_done(
    signed_in: Client, address: str
) -> None:
    words = steps(signed_in, address)
    assert "2 of 5 done" in words
    assert "Sign in You are in As operator, with the role admin" in words


def test_it_shows_how_to_import_into_this_project(signed_in: Client, other_project: Project) -> None:
    page = signed_in.get(reverse("dashboard:start", args=[other_project.slug]))
    assert "import_devices people.csv --project elsewhere" in part(page, "import-command")


def test_one_device_is_said_in_the_singular(signed_in: Client, address: str, project: Project) -> None:
    make_device(project)
    assert "1 device " in steps(signed_in, address)


def test_many_devices_are_counted(signed_in: Client, address: str, project: Project) -> None:
    make_people(project, 3)
    assert "3 devices" in steps(signed_in, address)


def test_devices_that_are_off_or_of_others_do_not_count(
    signed_in: Client, address: str, project: Project, other_project: Project
) -> None:
    make_device(project, is_active=False)
    make_device(other_project)
    assert "2 of 5 done" in steps(signed_in, address)


def test_a_paused_provider_is_not_ready(signed_in: Client, address: str, project: Project) -> None:
    make_credential(project, paused_reason="InvalidCredentials: no")
    assert "1 of 5 done" in steps(signed_in, address)


def test_a_draft_is_not_sent(signed_in: Client, address: str, project: Project) -> None:
    make_broadcast(project)
    assert "2 of 5 done" in steps(signed_in, address)


def test_a_broadcast_that_started_is_a_step(signed_in: Client, address: str, project: Project) -> None:
    make_broadcast(project, state=BroadcastState.SENDING)
    assert "3 of 5 done" in steps(signed_in, address)


@pytest.mark.parametrize("state", [MessageState.ACCEPTED, MessageState.DELIVERED])
def test_a_push_that_was_taken_over_is_the_last_step(
    signed_in: Client, address: str, project: Project, state: MessageState
) -> None:
    broadcast = make_broadcast(project, state=BroadcastState.SENDING)
    make_message(make_device(project), broadcast, state=state)
    page = signed_in.get(address)
    assert "5 of 5 done" in part(page, "steps")
    assert "Every step is done" in part(page, "main")


def test_a_bell_that_rang_is_the_last_step_too(signed_in: Client, address: str, project: Project) -> None:
    broadcast = make_broadcast(project, state=BroadcastState.SENT, channels=["bell"])
    user = make_account(project)
    Notification.objects.create(user=user, project=project, broadcast=broadcast, kind="broadcast")
    assert "4 of 5 done" in steps(signed_in, address)


def test_a_push_that_failed_is_not(signed_in: Client, address: str, project: Project) -> None:
    broadcast = make_broadcast(project, state=BroadcastState.SENDING)
    make_message(make_device(project), broadcast, state=MessageState.FAILED, reason="gone")
    assert "4 of 5 done" in steps(signed_in, address)


def test_a_viewer_is_not_offered_to_compose(
    member: Callable[[Role], Client], address: str, project: Project
) -> None:
    compose = reverse("dashboard:compose", args=[project.slug])
    assert compose not in links(member(Role.VIEWER).get(address), "steps")
    assert compose in links(member(Role.EDITOR).get(address), "steps")


def test_htmx_gets_the_steps_alone(signed_in: Client, address: str) -> None:
    answer = signed_in.get(address, headers={"HX-Request": "true"})
    assert has_part(answer, "steps")
    assert not has_part(answer, "main")
    assert "HX-Request" in answer.headers["Vary"]


def test_the_page_says_that_it_has_a_fragment(signed_in: Client, address: str) -> None:
    assert "HX-Request" in signed_in.get(address).headers["Vary"]


def test_the_steps_listen_for_news_of_the_project(signed_in: Client, address: str, project: Project) -> None:
    page = signed_in.get(address).content.decode()
    assert f"live-project-{project.pk}" in page
    assert f"topic=project:{project.pk}" in page


def test_the_steps_ask_again_by_themselves_until_all_are_done(
    signed_in: Client, address: str, project: Project
) -> None:
    # An import runs in a process of its own: where there is no bus, no socket hears of it.
    assert "every 4s" in signed_in.get(address).content.decode()
    message = make_message(make_device(project), make_broadcast(project, state=BroadcastState.SENT))
    message.state = MessageState.DELIVERED
    message.save()
    answer = signed_in.get(address)
    assert "5 of 5 done" in part(answer, "steps")
    assert "every 4s" not in answer.content.decode()


def test_the_number_of_questions_is_fixed(
    signed_in: Client, address: str, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_people(project, 30)
    for _ in range(5):
        make_broadcast(project, state=BroadcastState.SENT)
    signed_in.get(address)
    with django_assert_max_num_queries(12):
        signed_in.get(address)


def test_it_is_only_for_looking(signed_in: Client, address: str) -> None:
    assert signed_in.post(address).status_code == 405
