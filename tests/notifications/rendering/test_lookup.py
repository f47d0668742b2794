"""Lookup: which template files may say something, the most fitting first."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from notifications.rendering.lookup import chain, of_kind, shared


@pytest.fixture(autouse=True)
def _default(settings: Settings) -> None:
    settings.NOTIFICATIONS_DEFAULT_LOCALE = "en-us"


class TestLanguages:
    @pytest.mark.parametrize(
        ("wanted", "tried"),
        [
            ("fr-ca", ["fr-ca", "fr", "en-us", "en"]),
            ("fr", ["fr", "en-us", "en"]),
            ("zh_Hans_CN", ["zh-hans-cn", "zh-hans", "zh", "en-us", "en"]),
            (" EN-US ", ["en-us", "en"]),
            ("", ["en-us", "en"]),
        ],
    )
    def test_go_from_the_one_that_is_wanted_to_the_installations(self, wanted: str, tried: list[str]) -> None:
        assert chain(wanted) == tried

    def test_and_end_with_english(self, settings: Settings) -> None:
        settings.NOTIFICATIONS_DEFAULT_LOCALE = "de-AT"
        assert chain("fr-ca") == ["fr-ca", "fr", "de-at", "de", "en-us"]


class TestFiles:
    def test_of_a_kind_are_in_its_folder(self) -> None:
        assert of_kind("shop.sold", "email_subject", "fr", "txt") == [
            "notifications/shop/sold/email_subject.fr.txt",
            "notifications/shop/sold/email_subject.en-us.txt",
            "notifications/shop/sold/email_subject.en.txt",
        ]

    def test_a_kind_of_three_words_has_two_places(self) -> None:
        assert of_kind("a.b.c", "email_body", "en-us", "html")[:2] == [
            "notifications/a/b/c/email_body.en-us.html",
            "notifications/a/b.c/email_body.en-us.html",
        ]

    def test_of_a_digest_belong_to_no_kind(self) -> None:
        assert shared("email_digest_body", "fr", "html")[0] == "notifications/email_digest_body.fr.html"
