"""The live wire is lost and found again; and whoever has no script gets there too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import NewPage
from tests.browser.site import Site, sign_in
from tests.browser.steps import SOON, figure, live_mark, send, state


def test_a_page_says_that_it_lost_the_server_and_is_right_again_afterwards(
    operator: Page, site: Site, complaints: Complaints
) -> None:
    complaints.allow("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection")
    send(operator, "Written before the storm", project="crew", uids="sailor_7")
    expect(figure(operator, "Delivered")).to_have_text("1", timeout=SOON)
    expect(live_mark(operator)).to_have_text("Live")
    operator.evaluate("window.same = true")
    site.server.kill()
    expect(live_mark(operator)).to_have_text(re.compile("Reconnecting|Polling"))
    site.start()
    expect(live_mark(operator)).to_have_text("Live", timeout=SOON)
    expect(figure(operator, "Delivered")).to_have_text("1")
    assert operator.evaluate("window.same") is True


def test_a_page_learns_what_happened_while_it_was_cut_off(operator: Page, new_page: NewPage) -> None:
    operator.goto("/dashboard/crew/broadcasts/")
    expect(live_mark(operator)).to_have_text("Live")
    operator.context.set_offline(True)
    expect(live_mark(operator)).to_have_text(re.compile("Reconnecting|Polling"))
    other = new_page(storage_state=operator.context.storage_state())
    send(other, "Sent behind its back", project="crew", uids="sailor_8")
    operator.context.set_offline(False)
    expect(operator.get_by_role("link", name="Sent behind its back")).to_be_visible(timeout=SOON)


def test_it_all_works_without_a_script(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page)
    send(page, "Sent without a script", project="crew", uids="sailor_9")
    expect(figure(page, "People")).to_have_text("1")
    page.get_by_role("link", name="Broadcasts", exact=False).first.click()
    expect(page.get_by_role("link", name="Sent without a script")).to_be_visible()


__all__ = ["Browser", "pytest", "state"]
