"""What every provider of push promises, as tests that each provider's own test file inherits.

A test file states how its vendor words its answers, and a real server on loopback says them. Two more contracts stand
beside this one: `BulkContract` for vendors that answer many messages at once, `ReceiptContract` for those that say
later what became of a message.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, ClassVar

from notifications import clock, providers
from notifications.providers.base import PushProvider
from notifications.wire import Access, Outcome, PushContent, PushMessage, Ticket
from tests.notifications.loopback import Answer, Loopback, Script, Seen, Trouble

Fate = Callable[[str], Outcome]
"""What becomes of the message to a push address: accepted, rejected or gone; misconfigured, where our key does not
suit this one address."""


def all_are(outcome: Outcome) -> Fate:
    """The same fate for everybody."""
    return lambda token: outcome


class ProviderContract(ABC):
    """The promises of any provider."""

    key: ClassVar[str]
    secrets: ClassVar[Mapping[str, str]]
    """One value for each of the provider's secrets."""
    bad_tokens: ClassVar[Sequence[str]]
    """What people might take for a push address of this vendor."""
    hostile: ClassVar[Sequence[Any]] = [
        None,
        0,
        "text",
        [],
        {},
        [[[]]],
        {"error": 5},
        b"",
        b"\x00",
        b"[" * 50_000,
    ]
    """Bodies of a 200 that no vendor sends; a provider adds those that look almost like its vendor's."""
    content = PushContent(title="Evening song", body="The bells ring at six.", data={"page": "bells"})

    @abstractmethod
    def token(self, number: int) -> str:
        """A push address in the vendor's form, another one for each number."""

    @abstractmethod
    def answer(self, seen: Seen, fate: Fate, words: str = "") -> Answer:
        """How the vendor answers a request; `words` is what it says to people about each error."""

    @abstractmethod
    def misconfigured(self, seen: Seen) -> Answer:
        """How the vendor turns down our key."""

    @abstractmethod
    def busy(self, seen: Seen) -> Answer:
        """How the vendor says that it certainly took nothing, and may later."""

    @abstractmethod
    def throttled(self, seen: Seen, retry_after: str) -> Answer:
        """How the vendor says that we send too fast."""

    @abstractmethod
    def reference(self, token: str) -> str:
        """The id that `answer` gives an accepted message."""

    @abstractmethod
    def is_authorised(self, seen: Seen) -> bool:
        """Does a request carry our secrets as the vendor wants them?"""

    def subject(self) -> type[PushProvider]:
        """The provider that is tested."""
        return providers.get(self.key)

    def opened(self, server: Loopback, deadline: float = 5.0) -> PushProvider:
        """The provider, aimed at a server."""
        return self.subject()(Access(base_url=server.url, secrets=self.secrets), deadline=deadline)

    def batch(self, size: int) -> list[PushMessage]:
        """Messages of the same content to different devices."""
        return [PushMessage(id=n, token=self.token(n), content=self.content) for n in range(size)]

    def tickets(self, server: Loopback, script: Script, size: int = 3) -> list[Ticket]:
        """What a batch is answered with, in the order of its messages, while the vendor follows a script."""
        server.script = script
        answered = {message.id: ticket for message, ticket in self.opened(server).send(self.batch(size))}
        return [answered[number] for number in range(size)]

    def outcomes(self, server: Loopback, script: Script, size: int = 3) -> set[Outcome]:
        """The outcomes among the tickets of a batch."""
        return {ticket.outcome for ticket in self.tickets(server, script, size)}

    def answering(self, outcome: Outcome, words: str = "") -> Script:
        """A vendor with the same answer for everybody."""
        return lambda seen: self.answer(seen, all_are(outcome), words)

    def failing(self, trouble: Trouble) -> Script:
        """A vendor that accepts everything, and whose answer does not arrive whole."""

        def script(seen: Seen) -> Answer:
            body = self.answer(seen, all_are(Outcome.ACCEPTED)).content()
            return Answer(body=body, trouble=trouble)

        return script

    # What it is

    def test_it_is_registered_under_its_own_key(self, server: Loopback) -> None:
        assert self.subject().key == self.key
        assert issubclass(self.subject(), providers.get(self.subject().key))

    def test_it_asks_for_the_secrets_it_uses(self, server: Loopback) -> None:
        assert set(self.subject().secret_fields) == set(self.secrets)
        assert all(self.subject().secret_fields.values())

    def test_every_code_has_a_title_and_a_remedy(self, server: Loopback) -> None:
        table = self.subject().codes
        assert table
        assert [code for code, says in table.items() if not says.title or not says.remedy.endswith(".")] == []

    # What it checks before anything is sent

    def test_it_knows_a_good_token(self, server: Loopback) -> None:
        assert self.subject().check_token(self.token(1)) == ""

    def test_it_says_in_a_sentence_what_is_wrong_with_a_token(self, server: Loopback) -> None:
        bad = ["", "garbage", "x" * 5000, *self.bad_tokens]
        sentences = {token[:80]: self.subject().check_token(token) for token in bad}
        assert [token for token, sentence in sentences.items() if not sentence.endswith(".")] == []

    def test_it_passes_a_good_content(self, server: Loopback) -> None:
        assert self.subject().check_content(self.content) == []

    def test_it_says_by_how_much_a_content_is_too_long(self, server: Loopback) -> None:
        problems = self.subject().check_content(PushContent(title="Long", body="x" * 100_000))
        assert [problem.field for problem in problems] == ["body"]
        assert "bytes" in problems[0].message

    # What it sends

    def test_it_sends_nothing_for_an_empty_batch(self, server: Loopback) -> None:
        assert list(self.opened(server).send([])) == []
        assert server.seen == []

    def test_it_authorises_every_request(self, server: Loopback) -> None:
        self.tickets(server, self.answering(Outcome.ACCEPTED))
        assert server.seen
        assert all(self.is_authorised(seen) for seen in server.seen)

    # How it reads answers

    def test_it_answers_for_each_message_exactly_once(self, server: Loopback) -> None:
        size = self.subject().batch_size
        server.script = self.answering(Outcome.ACCEPTED)
        answered = [message.id for message, _ in self.opened(server).send(self.batch(size))]
        assert sorted(answered) == list(range(size))

    def test_it_gives_each_message_its_own_answer(self, server: Loopback) -> None:
        fates = [Outcome.ACCEPTED, Outcome.GONE, Outcome.REJECTED, Outcome.GONE, Outcome.ACCEPTED]
        by_token = {self.token(number): fate for number, fate in enumerate(fates)}
        tickets = self.tickets(server, lambda seen: self.answer(seen, by_token.__getitem__), len(fates))
        assert [ticket.outcome for ticket in tickets] == fates

    def test_it_keeps_the_vendors_reference(self, server: Loopback) -> None:
        tickets = self.tickets(server, self.answering(Outcome.ACCEPTED))
        assert [t.external_id for t in tickets] == [self.reference(self.token(n)) for n in range(3)]

    def test_it_knows_a_dead_address(self, server: Loopback) -> None:
        assert self.outcomes(server, self.answering(Outcome.GONE)) == {Outcome.GONE}

    def test_it_does_not_condemn_the_device_for_a_bad_message(self, server: Loopback) -> None:
        assert self.outcomes(server, self.answering(Outcome.REJECTED)) == {Outcome.REJECTED}

    def test_it_does_not_condemn_the_device_for_our_wrong_key(self, server: Loopback) -> None:
        assert self.outcomes(server, self.misconfigured) == {Outcome.MISCONFIGURED}

    def test_it_stops_for_a_key_that_suits_nobody(self, server: Loopback) -> None:
        assert self.outcomes(server, self.answering(Outcome.MISCONFIGURED)) == {Outcome.MISCONFIGURED}

    def test_it_does_not_stop_for_a_key_that_does_not_suit_one_of_many(self, server: Loopback) -> None:
        odd = self.token(0)
        wrong, accepted = Outcome.MISCONFIGURED, Outcome.ACCEPTED

        def script(seen: Seen) -> Answer:
            return self.answer(seen, lambda token: wrong if token == odd else accepted)

        tickets = self.tickets(server, script)
        assert [ticket.outcome for ticket in tickets] == [Outcome.REJECTED, accepted, accepted]

    def test_every_code_it_gives_is_in_its_table(self, server: Loopback) -> None:
        scripts = [
            self.answering(Outcome.GONE),
            self.answering(Outcome.REJECTED),
            self.misconfigured,
            self.busy,
        ]
        scripts += [self.failing(Trouble.HANG_UP), lambda seen: Answer(body=b"?")]
        given = {ticket.code for script in scripts for ticket in self.tickets(server, script)}
        assert given <= set(self.subject().codes)

    def test_it_shows_no_address_and_no_secret(self, server: Loopback) -> None:
        private = [*self.secrets.values(), *(self.token(number) for number in range(3))]
        tickets = self.tickets(server, self.answering(Outcome.REJECTED, words=f"Sorry: {' '.join(private)}"))
        assert all(ticket.detail.startswith("Sorry") for ticket in tickets)
        assert [each for each in private if any(each in ticket.detail for ticket in tickets)] == []

    # When to try again

    def test_it_tries_again_when_the_vendor_is_busy(self, server: Loopback) -> None:
        tickets = self.tickets(server, self.busy)
        assert {(ticket.outcome, ticket.throttled) for ticket in tickets} == {(Outcome.RETRY, False)}

    def test_it_tells_when_the_vendor_throttles(self, server: Loopback) -> None:
        tickets = self.tickets(server, lambda seen: self.throttled(seen, "7"))
        assert {(t.outcome, t.throttled, t.retry_after) for t in tickets} == {(Outcome.RETRY, True, 7.0)}

    def test_it_reads_a_date_to_wait_for(self, server: Loopback) -> None:
        date = format_datetime(clock.now() + timedelta(seconds=100), usegmt=True)
        [ticket] = self.tickets(server, lambda seen: self.throttled(seen, date), size=1)
        assert ticket.retry_after is not None
        assert 90 < ticket.retry_after <= 100

    def test_it_waits_an_hour_at_most_and_never_backwards(self, server: Loopback) -> None:
        waits = {}
        for asked in ("1000000000", "-5", "soon", "nan", "Mon, 01 Jan 1990 00:00:00 GMT"):
            [ticket] = self.tickets(server, lambda seen, asked=asked: self.throttled(seen, asked), size=1)
            waits[asked] = ticket.retry_after
        assert list(waits.values()) == [3600, 0, None, None, 0]

    def test_it_tries_again_when_the_network_is_down(self, server: Loopback) -> None:
        provider = self.opened(server)
        server.stop()
        assert {ticket.outcome for _, ticket in provider.send(self.batch(3))} == {Outcome.RETRY}

    # When nobody knows

    def test_a_lost_answer_is_ambiguous(self, server: Loopback) -> None:
        assert self.outcomes(server, self.failing(Trouble.HANG_UP)) == {Outcome.AMBIGUOUS}

    def test_half_an_answer_is_ambiguous(self, server: Loopback) -> None:
        assert self.outcomes(server, self.failing(Trouble.HALF)) == {Outcome.AMBIGUOUS}

    def test_a_web_page_for_an_answer_is_ambiguous(self, server: Loopback) -> None:
        page = Answer(body=b"<html>Welcome to the airport</html>", headers={"Content-Type": "text/html"})
        assert self.outcomes(server, lambda seen: page) == {Outcome.AMBIGUOUS}

    def test_no_answer_within_its_deadline_is_ambiguous(self, server: Loopback) -> None:
        server.script = self.failing(Trouble.DRIP)
        started = time.monotonic()
        answered = list(self.opened(server, deadline=0.2).send(self.batch(1)))
        assert [ticket.outcome for _, ticket in answered] == [Outcome.AMBIGUOUS]
        assert time.monotonic() - started < 1.5

    def test_it_survives_a_hostile_answer(self, server: Loopback) -> None:
        for body in self.hostile:
            for status in (200, 400, 503):
                hostile = Answer(status=status, body=body)
                tickets = self.tickets(server, lambda seen, hostile=hostile: hostile)
                assert all(can_be_kept(ticket) for ticket in tickets), body
                assert not {t.outcome for t in tickets} & {Outcome.GONE, Outcome.ACCEPTED}, body


def can_be_kept(ticket: Ticket) -> bool:
    """Would every database take this ticket as it is?"""
    texts = {ticket.external_id: 128, ticket.code: 64, ticket.detail: 300}
    return all(
        isinstance(each, str) and len(each) <= size and each.isprintable() for each, size in texts.items()
    )
