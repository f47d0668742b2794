"""How a batch or a question is parted that Expo refuses as a whole: by project, by halves, and not for ever."""

from __future__ import annotations

from collections import Counter

import pytest

from notifications.providers.expo import ExpoProvider
from notifications.wire import Access, Outcome, PushMessage, ReceiptAnswer
from tests.notifications.loopback import Answer, Loopback, Script, Seen
from tests.notifications.providers.expo.test_sending import (
    CONTENT,
    REFUSED,
    names,
    ok,
    poisoned_by,
    rejected,
    send,
    token,
)

PAGE = Answer(status=400, body=b"<html>Bad Request</html>")
TWO_PROJECTS = "PUSH_TOO_MANY_EXPERIENCE_IDS"


def project_of(name: str) -> str:
    """Two Expo projects whose devices take turns."""
    return f"@owner/app-{int(name[18:-1]) % 2}"


def of_one_project(status: int = 400, details: object = None) -> Script:
    """Expo, which takes one project at a time, and says which token is whose unless `details` are given."""

    def script(seen: Seen) -> Answer:
        found: dict[str, list[str]] = {}
        for name in names(seen):
            found.setdefault(project_of(name), []).append(name)
        error = {"code": TWO_PROJECTS, "message": "Two projects.", "details": details or found}
        return Answer(status=status, body={"errors": [error]}) if len(found) > 1 else ok(seen)

    return script


def outcomes(tickets) -> Counter[Outcome]:
    return Counter(ticket.outcome for ticket in tickets)


class TestProjects:
    @pytest.mark.parametrize("status", [200, 400])
    def test_each_gets_a_request_of_its_own(self, server, status):
        assert outcomes(send(server, of_one_project(status))) == {Outcome.ACCEPTED: 100}
        assert [len(names(seen)) for seen in server.seen] == [100, 50, 50]

    def test_a_bad_message_in_one_of_them_is_found(self, server):
        script = of_one_project()
        bad = poisoned_by(6)
        tickets = send(server, lambda seen: script(seen) if len(names(seen)) == 100 else bad(seen))
        assert rejected(tickets) == [6]

    def test_a_device_that_is_not_named_is_sent_to_as_well(self, server):
        named = {"@owner/app-0": [token(n) for n in range(0, 8, 2)]}
        assert outcomes(send(server, of_one_project(details=named), size=8)) == {Outcome.ACCEPTED: 8}

    @pytest.mark.parametrize("details", ["two", ["x"], {"a": 5}, {"a": [5, None, {}]}, {"a": [token(99)]}])
    def test_details_that_name_nobody_are_passed_over(self, server, details):
        tickets = send(server, of_one_project(details=details), size=8)
        assert outcomes(tickets) == {Outcome.ACCEPTED: 8}

    def test_a_project_for_each_device_has_its_bound(self, server):
        def script(seen: Seen) -> Answer:
            first = {"@owner/first": names(seen)[:1]}
            error = {"code": TWO_PROJECTS, "details": first}
            return Answer(status=400, body={"errors": [error]}) if len(names(seen)) > 1 else ok(seen)

        assert outcomes(send(server, script)) == {Outcome.ACCEPTED: 50, Outcome.RETRY: 50}
        assert len(server.seen) == 100


class TestWithoutAReason:
    @pytest.mark.parametrize("status", [400, 413, 422])
    def test_one_bad_message_is_found(self, server, status):
        assert rejected(send(server, poisoned_by(5, refused=Answer(status=status)), size=8)) == [5]

    @pytest.mark.parametrize("bad", [(0, 1, 2), (0, 50, 99), (12, 25, 50), (5, 30, 70), (0, 13, 26)])
    def test_three_bad_ones_are_found(self, server, bad):
        assert rejected(send(server, poisoned_by(*bad, refused=PAGE))) == list(bad)

    @pytest.mark.parametrize(("size", "requests"), [(100, 7), (8, 7), (3, 5), (1, 1)])
    def test_a_proxy_that_refuses_everything_condemns_no_message(self, server, size, requests):
        tickets = send(server, lambda seen: PAGE, size=size)
        assert outcomes(tickets) == {Outcome.RETRY: size}
        assert {ticket.code for ticket in tickets} == {"HTTP 400"}
        assert len(server.seen) == requests

    def test_what_expo_says_itself_is_believed(self, server):
        assert outcomes(send(server, lambda seen: REFUSED, size=8)) == {Outcome.REJECTED: 8}


class TestBounds:
    def test_a_batch_of_bad_messages_takes_a_hundred_requests_at_most(self, server):
        tickets = send(server, lambda seen: REFUSED)
        assert len(server.seen) == 100
        assert outcomes(tickets).keys() == {Outcome.REJECTED, Outcome.RETRY}
        assert {t.code for t in tickets if t.outcome is Outcome.RETRY} == {"NotParted"}

    def test_no_part_leaves_when_little_time_is_left(self, server):
        def script(seen: Seen) -> Answer:
            server.closing.wait(2.2)
            return REFUSED

        server.script = script
        batch = [PushMessage(id=n, token=token(n), content=CONTENT) for n in range(8)]
        answered = ExpoProvider(Access(base_url=server.url), deadline=3.0).send(batch)
        assert outcomes(ticket for _, ticket in answered) == {Outcome.RETRY: 8}
        assert len(server.seen) == 1


class TestQuestions:
    ids = [f"id-{n}" for n in range(1000)]

    def ask(self, server: Loopback, *disliked: str, refused: Answer = REFUSED, deadline=5.0) -> ReceiptAnswer:
        def script(seen: Seen) -> Answer:
            asked = seen.json()["ids"]
            if {"*", *asked}.intersection(disliked):
                return refused
            return Answer(body={"data": {each: {"status": "ok"} for each in asked}})

        server.script = script
        return ExpoProvider(Access(base_url=server.url), deadline=deadline).receipts(self.ids)

    @pytest.mark.parametrize("bad", [0, 333, 999])
    def test_an_id_that_expo_dislikes_keeps_no_other_from_its_receipt(self, server, bad):
        answer = self.ask(server, f"id-{bad}")
        assert set(self.ids) - set(answer.receipts) == {f"id-{bad}"}
        assert answer.trouble is None
        assert len(server.seen) <= 20

    def test_several_are_found(self, server):
        answer = self.ask(server, "id-3", "id-500", "id-501", refused=PAGE)
        assert set(self.ids) - set(answer.receipts) == {"id-3", "id-500", "id-501"}
        assert answer.trouble is None

    def test_too_many_at_once_are_asked_for_in_halves(self, server):
        too_many = Answer(status=400, body={"errors": [{"code": "PUSH_TOO_MANY_RECEIPTS"}]})
        server.script = lambda seen: (
            too_many if len(seen.json()["ids"]) > 300 else Answer(body={"data": {"id-7": {"status": "ok"}}})
        )
        answer = ExpoProvider(Access(base_url=server.url)).receipts(self.ids)
        assert (list(answer.receipts), answer.trouble) == (["id-7"], None)

    def test_a_proxy_that_refuses_everything_is_trouble(self, server):
        answer = self.ask(server, "*", refused=PAGE)
        assert answer.trouble is not None
        assert (answer.receipts, answer.trouble.outcome) == ({}, Outcome.RETRY)
        assert len(server.seen) == 7

    def test_what_could_not_be_asked_for_is_trouble(self, server):
        answer = self.ask(server, "*")
        assert answer.trouble is not None
        assert (answer.trouble.outcome, answer.trouble.code) == (Outcome.RETRY, "NotParted")
        assert len(server.seen) == 100

    def test_receipts_that_came_before_the_trouble_are_kept(self, server):
        busy = Answer(status=503)

        def script(seen: Seen) -> Answer:
            asked = seen.json()["ids"]
            if len(asked) == 1000:
                return REFUSED
            return busy if "id-999" in asked else Answer(body={"data": {asked[0]: {"status": "ok"}}})

        server.script = script
        answer = ExpoProvider(Access(base_url=server.url)).receipts(self.ids)
        assert "id-0" in answer.receipts
        assert answer.trouble is not None
        assert answer.trouble.outcome is Outcome.RETRY
