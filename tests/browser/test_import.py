"""A file of people comes in by the page: looked at, followed while it is read, and what was wrong taken home."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import HALF_GOOD, MAKE_PASSENGERS
from tests.browser.site import Site
from tests.browser.steps import SOON, upload

IMPORTED = "SELECT count(*) FROM notifications_device WHERE uid LIKE ?"


@pytest.fixture(scope="session")
def passengers(site: Site) -> str:
    """A project for tens of thousands: who sends to all of the crew must not send to them, for minutes."""
    site.manage("shell", "--verbosity", "0", "-c", MAKE_PASSENGERS)
    return "passengers"


def rows(number: int, mark: str) -> str:
    """A file with so many good lines, larger than any other form may be."""
    lines = [f"{mark}_{n},{'n' * 150},ExponentPushToken[{mark}-{n:06}]" for n in range(number)]
    return "\n".join(["uid,name,token", *lines])


def test_a_large_file_is_followed_to_its_end_without_a_reload(
    operator: Page, site: Site, passengers: str
) -> None:
    upload(operator, rows(30_000, "walker"), project=passengers, name="walkers.csv")
    expect(operator.locator("#preview")).to_contain_text("walker_19")
    operator.get_by_role("button", name="Import 30,000 lines").click()
    operator.evaluate("window.stayed = true")
    expect(operator.locator("#state")).to_contain_text(
        re.compile("[1-9][0-9,]* of 30,000 lines read, about"), timeout=SOON
    )
    expect(operator.locator("#state .chip")).to_have_text("Done", timeout=SOON)
    expect(operator.locator("#facts")).to_contain_text("30,000")
    assert operator.evaluate("window.stayed")
    assert site.count(IMPORTED, "walker_%") == 30_000


def test_rejected_lines_are_mended_and_imported(operator: Page, site: Site, tmp_path: Path) -> None:
    upload(operator, HALF_GOOD.replace("diver", "rower"), project="crew")
    expect(operator.locator("#line-3")).to_contain_text("An Expo push token looks like")
    expect(operator.locator("#state + .notice, .notice")).to_contain_text(["shoe"])
    operator.get_by_role("button", name="Import 3 lines").click()
    with operator.expect_download() as told:
        operator.get_by_role("link", name="Download 2 rejected lines").click()
    assert told.value.suggested_filename == "people.rejected.csv"
    text = Path(told.value.path()).read_text()
    mended = text.replace("no-token", "ExponentPushToken[rower-2]").replace("klingon!", "tlh")
    upload(operator, mended, project="crew")
    operator.get_by_role("button", name="Import 2 lines").click()
    expect(operator.locator("#state .chip")).to_have_text("Done")
    assert site.count(IMPORTED, "rower_%") == 3


def test_it_is_cancelled_half_way(operator: Page, passengers: str) -> None:
    upload(operator, rows(60_000, "runner"), project=passengers, name="runners.csv")
    operator.get_by_role("button", name="Import 60,000 lines").click()
    operator.get_by_role("button", name="Cancel importing").click()
    operator.locator("#cancel").get_by_role("button", name="Cancel importing").click()
    expect(operator.locator("#state .chip")).to_have_text("Cancelled")
    expect(operator.locator("#facts")).to_contain_text("Not read")


def test_a_file_that_is_too_large_is_refused_before_it_travels(operator: Page) -> None:
    operator.goto("/dashboard/crew/import/")
    field = operator.get_by_label("CSV file")
    field.evaluate("field => field.dataset.mostBytes = 10")
    field.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"uid,token\n" * 5})
    assert "Cut it into several" in str(field.evaluate("field => field.validationMessage"))
