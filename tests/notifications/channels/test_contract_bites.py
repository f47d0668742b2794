"""The contract notices: each of its tests fails for a channel that breaks the promise it is about."""

from __future__ import annotations

import pytest

from notifications.channels.base import BaseChannel
from notifications.models import Project
from tests.notifications.channels.broken import BROKEN
from tests.notifications.channels.contract import ChannelContract
from tests.notifications.channels.test_push import TestPush as SoundSuite

CASES = [(promise, broken) for promise, variants in BROKEN.items() for broken in variants]


@pytest.mark.parametrize(("promise", "broken"), CASES)
def test_a_broken_promise_is_noticed(project: Project, promise: str, broken: type[BaseChannel]) -> None:
    class Suite(SoundSuite):
        def subject(self) -> BaseChannel:
            return broken()

    with pytest.raises(AssertionError):
        getattr(Suite(), promise)(project)


def test_every_promise_of_the_contract_was_seen_broken() -> None:
    assert {name for name in dir(ChannelContract) if name.startswith("test_")} == set(BROKEN)
