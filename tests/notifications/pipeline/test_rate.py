"""The pace of a credential: reserved in the claim, so that it holds over all workers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Project
from notifications.models.project import WINDOW
from notifications.pipeline import Done, dispatch
from notifications.pipeline.claims import Claim
from tests.notifications.pipeline.halves import claim, start, try_to_claim
from tests.notifications.rows import queue_messages

LIMIT = 90
"""Messages a second: less than a batch of Expo's would hold."""
PACE = LIMIT / WINDOW


@pytest.fixture(autouse=True)
def _slow(settings: Settings) -> None:
    clock.stop()
    settings.EXPO_NOTIFICATIONS_RATE = LIMIT


def pause() -> float:
    """Seconds that the dispatcher is told to wait; there must be nothing to claim now."""
    found = try_to_claim()
    assert isinstance(found, Done)
    return found.wait


def waits_for(batch: Batch) -> float:
    """Seconds from this batch's slot to the next one."""
    slot = Credential.objects.get().next_slot_at
    assert slot is not None
    return (slot - batch.created_at).total_seconds()


def test_the_next_batch_waits_as_long_as_the_last_one_takes(project: Project) -> None:
    queue_messages(project, 200)
    batch = claim().batch
    assert waits_for(batch) == pytest.approx(LIMIT / PACE, abs=0.001)


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
    assert waits_for(batch) == pytest.approx(10 / PACE, abs=0.001)


def test_two_credentials_do_not_wait_for_each_other(project: Project, other_project: Project) -> None:
    queue_messages(project, 200)
    queue_messages(other_project, 200)
    assert {claim().credential.project_id for _ in range(2)} == {project.pk, other_project.pk}


def test_without_a_limit_nobody_waits(project: Project, settings: Settings) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = 0
    queue_messages(project, 200)
    assert all(isinstance(try_to_claim(), Claim) for _ in range(2))


def test_an_idle_credential_saves_up_no_pace(project: Project) -> None:
    queue_messages(project, 300)
    claim()
    clock.turn(timedelta(seconds=40))
    claim()
    assert pause() > 0


@pytest.mark.parametrize("sizes", [[90] * 8, [1] * 300, [47, 90, 3] * 5, [80, 20] * 6])
def test_no_second_carries_more_than_the_limit_however_late_each_batch_is(sizes: list[int]) -> None:
    credential = Credential(provider="expo")
    now, slots = clock.now(), []
    for wished in sizes:
        size = min(wished, credential.largest_batch(now))
        credential.take_slot(size, now)
        slots.append((now, size))
        assert credential.next_slot_at is not None
        now = credential.next_slot_at
    for first, _ in slots:
        late_to_early = timedelta(seconds=1) + Credential.SLACK
        assert sum(size for at, size in slots if first <= at < first + late_to_early) <= LIMIT


class TestStart:
    def claimed(self, project: Project, messages: int) -> Claim:
        """A batch whose slot came, and whose worker was held up since."""
        queue_messages(project, messages)
        clock.turn(timedelta(seconds=2))
        return claim()

    def started(self) -> list[datetime]:
        return sorted(each for each in Batch.objects.values_list("started_at", flat=True) if each)

    def test_two_that_were_held_up_together_do_not_start_together(self, project: Project) -> None:
        both = self.claimed(project, LIMIT), self.claimed(project, LIMIT)
        clock.turn(timedelta(seconds=2))
        assert start(both[0])
        next_slot = dispatch._start([both[1]])
        assert next_slot is not None
        assert next_slot - clock.now() >= timedelta(seconds=1)
        clock.turn(next_slot - clock.now())
        assert start(both[1])

    def test_where_the_second_has_room_for_both_they_do(self, project: Project) -> None:
        both = self.claimed(project, 9), self.claimed(project, 9)
        clock.turn(timedelta(seconds=2))
        assert all(start(each) for each in both)
        assert self.started() == [clock.now()] * 2

    def test_who_was_not_held_up_starts_in_its_slot(self, project: Project) -> None:
        claimed = self.claimed(project, LIMIT)
        before = Credential.objects.get().next_slot_at
        assert start(claimed)
        assert Credential.objects.get().next_slot_at == before

    def test_another_project_does_not_take_its_room(self, project: Project, other_project: Project) -> None:
        both = self.claimed(project, LIMIT), self.claimed(other_project, LIMIT)
        clock.turn(timedelta(seconds=2))
        assert all(start(each) for each in both)
        assert self.started() == [clock.now()] * 2

    def test_without_a_limit_nobody_is_held_up(self, project: Project, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_RATE = 0
        both = self.claimed(project, 100), self.claimed(project, 100)
        clock.turn(timedelta(seconds=2))
        assert all(start(each) for each in both)
        assert self.started() == [clock.now()] * 2

    def test_its_own_first_slot_does_not_keep_it_from_another(self, project: Project) -> None:
        claimed = self.claimed(project, LIMIT)
        clock.turn(2 * Credential.SLACK)
        assert start(claimed)
        assert self.started() == [clock.now()]

    def test_nobody_waits_longer_than_the_lease(self, project: Project, settings: Settings) -> None:
        claimed = self.claimed(project, LIMIT)
        clock.turn(settings.CARILLON_LEASE - settings.CARILLON_CALL_DEADLINE - timedelta(seconds=0.5))
        taken = Credential.objects.get()
        taken.take_slot(LIMIT, clock.now())
        taken.save()
        assert not start(claimed)

    def test_who_was_held_up_for_the_whole_lease_does_not_start(
        self, project: Project, settings: Settings
    ) -> None:
        claimed = self.claimed(project, LIMIT)
        clock.turn(settings.CARILLON_LEASE)
        assert not start(claimed)
