"""The live wire is lost and found again; and whoever has no script gets there too."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import NewPage
from tests.browser.site import Site, sign_in
from tests.browser.steps import SOON, figure, live_mark, send, step
from tests.fakes.process import FakeExpo

AWAY = "ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket connection|Failed to fetch"
HOUR = 3600.0


def test_a_page_says_that_it_lost_the_server_and_is_right_again_afterwards(
    operator: Page, site: Site, expo: FakeExpo, complaints: Complaints
) -> None:
    complaints.allow(AWAY)
    expo.configure(receipt_delay=HOUR)
    send(operator, "Written before the storm", project="crew", uids="sailor_7")
    expect(step(operator, "Delivered")).to_contain_text("1 receipt pending", timeout=SOON)
    operator.evaluate("window.same = true")
    site.server.kill()
    expect(live_mark(operator)).to_have_text(re.compile("Reconnecting|Polling"))
    expo.configure(receipt_delay=0.0)
    site.start()
    expect(live_mark(operator)).to_have_text("Live", timeout=SOON)
    expect(figure(operator, "Delivered")).to_have_text("1", timeout=SOON)
    assert operator.evaluate("window.same") is True


def test_it_all_works_without_a_script(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page)
    send(page, "Sent without a script", project="crew", uids="sailor_9")
    expect(figure(page, "People")).to_have_text("1")
    page.get_by_role("link", name="Broadcasts").first.click()
    expect(page.get_by_role("link", name="Sent without a script", exact=True)).to_be_visible()
