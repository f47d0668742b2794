"""The main journey: people in, a message out, every answer watched as it arrives."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, PEOPLE, Site, compose, sign_in
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo

SOON = 30_000
"""Milliseconds in which a page has caught up, on a busy machine too."""


def step(page: Page, label: str) -> Locator:
    """The number of a step of the funnel."""
    return page.locator(".funnel__step", has_text=label).locator(".funnel__n")


def number(locator: Locator) -> int:
    return int(re.sub(r"\D", "", locator.inner_text()))


class Journey:
    """What one test leaves for the next: they are the chapters of one story, in order."""

    broadcast_url = ""
    broadcast_id = 0


def test_it_says_what_to_do_first_and_counts_the_imported_devices(operator: Page) -> None:
    operator.goto("/dashboard/default/start/")
    expect(operator.locator(".step", has_text="Bring people")).to_contain_text("1,000 devices")


def test_it_asks_for_confirmation_with_the_number(operator: Page) -> None:
    compose(operator, "The coast line reopens")
    expect(operator.get_by_role("heading", level=1)).to_have_text("Send this to 1,000 people?")


def test_the_funnel_fills_without_a_reload(operator: Page, site: Site) -> None:
    compose(operator, "The coast line reopens on Monday")
    operator.get_by_role("button", name="Send to 1,000 people").click()
    operator.get_by_role("heading", level=1, name="The coast line reopens on Monday").wait_for()
    loads: list[str] = []
    operator.on("load", lambda _: loads.append(operator.url))
    Journey.broadcast_url = operator.url.split("#")[0]
    Journey.broadcast_id = int(re.findall(r"/broadcasts/(\d+)/", operator.url)[0])
    expect(step(operator, "Handed over")).to_have_text("1,000", timeout=SOON)
    expect(step(operator, "Delivered")).to_have_text("984", timeout=SOON)
    expect(operator.locator("#state .chip")).to_have_text("Sent", timeout=SOON)
    assert loads == []


def test_its_numbers_are_the_rows(operator: Page, site: Site) -> None:
    operator.goto(Journey.broadcast_url)
    delivered = "SELECT count(*) FROM notifications_message WHERE broadcast_id = ? AND state = 'delivered'"
    assert number(step(operator, "Delivered")) == site.count(delivered, Journey.broadcast_id)


def test_a_failure_says_what_happened_and_what_to_do(operator: Page) -> None:
    operator.goto(Journey.broadcast_url)
    cause = operator.locator("#causes li", has_text="DeviceNotRegistered")
    expect(cause).to_contain_text("15")
    expect(cause).to_contain_text("switched off")


def test_a_failed_message_tells_its_story(operator: Page) -> None:
    operator.goto(f"{Journey.broadcast_url}?q=u_15")
    operator.get_by_role("link", name="Person 15", exact=True).click()
    timeline = operator.locator(".timeline")
    expect(timeline).to_contain_text("MessageTooBig")
    expect(timeline).to_contain_text("Accepted")


def test_no_second_push_reached_anybody(expo: FakeExpo, site: Site) -> None:
    tokens = [entry.token for entry in expo.history() if entry.is_accepted]
    assert len(tokens) == len(set(tokens)) == PEOPLE - 10


def test_a_broadcast_is_paused_resumed_and_cancelled_half_way(
    operator: Page, site: Site, slow: FakeExpo
) -> None:
    compose(operator, "This one stops half-way")
    operator.get_by_role("button", name=re.compile("Send to")).click()
    expect(step(operator, "Handed over")).not_to_have_text("0", timeout=SOON)
    operator.get_by_role("button", name="Pause").click()
    expect(operator.locator("#state .chip")).to_have_text("Paused", timeout=SOON)
    operator.get_by_role("button", name="Resume").click()
    expect(operator.locator("#state .chip")).to_have_text("Sending", timeout=SOON)
    operator.get_by_role("button", name="Cancel sending").click()
    operator.get_by_role("button", name=re.compile(r"^Cancel [\d,]+ ")).click()
    expect(operator.locator("#state .chip")).to_have_text("Cancelled", timeout=SOON)
    mine = int(re.findall(r"/broadcasts/(\d+)/", operator.url)[0])
    count = "SELECT count(*) FROM notifications_message WHERE broadcast_id = ? AND state = ?"
    cancelled = site.count(count, mine, "cancelled")
    assert 0 < cancelled < PEOPLE
    total = site.count("SELECT count(*) FROM notifications_message WHERE broadcast_id = ?", mine)
    assert total == site.count("SELECT expanded_messages FROM notifications_broadcast WHERE id = ?", mine)


def test_the_page_is_right_again_after_the_server_was_away(operator: Page, site: Site) -> None:
    operator.goto(Journey.broadcast_url)
    expect(operator.locator(".live")).to_have_attribute("data-state", "open", timeout=SOON)
    serving = site.installation.processes[-1]
    serving.kill()
    expect(operator.locator(".live")).not_to_have_attribute("data-state", "open", timeout=SOON)
    site.start()
    expect(operator.locator(".live")).to_have_attribute("data-state", "open", timeout=SOON)
    expect(step(operator, "Delivered")).to_have_text("984")


def test_it_works_without_javascript(browser: Any, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    compose(page, "Sent without a script")
    page.get_by_role("button", name=re.compile("Send to")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent without a script")
    context.close()


def test_a_wrong_password_is_told_in_words(page: Page) -> None:
    page.goto("/dashboard/")
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill(PASSWORD[:-1])
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Sign in").click()
    assert answered.value.status == 422
    expect(page.get_by_role("alert")).to_contain_text("do not go together")


@pytest.fixture
def slow(expo: FakeExpo) -> Any:
    """Expo takes a second for each batch."""
    expo.faults(Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_before=1.0)))
    yield expo
    expo.faults()
