"""Health: does the process live, and can it do its work?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from notifications.models import Project

ALL_WELL = {"database": "ok", "queue": "ok", "live": "ok"}


@pytest.fixture
def no_database(committed: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that cannot be reached."""
    connection.close()
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        yield
        connection.close()


class TestAlive:
    def test_it_says_so_to_anybody(self, client: Client) -> None:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    @pytest.mark.usefixtures("no_database", "broken_queue")
    def test_also_while_nothing_else_does(self, client: Client) -> None:
        assert client.get("/healthz").status_code == 200


class TestReady:
    def test_it_names_its_parts(self, client: Client, project: Project) -> None:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, ALL_WELL)

    @pytest.mark.usefixtures("no_database")
    def test_a_database_that_is_away_is_named(self, client: Client) -> None:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {**ALL_WELL, "database": "unreachable"})

    @pytest.mark.usefixtures("broken_queue")
    def test_a_queue_that_is_away_is_named(self, client: Client, project: Project) -> None:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {**ALL_WELL, "queue": "unreachable"})

    def test_a_bus_that_is_away_is_named(self, client: Client, project: Project, settings: Settings) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1"
        settings.CHANNEL_LAYERS = {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [{"address": settings.REDIS_URL}]},
            }
        }
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {**ALL_WELL, "live": "unreachable"})

    @pytest.mark.usefixtures("no_database")
    def test_it_does_not_say_where_things_are(self, client: Client) -> None:
        assert "/nowhere" not in client.get("/readyz").content.decode()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
class TestBoth:
    def test_nobody_keeps_the_answer(self, client: Client, project: Project, path: str) -> None:
        assert "no-store" in client.get(path).headers["Cache-Control"]

    def test_it_is_only_to_be_read(self, client: Client, project: Project, path: str) -> None:
        assert client.head(path).status_code == 200
        assert client.post(path).status_code == 405

    def test_a_load_balancer_may_ask_by_the_address_of_the_machine(
        self, client: Client, project: Project, settings: Settings, path: str
    ) -> None:
        settings.ALLOWED_HOSTS = ["bells.example"]
        answer = client.get(path, headers={"Host": "10.0.0.7:8000"})
        assert answer.status_code == 200
        assert "Content-Security-Policy" in answer.headers

    def test_plain_http_is_answered_behind_https(
        self, client: Client, project: Project, settings: Settings, path: str
    ) -> None:
        settings.SECURE_SSL_REDIRECT = True
        assert client.get(path).status_code == 200
