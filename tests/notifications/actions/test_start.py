"""Starting a broadcast: once, and only one that reaches somebody."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from notifications import clock
from notifications.actions import broadcasts
from notifications.actions.audit import Refused
from notifications.actions.broadcasts import Changed
from notifications.models import AudienceKind, Broadcast, BroadcastState, Credential, Device, Message, Project
from notifications.pipeline import expand
from tests.factories import make_account, make_broadcast, make_device
from tests.notifications.rows import ACTOR, make_crowd, make_devices, mute


def test_it_is_sending_from_then_on(project: Project) -> None:
    make_crowd(project, 2)
    broadcast = make_broadcast(project)
    broadcasts.start(ACTOR, broadcast)
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENDING
    assert broadcast.started_at is not None


def test_it_says_how_many_are_addressed(project: Project) -> None:
    make_crowd(project, 2)
    make_devices(project, 3)
    assert broadcasts.start(ACTOR, make_broadcast(project)) == {"addressed": 5}


def test_its_copies_expire_as_its_project_says(project: Project) -> None:
    Project.objects.update(message_ttl=timedelta(hours=7))
    make_crowd(project, 1)
    broadcast = make_broadcast(Project.objects.default())
    broadcasts.start(ACTOR, broadcast)
    broadcast.refresh_from_db()
    assert broadcast.started_at is not None
    assert broadcast.expires_at == broadcast.started_at + timedelta(hours=7)


def test_the_reach_is_kept(project: Project) -> None:
    users = make_crowd(project, 3)
    mute(users[0])
    broadcast = make_broadcast(project, audience_kind=AudienceKind.UIDS, audience_uids=["p0", "p1", "nobody"])
    broadcasts.start(ACTOR, broadcast)
    broadcast.refresh_from_db()
    assert broadcast.reach == {
        "people": 2,
        "bell_people": 1,
        "push_people": 1,
        "push_devices": 1,
        "loose_devices": 0,
        "unknown_uids": 1,
        "left_out": {"muted": 1},
    }


def test_a_second_start_changes_nothing(project: Project) -> None:
    make_crowd(project, 1)
    broadcast = make_broadcast(project)
    broadcasts.start(ACTOR, broadcast)
    before = Broadcast.objects.values().get()
    clock.turn(timedelta(hours=1))
    assert broadcasts.start(ACTOR, broadcast) == {"already": True}
    assert Broadcast.objects.values().get() == before


def test_a_second_start_is_no_error_when_nobody_is_left(project: Project) -> None:
    make_devices(project, 1)
    broadcast = make_broadcast(project, channels=["push"])
    broadcasts.start(ACTOR, broadcast)
    Device.objects.update(is_active=False)
    assert broadcasts.start(ACTOR, broadcast) == {"already": True}


@pytest.mark.parametrize("state", [BroadcastState.SENT, BroadcastState.CANCELLED, BroadcastState.PAUSED])
def test_what_is_over_or_paused_is_not_started_again(project: Project, state: BroadcastState) -> None:
    make_crowd(project, 1)
    broadcast = make_broadcast(project, state=state)
    broadcasts.start(ACTOR, broadcast)
    broadcast.refresh_from_db()
    assert broadcast.state == state


def test_it_wakes_the_expansion_once_it_is_committed(
    project: Project, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_crowd(project, 1)
    with django_capture_on_commit_callbacks() as callbacks:
        broadcasts.start(ACTOR, make_broadcast(project))
    assert callbacks


class TestNobody:
    def test_an_empty_project_is_refused(self, project: Project) -> None:
        broadcast = make_broadcast(project)
        with pytest.raises(Refused, match="Nobody would get this"):
            broadcasts.start(ACTOR, broadcast)
        broadcast.refresh_from_db()
        assert broadcast.state == BroadcastState.DRAFT

    def test_a_push_to_people_without_devices_is_refused(self, project: Project) -> None:
        make_account(project)
        with pytest.raises(Refused):
            broadcasts.start(ACTOR, make_broadcast(project, channels=["push"]))

    def test_uids_that_nobody_has_are_refused(self, project: Project) -> None:
        make_crowd(project, 1)
        broadcast = make_broadcast(project, audience_kind=AudienceKind.UIDS, audience_uids=["nobody"])
        with pytest.raises(Refused):
            broadcasts.start(ACTOR, broadcast)

    def test_no_uid_at_all_is_nobody_and_not_everybody(self, project: Project) -> None:
        make_crowd(project, 1)
        with pytest.raises(Refused):
            broadcasts.start(ACTOR, make_broadcast(project, audience_kind=AudienceKind.UIDS))

    def test_people_of_another_project_do_not_count(self, project: Project, other_project: Project) -> None:
        make_crowd(other_project, 3)
        with pytest.raises(Refused):
            broadcasts.start(ACTOR, make_broadcast(project))


class TestConfirmed:
    def test_the_number_that_was_confirmed_is_sent(self, project: Project) -> None:
        make_crowd(project, 3)
        assert broadcasts.start(ACTOR, make_broadcast(project), people=3) == {"addressed": 3, "confirmed": 3}

    def test_another_number_must_be_looked_at_again(self, project: Project) -> None:
        make_crowd(project, 3)
        with pytest.raises(Changed, match="audience"):
            broadcasts.start(ACTOR, make_broadcast(project), people=2)

    @pytest.mark.parametrize(("grown", "is_sent"), [(1, True), (-1, True), (2, False)])
    def test_one_in_a_hundred_more_or_fewer_is_still_the_same(
        self, project: Project, grown: int, is_sent: bool
    ) -> None:
        make_crowd(project, 100 + grown)
        with nullcontext() if is_sent else pytest.raises(Changed):
            broadcasts.start(ACTOR, make_broadcast(project), people=100)

    def test_words_that_somebody_changed_meanwhile_must_be_read_again(self, project: Project) -> None:
        make_crowd(project, 1)
        seen = make_broadcast(project)
        Broadcast.objects.update(title="Somebody else's words")
        with pytest.raises(Changed, match="draft"):
            broadcasts.start(ACTOR, seen)


class TestCredential:
    def test_the_providers_in_use_get_a_row_for_pace_and_pauses(self, project: Project) -> None:
        make_crowd(project, 1)
        broadcasts.start(ACTOR, make_broadcast(project))
        assert list(Credential.objects.values_list("project_id", "provider")) == [(project.pk, "expo")]

    def test_one_that_stands_is_left_alone(self, project: Project) -> None:
        make_crowd(project, 1)
        Credential.objects.create(project=project, provider="expo", paused_reason="by hand")
        broadcasts.start(ACTOR, make_broadcast(project))
        assert Credential.objects.get().paused_reason == "by hand"

    def test_the_bell_needs_none(self, project: Project) -> None:
        make_crowd(project, 1)
        broadcasts.start(ACTOR, make_broadcast(project, channels=["bell"]))
        assert not Credential.objects.exists()

    def test_a_device_that_comes_while_it_is_written_out_finds_one(
        self, project: Project, settings: Settings
    ) -> None:
        user = make_account(project)
        broadcasts.start(ACTOR, make_broadcast(project))
        make_device(project, user)
        while expand.step().more:
            pass
        assert Message.objects.exists()
        assert Credential.objects.exists()
