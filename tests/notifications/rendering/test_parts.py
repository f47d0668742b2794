"""Parts: what a notification says on a channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.template import TemplateDoesNotExist
from pytest_django import Settings

from notifications import rendering
from notifications.models import Notification
from notifications.rendering import HTML


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Path:
    """An empty folder of the kind `shop.sold`."""
    templates = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    settings.TEMPLATES = templates
    folder = tmp_path / "notifications/shop/sold"
    folder.mkdir(parents=True)
    return folder


def told(locale: str = "en-us", **context: Any) -> Notification:
    return Notification(kind="shop.sold", locale=locale, context=context)


def test_it_is_filled_in_with_the_callers_words(files: Path) -> None:
    (files / "push_title.en-us.txt").write_text("{{ item }} is sold\n")
    assert rendering.part(told(item="Lamp"), "push_title") == "Lamp is sold"


def test_it_knows_the_notification_and_the_site(files: Path, settings: Settings) -> None:
    settings.SITE_URL, settings.SUPPORT_EMAIL = "https://shop.example", "help@shop.example"
    (files / "email_body.en-us.txt").write_text("{{ notification.kind }} {{ site_url }} {{ support_email }}")
    assert rendering.part(told(), "email_body") == "shop.sold https://shop.example help@shop.example"


@pytest.mark.parametrize("name", ["notification", "site_url", "support_email"])
def test_a_caller_cannot_say_otherwise(files: Path, name: str) -> None:
    (files / "email_body.en-us.txt").write_text(f"{{{{ {name} }}}}")
    assert "forged" not in rendering.part(told(**{name: "forged"}), "email_body")


def test_text_is_not_escaped_and_html_is(files: Path) -> None:
    (files / "email_body.en-us.txt").write_text("{{ item }}")
    (files / "email_body.en-us.html").write_text("{{ item }}")
    notification = told(item="O'Neill & <b>")
    assert rendering.part(notification, "email_body") == "O'Neill & <b>"
    assert rendering.part(notification, "email_body", HTML) == "O&#x27;Neill &amp; &lt;b&gt;"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\u2028", "\t", "  "])
def test_a_line_is_one_line(files: Path, ending: str) -> None:
    (files / "email_subject.en-us.txt").write_text("Sold: {{ item }}\n")
    assert rendering.line(told(item=f"Lamp{ending}Bcc: x"), "email_subject") == "Sold: Lamp Bcc: x"


class TestLanguage:
    @pytest.mark.parametrize(("locale", "said"), [("fr-ca", "vendu"), ("fr-fr", "vendu"), ("de", "sold")])
    def test_is_the_nearest_there_is(self, files: Path, locale: str, said: str) -> None:
        (files / "push_title.fr.txt").write_text("vendu")
        (files / "push_title.en-us.txt").write_text("sold")
        assert rendering.part(told(locale), "push_title") == said

    def test_text_and_html_are_looked_for_apart(self, files: Path) -> None:
        (files / "email_body.fr.txt").write_text("vendu")
        (files / "email_body.en-us.html").write_text("<p>sold</p>")
        notification = told("fr")
        assert rendering.part(notification, "email_body") == "vendu"
        assert rendering.part(notification, "email_body", HTML) == "<p>sold</p>"

    def test_where_there_is_none_the_files_that_were_looked_for_are_named(self, files: Path) -> None:
        with pytest.raises(TemplateDoesNotExist) as missing:
            rendering.part(told("fr"), "email_subject")
        assert "notifications/shop/sold/email_subject.fr.txt" in str(missing.value)
