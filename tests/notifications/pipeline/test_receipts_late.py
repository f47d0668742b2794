"""Receipts: what is asked again, when it is given up, and who asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import (
    Credential,
    MessageState,
    Project,
    Reason,
    Receipt,
    Ticket,
)
from notifications.pipeline import receipts
from tests.fakes.asking import on_send
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.accepted import DELAY, send, standing
from tests.notifications.pipeline.halves import together
from tests.notifications.rows import DAY, HOUR, queue_message, queue_messages
from tests.notifications.stepping import send_step


def on_question(kind: Kind, **action: object) -> Rule:
    return Rule(match=Match(endpoint="receipts"), action=Action(kind=kind, **action))  # type: ignore[arg-type]


REFUSED = {"errors": [{"code": "VALIDATION_ERROR", "message": "Not like this."}]}


def gaps_between_questions() -> list[timedelta]:
    """Ask five times, each when it is due; how long the one ticket rested after each."""
    gaps = []
    for _ in range(5):
        due = Ticket.objects.get().check_at
        assert due is not None
        clock.turn(due - clock.now())
        receipts.step()
        after = Ticket.objects.get().check_at
        assert after is not None
        gaps.append(after - due)
    return gaps


class TestRetries:
    @pytest.mark.parametrize(("retries", "quick"), [(0, 0), (2, 2), (3, 3)])
    def test_after_the_quick_retries_it_asks_once_an_hour(
        self, expo: FakeExpo, project: Project, settings: Settings, retries: int, quick: int
    ) -> None:
        settings.EXPO_NOTIFICATIONS_CHECKING_TASK_MAX_RETRIES = retries
        expo.faults(on_question(Kind.ANSWER, status=503))
        queue_message(project)
        send_step()
        assert [gap < HOUR / 4 for gap in gaps_between_questions()] == [True] * quick + [False] * (5 - quick)


class TestSilence:
    def test_it_asks_again_at_growing_gaps(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        queue_message(project)
        send_step()
        assert [round(gap / HOUR, 1) for gap in gaps_between_questions()] == [0.5, 1, 2, 4, 4]

    def test_a_question_at_once_is_not_followed_by_the_next_at_once(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        settings.EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY = timedelta(0)
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        queue_message(project)
        send_step()
        for _ in range(5):
            receipts.step()
        assert expo.stats("receipts").requests == 1
        clock.turn(timedelta(minutes=1))
        receipts.step()
        assert expo.stats("receipts").requests == 2

    def test_it_stays_accepted_meanwhile(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        (message,) = send(project)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")

    def test_after_a_day_it_says_that_none_came(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        (message,) = send(project)
        clock.turn(DAY)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, Reason.RECEIPT_MISSING)

    def test_then_it_is_never_asked_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_MISSING))
        send(project)
        clock.turn(DAY)
        receipts.step()
        clock.turn(10 * DAY)
        receipts.step()
        assert (Ticket.objects.get().check_at, expo.stats("receipts").requests) == (None, 1)

    def test_a_worker_that_was_away_for_a_day_still_collects(self, expo: FakeExpo, project: Project) -> None:
        (message,) = send(project)
        clock.turn(DAY)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_a_late_receipt_is_taken(self, expo: FakeExpo, project: Project) -> None:
        expo.configure(receipt_delay=3600)
        (message,) = send(project)
        receipts.step()
        expo.configure(receipt_delay=0)
        clock.turn(HOUR)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")


class TestTrouble:
    def test_a_server_error_is_asked_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=500))
        (message,) = send(project)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")
        expo.faults()
        clock.turn(HOUR)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_a_lost_answer_is_asked_again(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.DROP_AFTER_ACCEPT))
        (message,) = send(project)
        receipts.step()
        expo.faults()
        clock.turn(HOUR)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_trouble_for_a_day_gives_nothing_up(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=500))
        (message,) = send(project)
        clock.turn(1.5 * DAY)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, "")
        assert Ticket.objects.get().check_at is not None

    def test_a_question_refused_for_a_day_is_given_up(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=400, body=REFUSED))
        (message,) = send(project)
        clock.turn(DAY)
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, Reason.RECEIPT_MISSING)

    def test_one_that_expo_dislikes_keeps_no_other_from_its_receipt(
        self, expo: FakeExpo, project: Project
    ) -> None:
        bad, *others = send(project, 8)
        disliked = Ticket.objects.get(message=bad).external_id
        match = Match(endpoint="receipts", token=disliked)
        expo.faults(Rule(match=match, action=Action(kind=Kind.ANSWER, status=400, body=REFUSED)))
        receipts.step()
        assert {standing(message)[0] for message in others} == {MessageState.DELIVERED}
        assert standing(bad) == (MessageState.ACCEPTED, "")

    def test_two_days_of_failing_questions_are_the_end(self, expo: FakeExpo, project: Project) -> None:
        (message,) = send(project, 1)
        expo.faults(on_question(Kind.ANSWER, status=400, body="no words"))
        clock.turn(timedelta(hours=48))
        receipts.step()
        assert standing(message) == (MessageState.ACCEPTED, Reason.RECEIPT_MISSING)

    def test_a_question_that_fails_holds_back_no_message(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=500))
        send(project)
        for _ in range(6):
            receipts.step()
            clock.turn(timedelta(hours=1))
        assert expo.stats("receipts").requests == 6
        assert (Credential.objects.get().failures, Credential.objects.get().not_before) == (0, None)

    def test_a_wrong_key_pauses_the_credential(self, expo: FakeExpo, project: Project) -> None:
        send(project)
        expo.configure(access_token="another")
        receipts.step()
        assert Credential.objects.get().paused_reason.startswith("UNAUTHORIZED")

    def test_nothing_is_asked_with_a_paused_credential(self, expo: FakeExpo, project: Project) -> None:
        send(project)
        Credential.objects.update(paused_reason="by hand")
        receipts.step()
        assert expo.stats("receipts").requests == 0

    def test_retry_after_holds_back_every_question(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_question(Kind.ANSWER, status=429, retry_after="300"))
        send(project)
        receipts.step()
        send(project)
        clock.turn(-DELAY + timedelta(seconds=200))
        Ticket.objects.update(check_at=clock.now())
        receipts.step()
        assert expo.stats("receipts").requests == 1


class TestQuestions:
    def test_a_thousand_are_asked_at_once(self, expo: FakeExpo, project: Project) -> None:
        queue_messages(project, 1100)
        while send_step().messages:
            pass
        clock.turn(DELAY)
        while receipts.step().more:
            pass
        asked = sorted(call.recipients for call in expo.calls() if call.endpoint == "receipts")
        assert asked == [100, 1000]

    def test_each_project_asks_for_its_own(
        self, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        queue_messages(project, 2)
        queue_messages(other_project, 3)
        send_step()
        send_step()
        clock.turn(DELAY)
        receipts.step()
        receipts.step()
        asked = sorted(call.recipients for call in expo.calls() if call.endpoint == "receipts")
        assert asked == [2, 3]

    def test_after_trouble_the_others_are_asked_first(
        self, expo: FakeExpo, project: Project, other_project: Project
    ) -> None:
        expo.faults(Rule(match=Match(endpoint="receipts", nth=[1]), action=Action(kind=Kind.DROP)))
        (other,) = queue_messages(other_project)
        send_step()
        send(project)
        of_the_first = Ticket.objects.filter(message__project=project)
        of_the_first.update(check_at=clock.now() - DELAY)
        receipts.step()
        of_the_first.update(
            check_at=clock.now() - DELAY
        )  # as though it had more to ask for than one question takes
        receipts.step()
        assert standing(other) == (MessageState.DELIVERED, "")

    def test_it_is_asked_again_when_nobody_else_waits(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(Rule(match=Match(endpoint="receipts", nth=[1]), action=Action(kind=Kind.DROP)))
        (message,) = send(project)
        receipts.step()
        Ticket.objects.update(check_at=clock.now())
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")

    def test_two_workers_do_not_ask_the_same(self, expo: FakeExpo, committed: Project) -> None:
        send(committed, 50)
        together(4, receipts.step)
        assert expo.stats("receipts").recipients == Receipt.objects.count() == 50

    def test_what_a_dead_worker_wanted_to_ask_another_asks(
        self, expo: FakeExpo, project: Project, settings: Settings
    ) -> None:
        (message,) = send(project)
        settings.CARILLON_CALL_DEADLINE = None  # so that the step ends in the middle
        with pytest.raises(AttributeError):
            receipts.step()
        settings.CARILLON_CALL_DEADLINE = timedelta(seconds=30)
        assert not receipts.step().more
        clock.turn(settings.CARILLON_LEASE)
        receipts.step()
        assert standing(message) == (MessageState.DELIVERED, "")
