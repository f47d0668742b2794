"""The contract's own asserts explain themselves like those of a test file."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "tests.notifications.providers.contract",
    "tests.notifications.providers.contract_of_bulk",
    "tests.notifications.providers.contract_of_receipts",
)
