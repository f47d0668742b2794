"""Providers that each break one promise, to show that the contract notices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from notifications import http, wire
from notifications.providers.expo import ExpoProvider
from notifications.wire import Code, Outcome, PushMessage, Receipt, ReceiptAnswer, Ticket

Answered = tuple[PushMessage, Ticket]


def sending(change: Callable[[list[Answered]], Iterable[Answered]]) -> type[ExpoProvider]:
    """A provider that changes its answers before it hands them back."""

    class Broken(ExpoProvider):
        def send(self, batch) -> Iterator[Answered]:
            yield from change(list(super().send(batch)))

    return Broken


def reading(change: Callable[[Ticket], Ticket]) -> type[ExpoProvider]:
    """A provider that reads every ticket wrongly."""
    return sending(lambda answered: [(message, change(ticket)) for message, ticket in answered])


def mistaking(outcome: Outcome, for_another: Outcome) -> type[ExpoProvider]:
    """A provider that takes one outcome for another."""
    return reading(
        lambda ticket: replace(ticket, outcome=for_another) if ticket.outcome is outcome else ticket
    )


def mistaking_code(code: str, outcome: Outcome) -> type[ExpoProvider]:
    """A provider that reads one code wrongly."""
    return reading(lambda ticket: replace(ticket, outcome=outcome) if ticket.code == code else ticket)


def with_parts(**parts: object) -> type[ExpoProvider]:
    """A provider with other attributes."""
    return type("Broken", (ExpoProvider,), parts)


def asking(change: Callable[[ReceiptAnswer], ReceiptAnswer]) -> type[ExpoProvider]:
    """A provider that reads every answer about receipts wrongly."""

    class Broken(ExpoProvider):
        def receipts(self, external_ids) -> ReceiptAnswer:
            return change(super().receipts(external_ids))

    return Broken


class OneByOne(ExpoProvider):
    """Sends each message in a request of its own."""

    def send(self, batch) -> Iterator[Answered]:
        for message in batch:
            yield from super().send([message])


class Calls(ExpoProvider):
    """Calls the vendor even when there is nothing to say or to ask."""

    def send(self, batch) -> Iterator[Answered]:
        http.request("POST", self.access.base_url, deadline=5)
        yield from super().send(batch)

    def receipts(self, external_ids) -> ReceiptAnswer:
        http.request("POST", self.access.base_url, deadline=5)
        return super().receipts(external_ids)


class Anonymous(ExpoProvider):
    """Leaves its secrets at home."""

    def __init__(self, access, *, deadline=30.0) -> None:
        super().__init__(replace(access, secrets={}), deadline=deadline)


class Patient(ExpoProvider):
    """Waits longer than it was told to."""

    def __init__(self, access, *, deadline=30.0) -> None:
        super().__init__(access, deadline=10 * deadline)


class Raising(ExpoProvider):
    """Raises what it should have answered."""

    def send(self, batch) -> Iterator[Answered]:
        for message, ticket in super().send(batch):
            if ticket.code in ("NotSent", "Unreadable"):
                raise ConnectionError(ticket.detail)
            yield message, ticket


class Guessing(ExpoProvider):
    """Answers about receipts that nobody asked for."""

    def receipts(self, external_ids) -> ReceiptAnswer:
        answer = super().receipts(external_ids)
        return replace(answer, receipts={**answer.receipts, "z": Receipt(outcome=Outcome.ACCEPTED)})


def shifted(answered: list[Answered]) -> list[Answered]:
    """Each answer goes to the next message."""
    messages = [message for message, _ in answered]
    tickets = [ticket for _, ticket in answered]
    return list(zip(messages, tickets[1:] + tickets[:1], strict=True))


def told(ticket: Ticket, seconds: float) -> Ticket:
    """A ticket that waits for so long, whatever the vendor said."""
    return replace(ticket, retry_after=seconds) if ticket.throttled else ticket


def tattling(answered: list[Answered]) -> Iterator[Answered]:
    """Details that tell whom they are about."""
    for message, ticket in answered:
        yield message, replace(ticket, detail=f"{ticket.detail} {message.token}")


def tattling_receipt(answer: ReceiptAnswer) -> ReceiptAnswer:
    """Details of receipts that tell a secret."""
    told = {
        name: replace(each, detail="Sorry, canary-secret-0123456789")
        for name, each in answer.receipts.items()
    }
    return replace(answer, receipts=told)


def without_trouble(answer: ReceiptAnswer) -> ReceiptAnswer:
    """All is well, whatever happened."""
    return replace(answer, trouble=None)


def all_gone(answer: ReceiptAnswer) -> ReceiptAnswer:
    """Every id that was asked for is dead."""
    return replace(answer, receipts={name: Receipt(outcome=Outcome.GONE) for name in ("a", "b")})


def pausing(answer: ReceiptAnswer) -> ReceiptAnswer:
    """One bad receipt is everybody's."""
    wrong = {name: replace(each, outcome=Outcome.MISCONFIGURED) for name, each in answer.receipts.items()}
    return replace(answer, receipts=wrong)


def alarmed(answer: ReceiptAnswer) -> ReceiptAnswer:
    """A receipt that is not out yet is trouble."""
    return replace(answer, trouble=answer.trouble or Ticket(outcome=Outcome.RETRY))


O = Outcome  # noqa: E741
BROKEN: dict[str, list[type[ExpoProvider]]] = {
    "test_it_is_registered_under_its_own_key": [with_parts(key="pigeon")],
    "test_it_asks_for_the_secrets_it_uses": [with_parts(secret_fields={})],
    "test_every_code_has_a_title_and_a_remedy": [
        with_parts(codes={}),
        with_parts(codes={"E42": Code(outcome=O.RETRY, title="", remedy="Wait.")}),
        with_parts(codes={"E42": Code(outcome=O.RETRY, title="Busy", remedy="")}),
    ],
    "test_it_knows_a_good_token": [with_parts(check_token=classmethod(lambda cls, token: "No."))],
    "test_it_says_in_a_sentence_what_is_wrong_with_a_token": [
        with_parts(check_token=classmethod(lambda cls, token: "")),
        with_parts(check_token=classmethod(lambda cls, token: "" if token.startswith("Ex") else "No.")),
    ],
    "test_it_passes_a_good_content": [
        with_parts(
            check_content=classmethod(lambda cls, content: [wire.Problem(field="body", message="No.")])
        )
    ],
    "test_it_says_by_how_much_a_content_is_too_long": [
        with_parts(check_content=classmethod(lambda cls, content: [])),
        with_parts(
            check_content=classmethod(lambda cls, content: [wire.Problem(field="body", message="Too long.")])
        ),
    ],
    "test_it_sends_nothing_for_an_empty_batch": [Calls],
    "test_it_authorises_every_request": [Anonymous],
    "test_it_answers_for_each_message_exactly_once": [
        sending(lambda answered: answered[:-1]),
        sending(lambda answered: answered + answered[:1]),
    ],
    "test_it_gives_each_message_its_own_answer": [sending(shifted)],
    "test_it_keeps_the_vendors_reference": [reading(lambda ticket: replace(ticket, external_id=""))],
    "test_it_knows_a_dead_address": [mistaking(O.GONE, O.REJECTED)],
    "test_it_does_not_condemn_the_device_for_a_bad_message": [mistaking(O.REJECTED, O.GONE)],
    "test_it_does_not_condemn_the_device_for_our_wrong_key": [
        mistaking(O.MISCONFIGURED, O.GONE),
        mistaking(O.MISCONFIGURED, O.REJECTED),
    ],
    "test_it_stops_for_a_key_that_suits_nobody": [mistaking(O.MISCONFIGURED, O.REJECTED)],
    "test_it_does_not_stop_for_a_key_that_does_not_suit_one_of_many": [
        mistaking(O.REJECTED, O.MISCONFIGURED),
        mistaking_code("MismatchSenderId", O.RETRY),
    ],
    "test_every_code_it_gives_is_in_its_table": [reading(lambda ticket: replace(ticket, code="E42"))],
    "test_it_shows_no_address_and_no_secret": [
        sending(tattling),
        reading(lambda ticket: replace(ticket, detail=f"{ticket.detail} canary-secret-0123456789")),
        reading(lambda ticket: replace(ticket, detail="")),
    ],
    "test_it_tries_again_when_the_vendor_is_busy": [
        mistaking(O.RETRY, O.REJECTED),
        reading(lambda ticket: replace(ticket, throttled=True)),
    ],
    "test_it_tells_when_the_vendor_throttles": [
        reading(lambda ticket: replace(ticket, throttled=False)),
        reading(lambda ticket: replace(ticket, retry_after=None)),
    ],
    "test_it_reads_a_date_to_wait_for": [reading(lambda ticket: replace(ticket, retry_after=None))],
    "test_it_waits_an_hour_at_most_and_never_backwards": [
        reading(lambda ticket: told(ticket, 1_000_000_000.0)),
        reading(lambda ticket: told(ticket, -5.0)),
    ],
    "test_it_tries_again_when_the_network_is_down": [mistaking(O.RETRY, O.AMBIGUOUS), Raising],
    "test_a_lost_answer_is_ambiguous": [mistaking(O.AMBIGUOUS, O.RETRY), mistaking(O.AMBIGUOUS, O.ACCEPTED)],
    "test_half_an_answer_is_ambiguous": [mistaking(O.AMBIGUOUS, O.RETRY)],
    "test_a_web_page_for_an_answer_is_ambiguous": [mistaking_code("Unreadable", O.RETRY), Raising],
    "test_no_answer_within_its_deadline_is_ambiguous": [Patient, mistaking(O.AMBIGUOUS, O.RETRY)],
    "test_it_survives_a_hostile_answer": [
        Raising,
        mistaking(O.AMBIGUOUS, O.ACCEPTED),
        mistaking(O.REJECTED, O.GONE),
        reading(lambda ticket: replace(ticket, detail="\x00")),
        reading(lambda ticket: replace(ticket, code="E" * 65)),
    ],
    "test_a_batch_goes_out_in_one_request": [OneByOne],
    "test_a_wrong_count_makes_the_whole_batch_ambiguous": [mistaking_code("Unreadable", O.ACCEPTED)],
    "test_one_bad_message_is_found_and_harms_no_other": [
        OneByOne,
        mistaking_code("VALIDATION_ERROR", O.GONE),
    ],
    "test_it_says_that_it_gives_receipts": [with_parts(has_receipts=False), with_parts(receipt_batch_size=0)],
    "test_it_reads_each_receipt": [asking(all_gone), asking(alarmed)],
    "test_a_key_that_does_not_suit_one_of_many_stops_nobody": [asking(pausing)],
    "test_a_key_that_suits_nobody_is_told": [asking(all_gone)],
    "test_a_receipt_that_is_not_out_yet_is_no_trouble": [asking(alarmed), asking(all_gone)],
    "test_a_receipt_nobody_asked_for_is_left_out": [Guessing],
    "test_a_question_is_authorised": [Anonymous],
    "test_it_asks_nothing_without_ids": [Calls],
    "test_a_receipt_shows_no_address_and_no_secret": [asking(tattling_receipt)],
    "test_a_question_that_fails_is_trouble_to_try_again": [asking(without_trouble)],
    "test_a_question_with_our_wrong_key_is_trouble_for_an_operator": [asking(without_trouble)],
    "test_a_hostile_receipt_condemns_nobody": [asking(all_gone)],
}
"""Promise (the contract's test for it) → providers that break it."""
