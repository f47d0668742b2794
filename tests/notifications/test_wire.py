"""The words that cross a boundary."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from notifications.models import Ticket as TicketRow
from notifications.wire import Access, Code, Outcome, Problem, PushContent, ReceiptAnswer


def test_there_are_six_outcomes_and_no_more() -> None:
    assert set(Outcome) == {"accepted", "retry", "rejected", "gone", "misconfigured", "ambiguous"}


@pytest.mark.parametrize("outcome", Outcome)
def test_each_fits_its_column(outcome: Outcome) -> None:
    TicketRow._meta.get_field("outcome").run_validators(outcome.value)


def test_nothing_is_said_until_it_is_said() -> None:
    content = PushContent()
    assert {f.name for f in fields(content) if getattr(content, f.name)} == set()


@pytest.mark.parametrize(
    "value",
    [
        ReceiptAnswer(),
        Problem(field="body", message="Too long."),
        Access(base_url="https://exp.host"),
        Code(outcome=Outcome.GONE, title="Gone", remedy="Nothing."),
    ],
)
def test_a_value_that_many_share_does_not_change(value: object) -> None:
    name = fields(value)[0].name  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)


def test_two_answers_share_no_receipts() -> None:
    assert ReceiptAnswer().receipts is not ReceiptAnswer().receipts
