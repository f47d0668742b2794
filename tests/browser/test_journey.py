"""The journey: people in, a message out, and every answer watched as it arrives."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.people import MAKE_NEWCOMERS, NEWCOMERS, write_csv
from tests.browser.site import NAME, PASSWORD, Site
from tests.browser.steps import SOON, figure, live_mark, number, send, state, step, write

ROWS = "SELECT count(*) FROM notifications_message WHERE broadcast_id = ?"
BELLS = "SELECT count(*) FROM notifications_notification WHERE broadcast_id = ?"
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const step = [...document.querySelectorAll(".funnel__step")].find(each => each.textContent.includes("Delivered"));
    const figure = Number(step.querySelector(".funnel__n").textContent.replace(/\\D/g, ""));
    if (figure !== seen.at(-1)) seen.push(figure);
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
}"""
"""Writes down each number of delivered copies that the page shows. A page that is loaded anew forgets them."""


def test_an_operator_signs_in_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/dashboard/")
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_a_wrong_password_is_told_in_words(page: Page, complaints: Complaints) -> None:
    complaints.allow("status of 422")
    page.goto("/dashboard/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD[:-1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not go together")


def test_the_first_steps_notice_imported_people_by_themselves(operator: Page, site: Site) -> None:
    site.manage("shell", "--verbosity", "0", "-c", MAKE_NEWCOMERS)
    operator.goto("/dashboard/newcomers/start/")
    devices = operator.locator(".step", has_text="import_devices")
    expect(devices).to_have_attribute("data-s", "next")
    operator.evaluate("window.same = true")
    site.manage(
        "import_devices", str(write_csv(site.folder / "new.csv", NEWCOMERS)), "--project", "newcomers"
    )
    expect(devices).to_have_attribute("data-s", "done")
    expect(devices).to_contain_text("7 devices")
    assert operator.evaluate("window.same") is True


def test_a_message_to_a_thousand_is_confirmed_sent_and_watched_to_its_end(
    operator: Page, crowd: Site
) -> None:
    write(operator, "The coast line reopens on Monday", project="default", in_app=True)
    expect(operator.get_by_role("heading", level=1)).to_have_text("Send this to 1,000 people?")
    operator.get_by_role("button", name="Send to 1,000 people").click()
    operator.locator("#funnel").wait_for()
    operator.evaluate(WATCH)
    expect(figure(operator, "Handed over")).to_have_text("2,000", timeout=SOON)
    expect(step(operator, "Delivered")).not_to_contain_text("pending", timeout=SOON)
    expect(state(operator)).to_have_text("Sent", timeout=SOON)
    seen = operator.evaluate("window.seen")
    assert len(seen) > 3
    assert seen == sorted(seen)
    mine = int(re.findall(r"/broadcasts/(\d+)/", operator.url)[0])
    delivered = crowd.count(f"{ROWS} AND state = 'delivered'", mine) + crowd.count(BELLS, mine)
    failed = crowd.count(f"{ROWS} AND state = 'failed'", mine)
    assert number(figure(operator, "Delivered")) == seen[-1] == delivered
    assert delivered + failed == number(figure(operator, "Copies")) == 2_000


def test_a_failed_message_says_why(operator: Page, site: Site) -> None:
    send(operator, "Too long for its own good", project="crew", uids="sailor_0, sailor_1")
    cause = operator.locator("#causes li", has_text="MessageTooBig")
    expect(cause).to_contain_text("Shorten the body", timeout=SOON)
    cause.get_by_role("link", name=re.compile("Show")).click()
    expect(operator.locator("#messages tbody tr")).to_have_count(1)
    operator.get_by_role("link", name="Sailor 0").click()
    expect(operator.get_by_role("heading", level=1)).to_have_text("Message to Sailor 0")
    expect(operator.locator(".timeline")).to_contain_text("MessageTooBig")
    expect(live_mark(operator)).to_have_text("Live")
