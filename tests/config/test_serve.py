"""`manage.py serve`: how it starts, what it says, and how it ends."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.faults.servers import Installation, Process, free_port, until

pytestmark = pytest.mark.skipif(not settings.EMBEDDED, reason="its servers run on SQLite: once is enough")
STOP_SECONDS = 15


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an up-to-date database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    place = Installation(folder, surroundings(folder))
    assert place.run("migrate", "migrate", "--verbosity", "0").wait(60) == 0
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Installation]:
    """An installation that was never migrated."""
    place = Installation(tmp_path, surroundings(tmp_path))
    yield place
    place.clean_up()


@pytest.fixture
def place(bare: Installation, migrated: Path) -> Installation:
    """An installation that is ready to serve."""
    shutil.copy(migrated / "carillon.sqlite3", bare.folder)
    return bare


def surroundings(folder: Path) -> dict[str, str]:
    return {
        "CARILLON_DATA_DIR": str(folder),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "SITE_URL": "",
        "CARILLON_SANDBOX": "0",
        "PYTHONUNBUFFERED": "1",
    }


def healthz(port: int) -> int:
    """The status of /healthz; 0 while nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def started(place: Installation, *arguments: str, port: int, **environment: Any) -> Process:
    server = place.serve(*arguments, port=port, **environment)
    server.wait_until_ready()
    return server


class TestStarting:
    def test_it_says_where_it_is_before_it_answers(self, place: Installation) -> None:
        port = free_port()
        server = place.serve(port=port)
        until(lambda: healthz(port) == 200, "it answers")
        assert server.said.splitlines()[0] == f"Carillon is ready at http://127.0.0.1:{port}/"

    def test_whoever_connects_on_its_word_is_answered(self, place: Installation) -> None:
        port = free_port()
        started(place, port=port)
        assert healthz(port) == 200

    def test_it_takes_the_port_of_the_environment(self, place: Installation) -> None:
        port = free_port()
        server = place.run("serve", "serve", PORT=port)
        server.wait_until_ready()
        assert f"http://127.0.0.1:{port}/" in server.said

    def test_it_says_the_public_address_where_there_is_one(self, place: Installation) -> None:
        server = started(place, port=free_port(), SITE_URL="https://bells.example")
        assert server.said.splitlines()[0] == "Carillon is ready at https://bells.example/"

    def test_it_says_in_plain_words_that_the_port_is_taken(self, place: Installation) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            server = place.serve(port=port)
            assert server.wait(30) == 1
        assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in server.said
        assert "PORT=8001" in server.said
        assert "Traceback" not in server.said

    @pytest.mark.parametrize("port", ["70000", "eighty"])
    def test_a_port_that_is_none_is_told_in_plain_words(self, place: Installation, port: str) -> None:
        for server in (
            place.run("argument", "serve", "--port", port),
            place.run("variable", "serve", PORT=port),
        ):
            assert server.wait(30) != 0
            assert port in server.said
            assert "Traceback" not in server.said

    def test_it_says_what_to_type_where_the_database_is_not_migrated(self, bare: Installation) -> None:
        server = bare.serve()
        assert server.wait(30) == 1
        assert "Run: python manage.py migrate" in server.said
        assert "Traceback" not in server.said

    @pytest.mark.parametrize(
        "url", ["postgres://nobody@127.0.0.1:1/none", "sqlite:////nowhere/at/all.sqlite3"]
    )
    def test_it_says_that_the_database_cannot_be_reached(self, bare: Installation, url: str) -> None:
        server = bare.serve(DATABASE_URL=url)
        assert server.wait(30) == 1
        assert "The database cannot be reached" in server.said
        assert "Traceback" not in server.said

    def test_a_worker_says_what_to_type_too(self, bare: Installation) -> None:
        worker = bare.worker()
        assert worker.wait(30) == 1
        assert "Run: python manage.py migrate" in worker.said


def test_with_web_only_it_sends_nothing(place: Installation) -> None:
    port = free_port()
    sandbox: dict[str, Any] = {"CARILLON_SANDBOX": 1, "PORT": port}
    assert place.run("demo", "demo", **sandbox).wait(30) == 0
    started(place, "--web-only", port=port, **sandbox)
    worker = place.worker(**sandbox)
    first = until(lambda: first_batch(place), "somebody sends")
    assert first is not None
    assert first > worker.began


def first_batch(place: Installation) -> datetime | None:
    """When the first batch was claimed."""
    with closing(sqlite3.connect(place.folder / "carillon.sqlite3")) as database:
        at = database.execute("SELECT min(created_at) FROM notifications_batch").fetchone()[0]
    return datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None


class TestStopping:
    @pytest.mark.parametrize("arguments", [(), ("--web-only",)])
    def test_it_ends_well_when_it_is_asked_to(self, place: Installation, arguments: tuple[str, ...]) -> None:
        server = started(place, *arguments, port=free_port())
        assert server.stop(STOP_SECONDS) == 0
        assert "Traceback" not in server.said
