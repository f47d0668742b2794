"""`import_devices` on a broken file: each bad line is set aside with its number and a reason, the others are in."""

from __future__ import annotations

import pytest

from notifications.models import Device, Project
from tests.notifications.management.sheet import ADA, BOB, HEADER, Sheet, load

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",,,ExponentPushToken[x],,,,", "uid: is missing"),
        ("x,,,,,,,", "token: is missing"),
        ("x,,,   ,,,,", "token: is missing"),
        ("x,,,not-a-token,,,,", "token: An Expo push token looks like"),
        ("x,,,ExponentPushToken[x,,,,", "token: This push token is cut off"),
        ("x,nobody,,ExponentPushToken[x],,,,", "email: 'nobody' is not an address"),
        (f"x,{'n' * 243}@bells.example,,ExponentPushToken[x],,,,", "email: is longer than 254 characters"),
        ("x,,,ExponentPushToken[x],pigeon,,,", "provider: 'pigeon' is not one of expo"),
        ("x,,,ExponentPushToken[x],,klingon!,,", "language: 'klingon!' is not a language tag"),
        ("x,,,ExponentPushToken[x],,,Mars/Olympus,", "timezone: 'Mars/Olympus' is not a zone name"),
        ("x,,,ExponentPushToken[x],,,," + "t" * 65, "is longer than 64 characters"),
        ("x,,,ExponentPushToken[x],,,," + "|".join(map(str, range(51))), "tags: 51 are too many, 50 fit"),
        ("u" * 256 + ",,,ExponentPushToken[x],,,,", "uid: is longer than 255 characters"),
        ("x,," + "n" * 201 + ",ExponentPushToken[x],,,,", "name: is longer than 200 characters"),
        ("x,,,ExponentPushToken[x]", "has 4 columns where the header has 8"),
        ("x,,Doe, Jane,ExponentPushToken[x],,,,", "has 9 columns where the header has 8"),
        ('x,,"Jane,ExponentPushToken[x],,,,', "not a CSV line"),
        ('x,,"Jane" Doe,ExponentPushToken[x],,,,', "not a CSV line"),
        ("x,,Ja\0ne,ExponentPushToken[x],,,,", "name: has a control character or is not UTF-8"),
        ("x,,Ja\x07ne,ExponentPushToken[x],,,,", "name: has a control character or is not UTF-8"),
        ("x,," + "n" * 140_000 + ",ExponentPushToken[x],,,,", "not a CSV line"),
    ],
)
def test_each_kind_of_bad_line_has_its_reason(project: Project, sheet: Sheet, line: str, reason: str) -> None:
    outcome = sheet.write(ADA, line, BOB).load()
    (number, why), *rest = outcome.reasons
    assert number == "3"
    assert reason in why
    assert rest == []
    assert set(Device.objects.values_list("uid", flat=True)) == {"ada", "bob"}


def test_a_line_that_is_not_utf_8_is_set_aside(project: Project, sheet: Sheet) -> None:
    sheet.write(ADA, "x,,Jürgen,ExponentPushToken[x],,,,", encoding="latin-1")
    outcome = sheet.load()
    assert outcome.reasons == [("3", "name: has a control character or is not UTF-8")]
    assert b"J\xfcrgen" in sheet.rejected.read_bytes()


def test_a_token_for_the_second_time_names_the_line_of_the_first(project: Project, sheet: Sheet) -> None:
    outcome = sheet.write(ADA, BOB, ADA.replace("ada,", "eve,", 1)).load()
    assert outcome.reasons == [("4", "token: the same token as in line 2")]
    assert Device.objects.get(push_token="ExponentPushToken[ada]").uid == "ada"


def test_a_quote_that_is_never_closed_spoils_one_line_only(project: Project, sheet: Sheet) -> None:
    outcome = sheet.write('x,,"Jane,ExponentPushToken[x],,,,', ADA, BOB).load()
    assert [number for number, _ in outcome.reasons] == ["2"]
    assert Device.objects.count() == 2


def test_empty_lines_count(project: Project, sheet: Sheet) -> None:
    assert [number for number, _ in sheet.write("", ADA, "", "x,,,,,,,").load().reasons] == ["5"]


def test_the_command_ends_with_one_and_says_where_they_are(project: Project, sheet: Sheet) -> None:
    outcome = sheet.write(ADA, "x,,,,,,,").load()
    assert outcome.code == 1
    assert "1 lines were rejected" in outcome.refusal
    assert str(sheet.rejected) in outcome.refusal


def test_it_still_says_what_went_in(project: Project, sheet: Sheet) -> None:
    assert "1 devices added" in sheet.write(ADA, "x,,,,,,,").load().said


def test_a_good_file_leaves_no_reject_file(project: Project, sheet: Sheet) -> None:
    sheet.write(ADA, "x,,,,,,,").load()
    sheet.write(ADA).load()
    assert not sheet.rejected.exists()


def test_a_rejected_line_keeps_its_cells(project: Project, sheet: Sheet) -> None:
    (row,) = sheet.write("x,nobody,Jane,ExponentPushToken[x],expo,en,UTC,a|b").load().rejects
    assert [row[name] for name in HEADER.split(",")] == [
        "x",
        "nobody",
        "Jane",
        "ExponentPushToken[x]",
        "expo",
        "en",
        "UTC",
        "a|b",
    ]


def test_one_with_too_many_cells_loses_none(project: Project, sheet: Sheet) -> None:
    line = "x,,Doe,Jane,ExponentPushToken[x],expo,en,UTC,a|b"
    sheet.write(line).load()
    assert sheet.rejected.read_text().splitlines()[1].endswith(line)


def test_the_reject_file_can_be_mended_and_imported(project: Project, sheet: Sheet) -> None:
    sheet.write(ADA, "x,nobody,Jane,ExponentPushToken[x],,,,", BOB).load()
    sheet.rejected.write_text(sheet.rejected.read_text().replace("nobody", "jane@bells.example"))
    outcome = load(sheet.rejected)
    assert (outcome.code, outcome.rejects) == (0, [])
    assert Device.objects.filter(uid="x").exists()


def test_what_is_still_wrong_in_it_is_set_aside_again(project: Project, sheet: Sheet) -> None:
    sheet.write("x,nobody,Jane,ExponentPushToken[x],,,,").load()
    again = load(sheet.rejected)
    assert again.reasons == [("2", "email: 'nobody' is not an address")]
    assert again.rejects[0]["name"] == "Jane"


def test_rejects_may_be_written_elsewhere(project: Project, sheet: Sheet) -> None:
    elsewhere = sheet.path.with_name("elsewhere.csv")
    sheet.write("x,,,,,,,").load(rejects=elsewhere)
    assert elsewhere.exists()
    assert not sheet.rejected.exists()


def test_but_not_over_the_file_itself(project: Project, sheet: Sheet) -> None:
    outcome = sheet.write(ADA).load(rejects=sheet.path)
    assert outcome.code == 1
    assert ADA in sheet.path.read_text()
    assert not Device.objects.exists()


def test_nor_over_a_file_that_is_something_else(project: Project, sheet: Sheet) -> None:
    precious = sheet.path.with_name("thesis.txt")
    precious.write_text("All of my work")
    outcome = sheet.write(ADA).load(rejects=precious)
    assert "is no reject file" in outcome.refusal
    assert precious.read_text() == "All of my work"
    assert not Device.objects.exists()


def test_a_folder_that_cannot_be_written_to_is_said_so(project: Project, sheet: Sheet) -> None:
    outcome = sheet.write("x,,,,,,,").load(rejects=sheet.path / "no" / "folder.csv")
    assert outcome.code == 1
    assert "Check the path" in outcome.refusal
