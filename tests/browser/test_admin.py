"""The administration in a browser: nothing in it is refused by the policy, and what is picked is sent and checked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import SOON
from tests.browser.test_every_page import TOO_WIDE
from tests.fakes.process import FakeExpo

MODELS = (
    "auditentry",
    "batch",
    "broadcast",
    "credential",
    "device",
    "identity",
    "membership",
    "message",
    "notification",
    "project",
    "receipt",
    "recipient",
    "suppression",
    "ticket",
)
FORMS = ("device", "membership", "message", "project")
PAGES = [
    "/admin/",
    "/admin/auth/user/",
    *(f"/admin/notifications/{model}/" for model in MODELS),
    *(f"/admin/notifications/{model}/add/" for model in FORMS),
]
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("address", PAGES)
def test_no_page_is_too_wide_or_breaks_the_policy(operator: Page, address: str) -> None:
    operator.goto(address)
    backgrounds = set()
    for theme in ("light", "dark"):
        operator.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in (390, 1440):
            operator.set_viewport_size({"width": width, "height": 844})
            assert operator.evaluate(TOO_WIDE) == 0
        backgrounds.add(operator.evaluate(BACKGROUND))
    assert len(backgrounds) == 2


def test_a_message_is_written_sent_and_checked(operator: Page, site: Site, expo: FakeExpo) -> None:
    write(operator, "sailor_7", "Written by hand")
    expect(operator.locator("#result_list tr", has_text="Written by hand")).to_contain_text("held")

    pick(operator, "Written by hand", "Send selected messages")
    expect(operator.locator(".messagelist")).to_have_text("1 message(s) will be send.")
    wait_for(operator, "Written by hand", "delivered")

    operator.locator("#result_list tr", has_text="Written by hand").get_by_text("1 ticket").click()
    pick(operator, "accepted", "Check selected tickets")
    expect(operator.locator(".messagelist")).to_have_text("1 ticket receipt(s) will be checked.")


def write(page: Page, owner: str, title: str) -> None:
    """Look the owner's device up, and save a message to it."""
    page.goto("/admin/notifications/message/add/")
    page.locator(".field-device .select2-selection").click()
    page.locator(".select2-search__field").fill(owner)
    page.locator(".select2-results__option", has_text=owner).click()
    page.locator("[name=title]").fill(title)
    page.get_by_role("button", name="Save", exact=True).click()


def pick(page: Page, words: str, action: str) -> None:
    """Tick the row with these words, and run an action over it."""
    page.locator("#result_list tr", has_text=words).locator(".action-select").check()
    page.locator("[name=action]").select_option(label=action)
    page.get_by_role("button", name="Go").click()


def wait_for(page: Page, title: str, state: str) -> None:
    """Look again until a message has come so far."""
    row = page.locator("#result_list tr", has_text=title).filter(has_text=state)
    page.goto("/admin/notifications/message/")
    for _ in range(SOON // 500):
        if row.count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(row).to_be_visible()
