"""What the tests of the library face share: a person with a device, what was waked, and that every invariant holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from pytest_django import DjangoCaptureOnCommitCallbacks

from notifications.models import Device, Project
from tests.factories import make_token
from tests.notifications.pipeline.conftest import _invariants_hold, _without_a_limit, crooked_rows

__all__ = ["_invariants_hold", "_without_a_limit", "crooked_rows"]
Rings = Callable[[Callable[[], object]], list[str]]


@pytest.fixture
def alice(project: Project) -> User:
    """Somebody with an account."""
    return User.objects.create_user("alice")


@pytest.fixture
def device(alice: User) -> Device:
    """Her phone."""
    return Device.objects.create(user=alice, push_token=make_token())


@pytest.fixture
def rings(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Rings:
    """Which steps a piece of work wakes once it is committed."""

    def of(work: Callable[[], object]) -> list[str]:
        settings.HUEY.flush()
        with django_capture_on_commit_callbacks(execute=True):
            work()
        waked = [task.args[0] for task in settings.HUEY.pending()]
        settings.HUEY.flush()
        return waked

    return of
