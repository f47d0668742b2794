"""Takes the pictures of the documents: `.venv/bin/python docs/screenshots.py [FOLDER]`.

Starts a server with the demo project and its sandbox in a throwaway folder, watches it send and writes
broadcast.png, overview.png and compose.png beside this file. FOLDER gets every page besides: light and dark, 1440 and
390 pixels wide.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from playwright.sync_api import Browser, Page, expect  # noqa: E402

from config.bootstrap import Missing  # noqa: E402
from tests.browser.site import Site, chromium, sign_in  # noqa: E402

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
RATE = 35
"""Messages a second: slow enough to be caught half-way."""
SOON = 60_000
"""Milliseconds until the sandbox has given its receipts."""
QUICK = {"EXPO_NOTIFICATIONS_SENDING_TASK_RETRY_DELAY": 5, "EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY": 2}
"""Nobody waits for a picture: seconds between two tries."""
DRAFT = {
    "title": "The coast line reopens on Monday",
    "body": "Trains run to Harrow Quay again from 05:40. Your pass is valid on all of them.",
    "link": "https://moneypools.example/news/coast-line",
}


def main() -> None:
    """Take them."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        site = Site(Path(folder), CARILLON_SANDBOX=1, EXPO_NOTIFICATIONS_RATE=RATE, **QUICK)
        try:
            site.manage("migrate", "--verbosity", "0")
            site.manage("demo")
            site.start()
            take(browser, site)
        finally:
            site.clean_up()


def take(browser: Browser, site: Site) -> None:
    """The pictures of the documents, then, where a folder is named, every page."""
    context = browser.new_context(
        base_url=site.url, viewport=WIDE, color_scheme="light", reduced_motion="reduce", locale="en-GB"
    )
    context.set_default_timeout(SOON)
    page = context.new_page()
    sign_in(page)
    page.goto("/dashboard/demo/broadcasts/1/")
    while_it_is_sent(page)
    save(page, "broadcast.png", height=1330)
    until_answered(page)
    open_page(page, "/dashboard/demo/")
    save(page, "overview.png")
    open_page(page, "/dashboard/demo/compose/")
    for name, words in DRAFT.items():
        page.locator(f"#compose [name={name}]").fill(words)
    page.locator("h1").click()
    save(page, "compose.png", height=1000)
    if len(sys.argv) > 1:
        every_page(browser, page, site, Path(sys.argv[1]))


def while_it_is_sent(page: Page) -> None:
    """Wait until it is under way: half of it through, receipts arriving."""
    expect(page.locator("#state")).to_contain_text(re.compile(r"[789]\d% handed over"), timeout=SOON)
    expect(page.locator("#causes h2")).not_to_have_text("No failures", timeout=SOON)
    expect(page.locator(".live").first).to_have_text("Live")


def until_answered(page: Page) -> None:
    """Wait for the receipts; what is tried again may take longer."""
    delivered = page.locator(".funnel__step", has_text="Delivered")
    expect(page.locator("#state")).to_contain_text(
        re.compile("(99% h|All .* h|of .* h)anded over"), timeout=SOON
    )
    expect(delivered).not_to_contain_text("pending", timeout=SOON)


def every_page(browser: Browser, operator: Page, site: Site, folder: Path) -> None:
    """Each page, light and dark, wide and on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = addresses(operator)
    for name, size in (("1440", WIDE), ("390", PHONE)):
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=site.url,
                viewport=size,
                color_scheme=theme,
                reduced_motion="reduce",
                locale="en-GB",
                storage_state=operator.context.storage_state(),
            )
            page = context.new_page()
            for title, address in pages.items():
                open_page(page, address)
                page.screenshot(
                    path=folder / f"{title}-{name}-{theme}.png", full_page=True, animations="disabled"
                )
            context.close()


def addresses(page: Page) -> dict[str, str]:
    """Every page of the demo, by name."""
    open_page(page, "/dashboard/demo/broadcasts/1/?state=failed")
    failed = page.locator("#messages .t-title").first.get_attribute("href") or ""
    return {
        "overview": "/dashboard/demo/",
        "start": "/dashboard/demo/start/",
        "compose": "/dashboard/demo/compose/",
        "confirm": "/dashboard/demo/broadcasts/2/confirm/",
        "broadcasts": "/dashboard/demo/broadcasts/",
        "broadcast": "/dashboard/demo/broadcasts/1/",
        "message": failed,
        "not-sent": "/dashboard/demo/broadcasts/1/not-sent/",
        "import": "/dashboard/demo/import/",
        "providers": "/dashboard/demo/providers/",
        "empty-overview": "/dashboard/default/",
        "empty-start": "/dashboard/default/start/",
        "empty-broadcasts": "/dashboard/default/broadcasts/",
        "nowhere": "/dashboard/nobody/",
    }


def open_page(page: Page, address: str) -> None:
    """Go there, and wait until it is live (a page without live parts: until it is drawn)."""
    page.goto(address)
    if page.locator(".live").count():
        expect(page.locator(".live").first).to_be_visible()


def save(page: Page, name: str, height: int = 0) -> None:
    """The first `height` pixels of a page, all of it where none are named, as docs/<name>."""
    clip = {"x": 0, "y": 0, "width": WIDE["width"], "height": height} if height else None
    page.set_viewport_size({**WIDE, "height": height or WIDE["height"]})
    page.screenshot(path=DOCS / name, clip=clip, full_page=not height, animations="disabled")  # type: ignore[arg-type]
    page.set_viewport_size(WIDE)


if __name__ == "__main__":
    try:
        main()
    except Missing as missing:
        sys.exit(str(missing))
