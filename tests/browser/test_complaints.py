"""The ear for complaints is sharp: what a page does wrong fails a test."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.complaints import Complaints


def test_it_hears_what_the_security_policy_forbids(page: Page, complaints: Complaints) -> None:
    page.goto("/dashboard/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">Loud</p>')")
    page.get_by_text("Loud").wait_for()
    assert "Content Security Policy" in " ".join(complaints.left)
    complaints.allow("Content Security Policy")


def test_it_hears_an_error_that_nobody_caught(page: Page, complaints: Complaints) -> None:
    page.goto("/dashboard/login/")
    with page.expect_event("pageerror"):
        page.evaluate("void Promise.reject(new Error('a bell cracked'))")
    assert "a bell cracked" in " ".join(complaints.left)
    complaints.allow("a bell cracked")
