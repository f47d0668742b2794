"""The sweep: frees what a dead worker held, and closes what waited too long."""

from __future__ import annotations

from datetime import timedelta

from pytest_django import Settings

from notifications import clock
from notifications.models import (
    Batch,
    Broadcast,
    BroadcastState,
    Credential,
    Message,
    MessageState,
    Project,
    Reason,
    Ticket,
)
from notifications.models.broadcast import LANE_CRITICAL
from notifications.pipeline import sweep
from notifications.pipeline.claims import Claim
from notifications.wire import Outcome
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import carry_out, claim, start, together, try_to_claim
from tests.notifications.rows import HOUR, queue_message, queue_messages, sending
from tests.notifications.stepping import send_step


def die_before_the_call(settings: Settings) -> None:
    """A worker that claimed, and was never seen again."""
    claim()
    clock.turn(settings.CARILLON_LEASE)


def die_during_the_call(settings: Settings) -> None:
    """A worker that began its call, and was never seen again."""
    assert start(claim())
    clock.turn(settings.CARILLON_LEASE)


class TestBeforeTheCall:
    def test_the_messages_are_queued_again_and_lose_no_attempt(
        self, project: Project, settings: Settings
    ) -> None:
        queue_messages(project, 4)
        die_before_the_call(settings)
        sweep.step()
        assert set(Message.objects.values_list("state", "attempts")) == {(MessageState.QUEUED, 0)}

    def test_their_tickets_say_that_nothing_left(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        die_before_the_call(settings)
        sweep.step()
        ticket = Ticket.objects.get()
        assert (ticket.outcome, ticket.error_code) == (Outcome.RETRY, "NotStarted")

    def test_they_travel_in_halves_next_time(self, project: Project, settings: Settings) -> None:
        queue_messages(project, 10)
        die_before_the_call(settings)
        sweep.step()
        assert len(claim().messages) == 5

    def test_they_are_sent_then(self, expo: FakeExpo, project: Project, settings: Settings) -> None:
        queue_messages(project, 10)
        die_before_the_call(settings)
        sweep.step()
        while send_step().messages:
            pass
        assert len(expo.history()) == 10
        assert set(Message.objects.values_list("state", flat=True)) == {MessageState.ACCEPTED}


class TestDuringTheCall:
    def test_the_message_is_unknown(self, project: Project, settings: Settings) -> None:
        message = queue_message(project)
        die_during_the_call(settings)
        sweep.step()
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.UNKNOWN, Reason.NO_ANSWER)

    def test_its_ticket_is_ambiguous(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        die_during_the_call(settings)
        sweep.step()
        ticket = Ticket.objects.get()
        assert (ticket.outcome, ticket.error_code) == (Outcome.AMBIGUOUS, "LeaseLost")

    def test_a_critical_one_is_queued_again_and_due_at_once(
        self, project: Project, settings: Settings
    ) -> None:
        message = queue_message(project, lane=LANE_CRITICAL)
        die_during_the_call(settings)
        assert sweep.step().requeued
        message.refresh_from_db()
        assert (message.state, message.attempts) == (MessageState.QUEUED, 2)
        assert message.available_at <= clock.now()

    def test_the_batch_is_lost(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        die_during_the_call(settings)
        sweep.step()
        batch = Batch.objects.get()
        assert (batch.outcome, batch.finished_at is None) == ("lost", False)


class TestPoison:
    def test_the_third_worker_that_dies_on_one_message_is_the_last(
        self, project: Project, settings: Settings
    ) -> None:
        message = queue_message(project)
        for _ in range(3):
            die_before_the_call(settings)
            sweep.step()
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.FAILED, Reason.POISON)

    def test_two_deaths_are_forgiven(self, project: Project, settings: Settings) -> None:
        message = queue_message(project)
        for _ in range(2):
            die_before_the_call(settings)
            sweep.step()
        message.refresh_from_db()
        assert message.state == MessageState.QUEUED

    def test_one_that_kills_every_worker_is_found_among_its_neighbours(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        poison = queue_messages(project, 16)[5]
        while isinstance(claimed := try_to_claim(), Claim):
            if poison.pk in [message.pk for message in claimed.messages]:
                clock.turn(settings.CARILLON_LEASE)
                sweep.step()
            else:
                carry_out(claimed)
        poison.refresh_from_db()
        assert (poison.state, poison.reason) == (MessageState.FAILED, Reason.POISON)
        assert Message.objects.filter(state=MessageState.ACCEPTED).count() == 15


class TestPatience:
    def test_a_batch_that_holds_its_lease_is_left_alone(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        claim()
        clock.turn(settings.CARILLON_LEASE - timedelta(seconds=5))
        sweep.step()
        assert Message.objects.get().state == MessageState.SENDING

    def test_a_rescue_that_comes_too_early_does_nothing(self, project: Project) -> None:
        queue_message(project)
        assert sweep.rescue(claim().batch.pk) == []
        assert Message.objects.get().state == MessageState.SENDING
        assert Batch.objects.get().finished_at is None

    def test_a_finished_batch_is_left_alone(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        queue_message(project)
        send_step()
        clock.turn(settings.CARILLON_LEASE)
        sweep.step()
        assert Message.objects.get().state == MessageState.ACCEPTED
        assert Ticket.objects.count() == 1

    def test_two_sweeps_at_once_write_one_ticket(self, committed: Project, settings: Settings) -> None:
        queue_messages(committed, 20)
        die_during_the_call(settings)
        together(4, sweep.step)
        assert Ticket.objects.count() == 20

    def test_it_says_when_there_is_more_to_free(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        credential = Credential.objects.get()
        Batch.objects.bulk_create(
            [Batch(credential=credential, size=0, leased_until=clock.now()) for _ in range(51)]
        )
        assert sweep.step().more
        assert not sweep.step().more


class TestExpiry:
    def expired(self, message: Message) -> bool:
        clock.turn(2 * HOUR)
        sweep.step()
        message.refresh_from_db()
        return (message.state, message.reason) == (MessageState.EXPIRED, Reason.EXPIRED)

    def test_what_waited_too_long_is_closed(self, project: Project) -> None:
        assert self.expired(queue_message(project, expires_at=clock.now() + HOUR))

    def test_also_where_the_credential_is_paused(self, project: Project) -> None:
        message = queue_message(project, expires_at=clock.now() + HOUR)
        Credential.objects.update(paused_reason="UNAUTHORIZED: no")
        assert self.expired(message)

    def test_also_where_the_broadcast_is_paused(self, project: Project) -> None:
        message = queue_message(project, broadcast=sending(project), expires_at=clock.now() + HOUR)
        Broadcast.objects.update(state=BroadcastState.PAUSED)
        assert self.expired(message)

    def test_what_has_time_left_stays(self, project: Project) -> None:
        assert not self.expired(queue_message(project, expires_at=clock.now() + 3 * HOUR))

    def test_what_was_accepted_stays(self, expo: FakeExpo, project: Project) -> None:
        message = queue_message(project, expires_at=clock.now() + HOUR)
        send_step()
        assert not self.expired(message)

    def test_the_pages_concerned_are_named(self, project: Project) -> None:
        broadcast = sending(project)
        queue_message(project, broadcast=broadcast, expires_at=clock.now() - HOUR)
        assert sweep.step().topics == {f"project:{project.pk}", f"broadcast:{broadcast.pk}"}


class TestTrouble:
    def test_a_provider_that_was_taken_out_leaves_nothing_behind(
        self, project: Project, settings: Settings
    ) -> None:
        queue_message(project)
        die_during_the_call(settings)
        Credential.objects.update(provider="pigeon")
        sweep.step()
        assert Message.objects.get().state == MessageState.UNKNOWN

    def test_a_batch_that_cannot_be_freed_holds_up_no_other(
        self, project: Project, other_project: Project, settings: Settings
    ) -> None:
        for each in (project, other_project):
            queue_message(each)
            assert start(claim())
        clock.turn(settings.CARILLON_LEASE)
        Credential.objects.filter(project=project).update(provider="pigeon")
        settings.PIGEON_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES = "five"
        assert not sweep.step().more
        assert Message.objects.get(project=project).state == MessageState.SENDING
        assert Message.objects.get(project=other_project).state == MessageState.UNKNOWN


class TestGivenBack:
    def test_what_there_was_no_time_for_is_queued_again_whole(
        self, project: Project, settings: Settings
    ) -> None:
        queue_messages(project, 4)
        claimed = claim()
        sweep.give_back(claimed.batch.pk)
        again = claim()
        assert [message.pk for message in again.messages] == [message.pk for message in claimed.messages]
        assert Ticket.objects.filter(outcome=Outcome.RETRY, error_code="NotStarted").count() == 4

    def test_nobody_died_on_it_so_it_is_never_poison(self, project: Project) -> None:
        message = queue_message(project, batch_limit=1, rescues=Message.RESCUES_ALONE - 1)
        sweep.give_back(claim().batch.pk)
        message.refresh_from_db()
        assert (message.state, message.rescues) == (MessageState.QUEUED, Message.RESCUES_ALONE - 1)

    def test_what_was_started_is_not_given_back(self, project: Project) -> None:
        queue_message(project)
        claimed = claim()
        assert start(claimed)
        assert sweep.give_back(claimed.batch.pk) == []
