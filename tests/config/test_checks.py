"""System checks: a wrong setting is told with what to type."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as standing
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings


def found() -> dict[str, CheckMessage]:
    """Our own messages by their id, with those for production."""
    messages = run_checks(include_deployment_checks=True)
    return {str(each.id): each for each in messages if str(each.id).startswith("config.")}


@pytest.fixture(autouse=True)
def _in_order(settings: Settings) -> None:
    """Nothing to complain of."""
    settings.CARILLON_ENV_PROBLEMS = []
    settings.CARILLON_LEASE, settings.CARILLON_CALL_DEADLINE = timedelta(seconds=60), timedelta(seconds=30)
    settings.EMBEDDED, settings.REDIS_URL = False, "redis://127.0.0.1"
    settings.SECRET_KEY_IS_KEPT = settings.CARILLON_SANDBOX = settings.SECURE = False


WRONG: dict[str, dict[str, Any]] = {
    "config.E001": {"CARILLON_ENV_PROBLEMS": [("PORT", "eighty", "a whole number, 1 or more")]},
    "config.E002": {"CARILLON_LEASE": timedelta(seconds=30)},
    "config.W001": {"SECRET_KEY_IS_KEPT": True},
    "config.W002": {"CARILLON_SANDBOX": True},
    "config.W003": {"REDIS_URL": ""},
    "config.W004": {"SECURE": True, "SECURE_SSL_REDIRECT": True, "CARILLON_TRUSTED_PROXIES": []},
}


def test_they_are_silent_when_all_is_in_order() -> None:
    assert found() == {}


@pytest.mark.parametrize("number", WRONG)
def test_each_fires_and_says_what_to_type(settings: Settings, number: str) -> None:
    for name, value in WRONG[number].items():
        setattr(settings, name, value)
    (message,) = found().values()
    assert message.id == number
    assert message.hint


def test_a_variable_that_cannot_be_read_is_named_with_what_to_type(settings: Settings) -> None:
    settings.CARILLON_ENV_PROBLEMS = [("PORT", "eighty", "a whole number, 1 or more")]
    message = found()["config.E001"]
    assert (message.msg, message.hint) == ("PORT is 'eighty'.", "Set PORT to a whole number, 1 or more.")


def test_a_lease_says_how_long_it_should_be(settings: Settings) -> None:
    settings.CARILLON_LEASE = settings.CARILLON_CALL_DEADLINE = timedelta(seconds=45)
    assert "CARILLON_LEASE=90" in str(found()["config.E002"].hint)


@pytest.mark.parametrize("number", ["config.W001", "config.W003"])
def test_an_installation_of_one_machine_needs_neither_redis_nor_a_shared_key(
    settings: Settings, number: str
) -> None:
    for name, value in WRONG[number].items():
        setattr(settings, name, value)
    settings.EMBEDDED = True
    assert found() == {}


def test_a_command_refuses_to_start_and_shows_the_hint(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--plan"],
        cwd=standing.BASE_DIR,
        env={
            **os.environ,
            "CARILLON_DATA_DIR": str(tmp_path),
            "DATABASE_URL": "",
            "CARILLON_LEASE": "20",
            "PORT": "eighty",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Set PORT to a number, 1 to 65535." in done.stderr
    assert "Set CARILLON_LEASE=60" in done.stderr
    assert "Traceback" not in done.stderr
