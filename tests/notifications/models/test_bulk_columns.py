"""Set-based writes of rows that are given as columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from notifications import clock
from notifications.models import Batch, Message, MessageState, Project, Suppression
from notifications.models.bulk import insert_columns, insert_for_ids, set_columns, update_columns
from tests.factories import make_credential
from tests.notifications.rows import queue_messages, sending

AWKWARD = 'O\'Brien said "%s" — 100 % {} \\ \n ü 🔔'
MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
KINDS: dict[str, list[Any]] = {
    "title": ["", AWKWARD, "1"],
    "data": [{"a": [1, True, None, AWKWARD]}, None, "text"],
    "ttl": [timedelta(0), None, timedelta(days=2, seconds=3, microseconds=4)],
    "expiration": [MOMENT, None, MOMENT.replace(microsecond=0)],
    "available_at": [MOMENT, MOMENT.astimezone(timezone(timedelta(hours=2))), MOMENT + timedelta(seconds=1)],
    "mutable_content": [True, False, True],
    "badge": [0, None, 1],
    "sound_volume": [0.0, 0.5, None],
}


def batches(project: Project, sizes: Sequence[int]) -> dict[str, Sequence[Any]]:
    """The columns of batches of these sizes."""
    now = clock.now()
    return {
        "credential": [make_credential(project).pk] * len(sizes),
        "size": sizes,
        "leased_until": [now + timedelta(seconds=n) for n in range(len(sizes))],
    }


class TestInsert:
    def test_the_ids_come_in_the_order_of_the_rows(self, project: Project) -> None:
        sizes = [7, 3, 9, 1, 3, *range(50)]
        ids = insert_for_ids(Batch, batches(project, sizes))
        assert [Batch.objects.get(pk=pk).size for pk in ids] == sizes

    def test_also_where_all_rows_are_alike(self, project: Project) -> None:
        columns = {**batches(project, [5] * 4), "leased_until": [MOMENT] * 4}
        ids = insert_for_ids(Batch, columns)
        assert ids == sorted(set(ids))
        assert list(Batch.objects.values_list("size", "leased_until")) == [(5, MOMENT)] * 4

    def test_what_is_not_named_gets_its_default(self, project: Project) -> None:
        (pk,) = insert_for_ids(Batch, batches(project, [1]))
        batch = Batch.objects.get(pk=pk)
        assert (batch.started_at, batch.finished_at, batch.outcome) == (None, None, "")

    def test_those_that_stand_do_not_count(self, project: Project) -> None:
        columns: dict[str, Sequence[Any]] = {
            "broadcast": [sending(project).pk] * 2,
            "uid": ["ada", "bob"],
            "channel": ["push"] * 2,
            "reason": ["muted"] * 2,
        }
        key = ["broadcast", "channel", "uid"]
        assert insert_columns(Suppression, {**columns, "uid": ["ada", "ada"]}, key) == 1
        assert insert_columns(Suppression, columns, key) == 1
        assert sorted(Suppression.objects.values_list("uid", flat=True)) == ["ada", "bob"]

    def test_in_one_statement(
        self, project: Project, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        columns = batches(project, range(300))
        with django_assert_num_queries(1):
            insert_columns(Batch, columns)

    @pytest.mark.parametrize("columns", [{}, {"size": []}])
    def test_none_at_all_are_no_statement(self, columns: dict[str, Sequence[Any]]) -> None:
        assert insert_columns(Batch, columns) == 0  # and there is no database here


class TestUpdate:
    @pytest.mark.parametrize("column", KINDS)
    def test_every_kind_of_value_arrives_as_it_is(self, project: Project, column: str) -> None:
        ids = [message.pk for message in queue_messages(project, 3)]
        assert sorted(update_columns(Message, {"id": ids, column: KINDS[column]})) == ids
        found = dict(Message.objects.values_list("pk", column))
        assert [found[pk] for pk in ids] == KINDS[column]

    @pytest.mark.parametrize("column", KINDS)
    def test_also_where_all_rows_agree(self, project: Project, column: str) -> None:
        ids = [message.pk for message in queue_messages(project, 2)]
        for value in KINDS[column]:
            update_columns(Message, {"id": ids, column: [value] * 2})
            assert list(Message.objects.values_list(column, flat=True)) == [value] * 2

    def test_a_condition_may_ask_for_the_new_values(self, project: Project) -> None:
        first, second = queue_messages(project, 2, title="old")
        mine, other = insert_for_ids(Batch, batches(project, [1, 1]))
        Message.objects.filter(pk=first.pk).update(batch=mine)
        Message.objects.filter(pk=second.pk).update(batch=other)
        columns = {"id": [first.pk, second.pk], "title": ["new"] * 2, "batch": [mine, mine]}
        assert update_columns(Message, columns, where="batch_id = new_batch") == [first.pk]
        second.refresh_from_db()
        assert (second.title, second.batch_id) == ("old", other)

    def test_whoever_need_not_hear_of_it_is_not_told(self, project: Project) -> None:
        first, second = queue_messages(project, 2)
        set_columns(Message, {"id": [first.pk, second.pk], "title": ["one", AWKWARD]})
        assert list(Message.objects.order_by("pk").values_list("title", flat=True)) == ["one", AWKWARD]

    def test_rows_that_are_gone_are_not_told(self, project: Project) -> None:
        gone, left = queue_messages(project, 2)
        ids = [gone.pk, left.pk]
        gone.delete()
        assert update_columns(Message, {"id": ids, "title": ["new"] * 2}) == [left.pk]

    def test_no_other_row_and_no_other_column_is_touched(self, project: Project) -> None:
        first, second = queue_messages(project, 2, subtitle="kept")
        update_columns(Message, {"id": [first.pk], "state": [MessageState.HELD.value]})
        assert list(Message.objects.order_by("pk").values_list("state", "subtitle")) == [
            (MessageState.HELD, "kept"),
            (MessageState.QUEUED, "kept"),
        ]
        assert second.pk

    def test_none_at_all_are_no_statement(self) -> None:
        assert update_columns(Message, {"id": [], "title": []}) == []  # and there is no database here
