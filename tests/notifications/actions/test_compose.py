"""Composing: what is kept of a draft, once, and who may still change it; and every open page hears of it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from notifications import live
from notifications.actions import broadcasts
from notifications.actions.audit import Actor, Facts, Refused
from notifications.actions.broadcasts import Changed
from notifications.actions.drafts import CONTENT, Draft, fingerprint
from notifications.models import Broadcast, BroadcastState, Project
from tests.factories import make_broadcast
from tests.notifications.actions.whole_draft import DRAFT
from tests.notifications.rows import ACTOR, sending

SOON = 5.0
"""Seconds in which an event has long arrived."""


class TestCompose:
    def test_everything_said_is_kept(self, project: Project) -> None:
        facts = broadcasts.compose(ACTOR, project, DRAFT)
        kept = Broadcast.objects.get(pk=facts["broadcast"])
        assert {name: getattr(kept, name) for name in CONTENT} == {
            name: getattr(DRAFT, name) for name in CONTENT
        }

    def test_it_is_a_draft_of_the_project(self, project: Project, operator: User) -> None:
        broadcasts.compose(Actor("operator", user_id=operator.pk), project, DRAFT)
        kept = Broadcast.objects.get()
        assert (kept.project, kept.state, kept.created_by) == (project, BroadcastState.DRAFT, operator)

    def test_a_form_sent_twice_makes_one_draft(self, project: Project) -> None:
        first = broadcasts.compose(ACTOR, project, DRAFT, form_key="k")
        second = broadcasts.compose(ACTOR, project, DRAFT, form_key="k")
        assert second == {"broadcast": first["broadcast"], "already": True}
        assert Broadcast.objects.count() == 1

    @pytest.mark.parametrize(
        "change", [{"title": "Changed"}, *({"state": s} for s in BroadcastState if s != BroadcastState.DRAFT)]
    )
    def test_a_form_sent_again_after_its_draft_was_changed_or_sent_makes_another(
        self, project: Project, change: dict[str, str]
    ) -> None:
        first = broadcasts.compose(ACTOR, project, DRAFT, form_key="k")["broadcast"]
        Broadcast.objects.update(**change)
        again = [broadcasts.compose(ACTOR, project, DRAFT, form_key="k")["broadcast"] for _ in range(2)]
        assert again[0] == again[1] != first
        assert Broadcast.objects.get(pk=again[0]).title == DRAFT.title

    @pytest.mark.parametrize(
        ("key", "draft"), [("k", replace(DRAFT, title="Morning song")), ("other", DRAFT), ("", DRAFT)]
    )
    def test_other_words_and_other_forms_make_another(self, project: Project, key: str, draft: Draft) -> None:
        broadcasts.compose(ACTOR, project, DRAFT, form_key="k")
        broadcasts.compose(ACTOR, project, draft, form_key=key)
        assert Broadcast.objects.count() == 2

    def test_without_a_form_the_same_words_are_another_draft(self, project: Project) -> None:
        broadcasts.compose(ACTOR, project, DRAFT)
        broadcasts.compose(ACTOR, project, DRAFT)
        assert Broadcast.objects.count() == 2

    def test_two_projects_share_no_form(self, project: Project, other_project: Project) -> None:
        for each in (project, other_project):
            broadcasts.compose(ACTOR, each, DRAFT, form_key="k")
        assert [each.project for each in Broadcast.objects.order_by("pk")] == [project, other_project]


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

    def test_what_somebody_else_wrote_meanwhile_is_kept(self, project: Project) -> None:
        broadcast = make_broadcast(project)
        seen = fingerprint(broadcast)
        broadcasts.edit(ACTOR, broadcast, replace(DRAFT, title="Theirs"))
        with pytest.raises(Changed):
            broadcasts.edit(ACTOR, broadcast, DRAFT, seen=seen)
        broadcast.refresh_from_db()
        assert broadcast.title == "Theirs"

    def test_whoever_has_seen_that_may_write_over_it(self, project: Project) -> None:
        broadcast = make_broadcast(project)
        broadcasts.edit(ACTOR, broadcast, replace(DRAFT, title="Theirs"))
        broadcast.refresh_from_db()
        broadcasts.edit(ACTOR, broadcast, DRAFT, seen=fingerprint(broadcast))
        broadcast.refresh_from_db()
        assert broadcast.title == DRAFT.title

    def test_the_same_words_twice_are_no_conflict(self, project: Project) -> None:
        broadcast = make_broadcast(project)
        seen = fingerprint(broadcast)
        broadcasts.edit(ACTOR, broadcast, DRAFT, seen=seen)
        assert broadcasts.edit(ACTOR, broadcast, DRAFT, seen=seen)["already"]


class TestStar:
    @pytest.mark.parametrize("starred", [True, False])
    def test_it_is_put_on_or_taken_off(self, project: Project, starred: bool) -> None:
        broadcast = make_broadcast(project, starred=not starred)
        broadcasts.star(ACTOR, broadcast, starred=starred)
        assert Broadcast.objects.get().starred == starred


@pytest.fixture
def heard(committed: Project, settings: Settings) -> Iterator[queue.SimpleQueue[list[str]]]:
    """The topics that open pages are told of."""
    settings.REDIS_URL = ""
    topics: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    live.local = topics.put
    yield topics
    live.local = None


@pytest.mark.parametrize(
    "act",
    [
        lambda broadcast: broadcasts.compose(ACTOR, broadcast.project, DRAFT),
        lambda broadcast: broadcasts.edit(ACTOR, broadcast, DRAFT),
        lambda broadcast: broadcasts.star(ACTOR, broadcast, starred=True),
    ],
    ids=["compose", "edit", "star"],
)
def test_open_pages_hear_of_it(
    committed: Project, heard: queue.SimpleQueue[list[str]], act: Callable[[Broadcast], Facts]
) -> None:
    broadcast = make_broadcast(committed)
    mine = act(broadcast).get("broadcast", broadcast.pk)
    assert {f"broadcast:{mine}", f"project:{committed.pk}"} <= set(heard.get(timeout=SOON))
