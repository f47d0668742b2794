"""What the journeys stand on: a real server, a fake Expo, and a browser that tolerates no error."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from config.bootstrap import browser as found_browser
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo
from tests.faults.servers import Installation, Process, free_port

PASSWORD = "a long password for tests"
PEOPLE = 1000
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Site:
    """The running server, and the rows behind its pages."""

    def __init__(self, installation: Installation, port: int, database: Path) -> None:
        self.installation = installation
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._database = database

    def start(self) -> Process:
        """Start the server."""
        process = self.installation.serve(port=self.port)
        process.wait_until_ready()
        return process

    def count(self, sql: str, *params: object) -> int:
        """One number from the database."""
        with sqlite3.connect(f"file:{self._database}?mode=ro", uri=True) as connection:
            return int(connection.execute(sql, params).fetchone()[0])


@pytest.fixture(scope="session")
def expo() -> Iterator[FakeExpo]:
    """A fake Expo that knows some tokens as gone and one message as too big."""
    rules = [
        Rule(match=Match(token="gone"), action=Action(kind=Kind.TICKET_ERROR, code="DeviceNotRegistered")),
        Rule(match=Match(token="late"), action=Action(kind=Kind.RECEIPT_ERROR, code="DeviceNotRegistered")),
        Rule(match=Match(token="big"), action=Action(kind=Kind.RECEIPT_ERROR, code="MessageTooBig")),
    ]
    with FakeExpo(*rules) as fake:
        yield fake


@pytest.fixture(scope="session")
def site(expo: FakeExpo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with 1,000 imported devices and an operator."""
    folder = tmp_path_factory.mktemp("site")
    data = folder / "data"
    environment = {
        "CARILLON_DATA_DIR": str(data),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "CARILLON_OPERATOR_PASSWORD": PASSWORD,
        "EXPO_NOTIFICATIONS_HOST": expo.url,
        "EXPO_NOTIFICATIONS_RATE": "400",
        "EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY": "1",
        "CARILLON_SWEEP": "1",
    }
    installation = Installation(folder, environment)
    people = folder / "people.csv"
    people.write_text(_people(), encoding="utf-8")
    for command in (["migrate", "--verbosity", "0"], ["demo"], ["import_devices", str(people)]):
        process = installation.run(command[0], *command)
        assert process.wait(60) == 0, process.said
    running = Site(installation, free_port(), data / "carillon.sqlite3")
    running.start()
    yield running
    installation.clean_up()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or found_browser(), args=flags
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A fresh page; the test fails when the page reports an error of its own or breaks its security policy."""
    context = browser.new_context(
        base_url=site.url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if _is_ours(said) else None)
    yield opened
    context.close()
    assert errors == []


def _is_ours(said: ConsoleMessage) -> bool:
    """Is this an error of the page? The browser also notes every refused form and every server that is away."""
    return said.type == "error" and not said.text.startswith(
        ("Failed to load resource", "WebSocket connection")
    )


@pytest.fixture
def operator(page: Page) -> Page:
    """A page whose reader is signed in."""
    sign_in(page)
    return page


def sign_in(page: Page) -> None:
    """Sign in as a person does."""
    page.goto("/dashboard/")
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for(state="attached")


def compose(page: Page, title: str, *, in_app: bool = False) -> None:
    """Write a broadcast to everyone and go to the page that asks for confirmation."""
    page.goto("/dashboard/default/compose/")
    page.locator("#compose [name=title]").fill(title)
    page.locator("#compose [name=body]").fill("Trains run to Harrow Quay again.")
    page.locator("#compose [name=channels][value=bell]").set_checked(in_app)
    page.get_by_role("button", name="Save and check the number").click()


def _people() -> str:
    """1,000 people with one phone each: ten gone at once, five gone later, one that gets too big a message."""
    words = {**dict.fromkeys(range(10), "gone"), **dict.fromkeys(range(10, 15), "late"), 15: "big"}
    rows = (f"u_{n},Person {n},ExponentPushToken[{words.get(n, 'fine')}-{n:04}]" for n in range(PEOPLE))
    return "uid,name,token\n" + "\n".join(rows) + "\n"
