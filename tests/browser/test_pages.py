"""What holds for every page: it fits every width in both themes, works by keyboard, and is sound for screen readers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

PAGES = {
    "overview": "/dashboard/default/",
    "first steps": "/dashboard/default/start/",
    "compose": "/dashboard/default/compose/",
    "broadcasts": "/dashboard/default/broadcasts/",
    "broadcast": "/dashboard/default/broadcasts/1/",
    "providers": "/dashboard/default/providers/",
}
WIDTHS = (360, 390, 768, 1440)
UNLABELLED = """() => [...document.querySelectorAll("main input:not([type=hidden]), main select, main textarea")]
  .filter(e => !e.labels?.length && !e.ariaLabel && !e.getAttribute("aria-labelledby")).map(e => e.outerHTML)"""
DOUBLED = """() => [...document.querySelectorAll("[id]")].map(e => e.id)
  .filter((id, at, all) => all.indexOf(id) !== at)"""
NAMELESS = """() => [...document.querySelectorAll("button, a[href]")]
  .filter(e => !e.innerText.trim() && !e.ariaLabel && e.offsetParent).map(e => e.outerHTML)"""
INLINE = """() => [...document.querySelectorAll("[style], script:not([src]), style")]
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen(operator: Page, path: str, theme: str) -> None:
    operator.context.add_cookies([{"name": "theme", "value": theme, "url": operator.url}])
    operator.goto(path)
    for width in WIDTHS:
        operator.set_viewport_size({"width": width, "height": 800})
        assert operator.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_every_page_is_sound_for_a_screen_reader(operator: Page, path: str) -> None:
    operator.goto(path)
    assert operator.locator("h1").count() == 1
    for script in (UNLABELLED, DOUBLED, NAMELESS, INLINE):
        assert operator.evaluate(script) == []


def test_the_first_tab_leads_past_the_navigation(operator: Page) -> None:
    operator.goto(PAGES["overview"])
    operator.keyboard.press("Tab")
    expect(operator.locator(":focus")).to_have_text("Skip to content")


def test_a_key_opens_the_form_to_compose(operator: Page) -> None:
    operator.goto(PAGES["overview"])
    operator.keyboard.press("c")
    expect(operator.get_by_role("heading", level=1)).to_have_text("New broadcast")


def test_a_question_mark_lists_the_keys(operator: Page) -> None:
    operator.goto(PAGES["overview"])
    operator.keyboard.press("?")
    expect(operator.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_the_menu_opens_on_a_phone(operator: Page) -> None:
    operator.set_viewport_size({"width": 390, "height": 800})
    operator.goto(PAGES["overview"])
    operator.get_by_role("button", name="Menu").click()
    expect(operator.get_by_role("link", name="Broadcasts", exact=False).first).to_be_visible()


def test_the_theme_stays_when_it_is_chosen(operator: Page) -> None:
    operator.goto(PAGES["overview"])
    operator.get_by_role("button", name="Account").click()
    operator.get_by_label("Dark").check()
    operator.reload()
    expect(operator.locator("html")).to_have_attribute("data-theme", "dark")
