"""Each number on a broadcast's page leads to the rows behind it: as many as it says."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications.models import Broadcast, Project
from tests.dashboard.copies import answer, copies_in_every_state, copy, leave_out, ring, started
from tests.dashboard.reading import part

NUMBER = re.compile(r'<a href="([^"]+)"[^>]*>([\d,]+)([^<]*)</a>')
ROW = re.compile(r'<tr id="message-|<th scope="row">')


@pytest.fixture
def broadcast(project: Project) -> Broadcast:
    """A broadcast with copies of every kind, in several codes and providers."""
    broadcast = started(project)
    copies_in_every_state(broadcast)
    ring(broadcast)
    answer(copy(broadcast, "failed", "gone", "DeviceNotRegistered"), receipt="DeviceNotRegistered")
    copy(broadcast, "suppressed", "muted", "MessageRateExceeded")
    copy(broadcast, "suppressed", "device_inactive")
    copy(broadcast, "accepted", provider="retired")
    copy(broadcast, "failed", "rejected", provider="retired")
    leave_out(broadcast, "ada", "bell", "muted")
    leave_out(broadcast, "ada", "push", "muted")
    leave_out(broadcast, "bob", "push")
    return broadcast


def opened(browser: Client, broadcast: Broadcast) -> HttpResponse:
    return browser.get(reverse("dashboard:broadcast", args=[broadcast.project.slug, broadcast.pk]))


def section(response: HttpResponse, name: str) -> str:
    """The markup of one card."""
    _, _, rest = response.content.decode().partition(f'id="{name}"')
    return rest.partition("</section>")[0]


def rows(browser: Client, link: str) -> int:
    """How many rows the first page behind a link shows."""
    page = browser.get(link.replace("&amp;", "&")).content.decode()
    table = page.partition('id="messages"')[2] or page.partition('id="people"')[2]
    return len(ROW.findall(table.partition("</table>")[0].replace('<th scope="row"><a', "<th><a")))


@pytest.mark.parametrize("name", ["funnel", "channels", "not-sent"])
def test_each_number_leads_to_as_many_rows(signed_in: Client, broadcast: Broadcast, name: str) -> None:
    found = NUMBER.findall(section(opened(signed_in, broadcast), name))
    assert found
    assert [
        (link, words, int(number), rows(signed_in, link))
        for link, number, words in found
        if int(number) != rows(signed_in, link)
    ] == []


def test_copies_in_the_bell_stand_beside_the_messages(signed_in: Client, project: Project) -> None:
    broadcast = started(project)
    copy(broadcast)
    copy(broadcast)
    ring(broadcast)
    words = part(opened(signed_in, broadcast), "funnel")
    assert "Copies 3 of 21, 2 messages + 1 in app" in words
    assert "Handed over 3 2 messages + 1 in app Accepted 3 2 messages + 1 in app" in words


def test_what_was_stopped_is_counted_whatever_its_code(signed_in: Client, project: Project) -> None:
    broadcast = started(project, channels=["push"])
    copy(broadcast, "suppressed", "muted")
    copy(broadcast, "suppressed", "muted", "MessageRateExceeded")
    words = part(opened(signed_in, broadcast), "not-sent")
    assert "Muted by the person while waiting stopped before the copy left 2" in words
