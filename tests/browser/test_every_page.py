"""What holds for every page: it fits every screen in both themes, and whoever cannot see it can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import HALF_GOOD
from tests.browser.site import Site
from tests.browser.steps import SOON, send, upload, write

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
VIOLATIONS = """async rules => {
  const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
  const {violations} = await axe.run(document, {resultTypes: ["violations"], ...only});
  return violations.map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map(node => node.html).join(" ")}`);
}"""
DOUBLED = """() => [...document.querySelectorAll("[id]")].map(({id}) => id)
  .filter((id, at, all) => all.indexOf(id) !== at)"""
NAMELESS_PICTURES = """() => [...document.querySelectorAll("svg, img")]
  .filter(each => !each.closest("[aria-hidden=true]") && !each.matches("[role=img]") && !each.alt)
  .map(each => each.outerHTML)"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDTHS = (360, 390, 768, 1440)
PAGES = {
    "overview": "/dashboard/crew/",
    "first steps": "/dashboard/crew/start/",
    "compose": "/dashboard/crew/compose/",
    "draft": "/dashboard/crew/compose/{draft}/",
    "draft's page": "/dashboard/crew/broadcasts/{draft}/",
    "confirm": "/dashboard/crew/broadcasts/{draft}/confirm/",
    "broadcasts": "/dashboard/crew/broadcasts/",
    "broadcast": "/dashboard/crew/broadcasts/{sent}/",
    "broadcast, filtered to nothing": "/dashboard/crew/broadcasts/{sent}/?state=held",
    "message": "{message}",
    "not sent": "/dashboard/crew/broadcasts/{sent}/not-sent/",
    "devices": "/dashboard/crew/devices/",
    "devices, filtered to nothing": "/dashboard/crew/devices/?state=gone",
    "device": "{device}",
    "device that is off": "{device_off}",
    "import": "/dashboard/crew/import/",
    "import, looked at": "{preview}",
    "import that is done": "{imported}",
    "providers": "/dashboard/crew/providers/",
    "sign in": "/dashboard/login/",
    "nothing there": "/dashboard/nobody/",
}


@pytest.fixture(scope="session")
def addresses(browser: Browser, site: Site, _signed_in: Any) -> Iterator[dict[str, str]]:
    """A broadcast with a failure, that message and its device, a device that is off, a draft, and two imports."""
    context = browser.new_context(base_url=site.url, storage_state=_signed_in)
    page = context.new_page()
    sent = send(page, "Seen from every side", project="crew", uids="sailor_0 sailor_11 nobody", in_app=True)
    page.locator("#causes li", has_text="MessageTooBig").wait_for(timeout=SOON)
    page.goto(f"/dashboard/crew/broadcasts/{sent}/?state=failed")
    message = page.locator("#messages .t-title").get_attribute("href") or ""
    write(page, "Not sent yet", project="crew")
    draft = page.url.rstrip("/").split("/")[-2]
    page.goto("/dashboard/crew/devices/?q=sailor_0")
    device = page.locator("#devices .t-title").get_attribute("href") or ""
    page.goto("/dashboard/crew/devices/?q=sailor_19")
    device_off = page.locator("#devices .t-title").get_attribute("href") or ""
    page.goto(device_off)
    page.get_by_role("button", name="Switch off").click()
    page.locator("#retirement").wait_for()
    preview = upload(page, HALF_GOOD, project="crew")
    imported = upload(page, HALF_GOOD, project="crew")
    page.get_by_role("button", name="Import 3 lines").click()
    page.locator("#rejects").wait_for()
    context.close()
    return {
        "sent": str(sent),
        "message": message,
        "draft": draft,
        "device": device,
        "device_off": device_off,
        "preview": preview,
        "imported": imported,
    }


@pytest.fixture(params=PAGES.values(), ids=PAGES.keys())
def any_page(
    request: pytest.FixtureRequest, addresses: dict[str, str], operator: Page, complaints: Any
) -> Page:
    """Each page in turn, fully drawn."""
    if "nobody" in request.param:
        complaints.allow("status of 404")
    if "login" in request.param:
        operator.context.clear_cookies()
    operator.goto(request.param.format(**addresses))
    if operator.locator(".live").count():
        expect(operator.locator(".live").first).to_have_text("Live")
    return operator


def test_no_page_is_wider_than_the_screen(any_page: Page) -> None:
    found = {}
    for theme in ("light", "dark"):
        any_page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in WIDTHS:
            any_page.set_viewport_size({"width": width, "height": 844})
            found[theme, width] = any_page.evaluate(TOO_WIDE)
    assert found == dict.fromkeys(found, 0)


def test_every_page_can_be_used_by_whoever_cannot_see_it(any_page: Page) -> None:
    assert any_page.locator("h1").count() == 1
    assert any_page.evaluate(DOUBLED) == []
    assert any_page.evaluate(NAMELESS_PICTURES) == []
    any_page.evaluate(AXE)
    assert any_page.evaluate(VIOLATIONS, None) == []


def test_every_page_is_legible_in_the_dark_and_on_a_phone(any_page: Page) -> None:
    any_page.set_viewport_size({"width": 390, "height": 844})
    any_page.emulate_media(color_scheme="dark")
    any_page.reload()
    any_page.evaluate(AXE)
    assert (
        any_page.evaluate(VIOLATIONS, ["color-contrast", "scrollable-region-focusable", "target-size"]) == []
    )


def test_the_open_menus_can_be_used_by_whoever_cannot_see_them(operator: Page) -> None:
    operator.goto("/dashboard/crew/")
    operator.evaluate(AXE)
    operator.keyboard.press("?")
    assert operator.evaluate(VIOLATIONS, None) == []
    operator.keyboard.press("Escape")
    operator.get_by_role("button", name="Account").click()
    assert operator.evaluate(VIOLATIONS, None) == []
