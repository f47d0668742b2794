"""What a provider promises that can be asked later what became of a message, on top of what every provider does."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from notifications.wire import Outcome, ReceiptAnswer
from tests.notifications.loopback import Answer, Loopback, Script, Seen, Trouble
from tests.notifications.providers.contract import ProviderContract


class ReceiptContract(ProviderContract):
    """The promises of a provider that can be asked what became of an accepted message."""

    @abstractmethod
    def receipts(self, seen: Seen, fates: Mapping[str, Outcome], words: str = "") -> Answer:
        """How the vendor answers a question when it knows these receipts, by external id."""

    def asked(self, server: Loopback, script: Script, *ids: str) -> ReceiptAnswer:
        """What a question is answered with while the vendor follows a script."""
        server.script = script
        return self.opened(server).receipts(ids or ("a", "b"))

    def test_it_says_that_it_gives_receipts(self, server: Loopback) -> None:
        assert self.subject().has_receipts
        assert self.subject().receipt_batch_size > 0

    def test_it_reads_each_receipt(self, server: Loopback) -> None:
        fates = {"a": Outcome.ACCEPTED, "b": Outcome.GONE, "c": Outcome.REJECTED}
        answer = self.asked(server, lambda seen: self.receipts(seen, fates), *fates)
        assert {name: receipt.outcome for name, receipt in answer.receipts.items()} == fates
        assert answer.trouble is None

    def test_a_key_that_does_not_suit_one_of_many_stops_nobody(self, server: Loopback) -> None:
        fates = {"a": Outcome.MISCONFIGURED, "b": Outcome.ACCEPTED}
        receipts = self.asked(server, lambda seen: self.receipts(seen, fates), *fates).receipts
        assert receipts["a"].outcome is Outcome.REJECTED

    def test_a_key_that_suits_nobody_is_told(self, server: Loopback) -> None:
        fates = {"a": Outcome.MISCONFIGURED, "b": Outcome.MISCONFIGURED}
        answer = self.asked(server, lambda seen: self.receipts(seen, fates))
        assert {receipt.outcome for receipt in answer.receipts.values()} == {Outcome.MISCONFIGURED}

    def test_a_receipt_that_is_not_out_yet_is_no_trouble(self, server: Loopback) -> None:
        answer = self.asked(server, lambda seen: self.receipts(seen, {"a": Outcome.ACCEPTED}))
        assert list(answer.receipts) == ["a"]
        assert answer.trouble is None

    def test_a_receipt_nobody_asked_for_is_left_out(self, server: Loopback) -> None:
        answer = self.asked(server, lambda seen: self.receipts(seen, {"z": Outcome.GONE}))
        assert answer.receipts == {}

    def test_a_question_is_authorised(self, server: Loopback) -> None:
        self.asked(server, lambda seen: self.receipts(seen, {}))
        assert server.seen
        assert all(self.is_authorised(seen) for seen in server.seen)

    def test_it_asks_nothing_without_ids(self, server: Loopback) -> None:
        assert self.opened(server).receipts([]) == ReceiptAnswer()
        assert server.seen == []

    def test_a_receipt_shows_no_address_and_no_secret(self, server: Loopback) -> None:
        private = [*self.secrets.values(), self.token(1)]
        fates = {"a": Outcome.REJECTED}
        answer = self.asked(server, lambda seen: self.receipts(seen, fates, f"Sorry: {' '.join(private)}"))
        assert answer.receipts["a"].detail.startswith("Sorry")
        assert [each for each in private if each in answer.receipts["a"].detail] == []

    def test_a_question_that_fails_is_trouble_to_try_again(self, server: Loopback) -> None:
        scripts = [
            self.busy,
            self.failing(Trouble.HANG_UP),
            self.failing(Trouble.HALF),
            lambda seen: Answer(body=b"?"),
        ]
        troubles = [self.asked(server, script).trouble for script in scripts]
        assert [trouble and trouble.outcome for trouble in troubles] == [Outcome.RETRY] * len(scripts)

    def test_a_question_with_our_wrong_key_is_trouble_for_an_operator(self, server: Loopback) -> None:
        trouble = self.asked(server, self.misconfigured).trouble
        assert trouble is not None
        assert trouble.outcome is Outcome.MISCONFIGURED

    def test_a_hostile_receipt_condemns_nobody(self, server: Loopback) -> None:
        for body in self.hostile:
            answer = self.asked(server, lambda seen, body=body: Answer(body=body))
            assert Outcome.GONE not in {receipt.outcome for receipt in answer.receipts.values()}, body
