"""`check_invariants`: says that all hold, or ends with one and names rows."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.invariants import INVARIANTS
from notifications.models import MessageState, Project
from tests.notifications.rows import queue_message


def test_it_says_that_all_of_them_hold(project: Project) -> None:
    out = StringIO()
    call_command("check_invariants", stdout=out)
    assert out.getvalue() == f"All {len(INVARIANTS)} invariants hold.\n"


def test_it_ends_with_one_when_one_does_not(project: Project) -> None:
    queue_message(project, state=MessageState.FAILED)
    with pytest.raises(CommandError) as ended:
        call_command("check_invariants", stdout=StringIO())
    assert ended.value.returncode == 1
    assert f"1 of {len(INVARIANTS)}" in str(ended.value)


def test_it_names_the_rows(project: Project) -> None:
    message = queue_message(project, state=MessageState.FAILED)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_invariants", stdout=out)
    assert out.getvalue().startswith("BROKEN 5c: Every state that is no success has a reason: ")
    assert f"Message {message.pk}" in out.getvalue()
