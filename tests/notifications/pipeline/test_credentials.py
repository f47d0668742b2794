"""What answers do to a credential: pauses, patience and the circuit breaker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock, encryption
from notifications.actions import credentials
from notifications.models import Credential, Device, Message, MessageState, Project
from notifications.pipeline import Done
from tests.factories import make_credential
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import carry_out, claim, save_answers, start, try_to_claim
from tests.notifications.rows import ACTOR, HOUR, queue_message, queue_messages
from tests.notifications.stepping import send_step


class TestPause:
    @pytest.fixture(autouse=True)
    def _wants_a_token(self, expo: FakeExpo) -> None:
        expo.configure(access_token="the-right-one")

    def test_a_wrong_key_pauses_the_credential_and_says_why(self, project: Project) -> None:
        queue_message(project)
        send_step()
        credential = Credential.objects.get()
        assert credential.paused_reason.startswith("UNAUTHORIZED: ")
        assert credential.paused_at is not None

    def test_its_messages_stay_queued_and_lose_no_attempt(self, project: Project) -> None:
        queue_messages(project, 3)
        send_step()
        assert list(Message.objects.values_list("state", "attempts")) == [(MessageState.QUEUED, 0)] * 3

    def test_its_devices_stay_active(self, project: Project) -> None:
        queue_messages(project, 3)
        send_step()
        assert Device.objects.filter(is_active=True).count() == 3

    def test_nothing_more_is_sent(self, project: Project, expo: FakeExpo) -> None:
        queue_messages(project, 200)
        for _ in range(3):
            send_step()
            clock.turn(HOUR)
        assert expo.stats().requests == 1

    def test_a_new_key_sends_what_waited(self, project: Project) -> None:
        queue_message(project)
        send_step()
        credentials.set_secrets(ACTOR, Credential.objects.get(), {"access_token": "the-right-one"})
        send_step()
        assert Message.objects.get().state == MessageState.ACCEPTED

    def test_resume_sends_what_waited(self, project: Project, expo: FakeExpo) -> None:
        queue_message(project)
        send_step()
        expo.configure(access_token="")
        credentials.resume(ACTOR, Credential.objects.get())
        send_step()
        assert Message.objects.get().state == MessageState.ACCEPTED

    def test_a_late_answer_to_the_old_key_does_not_pause_the_new_one(self, project: Project) -> None:
        queue_message(project)
        claimed = claim()
        credentials.set_secrets(ACTOR, Credential.objects.get(), {"access_token": "the-right-one"})
        carry_out(claimed)
        assert Credential.objects.get().paused_reason == ""

    def test_another_projects_key_is_not_paused(self, project: Project, other_project: Project) -> None:
        queue_message(project)
        make_credential(other_project)
        send_step()
        assert Credential.objects.get(project=other_project).paused_reason == ""


def test_a_secret_that_no_key_opens_pauses_too(expo: FakeExpo, project: Project, settings: Settings) -> None:
    make_credential(project, sealed_secrets=encryption.seal({"access_token": "x"}))
    settings.CARILLON_ENCRYPTION_KEYS = ["another"]
    message = queue_message(project)
    send_step()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.QUEUED, 0)
    assert Credential.objects.get().paused_reason.startswith("UnreadableSecret: ")
    assert expo.stats().requests == 0


def test_it_sends_the_stored_key(expo: FakeExpo, project: Project) -> None:
    make_credential(project, sealed_secrets=encryption.seal({"access_token": "from-the-database"}))
    queue_message(project)
    send_step()
    assert expo.calls()[0].headers["authorization"] == "Bearer from-the-database"


class TestPatience:
    def test_a_success_that_was_under_way_does_not_end_it(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, Match(nth=[1]), status=429, retry_after="300"))
        queue_messages(project, 2, batch_limit=1)
        Credential.objects.update(failures=1)
        carry_out(claim(), claim())
        not_before = Credential.objects.get().not_before
        assert not_before is not None
        assert not_before > clock.now() + timedelta(seconds=290)

    def test_the_longest_time_asked_for_counts(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(
            on_send(Kind.ANSWER, Match(nth=[1]), status=429, retry_after="3000"),
            on_send(Kind.ANSWER, Match(nth=[2]), status=429, retry_after="3"),
        )
        queue_messages(project, 2, batch_limit=1)
        carry_out(claim(), claim())
        not_before = Credential.objects.get().not_before
        assert not_before is not None
        assert not_before > clock.now() + timedelta(seconds=2900)


class TestBreaker:
    def fail(self, expo: FakeExpo, project: Project, times: int) -> None:
        """So many batches in a row meet a server error."""
        expo.faults(on_send(Kind.ANSWER, status=500))
        for _ in range(times):
            queue_message(project)
            send_step()

    def test_it_stays_closed_after_four_failures_in_a_row(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 4)
        assert Credential.objects.get().not_before is None

    def test_it_opens_after_five(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 5)
        not_before = Credential.objects.get().not_before
        assert not_before is not None
        assert timedelta(seconds=25) < not_before - clock.now() <= timedelta(seconds=30)

    def test_nothing_is_sent_while_it_is_open(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 5)
        queue_message(project)
        assert send_step().messages == 0

    def test_what_waits_for_it_uses_up_no_attempt(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 5)
        message = queue_message(project)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.attempts) == (MessageState.QUEUED, 0)

    def test_it_closes_after_a_success(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 5)
        expo.faults()
        clock.turn(timedelta(seconds=31))
        queue_message(project)
        send_step()
        credential = Credential.objects.get()
        assert (credential.failures, credential.is_open(clock.now())) == (0, True)

    def test_one_batch_alone_tries_whether_it_is_over(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 5)
        clock.turn(timedelta(seconds=31))
        queue_messages(project, 2, batch_limit=1)
        claim()
        assert isinstance(try_to_claim(), Done)

    def test_another_failure_opens_it_for_longer(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 5)
        clock.turn(timedelta(seconds=31))
        self.fail(expo, project, 1)
        not_before = Credential.objects.get().not_before
        assert not_before is not None
        assert not_before - clock.now() > timedelta(seconds=50)

    def test_a_success_in_between_starts_the_count_again(self, expo: FakeExpo, project: Project) -> None:
        self.fail(expo, project, 4)
        expo.faults()
        queue_message(project)
        send_step()
        self.fail(expo, project, 4)
        assert Credential.objects.get().not_before is None

    def test_five_that_fail_at_the_same_time_open_it(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        queue_messages(project, 5, batch_limit=1)
        for each in [claim() for _ in range(5)]:
            carry_out(each)
        assert Credential.objects.get().not_before is not None

    def test_those_under_way_when_it_opens_keep_it_open_no_longer(
        self, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        make_credential(project, failures=4)
        queue_messages(project, 2, batch_limit=1)
        first, slow = claim(), claim()
        assert start(slow)
        carry_out(first)
        clock.turn(timedelta(seconds=20))
        save_answers(slow)
        not_before = Credential.objects.get().not_before
        assert not_before is not None
        assert not_before - clock.now() <= timedelta(seconds=10)

    def test_messages_that_are_refused_do_not_count(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.TICKET_ERROR, code="MessageTooBig"))
        for _ in range(6):
            queue_message(project)
            send_step()
        assert Credential.objects.get().failures == 0
