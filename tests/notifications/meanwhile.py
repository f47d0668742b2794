"""What somebody else does between two statements of a step, at a moment that a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def after_first(words: str, work: Callable[[], object]) -> Iterator[None]:
    """Do this as soon as this connection's first statement that begins with the words is carried out."""
    is_done = False

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal is_done
        answer = execute(sql, params, many, context)
        if not is_done and sql.startswith(words):
            is_done = True
            work()
        return answer

    with connection.execute_wrapper(watch):
        yield
    assert is_done, f"No statement began with {words}"


@contextmanager
def failing_once(words: str, error: Exception) -> Iterator[None]:
    """This connection's first statement that begins with the words ends with this error."""
    is_done = False

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal is_done
        if not is_done and sql.startswith(words):
            is_done = True
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert is_done, f"No statement began with {words}"
