"""Set-based writes: many rows in one statement, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from notifications import clock
from notifications.models import Device, Identity, Message, Notification, Project, Suppression
from notifications.models.bulk import insert_objects, insert_rows, insert_select, update_rows
from tests.notifications.rows import make_crowd, make_devices, queue_messages, sending

AWKWARD = 'O\'Brien said "%s" — 100 % {} \\ \n ü 🔔'
KEY = ["broadcast", "channel", "uid"]


def suppression(broadcast_id: int, uid: str, **fields: Any) -> dict[str, Any]:
    return {
        "broadcast": broadcast_id,
        "uid": uid,
        "channel": "push",
        "reason": "muted",
        "at": clock.now(),
        **fields,
    }


class TestInsertRows:
    def test_they_are_there(self, project: Project) -> None:
        pk = sending(project).pk
        assert insert_rows(Suppression, [suppression(pk, f"p{n}") for n in range(300)], KEY) == 300
        assert Suppression.objects.count() == 300

    def test_in_one_statement(
        self, project: Project, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        rows = [suppression(sending(project).pk, f"p{n}") for n in range(300)]
        with django_assert_num_queries(1):
            insert_rows(Suppression, rows, KEY)

    def test_those_that_stand_are_left_alone(self, project: Project) -> None:
        pk = sending(project).pk
        insert_rows(Suppression, [suppression(pk, "ada")], KEY)
        both = [suppression(pk, "ada", reason="no_device"), suppression(pk, "bob")]
        assert insert_rows(Suppression, both, KEY) == 1
        assert Suppression.objects.get(uid="ada").reason == "muted"

    def test_awkward_texts_arrive_as_they_are(self, project: Project) -> None:
        insert_rows(Suppression, [suppression(sending(project).pk, AWKWARD)], KEY)
        assert Suppression.objects.get().uid == AWKWARD

    def test_half_a_character_is_refused(self, project: Project) -> None:
        """SQLite would keep it, and never read the row again."""
        pk = sending(project).pk
        with pytest.raises(UnicodeEncodeError):
            insert_rows(Suppression, [suppression(pk, "half \ud83d"), suppression(pk, "whole")], KEY)

    def test_times_arrive_to_the_microsecond(self, project: Project) -> None:
        row = suppression(sending(project).pk, "ada")
        insert_rows(Suppression, [row], KEY)
        assert Suppression.objects.get().at == row["at"]

    def test_what_is_not_named_gets_its_default(self, project: Project) -> None:
        insert_rows(Suppression, [suppression(sending(project).pk, "ada")], KEY)
        assert Suppression.objects.get().user is None

    @pytest.mark.parametrize("with_another", [False, True])
    def test_every_kind_of_column_survives(self, project: Project, with_another: bool) -> None:
        row = {
            "project": project.pk,
            "channel": "push",
            "key": "test:1",
            "title": AWKWARD,
            "data": {"text": AWKWARD, "list": [1, None, True]},
            "ttl": timedelta(days=2, seconds=3, microseconds=4),
            "badge": 0,
            "mutable_content": True,
            "expiration": clock.now(),
            "sound_volume": 0.5,
        }
        other = {**dict.fromkeys(row), "project": project.pk, "channel": "bell", "key": "test:2"}
        other |= {"title": "", "mutable_content": False}
        insert_rows(Message, [row, other] if with_another else [row], ["key"])
        message = Message.objects.get(key="test:1")
        assert {name: getattr(message, name) for name in row if name != "project"} == {
            name: value for name, value in row.items() if name != "project"
        }

    def test_no_data_is_null_and_not_the_word(self, project: Project) -> None:
        insert_rows(Message, [{"project": project.pk, "channel": "push", "key": "test:1"}], ["key"])
        assert Message.objects.filter(data__isnull=True).exists()

    def test_what_only_python_calls_equal_stays_different(self, project: Project) -> None:
        rows = [
            {"project": project.pk, "channel": "push", "key": f"test:{n}", "data": {"is": value}}
            for n, value in enumerate([1, True, 1.0])
        ]
        insert_rows(Message, rows, ["key"])
        told = Message.objects.order_by("key").values_list("data", flat=True)
        assert [repr(data["is"]) for data in told] == ["1", "True", "1.0"]

    @pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite knows no lengths")
    @pytest.mark.parametrize("others", [0, 1])
    def test_what_is_too_long_is_refused_and_not_cut_off(self, project: Project, others: int) -> None:
        pk = sending(project).pk
        rows = [suppression(pk, "x" * 300), *[suppression(pk, "ada")] * others]
        with pytest.raises(DataError):
            insert_rows(Suppression, rows, KEY)

    def test_none_at_all_are_no_statement(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        assert insert_rows(Suppression, [], KEY) == 0


class TestInsertObjects:
    def objects(self, project: Project, *fields: dict[str, Any]) -> list[Message]:
        (device,) = make_devices(project)
        return [Message(project=project, device=device, channel="push", **each) for each in fields]

    def test_they_are_there_and_their_numbers_are_told(self, project: Project) -> None:
        objects = self.objects(project, *({"key": f"k{n}", "title": AWKWARD * n} for n in range(3)))
        numbers = insert_objects(objects, by="key")
        assert numbers == dict(Message.objects.values_list("key", "pk"))
        assert list(Message.objects.order_by("pk").values_list("title", flat=True)) == [
            AWKWARD * n for n in range(3)
        ]

    def test_every_kind_of_value_arrives_as_it_is(self, project: Project) -> None:
        moment = clock.now()
        kinds: list[dict[str, Any]] = [
            {"data": {"a": [1, True, None, AWKWARD]}, "badge": 0, "ttl": timedelta(0), "expiration": moment},
            {"data": None, "badge": None, "ttl": None, "expiration": None, "sound_volume": 0.25},
            {"data": {}, "badge": 7, "ttl": timedelta(days=2, microseconds=1), "mutable_content": True},
        ]
        objects = self.objects(project, *({"key": f"{n}", **each} for n, each in enumerate(kinds)))
        insert_objects(objects, by="key")
        columns = [f.attname for f in Message._meta.concrete_fields if not f.primary_key]
        stored = Message.objects.order_by("key").values(*columns)
        assert list(stored) == [{name: getattr(each, name) for name in columns} for each in objects]

    def test_one_that_stands_already_is_an_error(self, project: Project) -> None:
        with pytest.raises(IntegrityError):
            insert_objects(self.objects(project, {"key": "same"}, {"key": "same"}), by="key")

    def test_in_one_statement(
        self, project: Project, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        objects = self.objects(project, *({"key": f"{n}"} for n in range(300)))
        with django_assert_num_queries(1):
            insert_objects(objects, by="key")


def test_primary_keys_may_be_named_in_a_list(project: Project) -> None:
    ids = [device.pk for device in make_devices(project, 3)]
    assert Device.objects.filter(pk__in_list=ids[:2]).count() == 2
    assert Device.objects.filter(pk__in_list=[]).count() == 0


class TestUpdateRows:
    def test_each_row_gets_its_own_values(self, project: Project) -> None:
        first, second = queue_messages(project, 2)
        update_rows(Message, [{"id": first.pk, "title": "one"}, {"id": second.pk, "title": AWKWARD}])
        assert dict(Message.objects.values_list("pk", "title")) == {first.pk: "one", second.pk: AWKWARD}

    def test_it_says_which_were_written(self, project: Project) -> None:
        first, second = queue_messages(project, 2)
        Message.objects.filter(pk=second.pk).update(state="cancelled")
        rows = [{"id": each.pk, "title": "new"} for each in (first, second)]
        assert update_rows(Message, rows, where="state = %s", params=["queued"]) == [first.pk]
        second.refresh_from_db()
        assert second.title == "Hello"

    def test_lists_times_and_nothing_survive(self, project: Project) -> None:
        (device,) = make_devices(project)
        moment = clock.now()
        update_rows(Device, [{"id": device.pk, "tags": ["a|b", AWKWARD], "date_retired": moment}])
        device.refresh_from_db()
        assert (device.tags, device.date_retired) == (["a|b", AWKWARD], moment)
        update_rows(Device, [{"id": device.pk, "tags": [], "date_retired": None}])
        device.refresh_from_db()
        assert (device.tags, device.date_retired) == ([], None)

    def test_many_in_one_statement(
        self, project: Project, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        rows = [{"id": each.pk, "title": str(each.pk)} for each in queue_messages(project, 500)]
        with django_assert_num_queries(1):
            assert len(update_rows(Message, rows)) == 500

    def test_none_at_all_are_no_statement(self) -> None:
        assert update_rows(Message, []) == []


class TestInsertSelect:
    def ring(self, project: Project, **more: Any) -> int:
        columns = {"user": F("user_id"), "project": project.pk, "kind": "x", "broadcast": sending(project).pk}
        return insert_select(Notification, Identity.objects.order_by("id"), {**columns, **more})

    def test_one_row_for_each_of_the_source(self, project: Project) -> None:
        make_crowd(project, 7)
        assert self.ring(project) == Notification.objects.count() == 7

    def test_in_one_statement(
        self, project: Project, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_crowd(project, 7)
        with django_assert_num_queries(2):  # the broadcast is the other
            self.ring(project)

    def test_plain_values_are_parameters(self, project: Project) -> None:
        make_crowd(project, 1)
        self.ring(project, kind=AWKWARD)
        assert Notification.objects.get().kind == AWKWARD

    def test_what_is_not_named_gets_its_default(self, project: Project) -> None:
        make_crowd(project, 1)
        self.ring(project)
        notification = Notification.objects.get()
        assert (notification.context, notification.read_at, notification.locale) == ({}, None, "")


class TestInList:
    def test_it_takes_more_than_a_statement_has_parameters(self, project: Project) -> None:
        make_crowd(project, 3)
        uids = [f"p{number}" for number in range(1, 70_000)]
        assert Identity.objects.filter(uid__in_list=uids).count() == 2

    def test_none_is_nobody(self, project: Project) -> None:
        make_crowd(project, 3)
        assert Identity.objects.filter(uid__in_list=[]).count() == 0

    @pytest.mark.parametrize("uid", [AWKWARD, "1", "null", "[]", '"'])
    def test_awkward_texts_are_found(self, project: Project, uid: str) -> None:
        make_devices(project, 1, uid=uid)
        make_devices(project, 1, uid="another")
        assert Device.objects.filter(uid__in_list=[uid]).count() == 1

    def test_case_counts(self, project: Project) -> None:
        make_devices(project, 1, uid="Ada")
        assert not Device.objects.filter(uid__in_list=["ada"]).exists()
