"""The dispatcher: several batches on their way side by side, and none of them stands in another's way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from notifications import clock
from notifications.models import Batch, Credential, Message, MessageState, Project, Ticket
from notifications.models.broadcast import LANE_CRITICAL
from notifications.pipeline import Done
from notifications.pipeline.dispatcher import Dispatcher
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.pipeline.halves import until
from tests.notifications.rows import queue_message, queue_messages

MOST = 3
ACCEPTED, QUEUED, SENDING = MessageState.ACCEPTED, MessageState.QUEUED, MessageState.SENDING


@pytest.fixture
def dispatcher(expo: FakeExpo, project: Project) -> Iterator[Dispatcher]:
    """One that takes three batches at once. However the test ends, none of them is left on its way."""
    with none_left(Dispatcher(MOST, Event().set)) as dispatcher:
        yield dispatcher
