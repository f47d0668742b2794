"""Importing by page: upload, preview with problems, progress, rejects to download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from notifications import clock
from notifications.models import AuditEntry, Device, DeviceImport, ImportPart, ImportState, Project, Role
from tests.dashboard.reading import has_part, links, part
from tests.notifications.management.sheet import ADA, BOB, HEADER
from tests.notifications.rows import DAY
from tests.notifications.uploads import line_of, lines_of, make_import, take_in

Member = Callable[[Role], Client]
BAD = "x,nobody,Jane,ExponentPushToken[x],expo,en,UTC,a|b"


def address(project: Project, action: str = "", device_import: DeviceImport | None = None) -> str:
    name = f"dashboard:import{'_' if action else ''}{action}"
    return reverse(name, args=[project.slug, *([device_import.pk] if device_import else [])])


def upload(browser: Client, project: Project, text: str | bytes, name: str = "people.csv") -> HttpResponse:
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile(name, data, "text/csv")
    return browser.post(address(project, "upload"), {"file": file})  # type: ignore[return-value]


def page(browser: Client, project: Project, device_import: DeviceImport, **headers: Any) -> HttpResponse:
    answer = browser.get(address(project, "detail", device_import), headers=headers)
    assert answer.status_code == 200
    return answer  # type: ignore[return-value]


def said(response: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))  # type: ignore[attr-defined]


class TestUpload:
    def test_a_file_leads_to_its_preview(self, signed_in: Client, project: Project) -> None:
        answer = upload(signed_in, project, f"{HEADER}\n{ADA}\n{BOB}\n")
        stored = DeviceImport.objects.get()
        assert answer.headers["Location"] == address(project, "detail", stored)
        assert (stored.file_name, stored.lines) == ("people.csv", 2)

    def test_one_larger_than_django_keeps_in_memory_too(self, signed_in: Client, project: Project) -> None:
        upload(signed_in, project, f"{HEADER}\n" + f"{'x' * 1_000},{'y' * 1_000}\n" * 2_000)
        assert (DeviceImport.objects.get().lines, ImportPart.objects.count()) == (2_000, 16)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("email,name\na,b\n", "Line 1 must name the columns and lacks uid and token."),
            ("uid;token\na;b\n", "Line 1 puts semicolons between the columns, where commas are needed."),
            ("uid\ttoken\na\tb\n", "Line 1 puts tabs between the columns"),
            (HEADER, "The file has a header and no rows below it."),
            ("", "This file is empty"),
        ],
    )
    def test_one_that_is_wrong_is_said_so_at_the_field(
        self, signed_in: Client, project: Project, text: str, why: str
    ) -> None:
        answer = upload(signed_in, project, text)
        assert answer.status_code == 422
        assert why in part(answer, "id_file_error")
        assert not DeviceImport.objects.exists()

    def test_no_file_is_said_so(self, signed_in: Client, project: Project) -> None:
        answer = signed_in.post(address(project, "upload"))
        assert "Choose a file." in part(answer, "upload")  # type: ignore[arg-type]

    def test_one_that_is_too_large_is_said_so(
        self, signed_in: Client, project: Project, settings: Settings
    ) -> None:
        settings.CARILLON_IMPORT_MAX_BYTES = 1024
        answer = upload(signed_in, project, f"{HEADER}\n" + f"{ADA}\n" * 100)
        assert answer.status_code == 422
        assert "The file is larger than" in part(answer, "id_file_error")

    def test_a_viewer_is_told_who_may(self, member: Member, project: Project) -> None:
        answer = member(Role.SENDER).get(address(project))
        assert not has_part(answer, "upload")  # type: ignore[arg-type]
        assert "an admin of Default can import" in answer.content.decode()

    def test_earlier_imports_stand_below_with_their_state(self, signed_in: Client, project: Project) -> None:
        make_import(project, lines_of(3))
        take_in()
        make_import(project, lines_of(4), lines_read=1, file_name="half.csv")
        words = part(signed_in.get(address(project)), "imports")  # type: ignore[arg-type]
        assert "half.csv by nobody who is still there Importing 25% 4 0" in words
        assert "people.csv by nobody who is still there Done 3 0" in words

    def test_one_line_is_no_lines(self, signed_in: Client, project: Project) -> None:
        only = make_import(project, lines_of(1))
        take_in()
        assert "1 line read" in part(page(signed_in, project, only), "state")

    def test_they_do_not_show_those_of_another_project(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        make_import(other_project, lines_of(1), file_name="theirs.csv")
        assert "theirs.csv" not in signed_in.get(address(project)).content.decode()

    def test_the_example_file_can_be_imported(
        self, signed_in: Client, project: Project, settings: Settings
    ) -> None:
        example = settings.BASE_DIR / "static/csv/people.csv"
        upload(signed_in, project, example.read_bytes())
        DeviceImport.objects.update(state=ImportState.RUNNING)
        take_in()
        assert (Device.objects.count(), DeviceImport.objects.get().rejected) == (2, 0)


class TestPreview:
    @pytest.fixture
    def waiting(self, signed_in: Client, project: Project) -> DeviceImport:
        """A good line, a bad one, and one that is no CSV; with a column that means nothing."""
        upload(signed_in, project, 'uid,email,shoe,token\nada,,39,ExponentPushToken[ada-1815]\nb,c,d,e\n"q\n')
        return DeviceImport.objects.get()

    def test_it_shows_the_first_rows_as_they_would_be_read(
        self, signed_in: Client, project: Project, waiting: DeviceImport
    ) -> None:
        assert part(page(signed_in, project, waiting), "line-2") == "2 ada Expo ExponentPushToken[…815] Good"

    def test_each_problem_is_told_in_words(
        self, signed_in: Client, project: Project, waiting: DeviceImport
    ) -> None:
        answer = page(signed_in, project, waiting)
        assert "3 b Rejected email: 'c' is not an address" in part(answer, "line-3")
        assert "a quote is still open at its end" in part(answer, "line-4")
        assert "2 would be rejected" in part(answer, "preview")

    def test_when_all_are_bad_there_are_no_others(self, signed_in: Client, project: Project) -> None:
        upload(signed_in, project, "uid,token\na\nb\n")
        words = part(page(signed_in, project, DeviceImport.objects.get()), "preview")
        assert "All of them would be rejected." in words
        assert "has 1 column where the header has 2" in words

    def test_a_column_that_means_nothing_is_named(
        self, signed_in: Client, project: Project, waiting: DeviceImport
    ) -> None:
        assert "nothing here and is passed over: shoe." in part(page(signed_in, project, waiting), "live")

    def test_it_shows_twenty_and_says_how_many_there_are(self, signed_in: Client, project: Project) -> None:
        many = make_import(project, lines_of(1_234), state=ImportState.PREVIEW)
        answer = page(signed_in, project, many)
        assert has_part(answer, "line-21")
        assert not has_part(answer, "line-22")
        assert "Import 1,234 lines" in part(answer, "start")

    def test_nobody_is_brought_in_before_somebody_says_so(
        self, signed_in: Client, project: Project, waiting: DeviceImport
    ) -> None:
        take_in()
        assert not Device.objects.exists()

    def test_a_whole_token_is_not_shown(
        self, signed_in: Client, project: Project, waiting: DeviceImport
    ) -> None:
        assert "ada-1815" not in page(signed_in, project, waiting).content.decode()

    def test_a_uid_that_is_not_utf_8_is_shown_as_far_as_it_can_be(
        self, signed_in: Client, project: Project
    ) -> None:
        upload(signed_in, project, f"{HEADER}\n{line_of('Müller')}\n".encode("latin-1"))
        answer = page(signed_in, project, DeviceImport.objects.get())
        assert "M?ller Rejected uid: has a control character or is not UTF-8" in part(answer, "line-2")

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.SENDER])
    def test_who_may_not_import_is_offered_nothing(
        self, member: Member, project: Project, role: Role
    ) -> None:
        waiting = make_import(project, lines_of(1), state=ImportState.PREVIEW)
        answer = page(member(role), project, waiting)
        assert not has_part(answer, "start")
        assert not has_part(answer, "discard")


class TestProgress:
    def test_starting_makes_it_run(self, signed_in: Client, project: Project) -> None:
        waiting = make_import(project, lines_of(3), state=ImportState.PREVIEW)
        signed_in.post(address(project, "start", waiting))
        words = part(page(signed_in, project, waiting), "state")
        assert words.startswith("Importing 0% 0 of 3 lines read")
        assert "by operator." in words
        assert "Cancel importing" in words

    def test_it_says_how_far_it_is_and_how_long_it_goes_on(self, signed_in: Client, project: Project) -> None:
        since = clock.now()
        clock.turn(DAY)
        half = make_import(project, lines_of(4), lines_read=3, started_at=since, counts={"added": 3})
        answer = page(signed_in, project, half)
        assert "Importing 75% 3 of 4 lines read, about 8 h left" in part(answer, "state")
        assert part(answer, "facts").endswith("Devices added 3 Rejected 0 Not read yet 1")

    def test_for_htmx_it_is_that_part_alone(self, signed_in: Client, project: Project) -> None:
        running = make_import(project, lines_of(1))
        fragment = page(signed_in, project, running, HX_Request="true").content.decode()
        assert fragment.lstrip().startswith('<div class="stack stack--6" id="live"')

    def test_it_listens_for_news_of_itself(self, signed_in: Client, project: Project) -> None:
        running = make_import(project, lines_of(1))
        text = page(signed_in, project, running).content.decode()
        assert f"live-import-{running.pk} from:body" in text
        assert f"topic=import:{running.pk}" in text

    def test_cancelling_says_what_is_in(self, signed_in: Client, project: Project) -> None:
        running = make_import(project, lines_of(4), lines_read=3)
        answer = signed_in.post(address(project, "cancel", running))
        assert said(answer) == "Cancelled. 3 lines had been read."  # type: ignore[arg-type]
        assert "Cancelled 3 of 4 lines read; what is in stays" in part(
            page(signed_in, project, running), "state"
        )

    def test_cancelling_too_late_says_why_not(self, signed_in: Client, project: Project) -> None:
        done = make_import(project, [], state=ImportState.DONE)
        assert "over already" in said(signed_in.post(address(project, "cancel", done)))  # type: ignore[arg-type]

    def test_one_that_failed_says_why_and_may_go_on(self, signed_in: Client, project: Project) -> None:
        failed = make_import(project, lines_of(1), state=ImportState.FAILED, trouble="The database refused.")
        answer = page(signed_in, project, failed)
        assert "The database refused." in part(answer, "live")
        assert part(answer, "start") == "Go on"

    def test_the_number_of_queries_does_not_depend_on_the_file(
        self, signed_in: Client, project: Project, django_assert_num_queries: Any
    ) -> None:
        short = make_import(project, lines_of(1), state=ImportState.PREVIEW)
        long = make_import(project, lines_of(5_000), state=ImportState.PREVIEW)
        page(signed_in, project, short)  # the first visit is noted
        for each in (short, long):
            with django_assert_num_queries(9):
                page(signed_in, project, each)


class TestEnd:
    @pytest.fixture
    def done(self, project: Project) -> DeviceImport:
        """Two good lines and a bad one, taken in."""
        done = make_import(project, [ADA, BAD, BOB], file_name="crew list.csv")
        take_in()
        return DeviceImport.objects.get(pk=done.pk)

    def test_what_became_of_the_lines_stands_in_words(
        self, signed_in: Client, project: Project, done: DeviceImport
    ) -> None:
        words = part(page(signed_in, project, done), "facts")
        assert "People new to the project 2 Devices added 2 Rejected 1 Not read 0" in words

    def test_the_rejects_are_a_file_like_the_commands(
        self, signed_in: Client, project: Project, done: DeviceImport
    ) -> None:
        answer = signed_in.get(address(project, "rejects", done))
        lines = b"".join(answer).decode().splitlines()  # type: ignore[arg-type]
        assert lines == [f"line,reason,{HEADER}", f"3,email: 'nobody' is not an address,{BAD}"]

    def test_they_are_those_of_this_file_alone(
        self, signed_in: Client, project: Project, done: DeviceImport
    ) -> None:
        make_import(project, [BAD.replace("nobody", "somebody")])
        take_in()
        text = b"".join(signed_in.get(address(project, "rejects", done)))  # type: ignore[arg-type]
        assert b"somebody" not in text

    def test_it_is_a_download_that_no_browser_interprets(
        self, signed_in: Client, project: Project, done: DeviceImport
    ) -> None:
        headers = signed_in.get(address(project, "rejects", done)).headers
        assert headers["Content-Disposition"] == 'attachment; filename="crew list.rejected.csv"'
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-store"

    def test_mended_it_can_be_imported(self, signed_in: Client, project: Project, done: DeviceImport) -> None:
        text = b"".join(signed_in.get(address(project, "rejects", done)))  # type: ignore[arg-type]
        upload(signed_in, project, text.replace(b"nobody,", b"jane@bells.example,"))
        again = DeviceImport.objects.latest("pk")
        assert "passed over" not in part(page(signed_in, project, again), "live")
        signed_in.post(address(project, "start", again))
        take_in()
        assert Device.objects.filter(uid="x").exists()

    def test_no_cell_is_changed_on_its_way(self, signed_in: Client, project: Project) -> None:
        line = line_of("=1+1", "+nope", name='"a, ""b"""').encode() + b"\xff\n"
        odd = make_import(project, [])
        ImportPart.objects.create(device_import=odd, number=0, first_line=2, lines=1, data=line)
        take_in()
        answer = signed_in.get(address(project, "rejects", odd))
        assert b"".join(answer).rstrip().endswith(line.rstrip())  # type: ignore[arg-type]

    def test_after_a_month_they_are_said_to_be_forgotten(
        self, signed_in: Client, project: Project, done: DeviceImport
    ) -> None:
        DeviceImport.objects.update(finished_at=clock.now() - 31 * DAY)
        answer = page(signed_in, project, done)
        assert not has_part(answer, "rejects")
        assert "are forgotten" in part(answer, "facts")

    def test_who_may_not_import_may_not_download_either(
        self, member: Member, project: Project, done: DeviceImport
    ) -> None:
        assert not has_part(page(member(Role.SENDER), project, done), "rejects")

    def test_a_good_file_offers_none(self, signed_in: Client, project: Project) -> None:
        good = make_import(project, [ADA])
        take_in()
        assert links(page(signed_in, project, good), "facts") == []


def test_each_step_is_in_the_audit_log(signed_in: Client, project: Project) -> None:
    upload(signed_in, project, f"{HEADER}\n{ADA}\n")
    stored = DeviceImport.objects.get()
    signed_in.post(address(project, "start", stored))
    signed_in.post(address(project, "cancel", stored))
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["import.upload", "import.start", "import.cancel"]
