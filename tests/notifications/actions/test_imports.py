"""Files of people and devices: stored whole or not at all, started once, cancelled for good."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from django.db.models import Max
from django.db.models.functions import Length
from pytest_django import Settings

from notifications.actions import imports
from notifications.actions.audit import Actor, Refused
from notifications.importing.parts import MOST_BYTES
from notifications.models import Device, DeviceImport, ImportPart, ImportState, Project
from tests.notifications.management.sheet import ADA, BOB, HEADER
from tests.notifications.rows import ACTOR
from tests.notifications.uploads import lines_of, make_import, pieces, take_in


def upload(project: Project, text: str | bytes, name: str = "people.csv") -> DeviceImport:
    facts = imports.upload(ACTOR, project, name, pieces(text))
    return DeviceImport.objects.get(pk=facts["import"])


class TestUpload:
    def test_it_is_stored_and_waits_for_a_word(self, project: Project) -> None:
        stored = upload(project, f"{HEADER}\n{ADA}\n\n{BOB}\n")
        assert (stored.state, stored.lines, stored.columns) == (ImportState.PREVIEW, 2, HEADER.split(","))
        assert stored.size == len(f"{HEADER}\n{ADA}\n\n{BOB}\n".encode())
        assert not Device.objects.exists()

    def test_who_brought_it_is_known(self, project: Project, operator: object) -> None:
        facts = imports.upload(
            Actor("operator", user_id=operator.pk),  # type: ignore[attr-defined]
            project,
            "people.csv",
            [f"{HEADER}\n{ADA}".encode()],
        )
        assert DeviceImport.objects.get(pk=facts["import"]).created_by == operator

    @pytest.mark.parametrize("start", ["", "\ufeff"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_it_comes_in_as_by_the_command(self, project: Project, start: str, end: str) -> None:
        imports.start(ACTOR, upload(project, f"{start}{HEADER}{end}{ADA}{end}{BOB}"))
        take_in()
        assert list(Device.objects.order_by("pk").values_list("uid", "lang")) == [
            ("ada", "en"),
            ("bob", "de-AT"),
        ]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("email,name\na,b\n", "lacks uid and token"),
            ("uid,token,uid\n", "names uid twice"),
            ("", "Line 1 must name the columns"),
            (f"{HEADER}\n\n \n", "a header and no rows"),
            (f"{HEADER}\n{ADA}\n" + "x" * (MOST_BYTES + 1), "Line 3 is longer than 262,144 bytes"),
            (bytes(range(256)) * 9, "Line 1 is not text in UTF-8"),
            (f"{HEADER}\n{ADA}\n".encode("utf-16"), "Line 1 is not text in UTF-8"),
            (f"{HEADER},Straße\n{ADA},x\n".encode("latin-1"), "Line 1 is not text in UTF-8"),
            (f"{HEADER},a\0b\n{ADA},x\n", "Line 1 is not text in UTF-8"),
        ],
    )
    def test_one_that_is_wrong_is_not_stored_at_all(
        self, project: Project, text: str | bytes, why: str
    ) -> None:
        with pytest.raises(Refused, match=why):
            imports.upload(ACTOR, project, "people.csv", pieces(text, 60_000))
        assert not DeviceImport.objects.exists()
        assert not ImportPart.objects.exists()

    def test_one_that_is_too_large_is_refused(self, project: Project, settings: Settings) -> None:
        settings.CARILLON_IMPORT_MAX_BYTES = 2 * 1024 * 1024
        endless = iter(lambda: b"x,y\n" * 10_000, None)
        with pytest.raises(Refused, match="larger than 2 MiB"):
            imports.upload(ACTOR, project, "people.csv", _after(b"uid,token\n", endless))
        assert not ImportPart.objects.exists()

    def test_one_with_too_many_lines_is_refused_though_they_are_empty(self, project: Project) -> None:
        endless = iter(lambda: b"\n" * 60_000, None)
        with pytest.raises(Refused, match="more than 5,000,000 lines"):
            imports.upload(ACTOR, project, "people.csv", _after(b"uid,token\n", endless))
        assert not ImportPart.objects.exists()

    def test_a_name_with_what_no_name_has_is_cleaned(self, project: Project) -> None:
        assert upload(project, f"{HEADER}\n{ADA}", "a\0b\n\u202ec.csv").file_name == "abc.csv"
        assert upload(project, f"{HEADER}\n{ADA}", "").file_name == "people.csv"

    def test_it_is_never_in_memory_whole(self, project: Project) -> None:
        rows = (f"p{n},ExponentPushToken[{n}],{'n' * 150}\n".encode() for n in range(60_000))
        tracemalloc.start()
        imports.upload(ACTOR, project, "people.csv", _after(b"uid,token,name\n", rows))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert DeviceImport.objects.get().size > 10_000_000
        assert peak < 4_000_000
        assert ImportPart.objects.aggregate(most=Max(Length("data")))["most"] <= MOST_BYTES


class TestStart:
    def test_it_runs_from_then_on(self, project: Project) -> None:
        waiting = make_import(project, lines_of(2), state=ImportState.PREVIEW)
        assert imports.start(ACTOR, waiting) == {"lines": 2}
        waiting.refresh_from_db()
        assert (waiting.state, waiting.started_at is not None) == (ImportState.RUNNING, True)

    @pytest.mark.parametrize("state", [ImportState.RUNNING, ImportState.DONE])
    def test_a_second_click_does_nothing(self, project: Project, state: ImportState) -> None:
        started = make_import(project, [], state=state)
        assert imports.start(ACTOR, started) == {"already": True}
        started.refresh_from_db()
        assert (started.state, started.started_at) == (state, None)


class TestCancel:
    @pytest.mark.parametrize("state", [ImportState.PREVIEW, ImportState.RUNNING, ImportState.FAILED])
    def test_its_lines_are_forgotten(self, project: Project, state: ImportState) -> None:
        waiting = make_import(project, lines_of(2), state=state)
        imports.cancel(ACTOR, waiting)
        waiting.refresh_from_db()
        assert (waiting.state, ImportPart.objects.count()) == (ImportState.CANCELLED, 0)

    def test_another_import_keeps_its_own(self, project: Project) -> None:
        other = make_import(project, lines_of(2))
        imports.cancel(ACTOR, make_import(project, lines_of(2, "b")))
        assert other.parts.count() == 1


def _after(header: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield header
    yield from rest
