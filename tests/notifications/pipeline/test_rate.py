"""The pace of a credential: reserved in the claim, so that it holds over all workers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import Credential, Project
from notifications.pipeline import Done, dispatch
from notifications.pipeline.dispatch import Claim
from tests.notifications.pipeline.halves import claim
from tests.notifications.rows import queue_messages

PACE = 5.4
"""Messages a second: a tenth below the limit."""


@pytest.fixture(autouse=True)
def _six_a_second(settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = 6  # slow, so that a busy machine does not miss a slot


def pause() -> float:
    """Seconds that the dispatcher is told to wait; there must be nothing to claim now."""
    found = dispatch.claim()
    assert isinstance(found, Done)
    return found.wait


def test_the_next_batch_waits_as_long_as_the_last_one_takes(project: Project) -> None:
    queue_messages(project, 200)
    batch = claim().batch
    slot = Credential.objects.get().next_slot_at
    assert slot == batch.created_at + timedelta(seconds=100 / PACE)


def test_a_second_claim_at_once_gets_nothing(project: Project) -> None:
    queue_messages(project, 200)
    claim()
    assert 0 < pause() <= 100 / PACE


def test_it_goes_on_when_the_time_has_come(project: Project) -> None:
    queue_messages(project, 200)
    claim()
    clock.turn(timedelta(seconds=100 / PACE))
    assert len(claim().messages) == 100


def test_a_small_batch_takes_a_small_slot(project: Project) -> None:
    queue_messages(project, 20, batch_limit=1)
    batch = claim().batch
    assert Credential.objects.get().next_slot_at == batch.created_at + timedelta(seconds=1 / PACE)


def test_two_credentials_do_not_wait_for_each_other(project: Project, other_project: Project) -> None:
    queue_messages(project, 200)
    queue_messages(other_project, 200)
    assert {claim().credential.project_id for _ in range(2)} == {project.pk, other_project.pk}


def test_without_a_limit_nobody_waits(project: Project, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = 0
    queue_messages(project, 200)
    assert all(isinstance(dispatch.claim(), Claim) for _ in range(2))


def test_an_idle_credential_saves_up_no_pace(project: Project) -> None:
    queue_messages(project, 300)
    claim()
    clock.turn(timedelta(seconds=40))
    claim()
    assert pause() > 0
