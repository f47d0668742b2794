"""A running Carillon with a browser in front of it: for the journeys, and for the pictures in the documents."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.bootstrap import browser as find_browser
from tests.faults.servers import Installation, Process, free_port

NAME = "operator"
PASSWORD = "bells that ring at noon"
PATIENCE = 15_000
"""Milliseconds in which a page must do what it is asked, on a busy machine too."""
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Site:
    """The server on a data folder of its own, the commands beside it, and the rows behind its pages."""

    def __init__(self, folder: Path, **environment: object) -> None:
        data = folder / "data"
        self._database = data / "carillon.sqlite3"
        self._port = free_port()
        self._installation = Installation(
            folder,
            {
                "CARILLON_DATA_DIR": str(data),
                "CARILLON_OPERATOR_PASSWORD": PASSWORD,
                "CARILLON_SANDBOX": "0",
                "DATABASE_URL": "",
                "REDIS_URL": "",
                "SITE_URL": "",
                "ALLOWED_HOSTS": "127.0.0.1",
                "DEBUG": "0",
                "PYTHONUNBUFFERED": "1",
                **{name: str(value) for name, value in environment.items()},
            },
        )
        self.url = f"http://127.0.0.1:{self._port}"
        self.folder = folder

    def manage(self, *command: str) -> str:
        """Run a command to its end; what it said. It must go well."""
        process = self._installation.run(command[0], *command)
        assert process.wait(90) == 0, process.said
        return process.said

    def start(self) -> Process:
        """Start the server, always at the same address."""
        process = self._installation.serve(port=self._port)
        process.wait_until_ready()
        self.server = process
        return process

    def count(self, sql: str, *values: object) -> int:
        """One number from the database."""
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=20)
        try:
            return int(connection.execute(sql, values).fetchone()[0])
        finally:
            connection.close()

    def clean_up(self) -> None:
        """End everything."""
        self._installation.clean_up()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium: $CHROMIUM, else the first one that the bootstrap finds or can install. Raises Missing."""
    path = os.environ.get("CHROMIUM") or find_browser()
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


def sign_in(page: Page) -> None:
    """Sign in as a person does."""
    page.goto("/dashboard/login/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Overview").wait_for()
