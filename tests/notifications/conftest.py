"""Fixtures for tests that speak to a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notifications.loopback import Loopback, listening


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A server that answers every request with an empty 200 until its script is changed."""
    with listening() as running:
        yield running
