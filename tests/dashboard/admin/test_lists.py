"""The lists of the administration: every model's is there, and is as quick for many rows as for few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.admin import lists
from dashboard.admin.links import list_of
from notifications import models
from notifications.models import Device, Project
from tests.dashboard.admin.rows import make_all
from tests.notifications.rows import make_devices

ALL = [
    models.AuditEntry,
    models.Batch,
    models.Broadcast,
    models.ChannelPreference,
    models.Credential,
    models.Device,
    models.Identity,
    models.Membership,
    models.Message,
    models.Notification,
    models.NotificationPreference,
    models.Project,
    models.Receipt,
    models.Recipient,
    models.Suppression,
    models.Ticket,
]
MOST_QUERIES = 12
"""Who asks (2), the rows, how many there are, one for each counted relation and for each menu that looks at rows."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A list that ends after two pages."""
    monkeypatch.setattr(lists, "MOST_LISTED", 60)
    return 60


def queries(browser: Client, model: type) -> int:
    """How many queries its list takes."""
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(list_of(model)).status_code == 200
    return len(captured)


def test_every_model_that_people_look_up_has_a_list() -> None:
    assert {model for model in admin.site._registry if model._meta.app_label == "notifications"} == set(ALL)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_a_list_takes_as_many_queries_for_thirty_rows_as_for_three(
    signed_in: Client, project: Project, model: type
) -> None:
    make_all(3)
    three = queries(signed_in, model)
    make_all(27)
    assert queries(signed_in, model) == three <= MOST_QUERIES


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_the_newest_row_stands_first(signed_in: Client, project: Project, model: type) -> None:
    make_all(2)
    rows = signed_in.get(list_of(model)).context["cl"].result_list
    assert [row.pk for row in rows] == sorted((row.pk for row in rows), reverse=True)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_a_row_has_a_page(signed_in: Client, project: Project, model: type) -> None:
    make_all(1)
    row = model.objects.order_by("-pk").first()
    assert signed_in.get(f"{list_of(model)}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_a_search_finds_nothing_where_there_is_nothing(
    signed_in: Client, project: Project, model: type
) -> None:
    make_all(1)
    if not admin.site.get_model_admin(model).search_fields:
        return
    assert not signed_in.get(list_of(model), {"q": "no such word"}).context["cl"].result_list


def test_a_list_is_counted_no_further_than_one_leafs(signed_in: Client, project: Project, few: int) -> None:
    make_devices(project, few + 5)
    page = signed_in.get(list_of(Device), {"p": 2})
    assert page.context["cl"].result_count == few
    assert len(page.context["cl"].result_list) == 10
    assert "No more than 60 are listed" in page.content.decode()


def test_a_list_that_is_whole_says_nothing_of_others(signed_in: Client, project: Project, few: int) -> None:
    make_devices(project, few - 5)
    assert "No more than" not in signed_in.get(list_of(Device)).content.decode()


def test_a_word_that_no_database_keeps_leads_back_to_the_list(signed_in: Client, project: Project) -> None:
    answer = signed_in.get(list_of(Device), {"provider": "\0"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{list_of(Device)}?e=1")
