"""`import_devices`: the good rows are in, once, and people stay who they are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from notifications.importing.taking_in import CHUNK
from notifications.models import AuditEntry, Device, Identity, InactiveReason, Project, Recipient
from tests.factories import make_device
from tests.notifications.management.sheet import ADA, BOB, HEADER, Sheet

pytestmark = pytest.mark.django_db


def rows_of(*models: type) -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in models]  # type: ignore[attr-defined]


class TestGoodFile:
    def test_people_and_devices_are_in(self, project: Project, sheet: Sheet) -> None:
        outcome = sheet.write(ADA, BOB).load()
        assert (outcome.code, outcome.rejects) == (0, [])
        device = Device.objects.get(push_token="ExponentPushToken[ada]")
        assert (device.project, device.uid, device.provider, device.is_active) == (
            project,
            "ada",
            "expo",
            True,
        )
        assert (device.lang, device.timezone, device.tags) == ("en", "Europe/London", ["organ", "choir"])

    def test_a_new_uid_makes_an_account_nobody_can_sign_in_to(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        user = Identity.objects.get(project=project, uid="ada").user
        assert (user.username, user.email) == ("ada", "ada@bells.example")
        assert not user.has_usable_password()
        assert not user.is_staff

    def test_what_it_says_of_the_person_is_kept(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        person = Recipient.objects.get(user__username="ada")
        assert (person.name, person.locale, person.timezone) == ("Ada", "en", "Europe/London")
        assert person.tags == ["organ", "choir"]

    def test_it_says_what_it_did(self, project: Project, sheet: Sheet) -> None:
        said = sheet.write(ADA, BOB).load().said
        assert "2 people new to the project" in said
        assert "2 devices added" in said

    def test_columns_may_come_in_any_order_and_some_be_missing(self, project: Project, sheet: Sheet) -> None:
        outcome = sheet.write("ExponentPushToken[ada],ada", header="TOKEN, Uid").load()
        assert outcome.code == 0
        assert Device.objects.get().provider == "expo"

    def test_columns_nobody_knows_are_passed_over(self, project: Project, sheet: Sheet) -> None:
        outcome = sheet.write("ada,x,ExponentPushToken[ada]", header="uid,shoe size,token").load()
        assert outcome.code == 0
        assert "passed over: shoe size." in outcome.said

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_any_end_of_line_will_do(self, project: Project, sheet: Sheet, end: str) -> None:
        assert sheet.write(ADA, BOB, end=end).load().code == 0
        assert list(Recipient.objects.order_by("pk").values_list("name", flat=True)) == ["Ada", "Bob"]
        assert Device.objects.order_by("pk")[1].tags == []

    def test_a_mark_that_windows_puts_first_is_passed_over(self, project: Project, sheet: Sheet) -> None:
        assert sheet.write(ADA, encoding="utf-8-sig").load().code == 0
        assert Device.objects.get().uid == "ada"

    def test_a_quoted_cell_may_hold_commas_and_quotes(self, project: Project, sheet: Sheet) -> None:
        sheet.write('ada,,"Lovelace, ""Ada""",ExponentPushToken[ada],,,,').load()
        assert Recipient.objects.get().name == 'Lovelace, "Ada"'

    def test_empty_lines_are_passed_over(self, project: Project, sheet: Sheet) -> None:
        assert sheet.write(ADA, "", "   ", BOB).load().code == 0
        assert Device.objects.count() == 2

    def test_a_file_without_rows_does_nothing(self, project: Project, sheet: Sheet) -> None:
        outcome = sheet.write().load()
        assert (outcome.code, "no rows" in outcome.said) == (0, True)

    def test_one_entry_of_the_audit_log_tells_of_it(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA, BOB).load()
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.detail["added"]) == ("devices.import", 2)


class TestAgain:
    def test_the_same_file_changes_nothing(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA, BOB).load()
        before = rows_of(User, Identity, Recipient, Device)
        assert "2 unchanged" in sheet.load().said
        assert rows_of(User, Identity, Recipient, Device) == before

    def test_what_is_new_in_it_is_updated(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        outcome = sheet.write(ADA.replace("Europe/London", "Europe/Paris").replace("choir", "bass")).load()
        assert "1 updated" in outcome.said
        device = Device.objects.get()
        assert (device.timezone, device.tags) == ("Europe/Paris", ["organ", "bass"])
        assert Recipient.objects.get().timezone == "Europe/Paris"

    def test_a_file_that_says_less_takes_nothing_away(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        before = rows_of(Recipient, Device)
        sheet.write("ada,ExponentPushToken[ada]", header="uid,token").load()
        sheet.write("ada,Ada,ExponentPushToken[ada]", header="uid,name,token").load()
        assert rows_of(Recipient, Device) == before

    def test_of_two_devices_each_may_say_a_part(self, project: Project, sheet: Sheet) -> None:
        sheet.write(
            "ada,,Ada,ExponentPushToken[one],,en,,", "ada,,,ExponentPushToken[two],,,Europe/London,x"
        ).load()
        person = Recipient.objects.get()
        assert (person.name, person.locale, person.timezone) == ("Ada", "en", "Europe/London")
        assert person.tags == ["x"]

    def test_an_account_of_that_name_is_taken_over_as_it_is(self, project: Project, sheet: Sheet) -> None:
        user = User.objects.create_user("ada", email="kept@bells.example", password="kept")
        sheet.write(ADA).load()
        user.refresh_from_db()
        assert Device.objects.get().user == user
        assert (user.email, user.check_password("kept")) == ("kept@bells.example", True)

    def test_no_file_makes_a_person_of_an_operator(
        self, project: Project, operator: User, sheet: Sheet
    ) -> None:
        sheet.write(ADA.replace("ada,", f"{operator.username},", 1)).load()
        assert Device.objects.get().user != operator

    def test_a_second_device_of_a_person_is_added(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        outcome = sheet.write(ADA.replace("[ada]", "[ada-2]")).load()
        assert "people new" not in outcome.said
        assert Device.objects.filter(uid="ada", is_active=True).count() == 2


class TestOwners:
    def test_a_token_moves_to_its_new_owner(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        outcome = sheet.write(BOB.replace("[bob]", "[ada]")).load()
        assert "1 moved from another owner" in outcome.said
        old, new = Device.objects.order_by("pk")
        assert (old.uid, old.is_active, old.inactive_reason) == ("ada", False, InactiveReason.MOVED)
        assert (new.uid, new.is_active) == ("bob", True)

    def test_that_is_written_down(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        sheet.write(BOB.replace("[bob]", "[ada]")).load()
        old, new = Device.objects.order_by("pk")
        entry = AuditEntry.objects.get(verb="device.move")
        assert (entry.actor_name, entry.project, entry.target) == ("import", project, f"device:{new.pk}")
        assert entry.detail == {"from": f"device:{old.pk}"}

    def test_a_device_of_nobody_gets_its_owner(self, project: Project, sheet: Sheet) -> None:
        make_device(project, token="ExponentPushToken[ada]", uid="ada")
        sheet.write(ADA).load()
        device = Device.objects.get()
        assert device.user is not None
        assert device.user.username == "ada"

    def test_a_device_that_is_gone_stays_off(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        Device.objects.update(is_active=False, inactive_reason=InactiveReason.GONE)
        outcome = sheet.load()
        assert "1 left off" in outcome.said
        assert not Device.objects.get().is_active

    def test_somebody_else_may_bring_it_back(self, project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load()
        Device.objects.update(is_active=False, inactive_reason=InactiveReason.GONE)
        outcome = sheet.write(BOB.replace("[bob]", "[ada]")).load()
        assert "1 devices added" in outcome.said
        old, new = Device.objects.order_by("pk")
        assert (old.inactive_reason, new.is_active) == (InactiveReason.GONE, True)

    def test_the_same_uid_in_two_projects_is_two_people(
        self, project: Project, other_project: Project, sheet: Sheet
    ) -> None:
        sheet.write(ADA).load()
        sheet.load(project=str(other_project.pk))
        users = {identity.user_id for identity in Identity.objects.filter(uid="ada")}
        assert len(users) == 2
        assert Device.objects.filter(is_active=True).count() == 2

    def test_two_people_never_share_an_account_because_of_their_names(
        self, project: Project, other_project: Project, sheet: Sheet
    ) -> None:
        for uid in ("ada", "ada.elsewhere", f"ada.{other_project.pk}"):
            user = User.objects.create_user(uid)
            Identity.objects.create(project=project, uid=uid, user=user)
        sheet.write(ADA).load(project=other_project.slug)
        known = list(Identity.objects.values_list("user_id", flat=True))
        assert len(set(known)) == len(known) == 4

    def test_a_uid_longer_than_a_name_is_kept_whole(self, project: Project, sheet: Sheet) -> None:
        uid = "u" * 255
        assert sheet.write(ADA.replace("ada,", f"{uid},", 1)).load().code == 0
        assert Identity.objects.get().uid == uid
        assert len(Identity.objects.get().user.username) <= 150

    def test_two_long_uids_that_begin_alike_are_two_people(self, project: Project, sheet: Sheet) -> None:
        one, two = "u" * 200 + "1", "u" * 200 + "2"
        sheet.write(f"{one},ExponentPushToken[1]", f"{two},ExponentPushToken[2]", header="uid,token").load()
        assert User.objects.count() == 2


class TestProject:
    def test_it_may_be_named_by_its_slug(self, other_project: Project, sheet: Sheet) -> None:
        sheet.write(ADA).load(project="elsewhere")
        assert Device.objects.get().project == other_project

    def test_one_that_does_not_exist_is_said_so(self, project: Project, sheet: Sheet) -> None:
        outcome = sheet.write(ADA).load(project="nowhere")
        assert outcome.code == 1
        assert "'nowhere'" in outcome.refusal
        assert "default" in outcome.refusal


class TestFile:
    @pytest.mark.parametrize(
        ("header", "missing"),
        [("email,name", "uid and token"), ("uid,name", "token"), ("token", "uid"), ("", "uid and token")],
    )
    def test_a_header_without_the_required_columns_names_them(
        self, project: Project, sheet: Sheet, header: str, missing: str
    ) -> None:
        outcome = sheet.write(ADA, header=header).load()
        assert outcome.code == 1
        assert f"lacks {missing}." in outcome.refusal
        assert HEADER in outcome.refusal
        assert not Device.objects.exists()

    def test_a_column_named_twice_is_refused(self, project: Project, sheet: Sheet) -> None:
        assert "names uid twice" in sheet.write("a,b,c", header="uid,token,uid").load().refusal

    def test_a_file_that_is_not_there_is_said_so(self, project: Project, sheet: Sheet) -> None:
        outcome = sheet.load()
        assert (outcome.code, str(sheet.path) in outcome.refusal) == (1, True)

    def test_a_file_that_is_no_sheet_at_all_is_said_so(self, project: Project, sheet: Sheet) -> None:
        sheet.path.write_bytes(bytes(range(32, 256)) * 1000)
        assert "Line 1 is not text in UTF-8" in sheet.load().refusal

    def test_an_empty_file_is_said_so(self, project: Project, sheet: Sheet) -> None:
        sheet.path.touch()
        assert "Line 1 must name the columns" in sheet.load().refusal


class TestSize:
    def test_every_chunk_takes_as_many_queries(
        self, project: Project, sheet: Sheet, django_assert_num_queries: Any
    ) -> None:
        def lines(number: int, mark: str) -> list[str]:
            return [f"{mark}{n},,N,ExponentPushToken[{mark}{n}],,en,,x" for n in range(number)]

        sheet.write(*lines(10, "a"))
        with django_assert_num_queries(14):
            sheet.load()
        sheet.write(*lines(CHUNK, "b"))
        counted = 4 if connection.vendor == "postgresql" else 0  # tables, once at the end
        with django_assert_num_queries(14 + counted):
            sheet.load()

    @pytest.mark.slow
    def test_twenty_thousand_are_in_before_long(self, project: Project, sheet: Sheet) -> None:
        sheet.write(*[f"p{n},,Name,ExponentPushToken[{n}],,en,,x" for n in range(20_000)])
        began = time.process_time()
        sheet.load()
        assert Device.objects.count() == 20_000
        assert time.process_time() - began < 20
