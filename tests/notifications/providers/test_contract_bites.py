"""The contract notices: each of its tests fails for a provider that breaks the promise it is about."""

from __future__ import annotations

import pytest

from notifications.providers.base import PushProvider
from tests.notifications.loopback import listening
from tests.notifications.providers.broken import BROKEN
from tests.notifications.providers.contract_of_bulk import BulkContract
from tests.notifications.providers.contract_of_receipts import ReceiptContract
from tests.notifications.providers.test_expo import TestExpo as SoundSuite

CASES = [(promise, broken) for promise, variants in BROKEN.items() for broken in variants]


def keeps(promise: str, provider: type[PushProvider]) -> bool:
    """Run one test of the contract against a provider: does it pass?"""

    class Suite(SoundSuite):
        def subject(self) -> type[PushProvider]:
            return provider

    with listening() as server:
        try:
            getattr(Suite(), promise)(server)
        except (AssertionError, ConnectionError):
            return False
    return True


@pytest.mark.parametrize(("promise", "broken"), CASES)
def test_a_broken_promise_is_noticed(promise, broken):
    assert not keeps(promise, broken)


def test_every_promise_of_the_contract_was_seen_broken():
    promises = {
        name for suite in (BulkContract, ReceiptContract) for name in dir(suite) if name.startswith("test_")
    }
    assert promises == set(BROKEN)
