"""The pace of a credential: reserved in the claim, so that it holds over all workers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Project
from notifications.pipeline import Done, dispatch
from notifications.pipeline.dispatch import Claim
from tests.notifications.pipeline.halves import claim
from tests.notifications.rows import queue_messages

LIMIT = 90
"""Messages a second: less than a batch of Expo's would hold."""
PACE = LIMIT * 0.9


@pytest.fixture(autouse=True)
def _slow(settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = LIMIT


def pause() -> float:
    """Seconds that the dispatcher is told to wait; there must be nothing to claim now."""
    found = dispatch.claim()
    assert isinstance(found, Done)
    return found.wait


def test_the_next_batch_waits_as_long_as_the_last_one_takes(project: Project) -> None:
    queue_messages(project, 200)
    batch = claim().batch
    slot = Credential.objects.get().next_slot_at
    assert slot == batch.created_at + timedelta(seconds=LIMIT / PACE)


def test_a_batch_holds_no_more_than_a_second_may(project: Project) -> None:
    queue_messages(project, 200)
    assert len(claim().messages) == LIMIT


def test_a_second_claim_at_once_gets_nothing(project: Project) -> None:
    queue_messages(project, 200)
    claim()
    assert 0 < pause() <= 1


def test_it_goes_on_when_the_time_has_come(project: Project) -> None:
    queue_messages(project, 200)
    claim()
    clock.turn(timedelta(seconds=LIMIT / PACE))
    assert len(claim().messages) == LIMIT


def test_a_small_batch_takes_a_small_slot(project: Project) -> None:
    queue_messages(project, 20, batch_limit=10)
    batch = claim().batch
    assert Credential.objects.get().next_slot_at == batch.created_at + timedelta(seconds=10 / PACE)


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


class TestStart:
    def claimed(self, project: Project, messages: int) -> Claim:
        """A batch whose slot came, and whose worker was held up since."""
        queue_messages(project, messages)
        clock.turn(timedelta(seconds=2))
        return claim()

    def started(self) -> list[datetime]:
        return sorted(each for each in Batch.objects.values_list("started_at", flat=True) if each)

    def test_two_that_come_close_start_at_once_where_a_second_has_room(self, project: Project) -> None:
        both = self.claimed(project, LIMIT // 2), self.claimed(project, LIMIT // 2)
        assert all(dispatch.start(each) for each in both)
        first, second = self.started()
        assert second - first < timedelta(seconds=0.9)

    def test_where_it_has_none_the_second_waits(self, project: Project) -> None:
        both = self.claimed(project, LIMIT), self.claimed(project, LIMIT)
        assert all(dispatch.start(each) for each in both)
        first, second = self.started()
        assert second - first >= timedelta(seconds=1)

    def test_another_project_does_not_take_its_room(self, project: Project, other_project: Project) -> None:
        both = self.claimed(project, LIMIT), self.claimed(other_project, LIMIT)
        assert all(dispatch.start(each) for each in both)
        first, second = self.started()
        assert second - first < timedelta(seconds=0.9)

    def test_nobody_waits_longer_than_the_lease(self, project: Project, settings: Settings) -> None:
        first, second = self.claimed(project, LIMIT), self.claimed(project, LIMIT)
        assert dispatch.start(first)
        clock.turn(settings.CARILLON_LEASE - settings.CARILLON_CALL_DEADLINE - timedelta(seconds=0.2))
        Batch.objects.filter(pk=first.batch.pk).update(started_at=clock.now())
        assert not dispatch.start(second)
