"""How batches travel to Expo: one request where it can be, halves where it must be, and nothing twice."""

from __future__ import annotations

from collections import Counter

import pytest

from notifications.providers.expo import ExpoProvider
from notifications.wire import Access, Outcome, PushContent, PushMessage, Ticket
from tests.notifications.loopback import Answer, Loopback, Script, Seen, Trouble

CONTENT = PushContent(title="Evening song")
REFUSED = Answer(status=400, body={"errors": [{"code": "VALIDATION_ERROR", "message": "Not like this."}]})


def token(number: int) -> str:
    return f"ExponentPushToken[{number}]"


def names(seen: Seen) -> list[str]:
    return [message["to"] for message in seen.json()]


def ok(seen: Seen) -> Answer:
    return Answer(body={"data": [{"status": "ok", "id": f"id-{name}"} for name in names(seen)]})


def poisoned_by(*numbers: int, refused: Answer = REFUSED) -> Script:
    bad = {token(number) for number in numbers}
    return lambda seen: refused if bad.intersection(names(seen)) else ok(seen)


def send(server: Loopback, script: Script, size: int = 100, path: str = "", **options) -> list[Ticket]:
    server.script = script
    provider = ExpoProvider(Access(base_url=server.url + path, **options))
    batch = [PushMessage(id=n, token=token(n), content=CONTENT) for n in range(size)]
    answered = {message.id: ticket for message, ticket in provider.send(batch)}
    return [answered[number] for number in range(size)]


def rejected(tickets: list[Ticket]) -> list[int]:
    return [number for number, ticket in enumerate(tickets) if ticket.outcome is Outcome.REJECTED]


def test_it_posts_to_expos_path(server):
    send(server, ok, size=1)
    assert (server.seen[0].method, server.seen[0].path) == ("POST", "/--/api/v2/push/send")


def test_a_path_of_the_hosts_own_is_kept(server):
    send(server, ok, size=1, path="/sandbox/expo/")
    assert server.seen[0].path == "/sandbox/expo/--/api/v2/push/send"


def test_it_sends_no_key_where_there_is_none(server):
    send(server, ok, size=1)
    assert "authorization" not in server.seen[0].headers


def test_a_key_pasted_with_a_line_break_works(server):
    send(server, ok, size=1, secrets={"access_token": " secret-\nkey \r\n"})
    assert server.seen[0].headers["authorization"] == "Bearer secret-key"


def test_a_hundred_messages_travel_packed(server):
    send(server, ok)
    [seen] = server.seen
    assert seen.headers["content-encoding"] == "gzip"
    assert seen.json() == [{"to": token(n), "title": "Evening song"} for n in range(100)]


def test_more_than_a_hundred_messages_travel_in_several_requests(server):
    assert {ticket.outcome for ticket in send(server, ok, size=250)} == {Outcome.ACCEPTED}
    assert [len(names(seen)) for seen in server.seen] == [100, 100, 50]


@pytest.mark.parametrize("bad", range(0, 100, 3))
def test_one_bad_message_in_a_hundred_is_found_in_14_requests_at_most(server, bad):
    assert rejected(send(server, poisoned_by(bad))) == [bad]
    assert len(server.seen) <= 14


@pytest.mark.parametrize("bad", [(0, 99), (3, 4, 5), (49, 50), range(0, 100, 7)])
def test_several_bad_messages_are_all_found(server, bad):
    assert rejected(send(server, poisoned_by(*bad))) == list(bad)


def test_a_batch_of_bad_messages_ends_in_twice_as_many_requests_at_most(server):
    assert rejected(send(server, lambda seen: REFUSED, size=20)) == list(range(20))
    assert len(server.seen) <= 40


def test_no_message_is_accepted_twice_while_a_bad_one_is_looked_for(server):
    accepted: Counter[str] = Counter()

    def script(seen: Seen) -> Answer:
        answer = poisoned_by(7, 70)(seen)
        accepted.update(names(seen) if answer.status == 200 else [])
        return answer

    send(server, script)
    assert len(accepted) == 98
    assert set(accepted.values()) == {1}


def test_a_bad_message_keeps_expos_words(server):
    [ticket] = send(server, poisoned_by(0), size=1)
    assert (ticket.code, ticket.detail) == ("VALIDATION_ERROR", "Not like this.")
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", ["UNAUTHORIZED", "TOO_MANY_REQUESTS"])
def test_a_400_that_is_not_about_a_message_is_not_parted(server, code):
    send(server, lambda seen: Answer(status=400, body={"errors": [{"code": code}]}))
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 409, 418, 429, 500, 502, 503, 504])
def test_no_other_status_is_asked_again(server, status):
    send(server, lambda seen: Answer(status=status))
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "outcome"), [(429, Outcome.RETRY), (503, Outcome.RETRY), (401, Outcome.MISCONFIGURED)]
)
def test_when_expo_turns_away_in_the_middle_the_rest_is_not_sent(server, status, outcome):
    def script(seen: Seen) -> Answer:
        return poisoned_by(0)(seen) if len(names(seen)) > 25 else Answer(status=status)

    tickets = send(server, lambda seen: script(seen) if token(0) in names(seen) else ok(seen))
    assert {ticket.outcome for ticket in tickets[:50]} == {outcome}
    assert [len(names(seen)) for seen in server.seen] == [100, 50, 50, 25]


def test_an_answer_lost_in_the_middle_leaves_the_others_clear(server):
    def script(seen: Seen) -> Answer:
        return Answer(trouble=Trouble.HANG_UP) if names(seen)[0] == token(4) else poisoned_by(0)(seen)

    outcomes = [ticket.outcome for ticket in send(server, script, size=8)]
    assert outcomes == [Outcome.REJECTED] + [Outcome.ACCEPTED] * 3 + [Outcome.AMBIGUOUS] * 4


def test_when_time_runs_out_in_the_middle_the_rest_is_tried_again(server):
    def script(seen: Seen) -> Answer:
        return poisoned_by(0)(seen) if len(names(seen)) > 50 else Answer(trouble=Trouble.SILENCE)

    server.script = script
    batch = [PushMessage(id=n, token=token(n), content=CONTENT) for n in range(100)]
    answered = ExpoProvider(Access(base_url=server.url), deadline=0.3).send(batch)
    outcomes = Counter(ticket.outcome for _, ticket in answered)
    assert outcomes == {Outcome.AMBIGUOUS: 50, Outcome.RETRY: 50}


def test_what_cannot_be_written_is_rejected_and_the_rest_is_sent(server):
    server.script = ok
    batch = [
        PushMessage(id=1, token=token(1), content=PushContent(body="Body", data={"bad": object()})),
        PushMessage(id=2, token=token(2), content=CONTENT),
    ]
    answered = {m.id: t.outcome for m, t in ExpoProvider(Access(base_url=server.url)).send(batch)}
    assert answered == {1: Outcome.REJECTED, 2: Outcome.ACCEPTED}


@pytest.mark.parametrize(
    "bad", ["", "no address", "ExponentPushToken[cut off", "a" * 152 + ":APA91b" + "c" * 5]
)
def test_what_cannot_be_a_token_is_not_sent_and_harms_no_other(server, bad):
    server.script = ok
    tokens = [token(1), bad, token(2)]
    batch = [PushMessage(id=n, token=each, content=CONTENT) for n, each in enumerate(tokens)]
    answered = {m.id: t for m, t in ExpoProvider(Access(base_url=server.url)).send(batch)}
    assert [answered[n].outcome for n in range(3)] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert answered[1].code == "InvalidPushToken"
    assert [names(seen) for seen in server.seen] == [[token(1), token(2)]]
