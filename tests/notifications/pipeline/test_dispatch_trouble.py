"""Dispatch: what is tried again, when, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import MessageState, Project, Reason, Ticket
from notifications.models.broadcast import LANE_CRITICAL
from notifications.wire import Outcome
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.rows import HOUR, queue_message, queue_messages
from tests.notifications.stepping import send_step

FAILED, QUEUED = MessageState.FAILED, MessageState.QUEUED
LOST_ANSWERS = [
    on_send(Kind.ANSWER, status=504, accept=True),
    on_send(Kind.DROP_AFTER_ACCEPT),
    on_send(Kind.HALF_BODY),
    on_send(Kind.MALFORMED_JSON),
    on_send(Kind.HTML, status=502),
    on_send(Kind.WRONG_COUNT, by=-1),
    on_send(Kind.WRONG_COUNT, by=1),
]


class TestThrottling:
    def test_retry_after_holds_back_the_whole_credential(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=429, retry_after="300"))
        queue_message(project)
        send_step()
        credential = project.credentials.get()
        assert credential.not_before is not None
        assert timedelta(seconds=290) < credential.not_before - clock.now() <= timedelta(seconds=300)

    def test_it_uses_up_no_attempt(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=429, retry_after="300"))
        message = queue_message(project)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.attempts) == (QUEUED, 0)

    def test_nothing_is_sent_before_it_is_over(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, Match(nth=[1]), status=429, retry_after="300"))
        queue_message(project)
        send_step()
        clock.turn(timedelta(seconds=298))
        queue_message(project)
        assert send_step().messages == 0
        assert expo.stats().requests == 1

    def test_afterwards_everything_is_sent(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, Match(nth=[1]), status=429, retry_after="300"))
        message = queue_message(project)
        send_step()
        clock.turn(timedelta(seconds=301))
        send_step()
        message.refresh_from_db()
        assert message.state == MessageState.ACCEPTED

    def test_without_a_time_it_waits_as_after_any_failure(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=429))
        queue_message(project)
        send_step()
        credential = project.credentials.get()
        assert credential.not_before is not None
        assert timedelta(seconds=20) < credential.not_before - clock.now() <= timedelta(seconds=36)

    def test_a_day_of_it_fails_nothing(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=429, retry_after="3600"))
        message = queue_message(project)
        for _ in range(24):
            send_step()
            clock.turn(HOUR)
        message.refresh_from_db()
        assert (message.state, message.attempts) == (QUEUED, 0)


class TestFailures:
    def test_a_server_error_is_tried_again_later(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        message = queue_message(project)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.attempts, message.code) == (QUEUED, 1, "HTTP 500")
        assert timedelta(seconds=20) < message.available_at - clock.now() <= timedelta(seconds=36)

    def test_the_pause_grows(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        message = queue_message(project, attempts=3)
        send_step()
        message.refresh_from_db()
        assert timedelta(seconds=180) < message.available_at - clock.now() <= timedelta(seconds=288)

    def test_it_is_not_tried_before_its_time(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        queue_message(project)
        send_step()
        clock.turn(timedelta(seconds=20))
        send_step()
        assert expo.stats().requests == 1

    def test_the_tries_are_used_up_in_the_end(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.ANSWER, status=500))
        message = queue_message(project)
        for _ in range(10):
            send_step()
            clock.turn(HOUR * 2)
        message.refresh_from_db()
        assert (message.state, message.reason, message.attempts) == (FAILED, Reason.ATTEMPTS_USED_UP, 6)
        assert expo.stats().requests == 6

    def test_how_many_tries_there_are_is_a_setting(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES = 0
        expo.faults(on_send(Kind.ANSWER, status=500))
        message = queue_message(project)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.reason) == (FAILED, Reason.ATTEMPTS_USED_UP)

    def test_a_vendor_out_of_reach_uses_up_an_attempt_and_no_more(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_HOST = "http://127.0.0.1:1"
        message = queue_message(project)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.attempts, message.code) == (QUEUED, 1, "NotSent")


class TestLostAnswers:
    @pytest.mark.parametrize("rule", LOST_ANSWERS, ids=lambda rule: str(rule.action.kind))
    def test_the_message_is_unknown_and_says_why(
        self, expo: FakeExpo, project: Project, rule: object
    ) -> None:
        expo.faults(rule)  # type: ignore[arg-type]
        message, _ = queue_messages(project, 2)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.UNKNOWN, Reason.NO_ANSWER)
        assert set(Ticket.objects.values_list("outcome", flat=True)) == {Outcome.AMBIGUOUS}

    def test_it_is_never_sent_again_by_itself(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.DROP_AFTER_ACCEPT))
        queue_message(project)
        send_step()
        clock.turn(timedelta(days=1))
        send_step()
        assert len(expo.history()) == 1

    def test_a_critical_one_is_sent_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.DROP_AFTER_ACCEPT, Match(nth=[1])))
        message = queue_message(project, lane=LANE_CRITICAL)
        send_step()
        clock.turn(timedelta(minutes=2))
        send_step()
        message.refresh_from_db()
        assert (message.state, len(expo.history())) == (MessageState.ACCEPTED, 2)

    def test_that_counts_as_two_tries(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.DROP_AFTER_ACCEPT))
        message = queue_message(project, lane=LANE_CRITICAL)
        send_step()
        message.refresh_from_db()
        assert (message.state, message.attempts) == (QUEUED, 2)

    def test_it_is_not_sent_again_while_the_lost_call_may_still_run(
        self, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DROP_AFTER_ACCEPT))
        message = queue_message(project, lane=LANE_CRITICAL)
        send_step()
        message.refresh_from_db()
        assert message.batch is not None
        assert message.available_at >= message.batch.leased_until

    def test_one_that_stays_without_answer_ends_unknown_and_not_failed(
        self, expo: FakeExpo, project: Project
    ) -> None:
        expo.faults(on_send(Kind.DROP_AFTER_ACCEPT))
        message = queue_message(project, lane=LANE_CRITICAL)
        for _ in range(10):
            send_step()
            clock.turn(HOUR * 2)
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.UNKNOWN, Reason.NO_ANSWER)
        assert expo.stats().requests == 3
