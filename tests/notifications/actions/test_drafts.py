"""Composing: what is kept of a draft, and what is wrong with one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.actions import broadcasts
from notifications.actions.audit import Actor, Refused
from notifications.actions.broadcasts import MOST_UIDS, Draft, check_draft
from notifications.models import AudienceKind, Broadcast, BroadcastState, Project
from tests.factories import make_broadcast
from tests.notifications.rows import ACTOR, sending

DRAFT = Draft(
    title="Evening song",
    body="At six.",
    link="https://bells.example/",
    data={"page": "song"},
    channels=["push"],
    audience_kind=AudienceKind.UIDS,
    audience_uids=["ada", "bob"],
    priority=2,
)
PLAIN = Draft(title="Evening song")


def fields(draft: Draft, project: Project) -> list[str]:
    """The fields that have problems; each problem says what to do."""
    problems = check_draft(project, draft)
    assert all(each.message for each in problems)
    return [each.field for each in problems]


class TestCompose:
    def test_everything_said_is_kept(self, project: Project) -> None:
        facts = broadcasts.compose(ACTOR, project, DRAFT)
        kept = Broadcast.objects.get(pk=facts["broadcast"])
        assert {name: getattr(kept, name) for name in broadcasts.CONTENT} == {
            name: getattr(DRAFT, name) for name in broadcasts.CONTENT
        }

    def test_it_is_a_draft_of_the_project(self, project: Project, operator: User) -> None:
        broadcasts.compose(Actor("operator", user_id=operator.pk), project, DRAFT)
        kept = Broadcast.objects.get()
        assert (kept.project, kept.state, kept.created_by) == (project, BroadcastState.DRAFT, operator)


class TestEdit:
    def test_a_draft_is_changed(self, project: Project) -> None:
        broadcast = make_broadcast(project)
        broadcasts.edit(ACTOR, broadcast, DRAFT)
        broadcast.refresh_from_db()
        assert (broadcast.title, broadcast.audience_uids) == ("Evening song", ["ada", "bob"])

    @pytest.mark.parametrize("state", [s for s in BroadcastState if s != BroadcastState.DRAFT])
    def test_what_has_started_is_not(self, project: Project, state: BroadcastState) -> None:
        broadcast = sending(project, state=state)
        with pytest.raises(Refused):
            broadcasts.edit(ACTOR, broadcast, DRAFT)
        broadcast.refresh_from_db()
        assert broadcast.title != DRAFT.title


class TestCheck:
    def test_a_good_draft_has_no_problem(self, project: Project) -> None:
        assert check_draft(project, DRAFT) == check_draft(project, PLAIN) == []

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"channels": []}, "channels"),
            ({"channels": ["pigeon"]}, "channels"),
            ({"audience_kind": AudienceKind.UIDS}, "audience_uids"),
            ({"body": "x" * 5000}, "body"),
            ({"data": {"much": "x" * 5000}}, "data"),
            ({"data": {"number": float("nan")}}, "data"),
        ],
    )
    def test_each_problem_names_its_field(self, project: Project, change: dict[str, Any], field: str) -> None:
        assert fields(replace(PLAIN, **change), project) == [field]

    def test_too_many_uids_are_too_many(self, project: Project) -> None:
        crowd = replace(DRAFT, audience_uids=[str(number) for number in range(MOST_UIDS + 1)])
        assert fields(crowd, project) == ["audience_uids"]
        assert fields(replace(DRAFT, audience_uids=crowd.audience_uids[1:]), project) == []

    def test_the_bell_carries_what_is_too_long_for_a_push(self, project: Project) -> None:
        assert fields(replace(PLAIN, body="x" * 5000, channels=["bell"]), project) == []

    def test_it_saves_nothing(self, project: Project) -> None:
        check_draft(project, DRAFT)
        assert not Broadcast.objects.exists()


def test_every_channel_can_be_chosen() -> None:
    assert dict(broadcasts.channel_choices()) == {"bell": "In-app", "push": "Push"}
