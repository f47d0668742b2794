"""Where Expo's SDK for Python falls short, ten times, and that nobody feels it."""

from __future__ import annotations

import sys
import time

import exponent_server_sdk as sdk
import pytest

from notifications.providers.expo import ExpoProvider
from notifications.wire import Access, Outcome, PushContent, PushMessage
from tests.notifications.loopback import Answer, Loopback, Seen, Trouble
from tests.notifications.providers.expo.test_messages import WHOLE
from tests.notifications.providers.expo.test_sending import names, ok, send, token

OK, RETRY = Outcome.ACCEPTED, Outcome.RETRY
UUID = "f5741a13-bcda-434b-a316-5dc0e6ffa94f"
KEY = {"access_token": "secret-key"}


def send_to(server: Loopback, *tokens: str, content: PushContent = WHOLE) -> list[Outcome]:
    """Send the same content to these tokens; what became of each."""
    server.script = ok
    batch = [PushMessage(id=n, token=each, content=content) for n, each in enumerate(tokens)]
    answered = {m.id: t.outcome for m, t in ExpoProvider(Access(base_url=server.url)).send(batch)}
    return [answered[message.id] for message in batch]


class TestTokens:
    """Gap 1: it takes whatever begins with ExponentPushToken, and nothing else."""

    @pytest.mark.parametrize("name", ["ExpoPushToken[abc]", UUID])
    def test_a_token_that_the_sdk_refuses_is_sent_to(self, server, name):
        assert not sdk.PushClient.is_exponent_push_token(name)
        assert ExpoProvider.check_token(name) == ""
        assert send_to(server, name) == [OK]

    def test_garbage_that_the_sdk_takes_is_refused(self):
        assert sdk.PushClient.is_exponent_push_token("ExponentPushTokenGARBAGE")
        assert ExpoProvider.check_token("ExponentPushTokenGARBAGE")


class TestManyPeople:
    """Gap 2: a message to several tokens cannot be sent, and its tickets would be mixed up."""

    def test_each_has_a_message_and_a_ticket(self, server):
        def script(seen: Seen) -> Answer:
            assert all(isinstance(name, str) for name in names(seen))
            gone = {"status": "error", "message": "Gone.", "details": {"error": "DeviceNotRegistered"}}
            return Answer(
                body={"data": [gone if name == token(1) else {"status": "ok"} for name in names(seen)]}
            )

        assert [ticket.outcome for ticket in send(server, script, size=3)] == [OK, Outcome.GONE, OK]


class TestTransport:
    """Gap 3: it packs nothing, waits for ever, and splits by messages rather than by recipients."""

    def test_a_body_above_1024_bytes_is_packed(self, server):
        send(server, ok, size=40)
        assert server.seen[0].headers["content-encoding"] == "gzip"
        assert int(server.seen[0].headers["content-length"]) < 1024 < len(server.seen[0].body)

    def test_a_small_one_is_not(self, server):
        send(server, ok, size=1)
        assert "content-encoding" not in server.seen[0].headers

    def test_an_expo_that_says_nothing_is_not_waited_for(self, server):
        server.script = lambda seen: Answer(trouble=Trouble.SILENCE)
        began = time.monotonic()
        provider = ExpoProvider(Access(base_url=server.url), deadline=0.2)
        [(_, ticket)] = provider.send([PushMessage(id=1, token=token(1), content=WHOLE)])
        assert ticket.outcome is Outcome.AMBIGUOUS
        assert time.monotonic() - began < 2

    @pytest.mark.parametrize(("size", "requests"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1])])
    def test_a_request_carries_a_hundred_recipients_and_no_more(self, server, size, requests):
        assert [ticket.outcome for ticket in send(server, ok, size=size)] == [OK] * size
        assert [len(names(seen)) for seen in server.seen] == requests


class TestSeveralRequests:
    """Gap 4: a request that fails takes the tickets of those before it along."""

    def test_tickets_that_came_are_kept(self, server):
        tickets = send(
            server, lambda seen: ok(seen) if len(names(seen)) == 100 else Answer(status=503), size=150
        )
        assert [ticket.outcome for ticket in tickets] == [OK] * 100 + [RETRY] * 50

    def test_they_are_handed_over_before_the_next_request_leaves(self, server):
        server.script = ok
        batch = [PushMessage(id=n, token=token(n), content=WHOLE) for n in range(101)]
        answers = ExpoProvider(Access(base_url=server.url)).send(batch)
        assert next(iter(answers))[1].outcome is OK
        assert len(server.seen) == 1


class TestStatus:
    """Gap 5: an error in the body hides the status."""

    @pytest.mark.parametrize(
        ("status", "outcome", "throttled"),
        [
            (400, Outcome.REJECTED, False),
            (401, Outcome.MISCONFIGURED, False),
            (429, RETRY, True),
            (503, RETRY, False),
            (504, Outcome.AMBIGUOUS, False),
        ],
    )
    def test_the_status_counts_beside_an_error_that_nobody_knows(self, server, status, outcome, throttled):
        refused = Answer(status=status, body={"errors": [{"code": "NEW"}]}, headers={"Retry-After": "9"})
        [ticket] = send(server, lambda seen: refused, size=1)
        assert (ticket.outcome, ticket.throttled) == (outcome, throttled)
        assert ticket.retry_after == (9 if outcome is RETRY else None)


class TestReceipts:
    """Gap 6: it asks for receipts without the session, and without the key."""

    def test_a_question_carries_the_key_and_ends_in_time(self, server):
        server.script = lambda seen: Answer(trouble=Trouble.SILENCE)
        answer = ExpoProvider(Access(base_url=server.url, secrets=KEY), deadline=0.2).receipts(["a"])
        assert server.seen[0].headers["authorization"] == "Bearer secret-key"
        assert answer.trouble is not None
        assert answer.trouble.outcome is RETRY


class TestHeaders:
    """Gap 7: with a session of one's own it sets no header."""

    @pytest.mark.parametrize(
        "ask", [lambda expo: list(expo.send([MESSAGE])), lambda expo: expo.receipts(["a"])]
    )
    def test_every_request_says_that_it_speaks_json(self, server, ask):
        ask(ExpoProvider(Access(base_url=server.url)))
        headers = server.seen[0].headers
        assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")


MESSAGE = PushMessage(id=1, token=token(1), content=WHOLE)


class TestFields:
    """Gap 8: six fields are missing."""

    def test_they_arrive(self, server):
        send_to(server, token(1))
        [message] = server.seen[0].json()
        assert message["icon"] == "bell"
        assert message["interruptionLevel"] == "time-sensitive"
        assert message["richContent"] == {"image": "https://bells.example/tower.jpg"}
        assert message["collapseId"] == "song"
        assert message["tag"] == "m1"
        assert message["_contentAvailable"] is True


class TestAge:
    """Gap 9: it needs a library for Python 2."""

    def test_it_is_not_needed_for_sending(self, server, monkeypatch):
        monkeypatch.setitem(sys.modules, "six", None)
        assert send_to(server, token(1)) == [OK]


class TestQuickstart:
    """Gap 10: the seed's own example takes a ticket for a response, and every success for an error."""

    def test_a_ticket_is_read_by_what_it_says(self, server):
        assert not hasattr(sdk.PushTicket, "json")
        [ticket] = send(server, ok, size=1)
        assert (ticket.outcome, ticket.code, ticket.external_id) == (OK, "", f"id-{token(0)}")
