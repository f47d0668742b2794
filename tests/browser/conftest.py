"""What the journeys stand on: one real server, a fake Expo, and a browser that is allowed no complaint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from config.bootstrap import Missing
from tests.browser.complaints import Complaints
from tests.browser.people import CREW, CROWD, MAKE_CREW, write_csv
from tests.browser.site import PATIENCE, Site, chromium, sign_in
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo

WIDE = {"width": 1440, "height": 900}
RULES = [
    Rule(match=Match(token="gone"), action=Action(kind=Kind.TICKET_ERROR, code="DeviceNotRegistered")),
    Rule(match=Match(token="huge"), action=Action(kind=Kind.TICKET_ERROR, code="MessageTooBig")),
    Rule(match=Match(token="late"), action=Action(kind=Kind.RECEIPT_ERROR, code="DeviceNotRegistered")),
]
"""What becomes of the people whose tokens have these words in them."""

NewPage = Callable[..., Page]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def _expo_process() -> Iterator[FakeExpo]:
    with FakeExpo(*RULES) as fake:
        yield fake


@pytest.fixture
def expo(_expo_process: FakeExpo) -> Iterator[FakeExpo]:
    """The fake Expo. A test may give it other faults; the next one finds the usual ones."""
    yield _expo_process
    _expo_process.faults(*RULES)
    _expo_process.configure(receipt_delay=0.0)


@pytest.fixture(scope="session")
def site(_expo_process: FakeExpo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with an operator, an empty default project, and a project with a crew of twenty."""
    place = Site(
        tmp_path_factory.mktemp("site"),
        EXPO_NOTIFICATIONS_HOST=_expo_process.url,
        EXPO_NOTIFICATIONS_RATE=300,
        EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY=1,
        EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY=1,
    )
    place.manage("migrate", "--verbosity", "0")
    place.manage("demo")
    place.manage("shell", "--verbosity", "0", "-c", MAKE_CREW)
    place.manage("import_devices", str(write_csv(place.folder / "crew.csv", CREW)), "--project", "crew")
    place.start()
    yield place
    place.clean_up()


@pytest.fixture(scope="session")
def crowd(site: Site) -> Site:
    """The site once a thousand people are imported into the default project."""
    site.manage("import_devices", str(write_csv(site.folder / "people.csv", CROWD)))
    return site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Without one the tests fail and say what is missing."""
    try:
        with chromium() as started:
            yield started
    except Missing as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def _signed_in(browser: Browser, site: Site) -> Any:
    """The cookies of an operator: signing in takes its time."""
    context = browser.new_context(base_url=site.url)
    sign_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the pages of this test complain about. It fails unless that is nothing."""
    heard = Complaints()
    yield heard
    assert heard.left == []


@pytest.fixture
def new_page(browser: Browser, site: Site, complaints: Complaints) -> Iterator[NewPage]:
    """Opens pages, each in a browser of its own, with whatever options a browser has."""
    contexts = []

    def _new_page(**options: Any) -> Page:
        given = {"viewport": WIDE, "reduced_motion": "reduce", "color_scheme": "light", **options}
        context = browser.new_context(base_url=site.url, **given)
        context.set_default_timeout(PATIENCE)
        complaints.listen(context)
        contexts.append(context)
        return context.new_page()

    yield _new_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page of somebody who is not signed in."""
    return new_page()


@pytest.fixture
def operator(new_page: NewPage, _signed_in: Any) -> Page:
    """A page of an operator who is signed in."""
    return new_page(storage_state=_signed_in)
