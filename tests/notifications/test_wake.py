"""Waking: a hint that leaves once the work is committed, and never before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction

from notifications import tasks, wake
from notifications.models import Project
from notifications.wake import Step


@pytest.fixture(autouse=True)
def _empty_queue() -> Iterator[None]:
    settings.HUEY.flush()
    yield
    settings.HUEY.flush()


def test_ready_has_filled_the_hook() -> None:
    assert wake.ring is tasks.ring


def test_it_waits_for_the_commit(committed: Project) -> None:
    with transaction.atomic():
        wake.up(Step.DISPATCH)
        assert settings.HUEY.pending_count() == 0
    assert settings.HUEY.pending_count() == 1


def test_outside_of_a_transaction_it_rings_at_once(committed: Project) -> None:
    wake.up(Step.DISPATCH)
    assert settings.HUEY.pending_count() == 1


def test_what_is_rolled_back_wakes_nobody(committed: Project) -> None:
    with transaction.atomic():
        wake.up(Step.DISPATCH)
        transaction.set_rollback(True)
    assert settings.HUEY.pending_count() == 0
