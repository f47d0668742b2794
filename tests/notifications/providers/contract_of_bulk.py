"""What a provider promises that sends many messages in one request, on top of what every provider does."""

from __future__ import annotations

from abc import abstractmethod

from notifications.wire import Outcome
from tests.notifications.loopback import Answer, Loopback, Script, Seen
from tests.notifications.providers.contract import ProviderContract, all_are


class BulkContract(ProviderContract):
    """The promises of a provider that sends many messages in one request."""

    @abstractmethod
    def short_by_one(self, seen: Seen) -> Answer:
        """The vendor accepts everything, and its answer lacks one of the messages."""

    @abstractmethod
    def refused_for(self, seen: Seen, token: str) -> Answer | None:
        """How the vendor refuses a whole request for the sake of one address in it; None where that is not in it."""

    def test_a_batch_goes_out_in_one_request(self, server: Loopback) -> None:
        self.tickets(server, self.answering(Outcome.ACCEPTED), self.subject().batch_size)
        assert len(server.seen) == 1

    def test_a_wrong_count_makes_the_whole_batch_ambiguous(self, server: Loopback) -> None:
        assert self.outcomes(server, self.short_by_one) == {Outcome.AMBIGUOUS}

    def test_one_bad_message_is_found_and_harms_no_other(self, server: Loopback) -> None:
        size = self.subject().batch_size
        for bad in (0, size // 3, size - 1):
            server.seen.clear()
            tickets = self.tickets(server, self.poisoned_by(self.token(bad)), size)
            assert [n for n, ticket in enumerate(tickets) if ticket.outcome is not Outcome.ACCEPTED] == [bad]
            assert tickets[bad].outcome is Outcome.REJECTED
            assert len(server.seen) <= 2 * size.bit_length()

    def poisoned_by(self, token: str) -> Script:
        """A vendor that takes no request with this address in it."""

        def script(seen: Seen) -> Answer:
            return self.refused_for(seen, token) or self.answer(seen, all_are(Outcome.ACCEPTED))

        return script
