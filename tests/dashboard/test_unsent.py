"""A message that code made and never sent: told for what it is, and counted nowhere as waiting."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message, Project
from tests.dashboard.reading import part
from tests.factories import make_device


@pytest.fixture
def unsent(project: Project) -> Message:
    """One that waits for its author."""
    return Message.objects.create(device=make_device(project), title="Hello")


def test_its_page_says_that_nobody_sent_it(signed_in: Client, unsent: Message) -> None:
    response = signed_in.get(reverse("dashboard:message", args=[unsent.project.slug, unsent.pk]))
    words = part(response, "message")
    assert "Made, but never told to go" in words
    assert "It waits its turn" not in words


def test_it_is_not_among_those_that_wait(signed_in: Client, unsent: Message) -> None:
    response = signed_in.get(reverse("dashboard:overview", args=[unsent.project.slug]))
    assert "Waiting 0" in part(response, "queue")
    assert "Messages 0" in part(response, "stats")
