"""Composing and looking for it: nothing is saved twice, and the list keeps to what is being looked for."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.site import Site
from tests.browser.steps import write

TITLED = "SELECT count(*) FROM notifications_broadcast WHERE title = ?"
TELL = """() => document.querySelector("#broadcasts").getAttribute("hx-trigger").match(/live-[\\w-]+/g)
  .forEach(name => document.body.dispatchEvent(new CustomEvent(name)))"""
"""What live.js does when a broadcast has changed."""


def fill(page: Page, title: str) -> None:
    page.goto("/dashboard/crew/compose/")
    page.locator("[name=title]").fill(title)


def test_a_double_click_saves_one_draft(operator: Page, site: Site) -> None:
    fill(operator, "Clicked twice")
    operator.get_by_role("button", name="Save and review").dblclick()
    expect(operator.get_by_role("heading", level=1)).to_contain_text("Send this to")
    assert site.count(TITLED, "Clicked twice") == 1


def test_a_form_that_comes_back_can_be_sent_again(operator: Page) -> None:
    fill(operator, "Thought better of it")
    operator.get_by_role("button", name="Save and review").click()
    expect(operator.get_by_role("heading", level=1)).to_contain_text("Send this to")
    operator.go_back()
    expect(operator.get_by_role("button", name="Save and review")).to_be_enabled()


def test_the_reach_is_asked_again_when_the_priority_changes(operator: Page) -> None:
    fill(operator, "Urgent")
    with operator.expect_response("**/compose/reach/") as told:
        operator.get_by_label("Critical").check()
    assert told.value.ok
    assert "priority=1" in (told.value.request.post_data or "")


def test_the_counter_says_how_much_a_lock_screen_shows(operator: Page) -> None:
    fill(operator, "Coast")
    expect(operator.locator("label[for=id_title]")).to_contain_text("5 of 65 on a lock screen")
    operator.locator("[name=title]").fill("x" * 66)
    expect(operator.locator("label[for=id_title]")).to_contain_text("66, cut after 65 on a lock screen")


def test_two_editors_hear_of_each_other(operator: Page, complaints: Complaints) -> None:
    complaints.allow("status of 409")
    write(operator, "As it was", project="crew")
    form = operator.url.replace("broadcasts", "compose").replace("confirm/", "")
    other = operator.context.new_page()
    for page in (operator, other):
        page.goto(form)
    other.locator("[name=title]").fill("As the other wants it")
    other.get_by_role("button", name="Save and review").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Send this to")
    operator.locator("[name=title]").fill("As I want it")
    operator.get_by_role("button", name="Save and review").click()
    expect(operator.get_by_role("alert")).to_contain_text("changed this draft meanwhile")
    expect(operator.locator("[name=title]")).to_have_value("As I want it")
    operator.get_by_role("button", name="Save mine anyway").click()
    expect(operator.locator("dd").first).to_have_text("As I want it")


def test_a_filter_takes_the_place_of_a_refresh_under_way(operator: Page) -> None:
    write(operator, "The one that is sought", project="crew")
    write(operator, "Another one", project="crew")
    operator.goto("/dashboard/crew/broadcasts/")
    operator.route(lambda url: url.endswith("/crew/broadcasts/"), lambda route: None)  # never answered
    with operator.expect_request("**/crew/broadcasts/"):
        operator.evaluate(TELL)
    with operator.expect_event("requestfailed"):  # given up: its answer cannot come any more
        operator.get_by_label("Words of the title").fill("sought")
    expect(operator.locator("#broadcasts tbody tr")).to_have_count(1)
