"""What was confirmed is what starts: the same words, to as many; and how a draft is stored."""

from __future__ import annotations

import pytest

from notifications.actions import broadcasts
from notifications.actions.audit import Actor
from notifications.actions.broadcasts import Changed
from notifications.actions.drafts import Draft, fingerprint
from notifications.audience import reach
from notifications.models import AudienceKind, Broadcast, BroadcastState, Project
from tests.factories import make_account, make_broadcast, make_people

ADA = Actor("ada")


@pytest.fixture
def draft(project: Project) -> Broadcast:
    """A draft to three people."""
    make_people(project, 3)
    return make_broadcast(project)


def state_of(broadcast: Broadcast) -> str:
    """The state in the database."""
    return Broadcast.objects.get(pk=broadcast.pk).state


def test_what_was_confirmed_starts(draft: Broadcast) -> None:
    assert broadcasts.start(ADA, draft, people=3) == {"addressed": 3, "confirmed": 3}
    assert state_of(draft) == BroadcastState.SENDING


def test_a_word_changed_meanwhile_is_not_sent_unseen(draft: Broadcast) -> None:
    Broadcast.objects.filter(pk=draft.pk).update(title="Something else")
    with pytest.raises(Changed, match="changed this draft"):
        broadcasts.start(ADA, draft)
    assert state_of(draft) == BroadcastState.DRAFT


def test_words_that_are_not_those_on_the_page_are_not_sent(draft: Broadcast) -> None:
    seen = fingerprint(draft)
    draft.title = "Something else"
    draft.save()
    with pytest.raises(Changed, match="changed this draft"):
        broadcasts.start(ADA, draft, seen=seen)
    assert state_of(draft) == BroadcastState.DRAFT


def test_another_number_than_confirmed_is_asked_again(draft: Broadcast) -> None:
    make_account(draft.project)
    with pytest.raises(Changed, match="Check the number"):
        broadcasts.start(ADA, draft, people=3)
    assert state_of(draft) == BroadcastState.DRAFT


def test_without_a_number_whoever_is_there_is_meant(draft: Broadcast) -> None:
    make_account(draft.project)
    assert broadcasts.start(ADA, draft) == {"addressed": 4}


def test_a_channel_named_twice_is_one_channel(project: Project) -> None:
    broadcasts.compose(ADA, project, Draft(title="T", channels=["push", "bell", "push"]))
    assert Broadcast.objects.get().channels == ["push", "bell"]


def test_a_line_break_is_one_character(project: Project) -> None:
    broadcasts.compose(ADA, project, Draft(title="T", body="one\r\ntwo"))
    assert Broadcast.objects.get().body == "one\ntwo"


@pytest.mark.parametrize("uid", ["\0", "a\0b", "\ud800", "x" * 10_000])
def test_a_uid_that_nobody_can_have_is_unknown_and_no_error(project: Project, uid: str) -> None:
    make_account(project, "ada")
    numbers = reach(project, AudienceKind.UIDS, [uid, "ada"])
    assert (numbers.people, numbers.unknown_uids) == (1, [uid])
