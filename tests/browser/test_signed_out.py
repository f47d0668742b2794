"""A session that ends while somebody types takes nothing away."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.conftest import NewPage
from tests.browser.site import sign_in

TITLE = "Words that took an hour"


def compose(page: Page) -> None:
    """Sign in, and begin to write."""
    sign_in(page)
    page.goto("/dashboard/crew/compose/")
    page.locator("[name=title]").fill(TITLE)


def end_session(page: Page) -> None:
    """As if it had run out: the cookie of the forms stays."""
    page.context.clear_cookies(name="session")


def test_in_another_tab_one_signs_in_and_goes_on(new_page: NewPage) -> None:
    page = new_page()
    compose(page)
    end_session(page)
    page.get_by_label("Certain people").check()
    toast = page.locator(".toast", has_text="You were signed out.")
    with page.expect_popup() as popup:
        toast.get_by_role("link").click()
    sign_in(popup.value)
    popup.value.close()
    token = page.locator("#compose [name=csrfmiddlewaretoken]")
    before = token.input_value()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(token).not_to_have_value(before)
    expect(page.locator("[name=title]")).to_have_value(TITLE)
    page.get_by_label("Everyone").check()
    page.get_by_role("button", name="Save and review").click()
    expect(page.get_by_text(TITLE).first).to_be_visible()
    expect(page.get_by_role("button", name="Send to")).to_be_visible()


def test_saving_first_and_signing_in_then_loses_nothing(new_page: NewPage, complaints: Complaints) -> None:
    complaints.allow("401")
    page = new_page(java_script_enabled=False)
    compose(page)
    end_session(page)
    page.get_by_role("button", name="Save and review").click()
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill("bells that ring at noon")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_role("button", name="Send to")).to_be_visible()
    expect(page.get_by_text(TITLE).first).to_be_visible()


def test_a_page_without_a_form_in_hand_goes_to_sign_in(operator: Page) -> None:
    operator.goto("/dashboard/crew/broadcasts/")
    end_session(operator)
    operator.evaluate("void htmx.ajax('GET', location.href, {target: 'main'})")
    expect(operator.get_by_role("button", name="Sign in")).to_be_visible()
