"""Everything without a mouse, the menu of a phone, and the theme."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

CREW = "/dashboard/crew/"
TABS = 60
"""No control of a page is further away than this."""


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until this has the focus."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{TABS} presses of Tab do not lead to {wanted}")


def test_a_message_is_sent_without_a_mouse(operator: Page) -> None:
    operator.goto(CREW)
    operator.keyboard.press("c")
    title = operator.locator("[name=title]")
    title.wait_for()
    tab_to(operator, title)
    operator.keyboard.type("Typed from end to end")
    tab_to(operator, operator.get_by_role("button", name="Save and review"))
    operator.keyboard.press("Enter")
    # A crew of few: to a crowd it would be under way for minutes, and what the next tests send would wait behind it.
    button = operator.get_by_role("button", name=re.compile(r"^Send to \d\d people$"))
    button.wait_for()
    tab_to(operator, button)
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("heading", level=1)).to_have_text("Typed from end to end")


def test_the_first_tab_skips_the_navigation(operator: Page) -> None:
    operator.goto(CREW)
    operator.keyboard.press("Tab")
    expect(operator.locator(":focus")).to_have_text("Skip to content")
    operator.keyboard.press("Enter")
    expect(operator.locator("main")).to_be_focused()


def test_a_question_mark_lists_the_shortcuts(operator: Page) -> None:
    operator.goto(CREW)
    operator.keyboard.press("?")
    dialog = operator.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    operator.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_two_keys_lead_to_another_page(operator: Page) -> None:
    operator.goto(CREW)
    operator.keyboard.press("g")
    operator.keyboard.press("b")
    expect(operator.get_by_role("heading", level=1)).to_have_text("Broadcasts")


def test_shortcuts_can_be_switched_off(operator: Page) -> None:
    operator.goto(CREW)
    operator.keyboard.press("?")
    operator.get_by_label("Shortcuts in this browser").uncheck()
    operator.keyboard.press("Escape")
    operator.keyboard.press("c")
    operator.keyboard.press("?")
    expect(operator.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    expect(operator.get_by_role("heading", level=1)).to_have_text("Overview")


def test_the_menu_opens_on_a_phone(operator: Page) -> None:
    operator.set_viewport_size({"width": 390, "height": 844})
    operator.goto(CREW)
    menu = operator.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    operator.get_by_role("button", name="Menu").click()
    menu.get_by_role("link", name="Providers").click()
    expect(operator.get_by_role("heading", level=1)).to_have_text("Providers")


def test_the_theme_is_changed_at_once_and_kept(operator: Page) -> None:
    operator.goto(CREW)
    ground = operator.locator("body")
    expect(ground).to_have_css("color-scheme", "light dark")
    operator.get_by_role("button", name="Account").click()
    operator.get_by_label("Dark").check()
    expect(operator.locator("html")).to_have_attribute("data-theme", "dark")
    operator.reload()
    expect(operator.locator("html")).to_have_attribute("data-theme", "dark")
    expect(operator.locator("html")).to_have_css("color-scheme", "dark")
