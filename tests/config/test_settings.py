"""Settings: read once from the environment, the same module over and over with another environment."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as standing

from config import env

Settings = dict[str, Any]
Read = Callable[..., Settings]
NAMES = (
    *("NOTIFICATION_SENDERS", "NOTIFICATION_DEFAULT_SENDER", "SUPPORT_EMAIL"),
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "SITE_URL", "ALLOWED_HOSTS", "PORT", "LOG_LEVEL"),
    *("CARILLON_SANDBOX", "CARILLON_LEASE", "CARILLON_CALL_DEADLINE", "CARILLON_SWEEP", "CARILLON_WORKERS"),
    *("EXPO_NOTIFICATIONS_HOST", "EXPO_NOTIFICATIONS_TOKEN", "EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY"),
)


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads the settings as they would be with these variables and no others of ours."""

    def with_variables(**variables: str) -> Settings:
        monkeypatch.setattr(env, "problems", [])
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in {"CARILLON_DATA_DIR": str(tmp_path), **variables}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(standing.BASE_DIR / "config" / "settings.py"))

    return with_variables


class TestBare:
    def test_it_needs_no_variable_at_all(self, read: Read) -> None:
        assert read()["CARILLON_ENV_PROBLEMS"] == []

    def test_it_runs_on_sqlite_in_the_data_folder(self, read: Read, tmp_path: Path) -> None:
        settings = read()
        assert settings["EMBEDDED"]
        assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "carillon.sqlite3")

    def test_sqlite_takes_the_write_lock_at_once_and_keeps_what_it_said(self, read: Read) -> None:
        options = read()["DATABASES"]["default"]["OPTIONS"]
        assert options["transaction_mode"] == "IMMEDIATE"
        assert "synchronous=FULL" in options["init_command"]

    def test_the_queue_is_a_file_of_its_own(self, read: Read, tmp_path: Path) -> None:
        assert read()["HUEY"].storage.filename == str(tmp_path / "queue.sqlite3")

    def test_debug_and_the_sandbox_are_off(self, read: Read) -> None:
        settings = read()
        assert not settings["DEBUG"]
        assert not settings["CARILLON_SANDBOX"]
        assert settings["EXPO_NOTIFICATIONS_HOST"] is None

    def test_the_secret_key_is_made_once(self, read: Read) -> None:
        first = read()["SECRET_KEY"]
        assert first == read()["SECRET_KEY"]
        assert len(first) > 50

    def test_nobody_else_can_read_it(self, read: Read, tmp_path: Path) -> None:
        read()
        assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600

    def test_one_that_is_given_is_not_written_down(self, read: Read, tmp_path: Path) -> None:
        assert read(SECRET_KEY="given")["SECRET_KEY"] == "given"
        assert not (tmp_path / "secret_key").exists()

    def test_a_socket_that_opens_is_worth_no_line(self, read: Read) -> None:
        assert read()["LOGGING"]["loggers"]["uvicorn.error"] == {"level": "WARNING"}


class TestScaled:
    def test_postgres_is_named_by_its_url(self, read: Read) -> None:
        settings = read(DATABASE_URL="postgres://me:hush@db.example:5433/bells")
        database = settings["DATABASES"]["default"]
        assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "bells")
        assert not settings["EMBEDDED"]

    def test_redis_carries_queue_and_live_events(self, read: Read) -> None:
        settings = read(REDIS_URL="redis://cache.example:6380/2")
        assert type(settings["HUEY"]).__name__ == "PriorityRedisHuey"
        assert "pubsub" in settings["CHANNEL_LAYERS"]["default"]["BACKEND"]


class TestSecure:
    def test_https_makes_cookies_secure(self, read: Read) -> None:
        settings = read(SITE_URL="https://bells.example")
        assert settings["SESSION_COOKIE_SECURE"]
        assert settings["CSRF_COOKIE_SECURE"]
        assert settings["SESSION_COOKIE_NAME"] == "__Host-session"
        assert settings["SECURE_HSTS_SECONDS"] > 0

    def test_http_leaves_them_usable(self, read: Read) -> None:
        settings = read(SITE_URL="http://bells.example")
        assert not settings["SESSION_COOKIE_SECURE"]
        assert settings["SESSION_COOKIE_NAME"] == "session"
        assert not settings["SECURE_SSL_REDIRECT"]


class TestExpo:
    def test_the_sandbox_is_our_own_server(self, read: Read) -> None:
        settings = read(CARILLON_SANDBOX="1", PORT="9000")
        assert settings["EXPO_NOTIFICATIONS_HOST"] == "http://127.0.0.1:9000/sandbox/expo"

    def test_the_sandbox_is_reached_where_the_server_answers_to_its_public_name_alone(
        self, read: Read
    ) -> None:
        settings = read(CARILLON_SANDBOX="1", ALLOWED_HOSTS="bells.example", SITE_URL="https://bells.example")
        address = urlsplit(settings["EXPO_NOTIFICATIONS_HOST"])
        assert address.hostname in settings["ALLOWED_HOSTS"]
        assert re.match(settings["SECURE_REDIRECT_EXEMPT"][0], f"{address.path}/".lstrip("/"))

    def test_without_a_sandbox_nothing_is_added(self, read: Read) -> None:
        assert read(ALLOWED_HOSTS="bells.example")["ALLOWED_HOSTS"] == ["bells.example"]

    def test_a_host_that_is_named_goes_before_it(self, read: Read) -> None:
        settings = read(CARILLON_SANDBOX="1", EXPO_NOTIFICATIONS_HOST="http://127.0.0.1:7/")
        assert settings["EXPO_NOTIFICATIONS_HOST"] == "http://127.0.0.1:7"
        assert settings["CARILLON_SANDBOX_URL"] is None

    def test_the_sandbox_has_its_receipts_in_seconds(self, read: Read) -> None:
        name = "EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY"
        assert read()[name] == timedelta(minutes=30)
        assert read(CARILLON_SANDBOX="1")[name] < timedelta(minutes=1)
        assert read(EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY="7")[name] == timedelta(seconds=7)

    def test_and_one_that_is_late_is_asked_for_again_in_seconds(self, read: Read) -> None:
        name = "EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY"
        assert read()[name] == timedelta(minutes=1)
        assert read(CARILLON_SANDBOX="1")[name] < timedelta(seconds=10)

    def test_the_first_question_for_a_receipt_may_come_at_once(self, read: Read) -> None:
        settings = read(EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY="0")
        assert settings["EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY"] == timedelta(0)
        assert settings["CARILLON_ENV_PROBLEMS"] == []

    def test_an_empty_token_is_none(self, read: Read) -> None:
        assert read(EXPO_NOTIFICATIONS_TOKEN="")["EXPO_NOTIFICATIONS_TOKEN"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://bells.example/x"),
        ("REDIS_URL", "cache.example"),
        ("SITE_URL", "bells.example"),
        ("DEBUG", "perhaps"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("LOG_LEVEL", "loud"),
        ("CARILLON_LEASE", "a minute"),
        ("CARILLON_SWEEP", "0"),
        ("EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY", "0"),
        ("CARILLON_WORKERS", "0"),
        ("EXPO_NOTIFICATIONS_HOST", "exp.host"),
    ],
)
def test_a_wrong_value_is_kept_for_the_checks_and_stops_nothing(read: Read, name: str, value: str) -> None:
    assert [each[0] for each in read(**{name: value})["CARILLON_ENV_PROBLEMS"]] == [name]


class TestSenders:
    ONE = '[["news", "News", "News <news@example.org>", "relay", "hush"]]'

    def test_without_any_there_is_one_of_the_site(self, read: Read) -> None:
        settings = read(SITE_URL="https://push.example.org")
        (sender,) = settings["NOTIFICATION_SENDERS"]
        assert sender[0] == settings["NOTIFICATION_DEFAULT_SENDER"] == "notifications"
        assert (sender[2], settings["SUPPORT_EMAIL"]) == (
            "notifications@push.example.org",
            "support@push.example.org",
        )

    def test_several_are_json(self, read: Read) -> None:
        settings = read(NOTIFICATION_SENDERS=self.ONE, NOTIFICATION_DEFAULT_SENDER="news")
        assert settings["NOTIFICATION_SENDERS"] == [
            ("news", "News", "News <news@example.org>", "relay", "hush")
        ]

    @pytest.mark.parametrize(
        "broken", ["[", "{}", '["news"]', '[["news", "News", "", "", ""]]', '[["a", 1, "b", "", ""]]']
    )
    def test_what_is_broken_is_reported_without_its_passwords(self, read: Read, broken: str) -> None:
        settings = read(NOTIFICATION_SENDERS=broken, NOTIFICATION_DEFAULT_SENDER="news")
        ((name, value, _),) = settings["CARILLON_ENV_PROBLEMS"]
        assert (name, value) == ("NOTIFICATION_SENDERS", "something else")
        assert settings["NOTIFICATION_DEFAULT_SENDER"] == "notifications"


def test_half_a_bracket_is_no_site(read: Read) -> None:
    assert [name for name, *_ in read(SITE_URL="https://[half")["CARILLON_ENV_PROBLEMS"]] == ["SITE_URL"]
