"""What is wrong with a draft, and whether two say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notifications.actions.drafts import MOST_UIDS, Draft, channel_choices, check_draft, content, fingerprint
from notifications.models import AudienceKind, Broadcast, Project
from tests.factories import make_broadcast
from tests.notifications.actions.whole_draft import DRAFT

PLAIN = Draft(title="Evening song")


def fields(draft: Draft, project: Project) -> list[str]:
    """The fields that have problems; each problem says what to do."""
    problems = check_draft(project, draft)
    assert all(each.message for each in problems)
    return [each.field for each in problems]


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
            ({"push_options": {"volume": 11}}, "push_options"),
            ({"push_options": {"interruption_level": "loud"}}, "push_options.interruption_level"),
            ({"push_options": {"rich_content": {"image": "http://a.example"}}}, "push_options.rich_content"),
            ({"push_options": {"sound_volume": 0.5}}, "push_options.sound_volume"),
            ({"push_options": {"badge": -1}}, "push_options.badge"),
            ({"push_options": {"priority": "urgent"}}, "push_options.priority"),
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

    def test_the_bell_does_not_care_about_the_options_of_a_push(self, project: Project) -> None:
        assert fields(replace(PLAIN, push_options={"badge": -1}, channels=["bell"]), project) == []

    def test_it_saves_nothing(self, project: Project) -> None:
        check_draft(project, DRAFT)
        assert not Broadcast.objects.exists()


def test_every_channel_can_be_chosen() -> None:
    assert dict(channel_choices()) == {"bell": "In-app", "push": "Push"}


def test_the_fingerprint_changes_with_the_words(project: Project) -> None:
    broadcast = make_broadcast(project)
    before = fingerprint(broadcast)
    assert fingerprint(broadcast) == before
    changes = {
        "body": "Other.",
        "data": {"a": 1},
        "push_options": {"badge": 0},
        "audience_uids": ["a"],
        "priority": 1,
    }
    for field, value in changes.items():
        setattr(broadcast, field, value)
        after = fingerprint(broadcast)
        assert after != before, field
        before = after


def test_a_draft_and_the_row_made_of_it_say_the_same(project: Project) -> None:
    row = Broadcast.objects.create(project=project, **content(DRAFT))
    row.refresh_from_db()
    assert (content(row), fingerprint(row)) == (content(DRAFT), fingerprint(DRAFT))
