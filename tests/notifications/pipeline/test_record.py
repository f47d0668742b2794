"""Recording: answers are saved as they come, whatever the provider does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Message, MessageState, Project, Ticket
from notifications.pipeline import record, sweep
from notifications.pipeline.claims import Claim
from notifications.pipeline.flights import Flight, one_by_one
from notifications.wire import Outcome, PushContent, PushMessage
from notifications.wire import Ticket as Answer
from tests.notifications.pipeline.halves import claim, start
from tests.notifications.rows import queue_messages

Answers = Iterator[tuple[PushMessage, Answer]]


@pytest.fixture
def started(project: Project) -> Claim:
    """Four messages whose call has begun."""
    queue_messages(project, 4)
    claimed = claim()
    assert start(claimed)
    return claimed


def answer(message: Message, outcome: Outcome = Outcome.ACCEPTED, **said: str) -> tuple[PushMessage, Answer]:
    return PushMessage(id=message.pk, token="", content=PushContent()), Answer(outcome=outcome, **said)  # type: ignore[arg-type]


def save(claimed: Claim, arriving: Answers, flush: int = 100) -> None:
    flight = Flight(claimed.batch, claimed.credential, claimed.messages, arriving)
    for arrival in one_by_one(flight, flush):
        record.save([arrival])


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def test_a_message_without_an_answer_is_ambiguous(started: Claim) -> None:
    save(started, iter([answer(m) for m in started.messages[:3]]))
    assert states() == [*[MessageState.ACCEPTED] * 3, MessageState.UNKNOWN]
    assert Ticket.objects.order_by("message").values_list("error_code", flat=True)[3] == "NoTicket"


def test_answers_may_come_in_any_order(started: Claim) -> None:
    first, *rest = started.messages
    save(
        started,
        iter([*[answer(m) for m in reversed(rest)], answer(first, Outcome.REJECTED, code="Odd")]),
    )
    assert states() == [MessageState.FAILED, *[MessageState.ACCEPTED] * 3]


def test_the_first_answer_counts(started: Claim) -> None:
    first = started.messages[0]
    save(started, iter([*[answer(m) for m in started.messages], answer(first, Outcome.REJECTED)]))
    assert states() == [MessageState.ACCEPTED] * 4


def test_an_answer_about_somebody_elses_message_is_passed_over(started: Claim, project: Project) -> None:
    (stranger,) = queue_messages(project, 1)
    save(started, iter([answer(stranger), *[answer(m) for m in started.messages]]))
    stranger.refresh_from_db()
    assert stranger.state == MessageState.QUEUED


def test_a_provider_that_fails_loses_nothing(started: Claim, caplog: pytest.LogCaptureFixture) -> None:
    def failing() -> Answers:
        yield answer(started.messages[0])
        raise RuntimeError("a bug")

    save(started, failing())
    assert states() == [MessageState.ACCEPTED, *[MessageState.UNKNOWN] * 3]
    assert "The provider failed on batch" in caplog.text


def test_what_was_answered_before_the_worker_died_is_saved(started: Claim, settings: Settings) -> None:
    def dying() -> Answers:
        yield answer(started.messages[0])
        yield answer(started.messages[1])
        raise SystemExit

    with pytest.raises(SystemExit):
        save(started, dying(), flush=2)
    clock.turn(settings.CARILLON_LEASE)
    sweep.step()
    assert states() == [*[MessageState.ACCEPTED] * 2, *[MessageState.UNKNOWN] * 2]
    assert Ticket.objects.count() == 4


def test_the_batch_says_what_most_of_its_answers_were(started: Claim) -> None:
    first, *rest = started.messages
    save(started, iter([answer(first, Outcome.REJECTED, code="Odd"), *[answer(m) for m in rest]]))
    batch = Batch.objects.get()
    assert (batch.outcome, batch.finished_at is None) == (Outcome.ACCEPTED, False)


def test_a_vendors_endless_words_are_cut_to_their_columns(started: Claim) -> None:
    long = "x" * 5000
    save(started, iter([answer(m, external_id=long, code=long, detail=long) for m in started.messages]))
    ticket = Ticket.objects.first()
    assert ticket is not None
    assert (len(ticket.external_id), len(ticket.error_code)) == (128, 64)
