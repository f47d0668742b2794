"""Imports: each part of an uploaded file is taken in once, whoever dies or is quicker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from notifications import clock
from notifications.actions import imports as actions
from notifications.actions.audit import Actor
from notifications.importing.taking_in import CHUNK
from notifications.models import (
    Device,
    DeviceImport,
    Identity,
    ImportPart,
    ImportReject,
    ImportState,
    ImportToken,
    Project,
)
from notifications.pipeline import imports
from tests.notifications.meanwhile import after_first
from tests.notifications.pipeline.halves import together
from tests.notifications.rows import DAY
from tests.notifications.uploads import line_of, lines_of, make_import, take_in

BAD = line_of("x", "not-a-token")
READS_PART = f"SELECT {connection.ops.quote_name(ImportPart._meta.db_table)}"
"""How the statement begins that reads a part, before the transaction that takes it in."""


def fresh(device_import: DeviceImport) -> DeviceImport:
    """As it is stored now."""
    return DeviceImport.objects.get(pk=device_import.pk)


def reasons(device_import: DeviceImport) -> dict[int, str]:
    return dict(device_import.rejects.values_list("line", "reason"))


class TestGoodFile:
    def test_people_and_devices_are_in(self, project: Project) -> None:
        done = make_import(project, lines_of(3))
        take_in()
        assert (Device.objects.count(), Identity.objects.count()) == (3, 3)
        assert fresh(done).counts == {"people": 3, "added": 3}

    def test_it_is_over_and_keeps_nothing_of_the_file(self, project: Project) -> None:
        done = make_import(project, lines_of(3))
        take_in()
        done = fresh(done)
        assert (done.state, done.lines_read, done.finished_at is not None) == (ImportState.DONE, 3, True)
        assert not ImportPart.objects.exists()
        assert not ImportToken.objects.exists()

    def test_it_goes_on_part_by_part(self, project: Project) -> None:
        done = make_import(project, lines_of(CHUNK + 5))
        assert imports.step().more
        assert (fresh(done).lines_read, fresh(done).state) == (CHUNK, ImportState.RUNNING)
        take_in()
        assert (fresh(done).lines_read, Device.objects.count()) == (CHUNK + 5, CHUNK + 5)

    def test_its_page_is_told(self, project: Project) -> None:
        done = make_import(project, lines_of(1))
        assert imports.step().topics == {f"import:{done.pk}", f"project:{project.pk}"}

    def test_one_that_nobody_confirmed_is_left_alone(self, project: Project) -> None:
        make_import(project, lines_of(1), state=ImportState.PREVIEW)
        assert not imports.step().more
        assert not Device.objects.exists()

    def test_several_take_turns(self, project: Project, other_project: Project) -> None:
        one, two = make_import(project, lines_of(1)), make_import(other_project, lines_of(1))
        imports.step()
        assert (fresh(one).lines_read, fresh(two).lines_read) == (1, 1)

    def test_every_part_takes_as_many_queries(self, project: Project, django_assert_num_queries: Any) -> None:
        make_import(project, lines_of(10))
        make_import(project, lines_of(CHUNK // 2, "b"))
        with django_assert_num_queries(2 * 17 + 1):
            imports.step()


class TestRejects:
    def test_they_are_kept_with_line_and_reason(self, project: Project) -> None:
        done = make_import(project, [line_of("ada"), BAD, line_of("bob")])
        take_in()
        assert fresh(done).rejected == 1
        assert list(reasons(done)) == [3]
        assert bytes(ImportReject.objects.get().data) == f"{BAD}\n".encode()

    def test_a_token_twice_in_one_part_names_the_first_line(self, project: Project) -> None:
        done = make_import(
            project, [line_of("ada", "ExponentPushToken[1]"), line_of("b", "ExponentPushToken[1]")]
        )
        take_in()
        assert reasons(done) == {3: "token: the same token as in line 2"}

    def test_and_one_of_an_earlier_part_too(self, project: Project) -> None:
        twice = line_of("eve", "ExponentPushToken[p0]")
        done = make_import(project, [*lines_of(CHUNK), twice, line_of("ada")])
        take_in()
        assert reasons(done) == {CHUNK + 2: "token: the same token as in line 2"}
        assert Device.objects.get(push_token="ExponentPushToken[p0]").uid == "p0"
        assert fresh(done).counts["added"] == CHUNK + 1

    def test_the_same_token_in_another_import_is_no_double(self, project: Project) -> None:
        make_import(project, [line_of("ada")])
        again = make_import(project, [line_of("ada")])
        take_in()
        assert fresh(again).counts == {"unchanged": 1}

    def test_a_line_that_is_not_utf_8_is_kept_as_it_came(self, project: Project) -> None:
        done = make_import(project, [])
        data = b"ada,,J\xfcrgen,ExponentPushToken[1],,,,\n" + b"a\0b,,,ExponentPushToken[2],,,,\n"
        ImportPart.objects.create(device_import=done, number=0, first_line=2, lines=2, data=data)
        take_in()
        assert b"".join(bytes(each.data) for each in ImportReject.objects.order_by("line")) == data

    def test_each_line_ends_as_a_row_or_as_a_reject(self, project: Project) -> None:
        done = make_import(project, [*lines_of(5), "", BAD, line_of("p0")])
        take_in()
        done = fresh(done)
        assert sum(done.counts.values()) - done.counts["people"] + done.rejected == done.lines == 7


class TestTrouble:
    @pytest.fixture
    def stuck(self, project: Project) -> DeviceImport:
        """Its second part says twice which line of it is which: the database refuses that."""
        stuck = make_import(project, [*lines_of(CHUNK), BAD, line_of("ada")])
        ImportReject.objects.create(device_import=stuck, line=CHUNK + 2, reason="x", data=b"x")
        return stuck

    def test_what_fails_takes_all_of_its_part_with_it(self, stuck: DeviceImport) -> None:
        take_in()
        assert Device.objects.count() == CHUNK
        assert not Device.objects.filter(uid="ada").exists()
        assert fresh(stuck).lines_read == CHUNK

    def test_it_is_tried_again_when_it_has_rested(self, stuck: DeviceImport) -> None:
        take_in()
        ImportReject.objects.all().delete()
        take_in()
        assert fresh(stuck).state == ImportState.RUNNING
        clock.turn(timedelta(seconds=3))
        take_in()
        assert (fresh(stuck).state, fresh(stuck).failures) == (ImportState.DONE, 0)
        assert Device.objects.count() == CHUNK + 1

    def test_in_the_end_it_has_failed_and_says_so(self, stuck: DeviceImport) -> None:
        for _ in range(DeviceImport.MOST_FAILURES):
            take_in()
            clock.turn(timedelta(minutes=1))
        stuck = fresh(stuck)
        assert stuck.state == ImportState.FAILED
        assert "What stood before them is in." in stuck.trouble
        assert "ada" not in stuck.trouble

    def test_the_log_says_where_without_the_words_of_the_database(
        self, stuck: DeviceImport, caplog: pytest.LogCaptureFixture
    ) -> None:
        take_in()
        assert f"Import {stuck.pk}: a part could not be taken in (IntegrityError" in caplog.text
        assert "in _take" in caplog.text
        assert "constraint" not in caplog.text

    def test_then_an_operator_may_go_on(self, stuck: DeviceImport) -> None:
        DeviceImport.objects.update(state=ImportState.FAILED, failures=5, trouble="x")
        ImportReject.objects.all().delete()
        actions.start(Actor("test"), stuck)
        take_in()
        assert (fresh(stuck).state, fresh(stuck).trouble) == (ImportState.DONE, "")

    def test_it_holds_back_no_other(self, stuck: DeviceImport, project: Project) -> None:
        other = make_import(project, lines_of(1, "other"))
        take_in()
        assert fresh(other).state == ImportState.DONE


class TestTogether:
    def test_two_workers_never_take_the_same_part(self, committed: Project) -> None:
        done = make_import(committed, lines_of(3 * CHUNK))
        together(2, take_in)
        take_in()
        assert fresh(done).counts == {"people": 3 * CHUNK, "added": 3 * CHUNK}
        assert (fresh(done).state, Device.objects.count()) == (ImportState.DONE, 3 * CHUNK)

    def test_a_part_that_another_worker_took_meanwhile_is_not_taken_again(self, project: Project) -> None:
        done = make_import(project, lines_of(5))
        with after_first(READS_PART, ImportPart.objects.all().delete):
            assert not imports.step().more
        assert (fresh(done).lines_read, Device.objects.count()) == (0, 0)

    def test_cancelling_between_two_parts_ends_it(self, project: Project) -> None:
        done = make_import(project, lines_of(CHUNK + 1))
        imports.step()
        actions.cancel(Actor("test"), fresh(done))
        take_in()
        assert (fresh(done).state, Device.objects.count()) == (ImportState.CANCELLED, CHUNK)

    def test_cancelling_while_a_part_is_read_takes_nothing_more_in(self, project: Project) -> None:
        done = make_import(project, lines_of(5))
        with after_first(READS_PART, lambda: actions.cancel(Actor("test"), done)):
            imports.step()
        assert (fresh(done).state, Device.objects.count()) == (ImportState.CANCELLED, 0)


class TestOld:
    def test_rejected_lines_are_forgotten_after_a_month(self, project: Project) -> None:
        make_import(project, [BAD])
        take_in()
        clock.turn(29 * DAY)
        imports.forget_old()
        assert ImportReject.objects.exists()
        clock.turn(2 * DAY)
        imports.forget_old()
        assert not ImportReject.objects.exists()
        assert not DeviceImport.objects.get().keeps_rejects

    @pytest.mark.parametrize("state", [ImportState.PREVIEW, ImportState.FAILED])
    def test_lines_that_nobody_takes_in_are_forgotten_after_a_week(
        self, project: Project, state: ImportState
    ) -> None:
        left = make_import(project, lines_of(1), state=state)
        imports.forget_old()
        assert fresh(left).state == state
        clock.turn(8 * DAY)
        imports.forget_old()
        assert (fresh(left).state, ImportPart.objects.count()) == (ImportState.CANCELLED, 0)

    def test_one_that_failed_waits_a_week_from_then_on(self, project: Project) -> None:
        waiting = make_import(project, lines_of(1), state=ImportState.FAILED)
        clock.turn(8 * DAY)
        DeviceImport.objects.update(finished_at=clock.now())
        imports.forget_old()
        assert fresh(waiting).state == ImportState.FAILED

    def test_one_that_runs_is_never_too_old(self, project: Project) -> None:
        running = make_import(project, lines_of(1))
        clock.turn(40 * DAY)
        imports.forget_old()
        take_in()
        assert fresh(running).state == ImportState.DONE
