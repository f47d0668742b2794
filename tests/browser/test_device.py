"""A device's page in a browser: a test is sent, and the page shows by itself what becomes of it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import SOON


def test_a_test_is_followed_to_its_receipt_while_the_next_one_is_typed(operator: Page, site: Site) -> None:
    operator.goto("/dashboard/crew/devices/?state=active&q=sailor_1")
    operator.locator("#devices .t-title").first.click()
    operator.get_by_label("Title").fill("Ding")
    operator.get_by_role("button", name="Send test").click()
    newest = operator.locator("#history > ol > li").first
    expect(newest).to_contain_text("Ding")
    operator.get_by_label("Title").fill("Not finished")
    expect(newest).to_contain_text("Receipt: delivered", timeout=SOON)
    expect(operator.get_by_label("Title")).to_have_value("Not finished")


def test_a_search_narrows_the_list_while_it_is_typed(operator: Page, site: Site) -> None:
    operator.goto("/dashboard/crew/devices/")
    operator.get_by_role("searchbox").press_sequentially("sailor_12")
    expect(operator.locator("#devices .t-title")).to_have_count(1)
    expect(operator).to_have_url(f"{site.url}/dashboard/crew/devices/?q=sailor_12&provider=")
