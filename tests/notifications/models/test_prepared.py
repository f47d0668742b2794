"""Prepared reads: what the plain queryset says, though its SQL is written only once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import BigIntegerField, CharField, DateTimeField, F, OuterRef, QuerySet, Subquery
from django.test.utils import CaptureQueriesContext

from notifications import clock
from notifications.models import Credential, Device, Message, Project
from notifications.models.prepared import EpochSeconds, Parameter, Prepared, Seconds
from tests.notifications.pipeline.halves import together
from tests.notifications.rows import HOUR, queue_message, queue_messages, sending

MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
KINDS = {
    "data": [{"a": [1, True, None, 'ü "%s" 100 %']}, {"long": 10**30}, {}, [], 0, "text", None],
    "ttl": [timedelta(0), timedelta(days=2, seconds=3, microseconds=4), None],
    "expiration": [MOMENT, MOMENT.replace(microsecond=0), None],
    "mutable_content": [True, False],
    "badge": [0, 1, None],
    "sound_volume": [0.0, 0.5, 1.0, 0.1 + 0.2, None],
    "title": ["", "Hello", 'O\'Brien: 100 % "%s" {} 🔔'],
}


def by_key(*columns: str) -> QuerySet[Any, Any]:
    return Message.objects.order_by("pk").values_list(*columns)


class TestRows:
    @pytest.mark.parametrize("column", KINDS)
    def test_they_are_those_of_the_plain_queryset(self, project: Project, column: str) -> None:
        for value in KINDS[column]:
            queue_message(project, **{column: value})
        plain = list(by_key("pk", column))
        assert Prepared(lambda: by_key("pk", column)).rows() == plain
        assert [repr(value) for _, value in plain] == [repr(value) for value in KINDS[column]]

    def test_all_columns_of_a_row_together(self, project: Project) -> None:
        columns = [field.attname for field in Message._meta.concrete_fields]
        queue_message(project, **{name: values[0] for name, values in KINDS.items()})
        queue_message(project, broadcast=sending(project))
        assert Prepared(lambda: by_key(*columns)).rows() == list(by_key(*columns))

    def test_columns_of_other_rows_and_of_subqueries(self, project: Project) -> None:
        queue_messages(project, 3)

        def build() -> QuerySet[Any, Any]:
            newest = Device.objects.filter(project=OuterRef("project")).order_by("-pk")
            return (
                Message.objects.annotate(token=F("device__push_token"))
                .annotate(last=Subquery(newest.values("date_registered")[:1]))
                .order_by("pk")
                .values_list("pk", "token", "last")
            )

        assert Prepared(build).rows() == list(build())

    def test_there_may_be_none(self, project: Project) -> None:
        assert Prepared(lambda: by_key("pk", "data")).rows() == []

    def test_what_can_match_nothing_is_not_asked(self, project: Project) -> None:
        queue_message(project)
        prepared = Prepared(lambda: by_key("pk").filter(pk__in=[]))
        with CaptureQueriesContext(connection) as asked:
            assert prepared.rows() == []
        assert len(asked) == 0

    def test_there_are_no_more_than_it_says(self, project: Project) -> None:
        messages = queue_messages(project, 5)
        rows = Prepared(lambda: by_key("pk", "title")[:2]).rows()
        assert rows == [(message.pk, "Hello") for message in messages[:2]]

    def test_a_credential_can_be_made_of_them(self, project: Project) -> None:
        queue_message(project)
        Credential.objects.update(slots=[[1.5, 100]], not_before=MOMENT)
        columns = [field.attname for field in Credential._meta.concrete_fields]
        (row,) = Prepared(lambda: Credential.objects.values_list(*columns)).rows()
        assert vars(Credential.from_db("default", columns, row))["slots"] == [[1.5, 100]]


class TestParameters:
    def due(self) -> Prepared:
        now = Parameter("now", DateTimeField())
        return Prepared(lambda: by_key("pk", "title").filter(available_at__lte=now))

    def test_they_are_taken_anew_each_time(self, project: Project) -> None:
        early = queue_message(project)
        late = queue_message(project, available_at=clock.now() + HOUR)
        due, now = self.due(), clock.now()
        assert [pk for pk, _ in due.rows(now=now)] == [early.pk]
        assert [pk for pk, _ in due.rows(now=now + HOUR)] == [early.pk, late.pk]
        assert due.rows(now=now - HOUR) == []

    def test_one_may_stand_in_several_places(self, project: Project) -> None:
        first, second = queue_messages(project, 2)
        number = Parameter("number", BigIntegerField())
        either = Prepared(lambda: by_key("pk", "lane").filter(pk__gte=number).filter(pk__lte=number))
        assert [either.rows(number=each.pk)[0][0] for each in (second, first)] == [second.pk, first.pk]

    def test_several_do_not_change_places(self, project: Project) -> None:
        queue_message(project, title="a", body="b")
        title, body = Parameter("title", CharField()), Parameter("body", CharField())
        both = Prepared(lambda: by_key("pk", "title").filter(body=body, title=title))
        assert len(both.rows(title="a", body="b")) == 1
        assert both.rows(title="b", body="a") == []

    def test_a_text_is_not_read_as_sql(self, project: Project) -> None:
        awkward = KINDS["title"][-1]
        queue_message(project, title=awkward)
        title = Parameter("title", CharField())
        assert len(Prepared(lambda: by_key("pk", "title").filter(title=title)).rows(title=awkward)) == 1

    def test_one_that_is_missing_is_named(self, project: Project) -> None:
        with pytest.raises(KeyError, match="now"):
            self.due().rows()


class TestWriting:
    def counted(self) -> tuple[Prepared, list[str]]:
        """A read, and the kinds of databases for which it was built."""
        built: list[str] = []

        def build() -> QuerySet[Any, Any]:
            built.append(connection.vendor)
            return by_key("pk", "title")

        return Prepared(build), built

    def test_it_is_built_once(self, project: Project) -> None:
        prepared, built = self.counted()
        for _ in range(3):
            prepared.rows()
        assert built == [connection.vendor]

    def test_another_kind_of_database_gets_its_own(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepared, built = self.counted()
        prepared.rows()
        monkeypatch.setattr(connection, "vendor", "another")
        prepared.rows()
        prepared.rows()
        assert built[1:] == ["another"]

    def test_it_is_one_query(self, project: Project) -> None:
        prepared, _ = self.counted()
        with CaptureQueriesContext(connection) as captured:
            prepared.rows()
        assert len(captured) == 1

    def test_threads_share_it(self, committed: Project) -> None:
        messages = queue_messages(committed, 20, data={"a": 1}, expiration=MOMENT)
        prepared = Prepared(lambda: by_key("pk", "data", "expiration"))
        expected = [(message.pk, {"a": 1}, MOMENT) for message in messages]
        assert together(6, prepared.rows) == [expected] * 6


@pytest.mark.parametrize(
    "moment", [MOMENT, MOMENT.replace(microsecond=999_999), MOMENT.replace(microsecond=0)]
)
def test_a_moment_can_be_read_as_whole_seconds(project: Project, moment: datetime) -> None:
    queue_message(project, expires_at=moment)
    told = Message.objects.annotate(expires=EpochSeconds("expires_at")).values_list("expires", flat=True)
    assert list(told) == [int(MOMENT.timestamp())]


def test_no_moment_is_no_second(project: Project) -> None:
    queue_message(project, expires_at=None)
    told = Message.objects.annotate(expires=EpochSeconds("expires_at")).values_list("expires", flat=True)
    assert list(told) == [None]


@pytest.mark.parametrize(
    ("span", "seconds"),
    [(timedelta(0), 0), (timedelta(days=2, seconds=3, microseconds=999_999), 172_803), (None, None)],
)
def test_a_span_of_time_can_be_read_as_whole_seconds(
    project: Project, span: timedelta | None, seconds: int | None
) -> None:
    queue_message(project, ttl=span)
    assert Message.objects.annotate(seconds=Seconds("ttl")).values_list("seconds", flat=True).get() == seconds
