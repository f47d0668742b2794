"""What Expo's own SDK for Node is tested for, asked of us: how we split, and what we make of odd answers."""

from __future__ import annotations

import pytest

from notifications.providers.expo import ExpoProvider
from notifications.wire import Access, Outcome
from tests.notifications.loopback import Answer, Script, Seen
from tests.notifications.providers.expo.test_sending import ok, send

BUSY = Answer(status=429, body={"errors": [{"code": "TOO_MANY_REQUESTS"}]}, headers={"Retry-After": "1"})
ERRORS = [
    {"code": "PUSH_TOO_MANY_NOTIFICATIONS", "message": "The first."},
    {"code": "UNAUTHORIZED", "message": "The second."},
]


def in_turn(*answers: Answer | Script) -> Script:
    """A server that gives these answers, one after the other."""
    rest = iter(answers)

    def script(seen: Seen) -> Answer:
        answer = next(rest)
        return answer if isinstance(answer, Answer) else answer(seen)

    return script


@pytest.mark.parametrize("tickets", [[], [{"status": "ok", "id": "a"}] * 3])
def test_another_number_of_tickets_is_told_in_numbers(server, tickets):
    found = send(server, lambda seen: Answer(body={"data": tickets}), size=2)
    assert {ticket.outcome for ticket in found} == {Outcome.AMBIGUOUS}
    assert found[0].detail == f"Expo answered with {len(tickets)} tickets for 2 messages."


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_error_is_read_whatever_the_status(server, status):
    refused = Answer(status=status, body={"errors": [{"code": "UNAUTHORIZED", "message": "Who are you?"}]})
    [ticket] = send(server, lambda seen: refused, size=1)
    assert (ticket.outcome, ticket.code, ticket.detail) == (
        Outcome.MISCONFIGURED,
        "UNAUTHORIZED",
        "Who are you?",
    )


@pytest.mark.parametrize(
    "body", [b'{"data": [', b"Not Authorized", b"<html>", b"null", b"[]", b"5", b'"text"', b'{"a": 1}']
)
@pytest.mark.parametrize(("status", "outcome"), [(200, Outcome.AMBIGUOUS), (500, Outcome.RETRY)])
def test_any_other_body_is_trouble_and_never_a_crash(server, body, status, outcome):
    [ticket] = send(server, lambda seen: Answer(status=status, body=body), size=1)
    assert ticket.outcome is outcome


@pytest.mark.parametrize("status", [200, 400])
def test_of_several_errors_the_first_counts(server, status):
    [ticket] = send(server, lambda seen: Answer(status=status, body={"errors": ERRORS}), size=1)
    assert (ticket.outcome, ticket.code, ticket.detail) == (Outcome.REJECTED, ERRORS[0]["code"], "The first.")


def test_it_asks_once_where_expo_is_busy_and_says_when_to_come_back(server):
    [ticket] = send(server, in_turn(BUSY), size=1)
    assert (ticket.outcome, ticket.throttled, ticket.retry_after) == (Outcome.RETRY, True, 1)
    assert len(server.seen) == 1


def test_after_a_429_the_next_try_arrives(server):
    script = in_turn(BUSY, ok)
    assert [send(server, script, size=1)[0].outcome for _ in range(2)] == [Outcome.RETRY, Outcome.ACCEPTED]


@pytest.mark.parametrize("data", [[], "receipts", 5, None, [{"status": "ok"}]])
def test_receipts_that_are_no_map_are_trouble(server, data):
    server.script = lambda seen: Answer(body={"data": data})
    answer = ExpoProvider(Access(base_url=server.url)).receipts(["a"])
    assert (answer.receipts, answer.trouble and answer.trouble.code) == ({}, "Unreadable")
