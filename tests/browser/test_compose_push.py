"""More for push: it opens by keyboard and without JavaScript, loses nothing, and its bytes are counted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import NewPage
from tests.browser.test_every_page import AXE, TOO_WIDE, VIOLATIONS, WIDTHS

COMPOSE = "/dashboard/crew/compose/"


def test_without_javascript_nothing_is_missing(
    operator: Page, new_page: NewPage, complaints: Complaints
) -> None:
    complaints.allow("status of 422")
    page = new_page(storage_state=operator.context.storage_state(), java_script_enabled=False)
    page.goto(COMPOSE)
    page.locator("[name=title]").fill("With a badge")
    badge = page.get_by_label("Badge")
    expect(badge).to_be_hidden()
    page.get_by_text("More for push").click()
    page.get_by_label("Subtitle").fill("From Monday")
    badge.fill("-1")
    page.get_by_role("button", name="Save and review").click()
    expect(page.get_by_text("A badge is a whole number from 0 up.")).to_be_visible()
    expect(page.get_by_label("Subtitle")).to_have_value("From Monday")
    badge.fill("0")
    page.get_by_role("button", name="Save and review").click()
    expect(page.locator("dl")).to_contain_text("Subtitle" + "From Monday" + "Badge" + "0")


def test_a_key_opens_it(operator: Page) -> None:
    operator.goto(COMPOSE)
    operator.locator("#more summary").press("Enter")
    expect(operator.get_by_label("Image")).to_be_visible()


def test_its_bytes_are_counted(operator: Page) -> None:
    operator.goto(COMPOSE)
    operator.locator("[name=title]").fill("Coast")
    before = weight(operator)
    operator.locator("#more summary").click()
    operator.get_by_label("Subtitle").fill("From Monday")
    operator.get_by_label("Badge").fill("0")
    operator.get_by_label("Image").fill("https://a.example/b.jpg")
    operator.get_by_label("Rings even when muted").check()
    operator.get_by_label("Volume").fill("0.5")
    operator.get_by_label("Wakes the app").check()
    added = (
        ',"subtitle":"From Monday","badge":0,"richContent":{"image":"https://a.example/b.jpg"}'
        ',"sound":{"critical":true,"name":"default","volume":0.5},"_contentAvailable":true'
    )
    assert weight(operator) - before == len(added)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_it_fits_every_screen_and_everybody(operator: Page, theme: str) -> None:
    operator.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    operator.goto(COMPOSE)
    operator.locator("#more summary").click()
    operator.evaluate(AXE)
    assert operator.evaluate(VIOLATIONS, None) == []
    for width in WIDTHS:
        operator.set_viewport_size({"width": width, "height": 844})
        assert operator.evaluate(TOO_WIDE) == 0, width


def weight(page: Page) -> int:
    """How many bytes the page says a push has."""
    return int(page.locator("#payload").inner_text().split(" of ")[0].replace(",", ""))
