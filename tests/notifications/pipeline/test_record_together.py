"""Answers to several batches saved in one transaction: each is judged by its own batch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.actions import credentials
from notifications.models import Batch, Credential, Device, Message, MessageState, Project, Ticket
from notifications.pipeline import dispatch, record, sweep
from notifications.pipeline.claims import Claim
from notifications.pipeline.flights import Arrival, Flight, one_by_one
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import claim, start
from tests.notifications.rows import ACTOR, queue_message, queue_messages


def sent(claimed: Claim) -> list[Arrival]:
    """Start and send a batch; its answers."""
    assert start(claimed)
    flight = Flight(claimed.batch, claimed.credential, claimed.messages, dispatch.send(claimed))
    return list(one_by_one(flight))


def claim_several(project: Project, number: int) -> list[Claim]:
    """Batches of one message each, the first one's queued first."""
    queue_messages(project, number, batch_limit=1)
    return [claim() for _ in range(number)]


def test_each_batch_ends_with_its_own_outcome(expo: FakeExpo, project: Project) -> None:
    expo.faults(on_send(Kind.TICKET_ERROR, Match(nth=[2]), code="MessageTooBig"))
    batches = claim_several(project, 3)
    record.save([arrival for each in batches for arrival in sent(each)])
    assert list(Batch.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "accepted",
        "rejected",
        "accepted",
    ]
    assert list(Ticket.objects.order_by("batch").values_list("outcome", flat=True)) == [
        "accepted",
        "rejected",
        "accepted",
    ]


def test_one_that_the_sweep_has_freed_changes_nothing_for_the_others(
    expo: FakeExpo, project: Project, settings: Settings
) -> None:
    (late,) = claim_several(project, 1)
    answers = sent(late)
    clock.turn(settings.CARILLON_LEASE)
    sweep.step()
    (timely,) = claim_several(project, 1)
    record.save([*answers, *sent(timely)])
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == [
        MessageState.UNKNOWN,
        MessageState.ACCEPTED,
    ]
    assert list(Batch.objects.order_by("pk").values_list("outcome", flat=True)) == ["lost", "accepted"]


def test_a_message_that_was_deleted_meanwhile_gets_no_ticket(expo: FakeExpo, project: Project) -> None:
    both = claim_several(project, 2)
    arrivals = [arrival for each in both for arrival in sent(each)]
    Message.objects.filter(pk=both[0].messages[0].pk).delete()
    Batch.objects.filter(pk=both[0].batch.pk).delete()
    record.save(arrivals)
    assert Ticket.objects.get().message_id == both[1].messages[0].pk


class TestTheKey:
    """An operator changes it while batches are on their way."""

    @pytest.fixture
    def both(self, expo: FakeExpo, project: Project) -> list[list[Arrival]]:
        """Answers to the old key, and to the new one; only one of the two keys is right."""
        queue_messages(project, 2, batch_limit=1)
        old = claim()
        credentials.set_secrets(ACTOR, Credential.objects.get(), {"access_token": "new"})
        new = claim()
        return [sent(old), sent(new)]

    @pytest.fixture
    def old_is_wrong(self, expo: FakeExpo) -> None:
        expo.configure(access_token="new")

    @pytest.fixture
    def new_is_wrong(self, expo: FakeExpo, settings: Settings) -> None:
        settings.EXPO_NOTIFICATIONS_TOKEN = "old"
        expo.configure(access_token="old")

    @pytest.mark.usefixtures("old_is_wrong")
    @pytest.mark.parametrize("order", [1, -1])
    def test_an_answer_to_the_old_one_does_not_pause_the_new_one(
        self, both: list[list[Arrival]], order: int
    ) -> None:
        record.save([arrival for each in both[::order] for arrival in each])
        assert Credential.objects.get().paused_reason == ""

    @pytest.mark.usefixtures("new_is_wrong")
    @pytest.mark.parametrize("order", [1, -1])
    def test_an_answer_to_the_new_one_pauses_it(self, both: list[list[Arrival]], order: int) -> None:
        record.save([arrival for each in both[::order] for arrival in each])
        assert Credential.objects.get().paused_reason.startswith("UNAUTHORIZED")


class TestDevicesThatAreGone:
    def test_one_that_registered_before_its_batch_left_is_retired(
        self, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.TICKET_ERROR, code="DeviceNotRegistered"))
        (early,) = claim_several(project, 1)
        clock.turn(timedelta(seconds=10))
        device = queue_message(project).device
        Device.objects.filter(pk=device.pk).update(date_registered=clock.now())  # type: ignore[union-attr]
        clock.turn(timedelta(seconds=10))
        late = claim()
        record.save([*sent(early), *sent(late)])
        assert Device.objects.filter(is_active=True).count() == 0

    def test_one_that_registered_since_its_batch_left_stays(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.TICKET_ERROR, code="DeviceNotRegistered"))
        (early,) = claim_several(project, 1)
        clock.turn(timedelta(seconds=10))
        Device.objects.update(date_registered=clock.now())
        clock.turn(timedelta(seconds=10))
        (late,) = claim_several(project, 1)
        record.save([*sent(late), *sent(early)])
        assert [device.pk for device in Device.objects.filter(is_active=True)] == [
            early.messages[0].device_id
        ]


def test_a_success_ends_the_count_of_failures_whichever_batch_it_was(
    expo: FakeExpo, project: Project
) -> None:
    (before,) = claim_several(project, 1)
    Credential.objects.update(failures=3)
    (after,) = claim_several(project, 1)
    record.save([*sent(before), *sent(after)])
    assert Credential.objects.get().failures == 0
