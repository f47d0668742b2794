"""Asking: questions side by side with the saving of answers; in order, and no more of them than there should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event

import pytest

from notifications import wire
from notifications.pipeline import asking
from notifications.pipeline.asking import Turn
from notifications.pipeline.questions import Asked

TROUBLE = wire.ReceiptAnswer(trouble=wire.Ticket(outcome=wire.Outcome.RETRY))
SILENCE = wire.ReceiptAnswer()
PATIENCE = 10.0


def tickets(number: int) -> list[Asked]:
    return [Asked(n, f"ticket-{n}", 1, 0, n, 1, None) for n in range(number)]


def asked_by(turn: Turn) -> list[list[int]]:
    """The tickets of each question that was answered."""
    return [[ticket.id for ticket in each.tickets] for each in turn]


def always(answer: wire.ReceiptAnswer) -> Callable[[Sequence[Asked]], wire.ReceiptAnswer]:
    return lambda asked: answer


def test_each_is_asked_for_once_in_order() -> None:
    assert asked_by(Turn(always(SILENCE), tickets(5), 2)) == [[0, 1], [2, 3], [4]]


def test_the_last_answer_says_that_it_is() -> None:
    assert [each.is_last for each in Turn(always(SILENCE), tickets(5), 2)] == [False, False, True]


def test_where_there_is_none_nothing_is_asked() -> None:
    assert list(Turn(always(TROUBLE), [], 2)) == []


def test_each_answer_is_that_to_its_own_question() -> None:
    def echo(asked: Sequence[Asked]) -> wire.ReceiptAnswer:
        return wire.ReceiptAnswer(
            receipts={t.external_id: wire.Receipt(outcome=wire.Outcome.ACCEPTED) for t in asked}
        )

    for each in Turn(echo, tickets(50), 2):
        assert set(each.answer.receipts) == {ticket.external_id for ticket in each.tickets}


def test_the_next_question_is_on_its_way_while_an_answer_is_saved() -> None:
    started: list[int] = []
    second = Event()

    def ask(asked: Sequence[Asked]) -> wire.ReceiptAnswer:
        started.append(asked[0].id)
        if len(started) == 2:
            second.set()
        return SILENCE

    for _ in Turn(ask, tickets(2), 1):
        assert second.wait(PATIENCE)  # the first time round, its answer has not been fetched yet


def test_no_more_are_on_their_way_than_may_be() -> None:
    started: list[int] = []
    turn = Turn(lambda asked: started.append(asked[0].id) or SILENCE, tickets(20), 1)
    answers: Iterator[object] = iter(turn)
    next(answers)
    assert len(started) <= 1 + asking.AT_ONCE
    turn.stop()
    assert len(list(answers)) == asking.AT_ONCE


def test_after_trouble_nothing_is_asked_but_what_is_on_its_way() -> None:
    turn = Turn(always(TROUBLE), tickets(20), 1)
    assert asked_by(turn) == [[number] for number in range(asking.AT_ONCE)]


def test_once_it_is_over_nothing_more_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TURN", 0.0)
    assert len(list(Turn(always(SILENCE), tickets(20), 1))) == asking.AT_ONCE


def test_a_bug_of_a_provider_is_no_answer() -> None:
    def ask(asked: Sequence[Asked]) -> wire.ReceiptAnswer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(Turn(ask, tickets(3), 1))
