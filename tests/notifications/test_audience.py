"""Audiences: who is meant, and how many of them would be reached."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import clock
from notifications.audience import Audience, Reach, blocked, has_device, reach
from notifications.models import (
    AudienceKind,
    Device,
    Identity,
    Message,
    Notification,
    NotificationPriority,
    Project,
    Suppression,
    SuppressionReason,
)
from notifications.pipeline import expand
from tests.factories import make_account, make_device
from tests.notifications.rows import HOUR, make_crowd, make_devices, mute, sending

EVERYONE, UIDS = AudienceKind.EVERYONE, AudienceKind.UIDS
UNKNOWN = SuppressionReason.UNKNOWN_UID


@pytest.fixture
def mixed(project: Project, other_project: Project) -> Project:
    """Five people (one muted, one without a device, one switched off), two loose devices, and strangers."""
    muted, bare, *_ = make_crowd(project, 4, devices=2)
    mute(muted)
    Device.objects.filter(user=bare).update(is_active=False)
    make_account(project, "off", is_active=False)
    make_devices(project, 1, uid="kiosk")
    make_devices(project, 1)
    make_crowd(other_project, 3)
    return project


class TestWho:
    def test_everyone_is_everyone_of_the_project(self, mixed: Project) -> None:
        audience = Audience(mixed.pk, EVERYONE)
        assert audience.identities().count() == 5
        assert audience.loose_devices().count() == 2

    def test_uids_mean_those_people(self, mixed: Project) -> None:
        audience = Audience(mixed.pk, UIDS, ["p0", "p3", "p0"])
        assert sorted(audience.identities().values_list("uid", flat=True)) == ["p0", "p3"]

    def test_a_uid_may_mean_a_device_without_an_account(self, mixed: Project) -> None:
        audience = Audience(mixed.pk, UIDS, ["kiosk"])
        assert [device.uid for device in audience.loose_devices()] == ["kiosk"]

    def test_the_same_uid_elsewhere_is_somebody_else(self, project: Project, other_project: Project) -> None:
        make_crowd(other_project, 1)
        assert not Audience(project.pk, UIDS, ["p0"]).identities().exists()

    def test_uids_that_nobody_has_are_told_once_and_in_order(self, mixed: Project) -> None:
        audience = Audience(mixed.pk, UIDS, ["zoe", "p0", "ann", "zoe", "kiosk"])
        assert list(audience.unanswered().items()) == [("zoe", UNKNOWN), ("ann", UNKNOWN)]

    @pytest.mark.parametrize("fields", [{"is_active": False}, {"provider": "pigeon"}])
    def test_a_uid_whose_device_cannot_be_sent_to_is_not_unknown(
        self, project: Project, fields: dict[str, Any]
    ) -> None:
        make_device(project, uid="kiosk", **fields)
        assert Audience(project.pk, UIDS, ["kiosk"]).unanswered() == {"kiosk": SuppressionReason.NO_DEVICE}

    def test_everyone_has_no_uids_to_answer_to(self, mixed: Project) -> None:
        assert Audience(mixed.pk, EVERYONE).unanswered() == {}

    def test_no_uid_at_all_is_nobody(self, mixed: Project) -> None:
        audience = Audience(mixed.pk, UIDS, [])
        assert not audience.identities().exists()
        assert not audience.loose_devices().exists()

    def test_a_device_that_is_off_is_not_meant(self, project: Project) -> None:
        make_device(project, is_active=False)
        assert not Audience(project.pk, EVERYONE).loose_devices().exists()

    def test_that_of_a_broadcast_is_as_it_says(self, project: Project) -> None:
        broadcast = sending(project, uids=["p0"])
        assert Audience.of(broadcast) == Audience(project.pk, UIDS, ["p0"])


class TestBlocked:
    def why(self, project: Project, **words: Any) -> str:
        return str(blocked(Identity.objects.filter(project=project), clock.now(), **words).get().blocked)

    def test_nothing_blocks_most_people(self, project: Project) -> None:
        make_account(project)
        assert self.why(project) == ""

    def test_a_mute_does_until_it_is_over(self, project: Project) -> None:
        mute(make_account(project), HOUR)
        assert self.why(project) == SuppressionReason.MUTED
        clock.turn(HOUR)
        assert self.why(project) == ""

    def test_an_account_that_is_off_is_off_before_it_is_muted(self, project: Project) -> None:
        mute(make_account(project, is_active=False))
        assert self.why(project) == SuppressionReason.ACCOUNT_INACTIVE

    def test_what_is_critical_passes_a_mute(self, project: Project) -> None:
        mute(make_account(project))
        assert self.why(project, critical=True) == ""

    def test_but_no_account_that_is_off(self, project: Project) -> None:
        make_account(project, is_active=False)
        assert self.why(project, critical=True) == SuppressionReason.ACCOUNT_INACTIVE


def test_only_an_active_device_of_the_project_is_one(project: Project, other_project: Project) -> None:
    with_one, without, elsewhere = [make_account(project) for _ in range(3)]
    make_device(project, with_one)
    make_device(project, without, is_active=False)
    make_device(other_project, elsewhere)
    found = Identity.objects.filter(project=project).annotate(reachable=has_device(project.pk))
    assert dict(found.values_list("user_id", "reachable")) == {
        with_one.pk: True,
        without.pk: False,
        elsewhere.pk: False,
    }


class TestReach:
    def test_it_counts_people_and_devices(self, mixed: Project) -> None:
        assert reach(mixed, EVERYONE) == Reach(
            people=5,
            bell_people=3,
            push_people=2,
            push_devices=6,
            loose_devices=2,
            left_out={"muted": 1, "account_inactive": 1},
        )

    def test_it_counts_those_who_were_named(self, mixed: Project) -> None:
        assert reach(mixed, UIDS, ["p0", "p2", "kiosk", "nobody"]) == Reach(
            people=2,
            bell_people=1,
            push_people=1,
            push_devices=3,
            loose_devices=1,
            unknown_uids=["nobody"],
            left_out={"muted": 1},
        )

    def test_a_person_with_two_uids_counts_once(self, project: Project) -> None:
        user = make_account(project, "ada")
        make_device(project, user)
        Identity.objects.create(project=project, uid="ada-too", user=user)
        found = reach(project, EVERYONE)
        assert (found.people, found.bell_people, found.push_people, found.push_devices) == (1, 1, 1, 1)

    def test_an_empty_project_is_nobody(self, project: Project) -> None:
        assert reach(project, EVERYONE) == Reach()

    @pytest.mark.parametrize(
        ("channels", "addressed"), [(["bell"], 3), (["push"], 4), (["bell", "push"], 5), ([], 0)]
    )
    def test_how_many_are_addressed_depends_on_the_channels(
        self, mixed: Project, channels: list[str], addressed: int
    ) -> None:
        assert reach(mixed, EVERYONE).addressed(channels) == addressed

    @pytest.mark.parametrize("uids", [None, ["p0", "p1", "p2", "off", "kiosk", "quiet", "nobody"]])
    @pytest.mark.parametrize("priority", [NotificationPriority.CRITICAL, NotificationPriority.NORMAL])
    def test_what_it_counts_is_what_is_written_out(
        self, mixed: Project, uids: list[str] | None, priority: NotificationPriority
    ) -> None:
        make_device(mixed, uid="quiet", is_active=False)
        critical = priority == NotificationPriority.CRITICAL
        found = reach(mixed, EVERYONE if uids is None else UIDS, uids or [], critical=critical)
        sending(mixed, uids=uids, priority=priority)
        while expand.step().more:
            pass
        assert found.bell_people == Notification.objects.count()
        assert found.push_devices == Message.objects.count()
        left_out = Suppression.objects.filter(channel="bell").exclude(reason=UNKNOWN)
        assert found.left_out == Counter(left_out.values_list("reason", flat=True))
        unknown = Suppression.objects.filter(channel="bell", reason=UNKNOWN)
        assert found.unknown_uids == list(unknown.values_list("uid", flat=True))

    def test_it_takes_as_many_queries_for_ten_as_for_a_thousand(self, project: Project) -> None:
        make_crowd(project, 1000)
        taken = []
        for size in (10, 1000):
            with CaptureQueriesContext(connection) as queries:
                reach(project, UIDS, [f"p{number}" for number in range(size)])
            taken.append(len(queries))
        assert taken[0] == taken[1]

    def test_the_row_of_a_broadcast_names_nobody(self, mixed: Project) -> None:
        assert reach(mixed, UIDS, ["zoe", "ann"]).as_dict()["unknown_uids"] == 2
