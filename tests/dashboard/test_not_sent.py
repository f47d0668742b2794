"""The people a broadcast left out: listed with their reasons, narrowed, page by page."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications.models import Broadcast, Project, Suppression
from notifications.queries import left_out
from tests.dashboard.copies import leave_out, started
from tests.dashboard.reading import part


@pytest.fixture
def broadcast(project: Project) -> Broadcast:
    return started(project)


def opened(browser: Client, broadcast: Broadcast, **query: str) -> HttpResponse:
    address = reverse("dashboard:broadcast_suppressions", args=[broadcast.project.slug, broadcast.pk])
    response = browser.get(address, query)
    assert response.status_code == 200
    return response


def uids(response: HttpResponse) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)', response.content.decode())


def test_each_person_comes_with_the_reason(signed_in: Client, broadcast: Broadcast) -> None:
    leave_out(broadcast, "ada")
    words = part(opened(signed_in, broadcast), "people")
    assert "ada" in words
    assert "Push The person has no active device." in words


def test_nobody_is_said_in_words(signed_in: Client, broadcast: Broadcast) -> None:
    assert "Nobody was left out" in part(opened(signed_in, broadcast), "people")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["bob", "ada", "bob"]),
        ({"channel": "bell"}, ["bob"]),
        ({"reason": "no_device"}, ["ada"]),
        ({"reason": "muted", "channel": "push"}, ["bob"]),
        ({"reason": "nonsense"}, []),
    ],
)
def test_it_can_be_narrowed(
    signed_in: Client, broadcast: Broadcast, query: dict[str, str], expected: list[str]
) -> None:
    leave_out(broadcast, "ada")
    leave_out(broadcast, "bob", "bell", "muted")
    leave_out(broadcast, "bob", "push", "muted")
    assert uids(opened(signed_in, broadcast, **query)) == expected


def test_every_person_is_on_one_page(signed_in: Client, broadcast: Broadcast) -> None:
    wanted = [
        (channel, f"p:{number:03}") for channel in ("bell", "push") for number in range(left_out.PAGE + 7)
    ]
    Suppression.objects.bulk_create(
        Suppression(broadcast=broadcast, uid=uid, channel=channel, reason="muted") for channel, uid in wanted
    )
    there = _walk(signed_in, opened(signed_in, broadcast), "next")
    assert [uid for page in there for uid in page] == [uid for _, uid in wanted]

    back = _walk(signed_in, opened(signed_in, broadcast, before=f"push:{there[-1][0]}"), "previous")
    assert back == there[:-1][::-1]


def test_people_of_another_broadcast_stay_away(signed_in: Client, broadcast: Broadcast) -> None:
    leave_out(started(broadcast.project), "ada")
    assert uids(opened(signed_in, broadcast)) == []


@pytest.mark.parametrize("after", ["abc", "push:zzz", "\0:\0", ":", "x" * 9000])
def test_a_place_that_leads_nowhere_is_harmless(signed_in: Client, broadcast: Broadcast, after: str) -> None:
    leave_out(broadcast, "ada")
    assert uids(opened(signed_in, broadcast, after=after)) == ["ada"]


def _walk(browser: Client, response: HttpResponse, label: str) -> list[list[str]]:
    """The pages from here on, by one of the two links."""
    found = [uids(response)]
    while link := re.search(rf'id="pager-{label}" href="([^"]+)"', response.content.decode()):
        response = browser.get(link[1].replace("&amp;", "&"))
        found.append(uids(response))
    return found
