"""What an operator does again and again, and where to look afterwards."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

SOON = 40_000
"""Milliseconds in which something is sent and answered, on a busy machine too."""


def write(page: Page, title: str, *, project: str, uids: str = "", in_app: bool = False) -> None:
    """Fill in the form, to everybody or to these uids, and go on to the page that asks for confirmation."""
    page.goto(f"/dashboard/{project}/compose/")
    page.locator("[name=title]").fill(title)
    page.locator("[name=body]").fill("Trains run to Harrow Quay again.")
    page.locator("[name=channels][value=bell]").set_checked(in_app)
    if uids:
        page.get_by_label("Certain people").check()
        page.locator("[name=uids]").fill(uids)
    page.get_by_role("button", name="Save and review").click()
    page.wait_for_url("**/confirm/")


def send(page: Page, title: str, *, project: str, uids: str = "", in_app: bool = False) -> int:
    """Write it, confirm it, and be on its page. Returns its id."""
    write(page, title, project=project, uids=uids, in_app=in_app)
    page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    return int(re.findall(r"/broadcasts/(\d+)/", page.url)[0])


def upload(page: Page, text: str, *, project: str, name: str = "people.csv") -> str:
    """Upload a file of people, and be on its page. Returns the address of that."""
    page.goto(f"/dashboard/{project}/import/")
    page.get_by_label("CSV file").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Upload and look").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url


def state(page: Page) -> Locator:
    """The word for what a broadcast is doing."""
    return page.locator("#state .chip")


def step(page: Page, label: str) -> Locator:
    """A step of the funnel."""
    return page.locator(".funnel__step").filter(has=page.locator(".funnel__label", has_text=label))


def figure(page: Page, label: str) -> Locator:
    """The number of a step of the funnel."""
    return step(page, label).locator(".funnel__n")


def number(locator: Locator) -> int:
    """The number somewhere, without its commas."""
    return int(re.sub(r"\D", "", locator.inner_text()))


def live_mark(page: Page) -> Locator:
    """Where a page says how live it is."""
    return page.locator(".live").first
